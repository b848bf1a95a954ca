"""Packing, Lin et al. 2018."""

from __future__ import annotations

import pytest
import torch
from ganbench_plugins.nsgan import NSGAN
from ganbench_plugins.packing import Packed, Packing
from toys import BATCH, adversarial, assert_same_bits, recipe, trained

from ganbench import NotApplicable

SEEDS = (3, 1, 4)


def test_two_points_are_laid_end_to_end() -> None:
    """Points (1, 2), (3, 4), (5, 6), (7, 8) make the packs (1, 2, 3, 4) and (5, 6, 7, 8)."""
    points = torch.arange(1.0, 9.0).reshape(4, 2)
    assert Packed(2)(points).tolist() == [[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]


@pytest.mark.parametrize("samples", [2, 3, 4])
def test_images_are_laid_on_each_other(samples: int) -> None:
    """A pack of m images with c channels has m * c channels: those of its first image first, every pixel in place."""
    images = torch.randn(12, 3, 5, 7)
    packs = Packed(samples)(images)
    assert packs.shape == (12 // samples, *Packed(samples).shape((3, 5, 7))) == (12 // samples, 3 * samples, 5, 7)
    for k in range(samples):
        assert torch.equal(packs[:, 3 * k : 3 * k + 3], images[k::samples])


@pytest.mark.parametrize(("batch", "packs"), [(9, 3), (10, 3), (11, 3), (12, 4)])
def test_a_remainder_is_left_out(batch: int, packs: int) -> None:
    """n samples make n // 3 packs of three; the last one or two that fill no pack are not shown."""
    points = torch.randn(batch, 2)
    assert torch.equal(Packed(3)(points), points[: 3 * packs].reshape(packs, 6))


def test_every_sample_of_a_pack_gets_a_gradient() -> None:
    """The sum over packs has the slope 1 at every number of every packed sample, and 0 at those left out."""
    points = torch.randn(5, 2, requires_grad=True)
    Packed(2)(points).sum().backward()
    assert points.grad is not None
    assert points.grad.tolist() == [[1.0, 1.0]] * 4 + [[0.0, 0.0]]


def test_the_discriminator_sees_packs_and_nothing_else_changes() -> None:
    """Two samples unless said otherwise; the view comes after those that the recipe has."""
    assert Packing()(NSGAN) == NSGAN.shown(Packed(2))
    assert Packing(samples=4)(NSGAN).views == (Packed(4),)


@pytest.mark.parametrize("make", [Packing, Packed])
def test_a_pack_of_one_is_refused(make: type) -> None:
    """One sample alone is no pack."""
    with pytest.raises(ValueError, match="packing: found samples 1; wanted packs of at least 2"):
        make(1)


def test_packing_twice_is_not_applicable() -> None:
    """Packs are not packed again, whatever their sizes."""
    with pytest.raises(NotApplicable, match="nsgan has Packed already"):
        Packing(3)(Packing(2)(NSGAN))


def test_only_the_first_layer_of_the_discriminator_grows() -> None:
    """With packs of m points in the plane it has 2 m inputs; an update draws as many samples as it would without."""
    (plain, _), (packed, supply) = adversarial((0,), recipe()), adversarial((0,), Packing(3)(recipe()))
    shapes = [{name: x.shape for name, x in t.checkpoints()[0].items()} for t in (plain, packed)]
    first = "discriminator.hidden.0.weight"
    assert {name for name in shapes[0] if shapes[0][name] != shapes[1][name]} == {first}
    assert (shapes[0][first], shapes[1][first]) == ((48, 2), (48, 6))
    trained(packed, supply, 2)
    assert supply.drawn == BATCH


def test_a_group_trains_as_its_seeds_alone() -> None:
    """Three seeds stacked have, after 20 updates on packs of three, the weights of the three trained one by one."""
    group, supply = adversarial(SEEDS, Packing(3)(recipe()))
    trained(group, supply, 20)
    for seed, found in zip(SEEDS, group.checkpoints(), strict=True):
        alone, own = adversarial((seed,), Packing(3)(recipe()))
        trained(alone, own, 20)
        for name, tensor in alone.checkpoints()[0].items():
            torch.testing.assert_close(found[name], tensor, rtol=0, atol=1e-5)


def test_the_generator_starts_as_without_packing() -> None:
    """Seeds stay paired: a seed's generator starts from the same bits packed or not."""
    plain, packed = (adversarial((4,), r)[0].checkpoints()[0] for r in (recipe(), Packing()(recipe())))
    assert_same_bits(*({k: x for k, x in c.items() if k.startswith("generator.")} for c in (plain, packed)))
