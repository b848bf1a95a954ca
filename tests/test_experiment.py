"""From a request to an experiment: what is written into specs, and what is refused."""

from __future__ import annotations

import platform
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from ganbench_plugins.label_smoothing import Smoothed
from ganbench_plugins.nsgan import NSGAN

from ganbench import Budget, Supply, Variant
from ganbench.adversarial import Adversarial
from ganbench.assembly import GROUP
from ganbench.controls import HeldOutReal, Untrained
from ganbench.errors import (
    BudgetError,
    DatasetError,
    GanbenchError,
    NotApplicable,
    SettingError,
    UnknownNameError,
    UsageError,
)
from ganbench.experiment import resolve, with_standard
from ganbench.ingredients import describe_recipe
from ganbench.record import RunSpec
from ganbench.request import Request


def resolved(variant: str = "nsgan", dataset: str = "ring8", **options: Any) -> Any:
    return resolve(Request(variant, dataset, **options))


def test_what_is_left_out_is_the_datasets_standard():
    """Budget in its canonical text, batch size, evaluation, fingerprint; ten points; seed and group are filled in."""
    experiment = resolved()
    dataset = experiment.dataset
    assert experiment.template == RunSpec(
        variant="nsgan",
        dataset="ring8",
        budget="640000 samples",
        seed=0,
        group=(0,),
        standard="MLPPair(width=128, depth=3, batch_norm=False), "
        "Adam(learning_rate=0.001, betas=(0.5, 0.9), epsilon=1e-08), latent_dim=2",
        batch_size=128,
        points=10,
        samples=10_000,
        curve_samples=2_500,
        metrics=dataset.evaluation.metrics,
        fingerprint=dataset.fingerprint,
        source_hash=experiment.template.source_hash,
    )
    spec = experiment.spec(3, [2, 3])
    assert spec == replace(experiment.template, seed=3, group=(2, 3))
    assert experiment.budget == Budget(640_000, "samples")


def test_what_is_asked_for_goes_before_the_standard():
    """And n of the curve is never more than that of the headline."""
    template = resolved(budget="2kg_steps", batch_size=7, points=3, samples=100).template
    assert (template.budget, template.batch_size, template.points) == ("2000 g_steps", 7, 3)
    assert (template.samples, template.curve_samples) == (100, 100)
    assert resolved(samples=5000).template.curve_samples == 2_500


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("ema", "ema(decay=0.999)"),
        ("ema(decay=0.5)", "ema(decay=0.5)"),
        ("label_smoothing", "label_smoothing(epsilon=0.1)"),
        ("gradient_penalty(weight=1)", "gradient_penalty(weight=1.0)"),
    ],
)
def test_tricks_are_written_with_every_field(typed: str, written: str):
    """So that a default which changes later makes another run; and however it is typed, it is the same run."""
    assert resolved(tricks=(typed,)).template.tricks == (written,)
    assert resolved(tricks=(written,)).template.id == resolved(tricks=(typed,)).template.id


def test_tricks_apply_in_their_order():
    """The recipe is the last trick of the one before it of the variant."""
    experiment = resolved(tricks=("label_smoothing(epsilon=0.2)", "ema(decay=0.5)"))
    complete = with_standard(NSGAN, experiment.dataset.standard)
    assert experiment.variant == replace(complete, loss=Smoothed(NSGAN.loss, 0.2), ema=0.5)
    named = [offer.name for offer in experiment.used]
    assert named == ["nsgan", "label_smoothing", "ema", "ring8", *experiment.dataset.evaluation.metrics]


def test_settings_are_sorted_and_applied():
    """In whatever order they are given, it is the same run."""
    given = ("ema=0.5", "d_steps=2")
    experiment = resolved(settings=given)
    assert experiment.template.settings == (("d_steps", 2), ("ema", 0.5))
    standard = with_standard(NSGAN, experiment.dataset.standard)
    assert experiment.variant == replace(standard, d_steps=2, ema=0.5)
    assert resolved(settings=given[::-1]).template.id == experiment.template.id


def test_settings_reach_what_tricks_bring():
    """They are applied after the tricks."""
    experiment = resolved(tricks=("gradient_penalty",), settings=("gradient_penalty.weight=0.25",))
    assert experiment.variant.penalties[0].weight == 0.25


def test_the_recipe_is_written_with_the_datasets_standards():
    """As a recipe that states them itself would be."""
    experiment = resolved()
    standard = experiment.dataset.standard
    filled = replace(NSGAN, optimizer=standard.optimizer, networks=standard.networks)
    assert experiment.recipe == describe_recipe(filled)
    assert "MLPPair(width=128, depth=3" in experiment.recipe
    assert "Adam(learning_rate=0.001, betas=(0.5, 0.9)" in experiment.recipe


