"""R3GAN's training: real and generated samples compared in pairs, the discriminator flat at both.

Huang, Gokaslan, Kuleshov and Tompkin, "The GAN is dead; long live the GAN! A Modern Baseline GAN", NeurIPS 2024,
https://arxiv.org/abs/2501.05441, section 2: the relativistic pairing loss with f(t) = -log(1 + exp(-t)), which is
RSGAN's, plus R1 and R2 with one gamma.

gamma depends on the data. Copies of the training script lower it in training from 0.05 to 0.005 on CIFAR-10, the
smallest of its datasets, and start much higher on larger images; here it is 0.05. Adam's beta1 is 0; the rate 0.0002
and beta2 0.9 are where those runs start.

Deviations: the networks are the dataset's standard, while the paper's are the other half of its title (its roadmap
from config A to E); gamma, the rate (to 0.00005) and beta2 (to 0.99) stay where they start instead of moving in
training; no augmentation; samples come from the weights themselves, not from their average (the trick `ema`); and the
generator is compared with the discriminator's last real batch instead of a new one.
"""

from __future__ import annotations

from collections.abc import Callable

from ganbench import Adam, Recipe, hookimpl

from .r1 import R1, R2
from .relativistic import Relativistic

R3GAN = Recipe(
    name="r3gan",
    paper="https://arxiv.org/abs/2501.05441",
    loss=Relativistic(),
    penalties=(R1(0.05), R2(0.05)),
    optimizer=Adam(2e-4, betas=(0.0, 0.9)),
)


@hookimpl
def register_variants(register: Callable[[str, Recipe], None]) -> None:
    """Offers `r3gan`."""
    register("r3gan", R3GAN)
