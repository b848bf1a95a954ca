"""Non-saturating GAN: the generator raises its chance to be taken for real instead of lowering that to be caught.

Goodfellow, Pouget-Abadie, Mirza, Xu, Warde-Farley, Ozair, Courville and Bengio, "Generative Adversarial Nets",
NIPS 2014, https://arxiv.org/abs/1406.2661, the last paragraph of section 3: "rather than training G to minimize
log(1 - D(G(z))) we can train G to maximize log D(G(z))". The discriminator is that of equation 1.

Deviation: as in `gan`, the optimiser is the dataset's standard, since the paper gives no rates.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import softplus

from ganbench import Recipe, hookimpl

from .gan import Minimax


@dataclass(frozen=True)
class NonSaturating(Minimax):
    """The minimax game with the same fixed point, but a generator whose gradient is strongest where it is caught."""

    def on_generated(self, score: Tensor) -> Tensor:
        """-log D."""
        return softplus(-score)


NSGAN = Recipe(name="nsgan", paper="https://arxiv.org/abs/1406.2661", loss=NonSaturating())


@hookimpl
def register_variants(register: Callable[[str, Recipe], None]) -> None:
    """Offers `nsgan`."""
    register("nsgan", NSGAN)
