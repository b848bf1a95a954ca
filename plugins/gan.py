"""The original GAN: the minimax game of a binary classifier against the samples that it classifies.

Goodfellow, Pouget-Abadie, Mirza, Xu, Warde-Farley, Ozair, Courville and Bengio, "Generative Adversarial Nets",
NIPS 2014, https://arxiv.org/abs/1406.2661. The loss is equation 1, where D = sigmoid(score) is the probability of real;
one update of the discriminator for each of the generator is k = 1, the choice of section 4 in Algorithm 1.

Deviation: Algorithm 1 asks for any gradient-based rule and the authors took momentum without saying which rates, so the
optimiser here is the dataset's standard.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import softplus

from ganbench import Halves, Recipe, hookimpl


@dataclass(frozen=True)
class Minimax(Halves):
    """Both sides play for the one value E[log D(real)] + E[log(1 - D(fake))]; the discriminator maximises it."""

    threshold = 0.0
    optimum = "log_ratio"

    def on_real(self, score: Tensor) -> Tensor:
        """-log D."""
        return softplus(-score)

    def on_fake(self, score: Tensor) -> Tensor:
        """-log(1 - D)."""
        return softplus(score)

    def on_generated(self, score: Tensor) -> Tensor:
        """log(1 - D), which is flat where the discriminator is sure of a fake: the generator then learns nothing."""
        return -softplus(score)


GAN = Recipe(name="gan", paper="https://arxiv.org/abs/1406.2661", loss=Minimax())


@hookimpl
def register_variants(register: Callable[[str, Recipe], None]) -> None:
    """Offers `gan`."""
    register("gan", GAN)
