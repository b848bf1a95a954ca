"""A discriminator that lets its turn pass when it is right too often, Wu et al. 2016."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
import torch
from ganbench_plugins.adaptive_steps import AdaptiveSteps, WithAdaptiveSteps
from ganbench_plugins.gan import GAN
from ganbench_plugins.lsgan import LSGAN
from ganbench_plugins.relativistic import RSGAN
from ganbench_plugins.wgan import WGAN
from toys import BATCH, adversarial, assert_same_bits, recipe, ring_dataset, trained

from ganbench import Dynamics, NotApplicable, Recipe
from ganbench.assembly import group_size

HIGH, LOW = torch.tensor([1.0]), torch.tensor([-1.0])


def scores(right: int, of: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Scores of `of` reals, `right` of them above 0, and of as many fakes, `right` of them below."""
    wrong = of - right
    return torch.cat([HIGH.repeat(right), LOW.repeat(wrong)]), torch.cat([LOW.repeat(right), HIGH.repeat(wrong)])


@pytest.mark.parametrize(("right", "passes"), [(0, False), (79, False), (80, False), (81, True), (100, True)])
def test_it_pauses_above_eighty_percent(right: int, passes: bool) -> None:
    """Not higher than 80 % is updated, 80 % itself included; higher is not."""
    assert AdaptiveSteps().pauses(*scores(right, 100), threshold=0.0) is passes


def test_reals_and_fakes_count_together() -> None:
    """All reals and 61 of 100 fakes right are 80.5 %, with 60 they are 80 %."""
    reals = scores(100, 100)[0]
    assert AdaptiveSteps().pauses(reals, scores(61, 100)[1], 0.0)
    assert not AdaptiveSteps().pauses(reals, scores(60, 100)[1], 0.0)


def test_the_decision_is_the_losss() -> None:
    """With the threshold 1/2, a real sample at 1/2 or below is called fake, and so is a fake one."""
    half = torch.full((10,), 0.5)
    assert not AdaptiveSteps(0.5).pauses(half, half, 0.5)
    assert AdaptiveSteps(0.49).pauses(half, half, 0.5)
    assert AdaptiveSteps().pauses(half + 0.1, half - 0.1, 0.5)


def test_a_discriminator_that_is_never_good_enough_trains_as_ever() -> None:
    """With a bound that its first updates do not reach, weights are bit for bit those of plain training."""
    plain, one = adversarial((0,), recipe())
    patient, two = adversarial((0,), recipe(dynamics=AdaptiveSteps(0.999)))
    trained(plain, one, 6)
    assert trained(patient, two, 6) == ["discriminator", "generator"] * 3
    assert_same_bits(plain.state_dict(), patient.state_dict())


def test_a_pause_leaves_the_discriminator_alone_and_pays_for_its_batch() -> None:
    """With bound 0 every turn passes: only the generator moves, and real samples are drawn all the same."""
    trainer, supply = adversarial((0,), recipe(dynamics=AdaptiveSteps(0.0)))
    before = trainer.state_dict()
    assert trained(trainer, supply, 6) == ["pause", "generator"] * 3
    after = trainer.state_dict()
    changed = {name.split(".")[0] for name in before if not torch.equal(before[name], after[name])}
    assert "generator" in changed
    assert not changed & {"discriminator", "d_optimizer"}
    assert supply.state()["real"] == 3 * BATCH


def test_seeds_train_one_by_one() -> None:
    """For each goes its own way."""
    assert group_size(WithAdaptiveSteps()(recipe()), ring_dataset()) == 1


@pytest.mark.parametrize("toy", [GAN, LSGAN], ids=lambda r: r.name)
def test_the_trick_gives_dynamics_and_nothing_else(toy: Recipe) -> None:
    """The bound is 80 % unless said otherwise."""
    assert WithAdaptiveSteps()(toy) == replace(toy, dynamics=AdaptiveSteps(0.8))
    assert WithAdaptiveSteps(0.6)(toy).dynamics == AdaptiveSteps(0.6)


@pytest.mark.parametrize("toy", [WGAN, RSGAN], ids=lambda r: r.name)
def test_a_loss_without_a_threshold_is_not_applicable(toy: Recipe) -> None:
    """It calls nothing real or fake; the reason names loss and recipe."""
    loss = type(toy.loss).__name__
    with pytest.raises(NotApplicable, match=f"{loss}, the loss of {toy.name}, names no threshold"):
        WithAdaptiveSteps()(toy)


def test_the_dynamics_say_so_too() -> None:
    """A recipe that was put together without the trick does not train as if the accuracy were low."""
    with pytest.raises(NotApplicable, match="AdaptiveSteps: the loss names no threshold"):
        AdaptiveSteps().pauses(HIGH, LOW, None)


def test_other_dynamics_are_not_applicable() -> None:
    """The reason names them."""

    @dataclass(frozen=True)
    class Others(Dynamics):
        pass

    with pytest.raises(NotApplicable, match=r"gan has dynamics of its own already: .*Others"):
        WithAdaptiveSteps()(replace(GAN, dynamics=Others()))


@pytest.mark.parametrize("accuracy", [-0.1, 1.0, float("nan")])
def test_what_is_no_bound_is_refused(accuracy: float) -> None:
    """In the trick and in the dynamics alike: above 1 lies no accuracy, so 1 would never pause."""
    for make in (WithAdaptiveSteps, AdaptiveSteps):
        with pytest.raises(ValueError, match=r"adaptive_steps: found accuracy .*; wanted 0 <= accuracy < 1"):
            make(accuracy)
