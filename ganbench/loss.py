"""What each side of the game minimises: losses, and the penalties added to the discriminator's."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol

from ganbench.errors import NotApplicable
from ganbench.ingredient import Ingredient

if TYPE_CHECKING:
    from torch import Tensor

    from ganbench.variant import Recipe


Optimum = Literal["log_ratio", "potential"]


class Discriminator(Protocol):
    """What a loss or a penalty is given as `d`: one seed's discriminator."""

    def __call__(self, x: Tensor, /) -> Tensor:
        """Scores (batch,) of the samples `x` (batch, *sample shape)."""
        ...

    def features(self, x: Tensor, /) -> Tensor:
        """The last hidden layer (batch, width), from which the score is a linear function."""
        ...


class Loss(Ingredient, ABC):
    """What each side minimises. Subclass it as a frozen dataclass."""

    @property
    def scored(self) -> bool:
        """Whether training shapes the discriminator's scores; False where the loss reads its features alone."""
        return True

    @property
    def threshold(self) -> float | None:
        """The score above which a sample is called real; None where the loss defines no such decision."""
        return None

    @property
    def optimum(self) -> Optimum | None:
        """What scores are for the best discriminator, p being the density of real samples and q of generated ones.

        "log_ratio": score - threshold = log p/q. "potential": E[D(real)] - E[D(fake)] is the Wasserstein-1 distance
        times the largest slope that scores may have. None: neither.
        """
        return None

    @abstractmethod
    def discriminator(self, d: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
        """The discriminator's loss: a scalar. `real` and `fake` are (batch, *sample shape); `fake` is detached."""

    @abstractmethod
    def generator(self, d: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
        """The generator's loss: a scalar. `fake` carries the gradient; `real` is the discriminator's last batch."""

    def require_fit(self, recipe: Recipe) -> None:
        if not self.scored and recipe.networks is not None and not recipe.networks.learns_features:
            raise NotApplicable(
                f"{type(self).__name__}, the loss of {recipe.name}, reads features alone, and those of the "
                "discriminator learn nothing"
            )


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


class Penalty(Ingredient, ABC):
    """A term added to the discriminator's loss. Subclass it as a frozen dataclass.

    Gradients inside are taken with `torch.func.grad`, which works for one seed and for many at once.
    """

    by_sample: ClassVar[bool] = False
    """Whether it takes the slope of a sample's score by that sample, which has no meaning under batch normalisation."""
    on_scores: ClassVar[bool] = True
    """Whether it holds scores, which a loss on features leaves untrained."""
    raises_slope: ClassVar[bool] = False
    """Whether it draws flat slopes up, to where weights that are kept small may never reach."""

    def __post_init__(self) -> None:
        if (weight := getattr(self, "weight", 0)) < 0:
            raise ValueError(f"{type(self).__name__}: found weight {weight}; wanted one that is not negative")

    @abstractmethod
    def __call__(self, d: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
        """The penalty: a scalar, its weight included."""

    def require_fit(self, recipe: Recipe) -> None:
        name = type(self).__name__
        if self.by_sample and recipe.networks is not None and recipe.networks.normalises_batch:
            raise NotApplicable(
                f"the discriminator of {recipe.name} normalises its batch, so one sample's score has no slope of its "
                f"own that {name} could bound"
            )
        if self.on_scores and not recipe.loss.scored:
            loss = type(recipe.loss).__name__
            raise NotApplicable(f"{loss}, the loss of {recipe.name}, trains no scores that {name} could hold")
        if self.raises_slope and recipe.projection is not None:
            raise NotApplicable(f"{recipe.name} bounds its weights, which keeps slopes from where {name} draws them")
