"""The conditions that image datasets share: how variants train on them, and how their samples are judged."""

from __future__ import annotations

from ganbench.datasets.dataset import Evaluation, Standard
from ganbench.networks.dcgan import DCGANPair
from ganbench.optimizers import Adam

HEADLINE_SAMPLES = 10_000
CURVE_SAMPLES = 2_500


def dcgan_standard(width: int, latent_dim: int, budget: str) -> Standard:
    """DCGAN's pair with Adam at its rate and first beta (Radford et al. 2015, section 4); batches of 64, not 128."""
    return Standard(
        networks=DCGANPair(width=width),
        optimizer=Adam(2e-4, betas=(0.5, 0.999)),
        latent_dim=latent_dim,
        batch_size=64,
        budget=budget,
        seeds=2,
    )


def judged_by(extractor: str, held_out: int, classes: bool = False) -> Evaluation:
    """Image metrics at no more samples than are held out, so that real images as a control can have the same n.

    `classes` says that the extractor's classes are those of the images, so that they can be counted as modes.
    """
    return Evaluation(
        metrics=(
            *(("class_modes",) if classes else ()),
            "inception_score",
            "inception_score_audit",
            "fid",
            "fid_infinity",
            "kid",
            "neighbours",
            "memorisation",
            "discriminator_accuracy",
            "divergence_estimate",
            "feature_probe",
        ),
        headline="fid",
        extractor=extractor,
        samples=min(HEADLINE_SAMPLES, held_out),
        curve_samples=min(CURVE_SAMPLES, held_out),
    )
