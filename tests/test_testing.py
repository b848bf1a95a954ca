"""The checks of `ganbench.testing`, proved by mutants: those that should find one do, and no other does."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from ganbench_plugins.nsgan import NSGAN
from ganbench_plugins.wgan import WeightClipping
from mutants.datasets import DATASETS
from mutants.losses import LOSSES, PENALTIES, SumOfGenerated, WithoutFakes
from mutants.metrics import METRICS, Mute, Spread
from mutants.trainers import TRAINERS, Custom, Idle, OneOptimizerOfAClosure, Plain
from mutants.tricks import TRICKS
from torch import Tensor, nn

from ganbench import Dataset, Loss, Metric, MLPPair, NotApplicable, Penalty, Recipe, Trick, View
from ganbench.testing import check_dataset, check_loss, check_metric, check_trainer, trials
from ganbench.testing.check import Trial, aimed, results
from ganbench.testing.mathematics import MATHEMATICS
from ganbench.testing.suites import of_dataset, of_loss, of_metric, of_trainer, of_trick


def failed(suite: Iterable[Trial]) -> set[str]:
    """The names of the checks that fail."""
    return {result.check for result in results(suite) if result.status == "failed"}


def named(mutants: Iterable[tuple[Any, set[str]]]) -> Any:
    """A test for each mutant, under its own name or its class's."""
    named = [
        pytest.param(thing, wanted, id=getattr(thing, "__name__", type(thing).__name__)) for thing, wanted in mutants
    ]
    return pytest.mark.parametrize(("mutant", "wanted"), named)


@named(LOSSES)
def test_a_wrong_loss_is_found(mutant: Loss, wanted: set[str]) -> None:
    """By the checks that its mistake concerns, and by no other."""
    assert failed(of_loss(mutant)) == wanted


@named(PENALTIES)
def test_a_wrong_penalty_is_found(mutant: Penalty, wanted: set[str]) -> None:
    """Beside a loss that is right."""
    assert failed(aimed(MATHEMATICS, [NSGAN.penalised(mutant)])) == wanted


@named(TRAINERS)
def test_a_wrong_trainer_is_found(mutant: type[Plain], wanted: set[str]) -> None:
    """And the plain one, of which all others are variations, passes."""
    assert failed(of_trainer(Custom(mutant))) == wanted


def test_what_cannot_be_seen_has_not_passed() -> None:
    """Where no parameter is found, nothing can be said of what moves it."""
    (trial,) = (each for each in of_trainer(Custom(OneOptimizerOfAClosure)) if str(each).startswith("updates_move"))
    assert trial.result().status == "not_applicable"
    assert trial.result().found == "nothing that it holds asks for a gradient"


@dataclass(frozen=True)
class OfOneShape(MLPPair):
    """Networks for images of one shape."""

    shape: tuple[int, ...] = (3, 32, 32)

    def generator(self, latent_dim: int, sample_shape: tuple[int, ...]) -> Any:
        if sample_shape != self.shape:
            raise NotApplicable(f"it is for {self.shape} alone, found {sample_shape}")
        return super().generator(latent_dim, sample_shape)


def test_what_is_for_colour_images_alone_is_trained_on_them() -> None:
    """As are those for points, and for grey images."""
    trial, *_ = of_trainer(replace(NSGAN, networks=OfOneShape(8)))
    assert (trial.result().status, trial.result().found) == ("passed", "on colour pictures, 31 updates")


def test_what_could_be_trained_on_nothing_has_not_passed() -> None:
    """And the reasons are told."""
    (result,) = results(of_trainer(replace(NSGAN, networks=OfOneShape(8, shape=(3, 7, 5)))))
    assert (result.check, result.status) == ("trains", "failed")
    assert result.found.startswith("nothing could be trained, on points, grey pictures of 28 pixels a side or colour ")
    assert "it is for (3, 7, 5) alone, found (2,); it is for (3, 7, 5) alone, found (1, 28, 28)" in result.found


def test_a_generator_whose_turn_does_not_come_has_not_stood_still() -> None:
    """As where the discriminator has very many updates to one."""
    suite = of_trainer(replace(NSGAN, d_steps=100))
    (trial,) = (each for each in suite if str(each) == "generator_is_moved")
    assert (trial.result().status, trial.result().found) == ("not_applicable", "none of 36 updates is the generator's")


