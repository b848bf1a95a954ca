"""What ring8 and grid25 print, taken together: impostors are told from the truth, and the truth passes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import torch
from torch import Generator, Tensor

from ganbench import Evidence, Metric
from ganbench.datasets import mixtures
from ganbench.datasets.mixtures import GaussianMixture, Mixture
from ganbench.evaluation import Evaluator
from ganbench.registry import find_dataset, find_metric, load

Impostor = Callable[[GaussianMixture, int, Generator], Tensor]
AGAINST_TRUTH = ("modes", "chi_square", "js", "w2", "nearest_neighbour")
N = (2_500, 10_000)
"""Of the evaluations on the way, and of the headline."""


def dirac_at_each_mean(density: GaussianMixture, n: int, g: Generator) -> Tensor:
    return replace(density, sigma=0.0).sample(n, g)


def half_width_modes(density: GaussianMixture, n: int, g: Generator) -> Tensor:
    return replace(density, sigma=density.sigma / 2).sample(n, g)


def uniform_noise(density: GaussianMixture, n: int, g: Generator) -> Tensor:
    reach = float(density.centres.abs().max()) + 4 * density.sigma
    return (2 * torch.rand(n, 2, generator=g) - 1) * reach


def a_missing_half(density: GaussianMixture, n: int, g: Generator) -> Tensor:
    return replace(density, means=density.means[::2]).sample(n, g)


def skewed_weights(density: GaussianMixture, n: int, g: Generator) -> Tensor:
    """Every other mode half as likely again as the rest."""
    weights = torch.tensor([1.5 if k % 2 else 1.0 for k in range(len(density.means))])
    modes = torch.multinomial(weights, n, replacement=True, generator=g)
    return density.centres[modes] + density.sigma * torch.randn(n, 2, generator=g)


IMPOSTORS: list[Impostor] = [dirac_at_each_mean, half_width_modes, uniform_noise, a_missing_half, skewed_weights]


def dataset(name: str) -> Mixture:
    offered = {}
    mixtures.register_datasets(offered.__setitem__)
    return offered[name](None, Path("unused"))


def printed(name: str, samples: Tensor) -> dict[str, float]:
    """What the dataset's evaluation prints of samples that nobody scored."""
    return Evaluator(dataset(name), metrics(name), None)(samples, None)[0]


@cache
def metrics(name: str) -> list[Metric]:
    """Those of the dataset's that ask for nothing but samples and density, as this file is about them."""
    offer, _ = find_dataset(name)
    return [load(find_metric(metric, offer)) for metric in dataset(name).evaluation.metrics if metric in AGAINST_TRUTH]


def outside(values: dict[str, float]) -> set[str]:
    """The printed numbers that lie outside the 99.9 % range of the truth, which is printed beside them."""
    return {
        name
        for name, told in {
            "chi_square": values["chi_square_p"] < 0.001,
            "chi_square_modes": values["chi_square_modes_p"] < 0.001,
            "js": values["js"] > values["js_limit"],
            "w2": values["w2"] > values["w2_limit"],
            "nn_accuracy": not values["nn_accuracy_low"] <= 0.5 <= values["nn_accuracy_high"],
        }.items()
        if told
    }


@pytest.mark.parametrize("n", N)
@pytest.mark.parametrize("name", ["ring8", "grid25"])
@pytest.mark.parametrize("impostor", IMPOSTORS)
def test_an_impostor_is_told_from_the_truth(impostor: Impostor, name: str, n: int) -> None:
    """At least one printed number lies outside the truth's 99.9 % range; for each of three seeds."""
    for seed in range(3):
        samples = impostor(dataset(name).density, n, Generator().manual_seed(seed))
        assert outside(printed(name, samples)), (impostor.__name__, seed)


@pytest.mark.parametrize("n", N)
@pytest.mark.parametrize("name", ["ring8", "grid25"])
def test_the_truth_passes(name: str, n: int) -> None:
    """All five numbers, for each of ten seeds."""
    for seed in range(10):
        assert outside(printed(name, dataset(name).density.sample(n, Generator().manual_seed(seed)))) == set()


def test_what_each_impostor_betrays_itself_by() -> None:
    """At the headline: chi-square and the divergence see all five, W2 what lies in or between the wrong modes."""
    density = dataset("ring8").density
    found = {
        impostor.__name__: outside(printed("ring8", impostor(density, 10_000, Generator().manual_seed(0))))
        for impostor in IMPOSTORS
    }
    assert all({"chi_square", "js"} <= names for names in found.values())
    for name in ("dirac_at_each_mean", "half_width_modes", "uniform_noise", "a_missing_half"):
        assert "nn_accuracy" in found[name]
    assert "w2" not in found["dirac_at_each_mean"] | found["half_width_modes"]


def test_true_samples_are_shared_and_repeated() -> None:
    """Numbers of one seed compare between runs: the same samples print the same numbers, whatever was drawn before."""
    samples = dataset("ring8").density.sample(1_000, Generator().manual_seed(0))
    first = printed("ring8", samples)
    torch.rand(5)
    state = torch.random.get_rng_state()
    assert printed("ring8", samples) == first
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize("name", ["ring8", "grid25"])
def test_on_the_way_the_cheap_ones_are_printed(name: str) -> None:
    """All but W2, at the smaller n."""
    assert set(AGAINST_TRUTH) < set(dataset(name).evaluation.metrics)
    samples = dataset(name).density.sample(2_500, Generator().manual_seed(0))
    evidence = Evidence(samples, density=dataset(name).density, final=False)
    on_the_way = {value for metric in metrics(name) for value in metric(evidence)}
    assert set(printed(name, samples)) - on_the_way == {"w2", "w2_floor", "w2_limit"}
