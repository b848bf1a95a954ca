"""Checks of a dataset: what its samples are, that its splits are apart, and that what it says of them is true."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Generator, Tensor

from ganbench.assembly import build_pair
from ganbench.budget import Budget
from ganbench.datasets.dataset import Dataset, Evaluation, Split, Standard
from ganbench.datasets.density import GaussianMixture
from ganbench.errors import NotApplicable, UnknownNameError
from ganbench.metrics.chi_square import ChiSquare
from ganbench.metrics.features import NAMES
from ganbench.metrics.metric import Evidence, Metric
from ganbench.registry import Offer, find_metric, load
from ganbench.testing.check import Failed, check, require
from ganbench.testing.surroundings import Surroundings, torch_generator

SPLITS: tuple[Split, Split] = ("train", "held_out")
SHARED = 0.01
"""The share of held-out samples that may be training samples too: large collections hold some things twice."""
DRAWS, MOST_DRAWS = 10_000, 160_000
"""Samples that are held against a density, and where it has too many modes for so few."""
PIXELS = 1000
"""Images whose darkest and brightest pixel are looked for."""


@dataclass(frozen=True)
class Source:
    """A dataset as its entry point offers it."""

    offer: Offer
    make: Callable[[], Dataset]


def shuffled(dataset: Dataset, split: Split, seed: int = 0) -> Tensor:
    """A pass over the split."""
    return dataset.shuffled(split, Generator().manual_seed(seed))


@check(
    gate=True,
    why="Networks, metrics and pictures are built from what a dataset says of itself.",
    mend="See `ganbench/datasets/dataset.py`: images are float32 (channels, height, width) in [-1, 1], points "
    "(dimensions,); `shuffled` gives handles (n, ...), `fetch` the samples behind them.",
)
def samples_are_as_declared(source: Source) -> str:
    """Samples of both splits have the declared shape, are float32 and finite, and images lie in [-1, 1]."""
    dataset = source.make()
    require(isinstance(dataset, Dataset), f"found a {type(dataset).__name__}, wanted a Dataset")
    for name, kind in (("standard", Standard), ("evaluation", Evaluation), ("sample_shape", tuple), ("name", str)):
        found = getattr(dataset, name, None)
        require(isinstance(found, kind), f"its {name} is a {type(found).__name__}, wanted a {kind.__name__}")
    for split in SPLITS:
        handles = shuffled(dataset, split)
        x = dataset.fetch(split, handles[:64])
        wanted = (len(handles[:64]), *dataset.sample_shape)
        require(tuple(x.shape) == wanted, f"{split}: found samples of shape {tuple(x.shape)}, wanted {wanted}")
        require(x.dtype == torch.float32, f"{split}: found {x.dtype}, wanted torch.float32")
        require(x.isfinite().all(), f"{split}: found numbers that are not finite")
        if dataset.is_image:
            low, high = float(x.min()), float(x.max())
            require(low >= -1 and high <= 1, f"{split}: pixels go from {low:g} to {high:g}, wanted [-1, 1]")
    return f"{dataset.name}: {dataset.sample_shape}"


@check(
    why="Generators end in tanh, and pictures and extractors take -1 for black: images in [0, 1] are grey fog to both.",
    mend="Scale them: 2 * x - 1 makes [-1, 1] of [0, 1], x / 127.5 - 1 of bytes.",
)
def pixels_use_both_halves(source: Source) -> str:
    """Of a thousand images of each split, some pixel lies below 0, and some above."""
    dataset = source.make()
    if not dataset.is_image:
        raise NotApplicable("its samples are no images")
    found = []
    for split in SPLITS:
        x = dataset.fetch(split, shuffled(dataset, split)[:PIXELS])
        low, high = float(x.min()), float(x.max())
        require(low < 0 < high, f"{split}: pixels of {len(x)} images go from {low:g} to {high:g}, all on one side of 0")
        found.append(f"{split} {low:g} to {high:g}")
    return ", ".join(found)


@check(
    why="Several seeds are supplied at once, and a pass that leaves samples out or brings some twice is no pass.",
    mend="Let `fetch` keep all leading axes of the handles, and `shuffled` be a permutation.",
)
def a_pass_brings_each_sample_once(source: Source) -> None:
    """A pass over a split has as many handles as it has samples, all different; any leading axes can be fetched."""
    dataset = source.make()
    for split in SPLITS:
        handles, size = shuffled(dataset, split), dataset.size(split)
        few = torch.stack([handles[:1], handles[-1:]])
        wanted = torch.stack([dataset.fetch(split, each) for each in few])
        require(torch.equal(dataset.fetch(split, few), wanted), f"{split}: handles with two leading axes fetch others")
        if size is not None:
            require(len(handles) == size, f"{split}: a pass has {len(handles)} handles, size says {size}")
            different = len(torch.unique(handles, dim=0))
            require(different == size, f"{split}: of {size} handles of a pass, {different} are different")


@check(
    why="Seeds pair across variants because one seed gives one order of the data, on every machine.",
    mend="Draw from the generator that is given and from nothing else, and shuffle by it.",
)
def order_comes_from_the_generator(source: Source) -> None:
    """The same generator gives the same samples in the same order, another one another order, and nothing else is read.

    A set whose samples are all alike has no order.
    """
    dataset, before = source.make(), Surroundings.now()
    state = torch_generator()
    for split in SPLITS:
        one, same, other = (dataset.fetch(split, shuffled(dataset, split, seed)[:256]) for seed in (0, 0, 1))
        require(torch.equal(one, same), f"{split}: the same generator gave another order")
        alike = bool((one == one[:1]).all())
        require(alike or not torch.equal(one, other), f"{split}: another generator gave the same order")
    require(torch_generator().equal(state), "it draws from torch's global generator")
    require(not (changes := before.changes()), changes)


@check(
    why="Records of one fingerprint are compared with one another, and features of reals are kept under it.",
    mend="Hash all that the samples depend on: the bytes, or every number that they are drawn from.",
)
def fingerprint_lasts(source: Source) -> None:
    """Loaded twice it has one fingerprint, and the same samples."""
    one, other = source.make(), source.make()
    require(isinstance(one.fingerprint, str) and one.fingerprint, f"found fingerprint={one.fingerprint!r}")
    require(one.fingerprint == other.fingerprint, f"found {one.fingerprint} and then {other.fingerprint}")
    for split in SPLITS:
        x, y = (dataset.fetch(split, shuffled(dataset, split)[:256]) for dataset in (one, other))
        require(torch.equal(x, y), f"{split}: loaded again, it has other samples under the same fingerprint")


@check(
    why="Held-out samples show what is learnt by heart. What is in both splits cannot.",
    mend="Split before anything is copied or augmented, and keep what belongs together on one side.",
)
def splits_are_apart(source: Source) -> str:
    """No more than one in a hundred held-out samples is a training sample, bit for bit."""
    dataset = source.make()
    if None in (dataset.size("train"), dataset.size("held_out")):
        raise NotApplicable("its samples are drawn afresh, without end")
    train = {x.numpy().tobytes() for x in _in_parts(dataset, "train")}
    held_out = [x.numpy().tobytes() for x in _in_parts(dataset, "held_out")]
    shared = sum(x in train for x in held_out)
    require(
        shared <= SHARED * len(held_out), f"{shared} of {len(held_out)} held-out samples are training samples as well"
    )
    return f"{shared} of {len(held_out)} in both"


def _in_parts(dataset: Dataset, split: Split) -> Any:
    """Every sample of the split, fetched a thousand at a time."""
    for handles in torch.split(shuffled(dataset, split), 1000):
        yield from dataset.fetch(split, handles)


@check(
    why="Generators are judged by the density: with another one the truth itself fails, and a wrong generator wins.",
    mend="Let `density` be what the samples are drawn from, or leave it None.",
)
def samples_follow_the_density(source: Source) -> str:
    """Samples of both splits pass Pearson's chi-square test against the declared density, at one in a million."""
    dataset = source.make()
    if dataset.density is None:
        raise NotApplicable("it declares no density")
    return "; ".join(_against(dataset, dataset.density, split) for split in SPLITS)