@dataclass(frozen=True)
class Blind(View):
    """What is shown has no gradient."""

    def __call__(self, x: Tensor) -> Tensor:
        return x.detach()


@dataclass(frozen=True)
class Squashed(MLPPair):
    """A discriminator that ends in a sigmoid."""

    def discriminator(self, sample_shape: tuple[int, ...]) -> Any:
        return _Squashed(super().discriminator(sample_shape))


class _Squashed(nn.Module):
    def __init__(self, inner: Any) -> None:
        super().__init__()
        self.inner, self.features = inner, inner.features

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.inner(x))


@pytest.mark.parametrize(
    ("recipe", "wanted"),
    [
        (NSGAN, set()),
        (replace(NSGAN, views=(Blind(),)), {"generator_is_moved"}),
        (replace(NSGAN, networks=Squashed(16)), {"scores_are_raw"}),
        (replace(NSGAN, projection=WeightClipping(0.01)), set()),
    ],
)
def test_a_wrong_part_of_a_recipe_is_found_in_training(recipe: Recipe, wanted: set[str]) -> None:
    """Whose loss is right; weights that are held small are no sigmoid."""
    names = ("generator_is_moved", "latents_make_the_samples", "scores_are_raw")
    assert failed(trial for trial in of_trainer(recipe) if str(trial) in names) == wanted


@named(TRICKS)
def test_a_wrong_trick_is_found(mutant: type[Trick], wanted: set[str]) -> None:
    """By the checks that its mistake concerns, and by no other."""
    assert failed(of_trick(mutant)) == wanted


@named(DATASETS)
def test_a_wrong_dataset_is_found(mutant: Callable[[], Dataset], wanted: set[str]) -> None:
    """And right ones, with an end and without, pass."""
    assert failed(of_dataset(mutant)) == wanted


@named(METRICS)
def test_a_wrong_metric_is_found(mutant: Metric, wanted: set[str]) -> None:
    """And the right one, of which all others are variations, passes."""
    assert failed(of_metric(mutant)) == wanted


def test_an_assertion_tells_the_whole_story() -> None:
    """What was wanted and found, why it matters and how to mend it, for each check that fails."""
    with pytest.raises(AssertionError) as caught:
        check_loss(SumOfGenerated())
    first, _, second, found, why, mend = str(caught.value).splitlines()
    assert first == "1 of 18 checks failed"
    assert second.startswith("is_a_mean: A batch repeated eight times costs what it costs once, whatever the share of")
    assert found == "  found: SumOfGenerated.generator grew 8 times with a batch repeated 8 times (a sum grows 8 times)"
    assert why.startswith("  why it matters: A sum grows with the batch")
    assert mend.startswith("  how to mend it: Take .mean() over the batch")


def test_checks_that_need_a_failed_one_are_left_out() -> None:
    """A loss that cannot be called has one failure, with the signature that it has and that it should have."""
    with pytest.raises(AssertionError) as caught:
        check_loss(WithoutFakes())
    first, _, _, found, *_ = str(caught.value).splitlines()
    assert first == "1 of 4 checks failed; the checks after the last were left out"
    assert found == (
        "  found: WithoutFakes.discriminator(d, real) cannot be called with (d, real, fake): "
        "too many positional arguments"
    )


def test_names_and_values_are_checked_alike() -> None:
    """What is right passes in silence; what is wrong raises, whatever kind of thing it is."""
    check_dataset("dirac")
    check_metric(Spread())
    for wrong in (lambda: check_metric(Mute()), lambda: check_trainer(Custom(Idle))):
        with pytest.raises(AssertionError, match="1 of"):
            wrong()


def test_trials_can_be_made_one_by_one() -> None:
    """Each says its name, and is called for its check; what passes or is not applicable returns."""
    found = {str(trial): trial for trial in trials("variants", "nsgan")}
    assert list(found)[:3] == ["imports_without_side_effects", "loads", "everything_has_an_entry_point"]
    found["is_a_mean"]()
    found["remembers_scalars"]()
    assert found["remembers_scalars"].result().status == "not_applicable"


def test_naming_the_package_loads_no_torch() -> None:
    """The checks are loaded when one is first used."""
    code = "import sys, ganbench.testing as t; t.__all__; print('torch' in sys.modules); t.check_loss; t.none"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "False\n"
    assert "module 'ganbench.testing' has no attribute 'none'" in done.stderr