def test_two_ways_to_one_recipe_are_written_alike():
    """wgan with the gradient penalty is wgan_gp."""
    assert resolved("wgan", tricks=("gradient_penalty",)).recipe == resolved("wgan_gp").recipe


@pytest.mark.parametrize(("name", "kind"), [("held_out_real", HeldOutReal), ("untrained", Untrained)])
def test_a_control_spends_nothing(name: str, kind: type):
    """One point, no batches, no budget, no recipe, alone in its group."""
    experiment = resolved(name)
    template = experiment.template
    assert (template.variant, template.budget, template.points, template.batch_size) == (name, "0 samples", 1, 0)
    assert (experiment.budget, experiment.recipe, experiment.group_size) == (None, "", 1)
    assert template.source_hash is None
    assert type(experiment.trainer([0])) is kind


def test_a_trainer_is_for_its_group():
    """Of the seeds that are asked for, with the settings applied."""
    experiment = resolved(settings=("ema=0.5",))
    trainer = experiment.trainer([4, 5])
    assert isinstance(trainer, Adversarial)
    assert trainer.seeds == (4, 5)
    assert trainer.recipe.ema == 0.5
    assert experiment.group_size == GROUP


def test_an_extractor_is_named_with_its_hash():
    """On images; "none" measures nothing that needs one."""
    template = resolved(dataset="digits").template
    assert template.extractor == "digits-cnn"
    assert len(template.extractor_hash) == 64
    without = resolved(dataset="digits", extractor="none")
    assert (without.template.extractor, without.template.extractor_hash) == (None, None)
    assert without.evaluator.headline == ""


class Stranger(Variant):
    """A variant that builds its own trainer."""

    name, paper = "nsgan", ""

    def trainer(self, dataset: Any, seed: int, device: str) -> Any:
        raise NotImplementedError


@pytest.fixture
def stranger(monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts a variant that is no recipe in nsgan's place."""
    from ganbench import experiment

    known = experiment.load
    monkeypatch.setattr(experiment, "load", lambda offer: Stranger() if offer.kind == "variants" else known(offer))


def test_networks_that_name_their_latents_get_them():
    """The tutorials' generator starts from 100 of them on every dataset; the conditions of the board stay the same."""
    own, standard = resolved(variant="mlp_gan"), resolved()
    assert (own.dataset.standard.latent_dim, standard.dataset.standard.latent_dim) == (100, 2)
    assert own.template.standard == standard.template.standard
    trainer, supply = own.trainer((0,)), Supply(own.dataset, (0,), 8, "cpu")
    assert trainer.sample(supply.latent()).shape == (8, 2)


@pytest.mark.parametrize(
    ("variant", "tricks", "message"),
    [
        ("mmd_gan", ("r1",), "MaximumMeanDiscrepancy, the loss of mmd_gan, trains no scores that R1 could hold"),
        ("nsgan", ("weight_clipping", "dragan_penalty"), "nsgan bounds its weights, which keeps slopes from where"),
        ("nsgan", ("dragan_penalty", "weight_clipping"), "nsgan bounds its weights, which keeps slopes from where"),
        ("nsgan", ("unrolled", "historical_averaging"), "the discriminator of nsgan steps by Anchored"),
    ],
)
def test_the_finished_recipe_is_judged_whatever_the_order(variant: str, tricks: tuple[str, ...], message: str):
    """By its ingredients, each of which says what it does not go with."""
    with pytest.raises(NotApplicable, match=message):
        resolved(variant=variant, tricks=tricks)


def test_features_that_learn_nothing_are_no_ground_for_a_loss_on_them():
    """The Dirac-GAN's discriminator has its samples for features."""
    with pytest.raises(NotApplicable, match="reads features alone, and those of the discriminator learn nothing"):
        resolved(variant="mmd_gan", dataset="dirac")


@pytest.mark.usefixtures("stranger")
def test_tricks_and_settings_are_for_recipes():
    """A variant with its own trainer takes neither, and the reason is given."""
    with pytest.raises(NotApplicable, match="nsgan builds its own trainer; a trick changes recipes alone"):
        resolved(tricks=("ema",))
    with pytest.raises(SettingError, match=r"--set ema=0\.5: nsgan builds its own trainer and has no fields"):
        resolved(settings=("ema=0.5",))
    assert resolved().group_size == 1


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"variant": "nsgam"}, UnknownNameError, "unknown variant 'nsgam': did you mean nsgan"),
        ({"dataset": "ring9"}, UnknownNameError, "unknown dataset 'ring9': did you mean ring8"),
        ({"tricks": ("emma",)}, UnknownNameError, r"unknown trick 'emma': did you mean ema\?"),
        ({"tricks": ("ema(rate=1)",)}, SettingError, "the trick ema has no field 'rate'; it has decay"),
        ({"tricks": ("ema(decay=2.0)",)}, SettingError, "found decay 2.0; wanted 0 <= decay < 1"),
        (
            {"tricks": ("r1(weight=-5.0)",)},
            SettingError,
            r"r1\(weight=-5\.0\): R1: found weight -5\.0; wanted one that is not negative",
        ),
        ({"tricks": ("ema", "ema")}, NotApplicable, "nsgan averages its generator already, with decay 0.999"),
        ({"settings": ("ema=2.0",)}, SettingError, r"found ema=2.0, wanted a decay in \[0, 1\)"),
        ({"settings": ("loss.weight=1",)}, SettingError, "cannot set 'loss.weight' of nsgan: there is none"),
        ({"settings": ("ema=0.5", "ema=None")}, SettingError, "--set ema is given twice: found 0.5 and None"),
        ({"settings": ("ema=0.5", "ema=0.5")}, SettingError, "--set ema is given twice"),
        ({"budget": "5epochs"}, BudgetError, "the unit 'epochs' is unknown"),
        ({"dataset": "digits", "extractor": "vgg"}, UnknownNameError, "unknown extractor 'vgg'"),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, Any], error: type[GanbenchError], message: str):
    """Each with its kind of error, which names what was found and what was wanted."""
    with pytest.raises(error, match=message):
        resolved(**options)


