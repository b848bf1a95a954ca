"""The truncation trick, Brock et al. 2019, section 3.1."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.stats
import torch
from ganbench_plugins.nsgan import NSGAN
from ganbench_plugins.truncation import Truncated, Truncation, truncated
from torch.func import vmap
from toys import ADAM, LATENT, adversarial, assert_same_bits, trained

from ganbench import MLPPair, NotApplicable

COMPLETE = replace(NSGAN, networks=MLPPair(16, 2), optimizer=ADAM)


@pytest.mark.parametrize("threshold", [0.04, 0.5, 1.0, 2.0])
def test_every_number_keeps_its_quantile(threshold: float) -> None:
    """The truncated number is scipy's truncated normal quantile of the normal's probability."""
    latent = torch.linspace(-6, 6, 2001, dtype=torch.float64)
    wanted = scipy.stats.truncnorm(-threshold, threshold).ppf(scipy.stats.norm.cdf(latent.numpy()))
    np.testing.assert_allclose(truncated(latent, threshold).numpy(), wanted, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("threshold", [0.5, 1.0, 2.0])
def test_the_law_is_the_truncated_normal(threshold: float) -> None:
    """A Kolmogorov-Smirnov test of 20,000 truncated draws against scipy's truncated normal does not reject it."""
    latent = torch.randn(20_000, generator=torch.Generator().manual_seed(0))
    found = truncated(latent, threshold)
    assert found.abs().max() <= threshold
    assert scipy.stats.kstest(found.numpy(), scipy.stats.truncnorm(-threshold, threshold).cdf).pvalue > 0.01


def test_a_wide_threshold_changes_nothing() -> None:
    """At 30, numbers as far out as 8 are themselves to the last digits of float32, on both sides alike."""
    latent = torch.cat([torch.linspace(-8, 8, 101), torch.tensor([1e-20, -1e-20, 0.0])])
    torch.testing.assert_close(truncated(latent, 30.0), latent, rtol=1e-6, atol=1e-7)


def test_the_farthest_numbers_stay_inside_and_in_order() -> None:
    """float32 draws in the tails, as far as 20, are finite, at most the threshold, and never out of order."""
    latent = torch.linspace(-20, 20, 4001)
    for threshold in (0.04, 1.0, 8.0):
        found = truncated(latent, threshold)
        assert found.dtype == torch.float32
        assert found.isfinite().all()
        assert found.abs().max().item() <= threshold * (1 + 1e-6)
        assert (found.diff() >= 0).all()
        assert torch.equal(truncated(-latent, threshold), -found)


def test_for_many_seeds_at_once_it_is_that_of_each() -> None:
    """It is elementwise, under vmap too."""
    latent = torch.randn(3, 4, 2)
    torch.testing.assert_close(vmap(lambda z: truncated(z, 1.0))(latent), truncated(latent, 1.0), rtol=0, atol=0)


@pytest.mark.parametrize("seeds", [(5,), (5, 6)])
def test_training_is_untouched_and_sampling_truncated(seeds: tuple[int, ...]) -> None:
    """After 10 updates all weights have the bits that they have without the trick; samples come from moved latents."""
    plain, supply = adversarial(seeds, COMPLETE)
    changed, own = adversarial(seeds, Truncation(0.7)(COMPLETE))
    trained(plain, supply, 10)
    trained(changed, own, 10)
    for one, other in zip(plain.checkpoints(), changed.checkpoints(), strict=True):
        assert_same_bits(one, {name.replace("generator.network.", "generator."): x for name, x in other.items()})
    latent = torch.randn(*seeds[1:2], 9, LATENT) if len(seeds) == 1 else torch.randn(len(seeds), 9, LATENT)
    torch.testing.assert_close(changed.sample(latent), plain.sample(truncated(latent, 0.7)))


def test_the_average_of_the_generator_is_sampled_from_truncated_latents_too() -> None:
    """Where the recipe keeps a running average, samples come from it and from the moved latents."""
    plain, supply = adversarial((0,), replace(COMPLETE, ema=0.5))
    changed, own = adversarial((0,), Truncation(0.7)(replace(COMPLETE, ema=0.5)))
    trained(plain, supply, 10)
    trained(changed, own, 10)
    latent = torch.randn(9, LATENT)
    torch.testing.assert_close(changed.sample(latent), plain.sample(truncated(latent, 0.7)))


def test_the_trick_changes_the_networks_alone() -> None:
    """The threshold is 1 unless said otherwise; a second truncation is not applicable."""
    assert Truncation()(COMPLETE) == replace(COMPLETE, networks=Truncated(MLPPair(16, 2), 1.0))
    with pytest.raises(NotApplicable, match="the networks of nsgan are Truncated already"):
        Truncation(2.0)(Truncation()(COMPLETE))


@pytest.mark.parametrize("threshold", [0.0, -1.0, float("nan")])
def test_a_threshold_that_leaves_nothing_is_refused(threshold: float) -> None:
    """Only a threshold above 0 has numbers below it."""
    with pytest.raises(ValueError, match=r"truncation: found threshold .*; wanted a threshold > 0"):
        Truncation(threshold)
