"""Hinge loss: the discriminator is a soft-margin classifier, the generator moves along its normal.

Lim and Ye, "Geometric GAN", 2017, https://arxiv.org/abs/1705.02894, the section on the SVM hyperplane, in the form of
Miyato, Kataoka, Koyama and Yoshida, "Spectral Normalization for Generative Adversarial Networks", ICLR 2018,
https://arxiv.org/abs/1802.05957, equations 16 and 17; that form leaves out the SVM's |w|^2 / 2 on the last layer.

Deviation: Lim and Ye step by RMSProp at 0.001 on points and 0.0002 on faces, with up to ten generator steps for one of
the discriminator; Miyato et al. by Adam with five of the discriminator. No setting is the loss's own, so there is one
step of each here, by the dataset's standard optimiser.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import relu

from ganbench import Halves, Recipe, hookimpl


@dataclass(frozen=True)
class Hinge(Halves):
    """Scores beyond the margins at 1 and -1 cost the discriminator nothing."""

    threshold = 0.0

    def on_real(self, score: Tensor) -> Tensor:
        """max(0, 1 - D), equation 16."""
        return relu(1 - score)

    def on_fake(self, score: Tensor) -> Tensor:
        """max(0, 1 + D), equation 16."""
        return relu(1 + score)

    def on_generated(self, score: Tensor) -> Tensor:
        """-D, equation 17."""
        return -score


HINGE = Recipe(name="hinge", paper="https://arxiv.org/abs/1705.02894", loss=Hinge())


@hookimpl
def register_variants(register: Callable[[str, Recipe], None]) -> None:
    """Offers `hinge`."""
    register("hinge", HINGE)
