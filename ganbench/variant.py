"""The vocabulary that a plugin is written in: Loss, Penalty, Recipe, Trick.

Everything here is written for ONE seed; the harness runs many seeds at once (see `adversarial.py`). Ingredients are
frozen dataclasses: their fields are hyper-parameters with the paper's defaults, their `repr` is their cell in a table.
This module imports no torch, so that naming things stays cheap.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Protocol

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.optim import Optimizer as TorchOptimizer


class Discriminator(Protocol):
    """What a loss or a penalty is given as `d`: one seed's discriminator."""

    def __call__(self, x: Tensor, /) -> Tensor:
        """Scores (batch,) of the samples `x` (batch, *sample shape)."""
        ...

    def features(self, x: Tensor, /) -> Tensor:
        """The last hidden layer (batch, width), from which the score is a linear function."""
        ...


class Loss(ABC):
    """What each side minimises. Subclass it as a frozen dataclass."""

    @property
    def threshold(self) -> float | None:
        """The score above which a sample is called real; None where the loss defines no such decision."""
        return None

    @abstractmethod
    def discriminator(self, d: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
        """The discriminator's loss: a scalar. `real` and `fake` are (batch, *sample shape); `fake` is detached."""

    @abstractmethod
    def generator(self, d: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
        """The generator's loss: a scalar. `fake` carries the gradient; `real` is the discriminator's last batch."""


class Halves(Loss):
    """A loss that is a mean over real samples plus a mean over generated ones, as most are.

    A subclass states three functions from scores (batch,) to losses (batch,).
    """

    @abstractmethod
    def on_real(self, score: Tensor) -> Tensor:
        """What the discriminator pays for the scores of real samples."""

    @abstractmethod
    def on_fake(self, score: Tensor) -> Tensor:
        """What the discriminator pays for the scores of generated samples."""

    @abstractmethod
    def on_generated(self, score: Tensor) -> Tensor:
        """What the generator pays for the scores of generated samples."""

    def discriminator(self, d: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
        """E[on_real(D(real))] + E[on_fake(D(fake))]."""
        return self.on_real(d(real)).mean() + self.on_fake(d(fake)).mean()

    def generator(self, d: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
        """E[on_generated(D(fake))]."""
        return self.on_generated(d(fake)).mean()


class Pairs(Loss):
    """A loss on how much higher a real sample scores than a generated one, pair by pair: only differences count.

    A subclass states one function from score differences (batch,) to losses (batch,). It names no threshold.
    """

    @abstractmethod
    def on_pair(self, difference: Tensor) -> Tensor:
        """What a side pays whose sample scores `difference` higher than the other side's."""

    def discriminator(self, d: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
        """E[on_pair(D(real) - D(fake))]."""
        return self.on_pair(d(real) - d(fake)).mean()

    def generator(self, d: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
        """E[on_pair(D(fake) - D(real))]."""
        return self.on_pair(d(fake) - d(real)).mean()


class Penalty(ABC):
    """A term added to the discriminator's loss. Subclass it as a frozen dataclass.

    Gradients inside are taken with `torch.func.grad`, which works for one seed and for many at once.
    """

    @abstractmethod
    def __call__(self, d: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
        """The penalty: a scalar, its weight included."""


class Projection(ABC):
    """A constraint put on the discriminator's weights after each of its updates. Subclass it as a frozen dataclass."""

    @abstractmethod
    def __call__(self, weight: Tensor) -> Tensor:
        """The admissible tensor nearest to `weight`, of the same shape."""


class Optimizer(ABC):
    """How a network is stepped. Only elementwise rules: on stacked parameters they are the rule of each seed."""

    @abstractmethod
    def build(self, parameters: Iterable[Tensor]) -> TorchOptimizer:
        """The torch optimiser over `parameters`."""


class Networks(ABC):
    """A generator and discriminator pair as a value: it says how to build them for a sample shape."""

    @abstractmethod
    def generator(self, latent_dim: int, sample_shape: tuple[int, ...]) -> nn.Module:
        """A module from latents (batch, latent_dim) to samples (batch, *sample_shape)."""

    @abstractmethod
    def discriminator(self, sample_shape: tuple[int, ...]) -> nn.Module:
        """A module from samples to scores (batch,), with a method `features` as in `Discriminator`."""


@dataclass(frozen=True)
class Recipe:
    """A variant that is loss + penalties + settings; everything not stated is the dataset's standard.

    Two recipes are equal when they train alike: name and paper do not count.
    """

    name: str = field(compare=False)
    paper: str = field(compare=False)
    loss: Loss
    penalties: tuple[Penalty, ...] = ()
    d_steps: int = 1
    """Updates of the discriminator before each update of the generator; each draws its own real batch."""
    optimizer: Optimizer | None = None
    """None: the dataset's standard optimiser, for papers that tie themselves to none."""
    g_optimizer: Optimizer | None = None
    """None: the same as the discriminator's."""
    networks: Networks | None = None
    """None: the dataset's standard pair, the same for every variant."""
    projection: Projection | None = None
    ema: float | None = None
    """Decay of the running average of the generator's weights that is sampled from; None: the weights themselves."""

    def __post_init__(self) -> None:
        if self.d_steps < 1:
            raise ValueError(f"recipe {self.name}: found d_steps={self.d_steps}, wanted at least 1")
        if self.ema is not None and not 0 <= self.ema < 1:
            raise ValueError(f"recipe {self.name}: found ema={self.ema}, wanted a decay in [0, 1)")


class Trick(ABC):
    """A function from recipe to recipe. Subclass it as a frozen dataclass with a default for every field."""

    name: ClassVar[str]
    paper: ClassVar[str]

    @abstractmethod
    def __call__(self, recipe: Recipe) -> Recipe:
        """The recipe with the trick applied.

        Raises:
            NotApplicable: where the trick makes no sense, with the reason that the board will show.
        """