def _against(dataset: Dataset, density: GaussianMixture, split: Split) -> str:
    """The p-values of so many samples as the test needs for the modes of the density."""
    endless, draws = dataset.size(split) is None, DRAWS
    while True:
        x = _drawn(dataset, split, draws)
        found = {name: p for name, p in ChiSquare()(Evidence(x, density=density)).items() if name.endswith("_p")}
        if found:
            break
        draws *= 2
        if draws > MOST_DRAWS or not endless:
            raise NotApplicable(f"{split}: {len(x)} samples are too few for {len(density.means)} modes")
    text = f"{split}: {', '.join(f'{name} {p:.2g}' for name, p in found.items())}, of {len(x)} samples"
    require(min(found.values()) > 1e-6, text)
    return text


def _drawn(dataset: Dataset, split: Split, n: int) -> Tensor:
    """So many samples; of a split that has an end, one pass at most, as a second one brings nothing new."""
    one = len(shuffled(dataset, split))
    passes = math.ceil(n / one) if dataset.size(split) is None else 1
    handles = torch.cat([shuffled(dataset, split, seed) for seed in range(passes)])
    return dataset.fetch(split, handles[:n])


@check(
    why="Every variant trains under these conditions, and is judged so.",
    mend="See `Standard` and `Evaluation` in `ganbench/datasets/dataset.py`.",
)
def conditions_can_be_met(source: Source) -> None:
    """Its standard networks fit its samples, its budget can be read; its metrics exist, and one measures its headline.

    Nothing is said of the weights of extractors, which users keep.
    """
    dataset = source.make()
    standard, evaluation = dataset.standard, dataset.evaluation
    generator, discriminator = build_pair(standard.networks, dataset)
    x = generator(torch.randn(4, standard.latent_dim))
    wanted = (4, *dataset.sample_shape)
    require(tuple(x.shape) == wanted, f"the standard generator gives the shape {tuple(x.shape)}, wanted {wanted}")
    scores = discriminator(x)
    require(tuple(scores.shape) == (4,), f"the standard discriminator gives {tuple(scores.shape)}, wanted (4,)")
    Budget.parse(standard.budget)
    held_out = dataset.size("held_out")
    require(
        held_out is None or evaluation.samples <= held_out,
        f"evaluation.samples is {evaluation.samples}, but {held_out} are held out for real data to stand beside",
    )
    require(
        standard.seeds >= 1 and standard.batch_size >= 2,
        f"found seeds={standard.seeds}, batch_size={standard.batch_size}",
    )
    metrics = _metrics(source.offer, evaluation)
    require(
        evaluation.extractor is None or evaluation.extractor in NAMES,
        f"evaluation.extractor is {evaluation.extractor!r}, wanted None or one of {', '.join(NAMES)}",
    )
    if not evaluation.metrics and not evaluation.headline:
        return
    giving = [each for each in metrics if evaluation.headline in {quantity.name for quantity in each.quantities}]
    require(giving, f"no metric of it gives its headline {evaluation.headline!r}")
    lacking = {"features"} if evaluation.extractor is None else set()
    lacking |= {"density"} if dataset.density is None else set()
    wanted_for = [lacking & each.reads for each in giving]
    require(
        not all(wanted_for),
        f"its headline {evaluation.headline!r} is never measured: it needs {' and '.join(sorted(wanted_for[0]))}, and "
        f"there is {'no density' if 'density' in wanted_for[0] else 'no extractor'}",
    )


def _metrics(offer: Offer, evaluation: Evaluation) -> list[Metric]:
    found: list[Metric] = []
    for name in evaluation.metrics:
        try:
            found.append(load(find_metric(name, offer)))
        except UnknownNameError as error:
            raise Failed(str(error)) from error
    return found


DATASETS = (
    samples_are_as_declared,
    pixels_use_both_halves,
    a_pass_brings_each_sample_once,
    order_comes_from_the_generator,
    fingerprint_lasts,
    splits_are_apart,
    samples_follow_the_density,
    conditions_can_be_met,
)
