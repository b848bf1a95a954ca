"""Simultaneous updates: both sides step from where both stood, and neither sees the other's new move.

Mescheder, Nowozin and Geiger, "The Numerics of GANs", NIPS 2017, https://arxiv.org/abs/1705.10461, whose algorithm 1,
simultaneous gradient ascent, is the one analysed there. It turns about the equilibrium where updates in turn would stay
on a circle; Mescheder, Geiger and Nowozin, "Which Training Methods for GANs do actually Converge?", ICML 2018,
https://arxiv.org/abs/1801.04406, compare the two.

Deviation: the two gradients are taken at the same weights and on the same real samples, but each with latents of its
own. A recipe that updates its discriminator several times for each update of its generator has no simultaneous form.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ganbench import Dynamics, NotApplicable, Recipe, Trick, hookimpl


def require_one_for_one(recipe: Recipe) -> None:
    """Raises NotApplicable where the discriminator is updated more often than the generator."""
    if recipe.d_steps > 1:
        raise NotApplicable(
            f"{recipe.name} updates its discriminator {recipe.d_steps} times for each update of its generator; "
            "sides that move together move equally often"
        )


@dataclass(frozen=True)
class Simultaneous(Dynamics):
    """The generator answers the discriminator as it was before its last update."""

    simultaneous = True


@dataclass(frozen=True)
class WithSimultaneousUpdates(Trick):
    """Lets both sides move at once."""

    name = "simultaneous"
    paper = "https://arxiv.org/abs/1705.10461"

    def __call__(self, recipe: Recipe) -> Recipe:
        require_one_for_one(recipe)
        return recipe.played(Simultaneous())


@hookimpl
def register_tricks(register: Callable[[str, type[Trick]], None]) -> None:
    """Offers the trick `simultaneous`."""
    register("simultaneous", WithSimultaneousUpdates)
