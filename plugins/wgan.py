"""WGAN: the discriminator's scores estimate a Wasserstein distance, its slope kept bounded by clipping its weights.

Arjovsky, Chintala and Bottou, "Wasserstein GAN", ICML 2017, https://arxiv.org/abs/1701.07875. The loss is equation 3
with its sign turned; every default is Algorithm 1's: c = 0.01, n_critic = 5, alpha = 0.00005. Section 4 says why
RMSProp: with momentum, Adam's included, training under clipping became unstable.

Deviations: the paper leaves RMSProp's smoothing open, here it is torch's, with which the authors' code runs too. That
code also takes 100 discriminator steps at first and at every 500th generator step; Algorithm 1 does not, nor does this.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from torch import Tensor

from ganbench import Halves, NotApplicable, Projection, Recipe, RMSprop, Trick, hookimpl

PAPER = "https://arxiv.org/abs/1701.07875"


@dataclass(frozen=True)
class Wasserstein(Halves):
    """The discriminator maximises E[D(real)] - E[D(fake)]; scores have no zero, so they name no threshold."""

    optimum = "potential"

    def on_real(self, score: Tensor) -> Tensor:
        """-D."""
        return -score

    def on_fake(self, score: Tensor) -> Tensor:
        """D."""
        return score

    def on_generated(self, score: Tensor) -> Tensor:
        """-D."""
        return -score


@dataclass(frozen=True)
class WeightClipping(Projection):
    """Every weight and bias is put back into [-c, c], which bounds the slope for a fixed network."""

    bound: float = 0.01
    """c"""

    def __post_init__(self) -> None:
        if not self.bound > 0:
            raise ValueError(f"WeightClipping: found bound {self.bound}; wanted a bound > 0")

    def __call__(self, weight: Tensor) -> Tensor:
        """clip(w, -c, c)."""
        return weight.clamp(-self.bound, self.bound)


@dataclass(frozen=True)
class WithWeightClipping(Trick):
    """Clips the discriminator's weights after each of its updates; loss and optimiser stay."""

    name = "weight_clipping"
    paper = PAPER

    bound: float = 0.01
    """c"""

    def __post_init__(self) -> None:
        WeightClipping(self.bound)  # refuses what it would refuse

    def __call__(self, recipe: Recipe) -> Recipe:
        if recipe.projection is not None:
            raise NotApplicable(f"the weights of {recipe.name} are put back after each update already")
        return replace(recipe, projection=WeightClipping(self.bound))


WGAN = Recipe(
    name="wgan",
    paper=PAPER,
    loss=Wasserstein(),
    d_steps=5,
    optimizer=RMSprop(5e-5),
    projection=WeightClipping(),
)


@hookimpl
def register_variants(register: Callable[[str, Recipe], None]) -> None:
    """Offers `wgan`."""
    register("wgan", WGAN)


@hookimpl
def register_tricks(register: Callable[[str, type[Trick]], None]) -> None:
    """Offers the trick `weight_clipping`."""
    register("weight_clipping", WithWeightClipping)
