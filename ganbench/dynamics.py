"""How the two sides move: which gradient each follows, in which turn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Protocol

from ganbench.ingredient import Ingredient

if TYPE_CHECKING:
    from torch import Tensor

    from ganbench.ingredient import Optimizer

Weights = Mapping[str, "Tensor"]
"""The parameters of one seed's network, by name."""


class Game(Protocol):
    """One seed's two losses on given real samples and latents, as functions of both sides' weights."""

    @property
    def moments(self) -> Mapping[str, Weights]:
        """What the discriminator's optimiser has gathered, as torch's keeps it: {"exp_avg": {name: ...}, "step": ...}.

        Empty before its first step, and of kinds that the optimiser does not gather.
        """
        ...

    @property
    def optimizer(self) -> Optimizer:
        """How the discriminator is stepped."""
        ...

    def discriminator_loss(self, d: Weights, g: Weights) -> Tensor:
        """The recipe's loss and penalties for the discriminator; differentiable in both."""
        ...

    def generator_loss(self, d: Weights, g: Weights) -> Tensor:
        """The recipe's loss for the generator; differentiable in both."""
        ...


class Dynamics(Ingredient):
    """Which gradients the two sides follow, and in which turn. Subclass it as a frozen dataclass.

    As it stands here: each side its own loss at the weights of the moment, in turns.
    """

    simultaneous: ClassVar[bool] = False
    """Whether the generator answers the discriminator as it was before its last update."""
    extrapolates: ClassVar[bool] = False
    """Whether both sides first look a step ahead, and then step from where they were along the gradient found there."""

    def discriminator(self, game: Game, d: Weights, g: Weights) -> Tensor:
        """What the discriminator descends: a scalar, whose gradient by `d` it follows."""
        return game.discriminator_loss(d, g)

    def generator(self, game: Game, d: Weights, g: Weights) -> Tensor:
        """What the generator descends: a scalar, whose gradient by `g` it follows."""
        return game.generator_loss(d, g)

    @property
    def pausing(self) -> bool:
        """Whether the discriminator may let a turn pass; seeds then go their own ways, and train one by one."""
        return False

    def pauses(self, real_scores: Tensor, fake_scores: Tensor, threshold: float | None) -> bool:
        """Whether the discriminator, which gives a batch these scores, each (batch,), lets this turn pass."""
        return False
