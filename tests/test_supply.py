"""Streams of data and latents: the same whatever way they are read, for every seed its own."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import Tensor
from toys import BATCH, LATENT, ring_dataset

from ganbench import Supply
from ganbench.datasets import digits
from ganbench.datasets.mixtures import BLOCK
from ganbench.randomness import derived, generator
from ganbench.supply import LATENT_BLOCK, Stream


def counting(length: int) -> Stream:
    """0, 1, 2, ... in blocks of that length."""
    return Stream(lambda k: torch.arange(k * length, (k + 1) * length), axis=0)


def supply(*seeds: int) -> Supply:
    return Supply(ring_dataset(), seeds, BATCH, "cpu")


@pytest.mark.parametrize("sizes", [[1] * 30, [7, 23], [10, 10, 10], [9, 1, 1, 9, 10], [30], [25, 5]])
def test_a_stream_is_the_same_in_any_chunks(sizes: list[int]):
    """Chunks that end before, at and after the ends of blocks of ten join to the whole."""
    stream = counting(10)
    parts = [stream.take(n) for n in sizes]
    assert [len(part) for part in parts] == sizes
    assert torch.equal(torch.cat(parts), torch.arange(30))
    assert stream.position == 30


@pytest.mark.parametrize("position", [0, 1, 9, 10, 11, 20, 99, 100])
def test_seeking_continues_exactly(position: int):
    """After seek(p) the next item is number p, at the boundaries of blocks too, wherever the stream stood."""
    stream = counting(10)
    stream.take(13)
    stream.seek(position)
    assert stream.position == position
    assert torch.equal(stream.take(15), torch.arange(position, position + 15))


@pytest.mark.parametrize("seeds", [(4,), (4, 5)])
def test_a_supply_is_the_same_in_any_chunks(seeds: tuple[int, ...]):
    """Reals and latents read in batches, or in one go over the end of a block, are the same."""
    axis = len(seeds) - 1
    n = max(BLOCK, LATENT_BLOCK) + 100
    whole, parts = supply(*seeds), supply(*seeds)
    for read in (Supply.real, Supply.latent):
        chunks = [read(parts, size) for size in (1, 99, n - 300, 150, 50)]
        assert torch.equal(read(whole, n), torch.cat(chunks, dim=axis))


@pytest.mark.parametrize("seeds", [(4,), (4, 5)])
@pytest.mark.parametrize("drawn", [5, LATENT_BLOCK - 1, LATENT_BLOCK, LATENT_BLOCK + 1])
def test_a_supply_continues_from_its_state(seeds: tuple[int, ...], drawn: int):
    """A fresh supply that loads a state gives what the first gives next."""
    first, second = supply(*seeds), supply(*seeds)
    first.real(drawn)
    first.latent(2 * drawn)
    assert first.state() == {"real": drawn, "latent": 2 * drawn}
    second.load_state(first.state())
    assert second.drawn == drawn
    assert torch.equal(first.real(7), second.real(7))
    assert torch.equal(first.latent(7), second.latent(7))


def test_a_seed_has_the_same_stream_in_any_group():
    """Row k of a group's tensors is what seed k gets alone."""
    group, alone = supply(8, 3, 5), [supply(seed) for seed in (8, 3, 5)]
    assert group.real().shape == (3, BATCH, 2)
    assert group.latent().shape == (3, BATCH, LATENT)
    for read in (Supply.real, Supply.latent):
        assert torch.equal(read(group, 50), torch.stack([(read(one), read(one, 50))[1] for one in alone]))


def test_different_seeds_differ():
    """No two seeds share a real or a latent, nor do a seed's own blocks."""
    for read in (Supply.real, Supply.latent):
        found = [read(supply(seed), 20_000) for seed in range(3)]
        rows = torch.cat(found)
        assert len(torch.unique(rows, dim=0)) == len(rows)


def test_reals_and_latents_do_not_disturb_each_other():
    """Each has a stream of its own: drawing latents changes no real."""
    one, other = supply(1), supply(1)
    one.latent(1000)
    assert torch.equal(one.real(), other.real())


def test_latents_are_standard_normal():
    """Of 20,000 x 6 numbers, mean, variance and Kolmogorov's distance lie within 5 standard errors."""
    x = supply(0).latent(20_000).flatten().double().sort().values
    n = len(x)
    assert abs(x.mean()) < 5 / n**0.5
    assert abs(x.var() - 1) < 5 * (2 / n) ** 0.5
    empirical = torch.arange(1, n + 1) / n
    assert (torch.special.ndtr(x) - empirical).abs().max() < 2.5 / n**0.5


def one_epoch(seed: int) -> tuple[Tensor, Tensor]:
    dataset = digits.load(None, None)
    supply = Supply(dataset, (seed,), 64, "cpu")
    n = dataset.size("train")
    return torch.cat([supply.real() for _ in range(n // 64)] + [supply.real(n % 64)]), supply.real(n)


def test_one_epoch_holds_every_training_image_once():
    """1,297 images in batches of 64 are the training set in another order; the next epoch is so in yet another."""
    dataset = digits.load(None, None)
    first, second = one_epoch(0)
    everything = dataset.fetch("train", torch.arange(1297)).flatten(1)
    in_order = lambda x: torch.unique(x.flatten(1), dim=0, return_counts=True)  # noqa: E731 - too small for a name
    for epoch in (first, second):
        assert len(epoch) == 1297
        for found, wanted in zip(in_order(epoch), in_order(everything), strict=True):
            assert torch.equal(found, wanted)
    assert not torch.equal(first, second)
    assert not torch.equal(first, one_epoch(1)[0])


def test_what_is_drawn_is_counted():
    """A batch when no number is given; latents and held-out data cost nothing."""
    own = supply(0, 1)
    own.real()
    own.real(5)
    own.latent()
    assert own.drawn == BATCH + 5


def test_a_seed_has_many_independent_streams():
    """Seed, purpose and index each lead to another generator, the same ones always to the same."""
    keys = [
        (seed, purpose, index) for seed in range(3) for purpose in ("train", "latent", "weights") for index in (0, 1)
    ]
    numbers = [derived(*key) for key in keys]
    assert len(set(numbers)) == len(keys)
    assert all(0 <= number < 2**63 for number in numbers)
    assert numbers == [derived(*key) for key in keys]
    draws = [torch.rand(4, generator=generator(*key)) for key in keys]
    assert all(not torch.equal(one, other) for one, other in pairwise(draws))
    assert torch.equal(draws[3], torch.rand(4, generator=generator(*keys[3])))


def test_derived_seeds_are_not_concatenations():
    """Seed 1 with index 11 is not seed 11 with index 1, as it would be if the digits were joined."""
    assert derived(1, "x", 11) != derived(11, "x", 1)
    assert derived(1, "1/x", 0) != derived(11, "x", 0)
