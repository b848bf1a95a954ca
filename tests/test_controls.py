"""The two rows that are no variants."""

from __future__ import annotations

import pytest
import torch
from toys import LATENT, adversarial, assert_same_bits, recipe, ring_dataset

from ganbench.controls import HeldOutReal, Untrained, build_control
from ganbench.datasets import digits
from ganbench.record import CONTROLS


def test_held_out_samples_are_each_held_out_image_once():
    """500 samples, in any chunks, are the 500 held-out images; the next 500 are they again."""
    dataset = digits.load(None, None)
    control = HeldOutReal(dataset, 0, "cpu")
    held_out = torch.unique(dataset.fetch("held_out", torch.arange(500)).flatten(1), dim=0, return_counts=True)
    for _ in range(2):
        samples = torch.cat([control.sample(torch.zeros(n, 32)) for n in (100, 399, 1)])
        found = torch.unique(samples.flatten(1), dim=0, return_counts=True)
        assert all(torch.equal(one, other) for one, other in zip(found, held_out, strict=True))


def test_held_out_samples_of_a_mixture_follow_its_density():
    """The share within 3 sigma of a mode is 1 - exp(-9/2), within 5 standard errors of 10,000 draws."""
    dataset = ring_dataset()
    samples = HeldOutReal(dataset, 0, "cpu").sample(torch.zeros(10_000, LATENT))
    near = (torch.cdist(samples, dataset.density.centres).min(dim=1).values < 3 * dataset.density.sigma).double()
    assert abs(near.mean() - 0.988891) < 5 * (0.988891 * 0.011109 / 10_000) ** 0.5


def test_the_untrained_generator_has_the_seeds_initial_weights():
    """Its samples are those of a standard recipe's trainer before its first update; the seed decides them."""
    latents = torch.randn(8, LATENT)
    samples = Untrained(ring_dataset(), 3, "cpu").sample(latents)
    assert torch.equal(samples, adversarial((3,), recipe())[0].sample(latents))
    assert not torch.equal(samples, Untrained(ring_dataset(), 4, "cpu").sample(latents))


def test_building_leaves_the_global_generator_alone():
    """As a trainer's building does."""
    before = torch.get_rng_state()
    for name in CONTROLS:
        build_control(name, ring_dataset(), 0, "cpu")
    assert torch.equal(torch.get_rng_state(), before)


def test_controls_are_built_by_name():
    """Reals first, as record.CONTROLS names them; neither has updates, scores, or a state."""
    controls = [build_control(name, ring_dataset(), 0, "cpu") for name in CONTROLS]
    assert [type(control) for control in controls] == [HeldOutReal, Untrained]
    assert dict(zip(CONTROLS, controls, strict=True)).keys() == {"held_out_real", "untrained"}
    for control in controls:
        assert control.updates == ()
        assert control.score(torch.zeros(2, 2)) is None
        assert_same_bits(control.state_dict(), {})
        with pytest.raises(AssertionError, match="a control is not trained"):
            control.step(None)
