"""Relativistic GANs: the discriminator says which of two samples is the more real, and the generator moves both.

Jolicoeur-Martineau, "The relativistic discriminator: a key element missing from standard GAN", ICLR 2019,
https://arxiv.org/abs/1807.00734, section 4: RSGAN compares a real sample with a generated one, RaSGAN each sample with
the mean score of the other side. Both are there for any classifier's loss; here it is the cross entropy, as in the
names. Higher than what, is all that these scores say, so neither loss names a threshold.

Deviations: the authors' code halves both losses of RaSGAN and draws new real samples for the generator's update; here
there are no halves, and the generator is compared with the discriminator's last batch. Rates and betas change from
experiment to experiment in the paper, so the optimiser is the dataset's standard.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import softplus

from ganbench import Discriminator, Loss, Pairs, Recipe, hookimpl

PAPER = "https://arxiv.org/abs/1807.00734"


@dataclass(frozen=True)
class Relativistic(Pairs):
    """RSGAN: sigmoid(D(real) - D(fake)) is the probability that the real sample is the more real of the two."""

    def on_pair(self, difference: Tensor) -> Tensor:
        """-log sigmoid(difference)."""
        return softplus(-difference)


@dataclass(frozen=True)
class RelativisticAverage(Loss):
    """RaSGAN: sigmoid(D(x) - mean of the other side's D) is the probability that x is more real than the others."""

    def discriminator(self, d: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
        """-E[log sigmoid(D(real) - mean D(fake))] - E[log(1 - sigmoid(D(fake) - mean D(real)))]."""
        return self._preferring(d(real), d(fake))

    def generator(self, d: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
        """The same with the sides exchanged."""
        return self._preferring(d(fake), d(real))

    def _preferring(self, better: Tensor, worse: Tensor) -> Tensor:
        return softplus(worse.mean() - better).mean() + softplus(worse - better.mean()).mean()


RSGAN = Recipe(name="rsgan", paper=PAPER, loss=Relativistic())
RAGAN = Recipe(name="ragan", paper=PAPER, loss=RelativisticAverage())


@hookimpl
def register_variants(register: Callable[[str, Recipe], None]) -> None:
    """Offers `rsgan` and `ragan`."""
    register("rsgan", RSGAN)
    register("ragan", RAGAN)