@pytest.mark.skipif(torch.cuda.is_available(), reason="says what happens without a CUDA device")
def test_a_device_that_is_not_there_is_refused():
    """The error says what to do."""
    with pytest.raises(UsageError, match="--device cuda: this machine's torch sees no CUDA device; name --device cpu"):
        resolved(device="cuda")


def test_the_same_value_is_the_same_setting():
    """1 and 1.0, or a field under another of its addresses, are one run; a value that changes nothing is no setting."""
    ids = {
        resolved("wgan_gp", settings=(text,)).template.id
        for text in ("gradient_penalty.weight=1", "gradient_penalty.weight=1.0")
    }
    assert len(ids) == 1
    plain = resolved("wgan_gp").template
    assert resolved("wgan_gp", settings=("gradient_penalty.weight=10",)).template.id == plain.id
    assert resolved("wgan_gp", settings=("adam.learning_rate=1",)).template.settings == (
        ("optimizer.learning_rate", 1.0),
    )


def test_what_is_left_to_the_standard_can_be_set():
    """A recipe without an optimiser of its own takes the dataset's with the field changed."""
    experiment = resolved(settings=("optimizer.learning_rate=0.25",))
    assert experiment.variant.optimizer == replace(experiment.dataset.standard.optimizer, learning_rate=0.25)
    assert experiment.template.settings == (("optimizer.learning_rate", 0.25),)


def test_no_more_samples_than_are_held_out():
    """Real data could not stand on the board at the same n; a mixture has no end."""
    with pytest.raises(DatasetError, match=r"--samples 501: dataset 'digits' holds out 500 samples"):
        resolved(dataset="digits", samples=501)
    assert resolved(samples=40_000).template.samples == 40_000


def test_a_data_root_that_is_not_there_is_refused(tmp_path: Path):
    """Nothing is made or downloaded in its place."""
    with pytest.raises(DatasetError, match="there is no such folder"):
        resolved(dataset="mnist", data_root=str(tmp_path / "nowhere"))
    assert list(tmp_path.iterdir()) == []


def test_seconds_and_threads_decide_the_id():
    """What a run can do in seconds depends on the machine; floats depend on the threads."""
    assert resolved(budget="2s").template.machine == platform.platform()
    assert resolved().template.machine == ""
    assert resolved(threads=2).template.id != resolved().template.id


def test_fields_of_a_variant_that_is_no_recipe_can_be_set():
    """A baseline's fields are set by their names, and stand in the cell's; a name that it has not is an error."""
    experiment = resolved(variant="gaussian_mixture", settings=("components=4", "kept=500"))
    assert (experiment.variant.components, experiment.variant.kept) == (4, 500)
    assert experiment.template.cell == "gaussian_mixture [components=4, kept=500]"
    with pytest.raises(SettingError, match="cannot set 'component' of gaussian_mixture: there is none, did you mean"):
        resolved(variant="gaussian_mixture", settings=("component=4",))
