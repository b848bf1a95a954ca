"""A variant as a value, and what changes it: Recipe and Trick. Naming them loads no torch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import ClassVar

from ganbench.dynamics import Dynamics
from ganbench.errors import NotApplicable
from ganbench.ingredient import Ingredient, Optimizer, Projection, View
from ganbench.loss import Loss, Penalty
from ganbench.pair import Altered, Networks


@dataclass(frozen=True)
class Recipe(Ingredient):
    """A variant that is loss + penalties + settings; everything not stated is the dataset's standard.

    Two recipes are equal when they train alike: name and paper do not count.
    """

    name: str = field(compare=False)
    paper: str = field(compare=False)
    loss: Loss
    penalties: tuple[Penalty, ...] = ()
    """Their sum is added, so their order means nothing: they are kept by name."""
    d_steps: int = 1
    """Updates of the discriminator before each update of the generator; each draws its own real batch."""
    optimizer: Optimizer | None = None
    """None: the dataset's standard optimiser, for papers that tie themselves to none."""
    g_optimizer: Optimizer | None = None
    """None: the same as the discriminator's."""
    networks: Networks | None = None
    """None: the dataset's standard pair, the same for every variant."""
    views: tuple[View, ...] = ()
    """What the discriminator is shown, one after the other."""
    dynamics: Dynamics | None = None
    """None: each side its own loss, in turns."""
    projection: Projection | None = None
    ema: float | None = None
    """Decay of the running average of the generator's weights that is sampled from; None: the weights themselves."""

    def __post_init__(self) -> None:
        if self.d_steps < 1:
            raise ValueError(f"recipe {self.name}: found d_steps={self.d_steps}, wanted at least 1")
        if self.ema is not None and not 0 <= self.ema < 1:
            raise ValueError(f"recipe {self.name}: found ema={self.ema}, wanted a decay in [0, 1)")
        in_order = sorted(self.penalties, key=lambda penalty: type(penalty).__name__)
        object.__setattr__(self, "penalties", tuple(in_order))

    def penalised(self, penalty: Penalty) -> Recipe:
        """The recipe with the penalty added.

        Raises:
            NotApplicable: where it has a penalty of that kind.
        """
        self.require_none_of(type(penalty), self.penalties)
        return replace(self, penalties=(*self.penalties, penalty))

    def shown(self, view: View) -> Recipe:
        """The recipe whose discriminator is shown samples through `view` too, after the views it has.

        Raises:
            NotApplicable: where it has a view of that kind.
        """
        self.require_none_of(type(view), self.views)
        return replace(self, views=(*self.views, view))

    def played(self, dynamics: Dynamics) -> Recipe:
        """The recipe with these dynamics.

        Raises:
            NotApplicable: where it has dynamics of its own.
        """
        if self.dynamics is not None:
            raise NotApplicable(f"{self.name} has dynamics of its own already: {self.dynamics!r}")
        return replace(self, dynamics=dynamics)

    def rebuilt(self, alter: Callable[[Networks], Altered]) -> Recipe:
        """The recipe with `alter` made of its networks.

        Raises:
            NotApplicable: where they are altered in that way already.
        """
        assert self.networks is not None, "tricks are given complete recipes"
        networks = alter(self.networks)
        inner = networks.networks
        while isinstance(inner, Altered):
            if type(inner) is type(networks):
                raise NotApplicable(f"the networks of {self.name} are {type(inner).__name__} already")
            inner = inner.networks
        return replace(self, networks=networks)

    def stepped(self, change: Callable[[Optimizer], Optimizer]) -> Recipe:
        """The recipe with `change` made of the optimisers of both sides."""
        assert self.optimizer is not None, "tricks are given complete recipes"
        other = None if self.g_optimizer is None else change(self.g_optimizer)
        return replace(self, optimizer=change(self.optimizer), g_optimizer=other)

    def require_none_of(self, kind: type[Ingredient], present: Iterable[Ingredient]) -> None:
        """Raises NotApplicable where an ingredient of that kind is among those present."""
        if any(isinstance(each, kind) for each in present):
            raise NotApplicable(f"{self.name} has {kind.__name__} already")


class Trick(ABC):
    """A function from recipe to recipe. Subclass it as a frozen dataclass with a default for every field."""

    name: ClassVar[str]
    paper: ClassVar[str]

    @abstractmethod
    def __call__(self, recipe: Recipe) -> Recipe:
        """The recipe with the trick applied. `recipe` is complete: it states its optimizer and its networks.

        What rules a trick out whenever it is applied, before or after others, its ingredient says: `require_fit`.

        Raises:
            NotApplicable: where the trick makes no sense, with the reason that the board will show.
        """
