"""What recipes are made of: values that say in their fields what they are, and what becomes of them in training.

Ingredients are frozen dataclasses: their fields are hyper-parameters with the paper's defaults, their methods are its
equations, their `repr` is their cell in a table. All are written for ONE seed; the harness runs many seeds at once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim import Optimizer as TorchOptimizer

    from ganbench.loss import Discriminator
    from ganbench.variant import Recipe


class Ingredient:
    """A part of a recipe. It is a value; what changes in training changes by making another value of it."""

    remembered: ClassVar[tuple[str, ...]] = ()
    """Number fields that `after` brings up to date; the harness carries them through training, for each seed."""

    def at(self, spent_fraction: float) -> Self:
        """The ingredient as it is when that share of the budget is spent; a schedule overrides this.

        Optimisers and networks are built once, so they have no schedule.
        """
        changed = {name: new for name, old, new in _scheduled(self, spent_fraction) if new is not old}
        return replace(self, **changed) if changed else self  # type: ignore[type-var]

    def after(self, d: Discriminator, real: Tensor, fake: Tensor) -> Self:
        """The ingredient with its `remembered` fields brought up to date, after each update of the discriminator."""
        return self

    def require_fit(self, recipe: Recipe) -> None:
        """Asked once `recipe` is finished, whatever the order of tricks and settings that made it.

        Raises:
            NotApplicable: where the ingredient makes no sense in it, with the reason that the board will show.
        """


def _scheduled(owner: Any, spent_fraction: float) -> Iterable[tuple[str, object, object]]:
    """Each field of `owner` that holds ingredients: its name, what it holds, and what it is to hold now."""
    for each in fields(owner):
        value = getattr(owner, each.name)
        if isinstance(value, Ingredient):
            yield each.name, value, value.at(spent_fraction)
        elif isinstance(value, tuple) and any(isinstance(member, Ingredient) for member in value):
            now = tuple(member.at(spent_fraction) for member in value)
            yield each.name, value, value if all(map(_same, now, value)) else now


def _same(one: object, other: object) -> bool:
    return one is other


class View(Ingredient, ABC):
    """What the discriminator is shown in place of the samples: with noise, augmented, packed. A frozen dataclass.

    Loss and penalties see reals and fakes through it, in the updates of both sides, and so do the scores measured.
    """

    @property
    def samples(self) -> int:
        """How many samples make one of what is shown."""
        return 1

    @abstractmethod
    def __call__(self, x: Tensor) -> Tensor:
        """What is shown of `x` (batch, *sample shape): (batch // samples, *shape); differentiable in `x`."""

    def shape(self, sample_shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of one of what is shown.

        Raises:
            NotApplicable: where samples of this shape cannot be shown so.
        """
        return sample_shape


class Projection(Ingredient, ABC):
    """A constraint put on the discriminator's weights after each of its updates. Subclass it as a frozen dataclass."""

    @abstractmethod
    def __call__(self, weight: Tensor) -> Tensor:
        """The admissible tensor nearest to `weight`, of the same shape."""


class Optimizer(Ingredient, ABC):
    """How a network is stepped. Only elementwise rules: on stacked parameters they are the rule of each seed."""

    @abstractmethod
    def build(self, parameters: Iterable[Tensor]) -> TorchOptimizer:
        """The torch optimiser over `parameters`."""
