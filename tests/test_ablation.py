"""Taking a trick's ingredient out of a recipe."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ganbench_plugins.dragan import DRAGAN
from ganbench_plugins.ema import EMA
from ganbench_plugins.gan import GAN
from ganbench_plugins.label_smoothing import LabelSmoothing
from ganbench_plugins.r1 import R1, R2, WithR1, WithR2
from ganbench_plugins.r3gan import R3GAN
from ganbench_plugins.wgan import WGAN, WithWeightClipping
from ganbench_plugins.wgan_gp import WGAN_GP, GradientPenalty, WithGradientPenalty
from toys import ring_dataset

from ganbench import NotApplicable, Recipe, Trick
from ganbench.ablation import without
from ganbench.experiment import with_standard


def complete(recipe: Recipe) -> Recipe:
    return with_standard(recipe, ring_dataset().standard)


@pytest.mark.parametrize(
    ("recipe", "trick", "wanted"),
    [
        (WGAN_GP, WithGradientPenalty(), {"penalties": ()}),
        (R3GAN, WithR1(), {"penalties": (R2(0.05),)}),
        (R3GAN, WithR2(), {"penalties": (R1(0.05),)}),
        (WGAN, WithWeightClipping(), {"projection": None}),
        (replace(GAN, ema=0.9), EMA(), {"ema": None}),
        (LabelSmoothing(0.3)(GAN), LabelSmoothing(), {"loss": GAN.loss}),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_the_ingredient_is_gone_and_the_rest_stays(recipe: Recipe, trick: Trick, wanted: dict[str, object]) -> None:
    """What the trick would add is taken out, whatever its numbers are, and nothing else changes."""
    assert without(complete(recipe), trick) == replace(complete(recipe), **wanted)  # type: ignore[arg-type]


@pytest.mark.parametrize("trick", [WithR1(), EMA(), LabelSmoothing(), WithGradientPenalty()], ids=lambda t: t.name)
def test_it_undoes_the_trick(trick: Trick) -> None:
    """A recipe with the trick, without it, is the recipe."""
    assert without(trick(complete(GAN)), trick) == complete(GAN)


@pytest.mark.parametrize(
    ("recipe", "trick"), [(GAN, WithR1()), (WGAN_GP, WithR1()), (DRAGAN, WithGradientPenalty()), (GAN, EMA())]
)
def test_what_is_not_there_cannot_be_left_out(recipe: Recipe, trick: Trick) -> None:
    """A recipe without the ingredient is no ablation of itself: the cell says why it is empty."""
    with pytest.raises(NotApplicable, match=f"{recipe.name} has nothing of {trick.name} that could be left out"):
        without(complete(recipe), trick)


def test_one_of_several_penalties_is_taken_out() -> None:
    """Of three penalties the one that is named goes, whatever their order."""
    recipe = replace(complete(GAN), penalties=(R1(1.0), GradientPenalty(2.0), R2(3.0)))
    assert without(recipe, WithGradientPenalty()).penalties == (R1(1.0), R2(3.0))
    assert without(recipe, WithR1()).penalties == (GradientPenalty(2.0), R2(3.0))
