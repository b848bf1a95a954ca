"""DCGAN: the convolutional pair with batch normalisation on both sides, as it was first published.

Radford, Metz and Chintala, "Unsupervised Representation Learning with Deep Convolutional Generative Adversarial
Networks", ICLR 2016, https://arxiv.org/abs/1511.06434. Section 3 gives five rules: strided convolutions in place of
pooling; batch normalisation in both networks (but for the generator's output and the discriminator's input); no fully
connected hidden layers; ReLU in the generator with tanh at its end; LeakyReLU in the discriminator. Section 4 gives
Adam at 0.0002 with beta1 = 0.5 and the slope 0.2. The loss is that of the authors' code: cross entropy, non-saturating.

Deviations: 64 channels next to the image, as in the authors' code for MNIST (https://github.com/Newmu/dcgan_code), not
the 128 of figure 1; kernels of 4 by 4, as in all DCGANs here. Latents are normal, not uniform on (-1, 1), and with the
batch size are the dataset's (100 and 128 in the paper). beta2 is Adam's 0.999, of which the paper does not speak. The
authors' code decays weights by 1e-5 (2.5e-5 on MNIST); the paper does not say so, and nothing decays here.
"""

from __future__ import annotations

from collections.abc import Callable

from ganbench import Adam, DCGANPair, Recipe, hookimpl

from .nsgan import NonSaturating

DCGAN = Recipe(
    name="dcgan",
    paper="https://arxiv.org/abs/1511.06434",
    loss=NonSaturating(),
    optimizer=Adam(2e-4, betas=(0.5, 0.999)),
    networks=DCGANPair(width=64, discriminator_batch_norm=True),
)


@hookimpl
def register_variants(register: Callable[[str, Recipe], None]) -> None:
    """Offers `dcgan`."""
    register("dcgan", DCGAN)
