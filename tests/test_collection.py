"""The bounded collection of what was drawn, and the noise that samplers make of latents."""

from __future__ import annotations

import torch
from ganbench_plugins.collection import Collection
from ganbench_plugins.noise import normals, uniform
from scipy.stats import kstest, norm


def rows(collection: Collection) -> set[tuple[float, ...]]:
    return {tuple(row) for row in collection.samples.tolist()}


def collected(*batches: torch.Tensor, capacity: int = 50, seed: int = 0) -> Collection:
    collection = Collection(capacity, (2,), seed)
    for batch in batches:
        collection.add(batch)
    return collection


def test_everything_distinct_is_kept_once_while_there_is_room() -> None:
    """Samples that come again, within a batch or later, take no second place."""
    x = torch.randn(40, 2)
    collection = collected(torch.cat([x[:20], x[:5]]), x[10:], x)
    assert len(collection) == 40
    assert rows(collection) == {tuple(row) for row in x.double().tolist()}


def test_what_is_kept_depends_neither_on_order_nor_on_repetition() -> None:
    """The same distinct samples in other batches, orders and multiplicities leave the same collection."""
    x = torch.randn(300, 2)
    one = collected(*x.split(32))
    other = collected(x[:100].flip(0), x[torch.randperm(300)].repeat(3, 1))
    assert len(one) == len(other) == 50
    assert rows(one) == rows(other)


def test_the_samples_with_the_smallest_keys_are_kept() -> None:
    """One batch larger than the whole collection leaves what sorting all its keys would."""
    x = torch.randn(300, 2)
    collection = Collection(50, (2,), 0)
    smallest = sorted(range(300), key=lambda k: collection._key(x[k]))[:50]
    collection.add(x)
    assert rows(collection) == {tuple(row) for row in x[smallest].double().tolist()}


def test_early_and_late_samples_are_as_likely_to_stay() -> None:
    """Of 4,000 samples a quarter stays; how many of the first half do is binomial, within four standard deviations."""
    x = torch.arange(8_000.0).reshape(-1, 2)
    collection = collected(*x.split(100), capacity=1_000)
    early = int((collection.samples[:, 0] < 4_000).sum())
    assert abs(early - 500) < 4 * (4_000 * 0.25 * 0.25 * 0.75) ** 0.5


def test_a_sample_is_held_out_for_good() -> None:
    """About a tenth is held out, and no sample changes sides, however often it is drawn."""
    x = torch.randn(1_000, 2)
    collection = collected(x, capacity=2_000)
    first = {tuple(row) for row in collection.places[collection.held_out].tolist()}
    collection.add(torch.cat([x, torch.randn(500, 2)]))
    then = {tuple(row) for row in collection.places[collection.held_out].tolist()}
    assert first < then
    assert abs(len(first) - 100) < 4 * (1_000 * 0.1 * 0.9) ** 0.5


def test_seeds_keep_different_samples() -> None:
    """The keys depend on the seed."""
    x = torch.randn(300, 2)
    assert rows(collected(x, seed=0)) != rows(collected(x, seed=1))


def test_noise_is_standard_normal_and_each_latents_own() -> None:
    """Rows are normal (Kolmogorov and Smirnov), the same alone as among others, whatever the latent's dimension."""
    latent = torch.randn(500, 3)
    noise = normals(latent, 20)
    assert torch.equal(normals(latent[7:8], 20)[0], noise[7])
    assert kstest(noise.flatten().numpy(), "norm").pvalue > 1e-3
    assert abs(torch.corrcoef(noise.T) - torch.eye(20)).max() < 5 / 500**0.5


def test_uniform_is_the_normal_distribution_function() -> None:
    """As scipy's."""
    x = torch.linspace(-4, 4, 9, dtype=torch.float64)
    torch.testing.assert_close(uniform(x), torch.from_numpy(norm.cdf(x.numpy())))
