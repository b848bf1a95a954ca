"""EBGAN: the discriminator is an energy, low where the data are, and the generator looks for where it is low.

Zhao, Mathieu and LeCun, "Energy-based Generative Adversarial Network", ICLR 2017, https://arxiv.org/abs/1609.03126.
The losses are equations 1 and 2, the energy is equation 13, the norm of what an autoencoder loses. The margin of 10 and
Adam at 0.001 are those of the grid search on MNIST, section 4.1. EBGAN-PT is `ebgan` with the trick `pulling_away`:
the pulling-away term of equation 14 in the generator's loss, with the paper's weight of 0.1.

Deviations: the grid varies width and depth; here both sides have two hidden layers of 256 units, so that a run costs
about what it costs elsewhere on the boards. There is no dropout. Adam's betas, which the paper leaves open, are the
usual ones. The trick applies to any loss, with the discriminator's last hidden layer for the code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from torch import Tensor
from torch.nn.functional import normalize, relu

from ganbench import Adam, Discriminator, Halves, Loss, NotApplicable, Optimum, Recipe, Trick, hookimpl

from .autoencoding_pair import AutoencodingPair

PAPER = "https://arxiv.org/abs/1609.03126"


@dataclass(frozen=True)
class EnergyMargin(Halves):
    """E[energy(real)] + E[max(0, m - energy(fake))], energy being the negative score; it names no threshold."""

    margin: float = 10.0
    """m"""

    def on_real(self, score: Tensor) -> Tensor:
        """The energy."""
        return -score

    def on_fake(self, score: Tensor) -> Tensor:
        """max(0, m - energy)."""
        return relu(self.margin + score)

    def on_generated(self, score: Tensor) -> Tensor:
        """The energy."""
        return -score


@dataclass(frozen=True)
class EuclideanAutoencoders(AutoencodingPair):
    """The energy of a sample is |Dec(Enc(x)) - x|_2."""

    def energy(self, error: Tensor) -> Tensor:
        energy: Tensor = error.norm(dim=1)
        return energy


@dataclass(frozen=True)
class PullingAway(Loss):
    """`loss`, where the generator also pays for samples whose features point in the same direction."""

    loss: Loss
    weight: float

    @property
    def scored(self) -> bool:
        """As in the loss."""
        return self.loss.scored

    @property
    def threshold(self) -> float | None:
        """That of the loss."""
        return self.loss.threshold

    @property
    def optimum(self) -> Optimum | None:
        """That of the loss."""
        return self.loss.optimum

    def discriminator(self, d: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
        """Unchanged."""
        return self.loss.discriminator(d, real, fake)

    def generator(self, d: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
        """The loss + weight * f_PT."""
        return self.loss.generator(d, real, fake) + self.weight * mean_squared_cosine(d.features(fake))


def mean_squared_cosine(features: Tensor) -> Tensor:
    """f_PT of features (batch, width): the mean squared cosine over all pairs of two different samples."""
    n = len(features)
    direction = normalize(features, dim=1)
    squares = (direction @ direction.T).square()
    return (squares.sum() - squares.diagonal().sum()) / (n * (n - 1))


@dataclass(frozen=True)
class WithPullingAway(Trick):
    """Adds the pulling-away term to the generator's loss."""

    name = "pulling_away"
    paper = PAPER

    weight: float = 0.1

    def __call__(self, recipe: Recipe) -> Recipe:
        if isinstance(recipe.loss, PullingAway):
            raise NotApplicable(f"the samples of {recipe.name} are pulled away from each other already")
        return replace(recipe, loss=PullingAway(recipe.loss, self.weight))


EBGAN = Recipe(name="ebgan", paper=PAPER, loss=EnergyMargin(), optimizer=Adam(1e-3), networks=EuclideanAutoencoders())


@hookimpl
def register_variants(register: Callable[[str, Recipe], None]) -> None:
    """Offers `ebgan`."""
    register("ebgan", EBGAN)


@hookimpl
def register_tricks(register: Callable[[str, type[Trick]], None]) -> None:
    """Offers the trick `pulling_away`."""
    register("pulling_away", WithPullingAway)
