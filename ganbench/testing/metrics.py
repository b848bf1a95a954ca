"""Checks of a metric: it gives the numbers that it declares, of everything that may be put before it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Set
from dataclasses import dataclass, fields, replace
from functools import cached_property
from itertools import islice
from typing import Any, get_args

import torch
from torch import Tensor

from ganbench.errors import NotApplicable
from ganbench.metrics.metric import Direction, Evidence, Features, Kind, Metric, Scores
from ganbench.testing.check import check, require
from ganbench.testing.ground import ring_dataset
from ganbench.testing.surroundings import Surroundings, torch_generator

N, WIDTH, CLASSES = 800, 8, 10
"""Samples, features and classes of the evidence."""
FOURFOLD = 4
"""How many times as many samples show a sum."""
POINTS = 10
"""Evaluation points of a run, as a metric that reads history sees them."""


Body = tuple[str, Evidence]


def bodies_of_evidence(metric: Metric) -> list[Body]:
    """What the metric can read, of good, poor and strange generators, each with a name.

    A metric that reads neither features nor a density may be of points or of images: where it raises at good samples of
    one family and not of the other, it is of the other.
    """
    families = [list(_of_points())] if "features" not in metric.reads else []
    families += [list(_of_images())] if "density" not in metric.reads else []
    its_own = [bodies for bodies in families if _can_be_measured(metric, bodies[0][1])]
    return [body for bodies in its_own or families for body in bodies]


def _can_be_measured(metric: Metric, evidence: Evidence) -> bool:
    try:
        _at_the_end(metric, evidence)
    except Exception:  # noqa: BLE001 - a metric may raise anything, and where it raises at both, a check says what
        return False
    return True


def _of_points() -> Iterator[Body]:
    density, source = ring_dataset().density, torch.Generator().manual_seed(0)
    assert density is not None
    truth = density.sample(N, source)
    mode = truth[:1] + 0.001 * torch.randn(N, 2, generator=source)
    for name, x in (
        ("samples of the truth", truth),
        ("one mode", mode),
        ("one point", truth[:1].expand(N, 2).clone()),
        ("far away", 1e4 + truth),
        ("wide noise", 10 * torch.randn(N, 2, generator=source)),
        ("twenty samples", truth[:20]),
    ):
        reals = density.sample(len(x), source)
        yield name, Evidence(x, scores=_scores(len(x), source, reals), density=density)


def _scores(n: int, source: torch.Generator, reals: Tensor | None = None) -> Scores:
    train, held_out, fake = torch.randn(3, n, generator=source)
    probe = torch.tensor([-0.3, 0.4])
    return Scores(train + 0.5, held_out + 0.4, fake - 0.5, 0.0, probe, "log_ratio", reals)


def _of_images() -> Iterator[Body]:
    source = torch.Generator().manual_seed(0)
    reference, held_out = (_features(torch.randn(2 * N, WIDTH, generator=source), source) for _ in range(2))
    like = torch.randn(N, WIDTH, generator=source)
    images = torch.randint(0, 256, (N, 1, 8, 8), generator=source, dtype=torch.uint8)
    for name, features, x in (
        ("images like the real ones", like, images),
        ("one image", like[:1].expand(N, WIDTH).clone(), images[:1].expand(N, 1, 8, 8).clone()),
        ("images far from the real ones", 100 + like, images),
        ("twenty images", like[:20], images[:20]),
    ):
        seen = _features(features, source)
        yield (
            name,
            Evidence(
                x,
                features=seen,
                reference=reference,
                scores=_scores(len(x), source),
                second_opinions=(seen.logits + 0.1, seen.logits - 0.1),
                held_out=held_out,
            ),
        )


def _features(x: Tensor, source: torch.Generator) -> Features:
    return Features(x, 3 * torch.randn(len(x), CLASSES, generator=source))


@dataclass(frozen=True)
class Measured:
    """A metric, and what it gives of every body of evidence."""

    metric: Metric

    @property
    def bodies(self) -> list[Body]:
        """The evidence, made afresh, as a metric may change it."""
        return bodies_of_evidence(self.metric)

    @cached_property
    def numbers(self) -> list[tuple[str, dict[str, float]]]:
        """What it gives at the last point of a run, by the name of the evidence."""
        return [(name, _at_the_end(self.metric, evidence)) for name, evidence in self.bodies]


def _at_the_end(metric: Metric, evidence: Evidence) -> dict[str, float]:
    """The numbers of the last point of a run; one on the way shows the same, and goes into its history.

    A metric that draws from torch's generator, which is another check's, draws the same each time.
    """
    torch.manual_seed(0)
    history = (dict(metric(replace(evidence, final=False))),) * (POINTS - 1)
    return dict(metric(replace(evidence, history=history)))


@check(
    gate=True,
    why="Tables, legends and the order of a board are made of what quantities say of themselves.",
    mend="Declare each number once as a Quantity, with its direction, its bounds where it has any, and what it means; "
    'name in `reads` what is needed, of "samples", "features", "held_out", "second_opinions", "scores", "density".',
)
def declares_its_numbers(measured: Measured) -> str:
    """It names what it reads and every number that it gives, each once, with direction, bounds and meaning."""
    metric = measured.metric
    reads = metric.reads
    require(isinstance(metric.name, str) and metric.name, f"found name={metric.name!r}")
    unknown = (set(reads) | set(metric.reads_if_there)) - set(get_args(Kind))
    require(reads and not unknown, f"it reads {', '.join(map(repr, sorted(unknown))) or 'nothing'}")
    quantities = metric.quantities
    names = [quantity.name for quantity in quantities]
    require(names, "it declares no quantity")
    require(len(set(names)) == len(names), f"it declares a name twice: {', '.join(names)}")
    for each in quantities:
        require(each.direction in get_args(Direction), f"{each.name}: found direction={each.direction!r}")
        ordered = each.lowest is None or each.highest is None or each.lowest < each.highest
        require(ordered, f"{each.name}: found lowest={each.lowest}, highest={each.highest}")
        require(each.meaning.strip(), f"{each.name} does not say what it means")
    return ", ".join(names)


@check(
    gate=True,
    why="A metric that raises ends the run that it was to measure.",
    mend="Leave a number out where the evidence cannot give it, and say in `reads` what must be there.",
)
def measures_whatever_it_is_shown(measured: Measured) -> str:
    """It raises nothing, whether samples are good, collapsed, far away or few, at the last point or on the way."""
    return "; ".join(name for name, _ in measured.numbers)


@check(
    why="What is not declared has no direction and no meaning, and stands in no legend.",
    mend="Give each number the name of its Quantity; declare names that depend on settings in `quantities` too.",
)
def gives_what_it_declares(measured: Measured) -> None:
    """Of samples of the truth it gives at least one number, and never one under a name that it has not declared."""
    declared = {quantity.name for quantity in measured.metric.quantities}
    given: set[str] = set()
    for name, found in measured.numbers:
        require(set(found) <= declared, f"of {name} it gave {', '.join(sorted(set(found) - declared))}, undeclared")
        given |= set(found)
    require(given, "it gave no number at all")


@check(
    why="`reads` decides for which variants a metric is measured. What is read beside it is there for one and not for "
    "another, and their numbers are of two kinds.",
    mend="Name in `reads` what the metric needs, and in `reads_if_there` what it can do without.",
)
def reads_what_it_declares(measured: Measured) -> None:
    """It gives the same numbers where the evidence has nothing but what it declares to read."""
    metric = measured.metric
    for (name, found), (_, evidence) in islice(zip(measured.numbers, measured.bodies, strict=True), 2):
        declared = _at_the_end(metric, _with_only(metric.reads | metric.reads_if_there, evidence))
        apart = [key for key in found | declared if repr(found.get(key)) != repr(declared.get(key))]
        require(not apart, f"of {name} it gave another {', '.join(apart)} where there is only what it declares to read")
        if metric.reads_if_there:
            needed = _at_the_end(metric, _with_only(metric.reads, evidence))
            require(needed or not found, f"of {name} it gave nothing where there is only what it needs")


def _with_only(kinds: Set[Kind], evidence: Evidence) -> Evidence:
    """Samples, which are always there, and what else is named; `reference` comes with features."""
    names = {"features", "held_out", "second_opinions", "scores", "density"} - kinds
    names |= set() if "features" in kinds else {"reference"}
    bare: dict[str, Any] = {each.name: each.default for each in fields(Evidence) if each.name in names}
    return replace(evidence, **bare)


@check(
    why="A number that is not finite is left out of the record, and the variant loses its headline.",
    mend="Use xlogy for p log p, guard divisions and logarithms, and leave out what cannot be given.",
)
def numbers_are_finite(measured: Measured) -> None:
    """Every number is a real one: neither NaN nor infinite, whatever the samples are."""
    for name, found in measured.numbers:
        for quantity, value in found.items():
            require(
                isinstance(value, int | float), f"of {name}: {quantity} is a {type(value).__name__}, wanted a float"
            )
            require(math.isfinite(value), f"of {name}: {quantity} is {value}")


@check(
    why="A bound tells readers what is possible. What passes it is a mistake in the bound or in the number.",
    mend="Correct the number, or the bounds of its Quantity.",
)
def numbers_keep_their_bounds(measured: Measured) -> None:
    """Every number lies within its declared bounds, and one with labels is the number of a label."""
    bounds = {quantity.name: quantity for quantity in measured.metric.quantities}
    for name, found in measured.numbers:
        for quantity, value in found.items():
            if quantity not in bounds or not math.isfinite(value):
                continue  # another check's
            how = bounds[quantity]
            slack = 1e-6 * (1 + abs(value))
            low = -math.inf if how.lowest is None else how.lowest
            high = math.inf if how.highest is None else how.highest
            outside = f"of {name}: {quantity} is {value:g}, outside {low:g} to {high:g}"
            require(low - slack <= value <= high + slack, outside)
            labelled = not how.labels or value in range(len(how.labels))
            require(labelled, f"of {name}: {quantity} is {value:g}, which has none of its {len(how.labels)} labels")


@check(
    why="The same samples must have the same number, in whatever order and process they are measured.",
    mend="Change no tensor in place; draw from a generator of a fixed seed, and from no global one.",
)
def is_a_function_of_its_evidence(measured: Measured) -> None:
    """It gives the same numbers again, changes nothing of the evidence, and draws from no global generator."""
    metric = measured.metric
    for name, evidence in islice(measured.bodies, 2):
        samples, before = evidence.samples.clone(), Surroundings.now()
        torch.manual_seed(1)
        state = torch_generator()
        first = metric(evidence)
        require(torch_generator().equal(state), "it draws from torch's global generator, or seeds it")
        require(not (changes := before.changes()), changes)
        require(torch.equal(samples, evidence.samples), f"it changed {name} in place")
        second = metric(evidence)
        apart = [key for key in first if repr(first[key]) != repr(second.get(key))]
        require(not apart, f"of {name} it gave another {', '.join(apart)} the second time")


@check(
    why="Boards are sorted by it: the wrong way round, the worst generator is named the best.",
    mend='Say "lower" of a distance or an error, "higher" of a likeness or a share that is right, "neither" of what '
    "has no best.",
)
def truth_is_not_the_worst(measured: Measured) -> str:
    """By no number with a direction is the truth worse than a collapsed, a noisy and a distant generator alike."""
    directed = [each for each in measured.metric.quantities if each.direction in ("higher", "lower")]
    if not directed or "density" not in measured.metric.reads:
        raise NotApplicable("it reads no density, or no number of it has a direction")
    (_, truth), *others = [(name, found) for name, found in measured.numbers if not name.startswith("twenty")]
    for quantity in directed:
        sign = 1 if quantity.direction == "higher" else -1
        found = [sign * numbers[quantity.name] for _, numbers in others if quantity.name in numbers]
        if quantity.name not in truth or not found:
            continue
        best = sign * truth[quantity.name]
        require(
            best >= min(found),
            f"{quantity.name} is {truth[quantity.name]:.4g} of the truth, and no generator is worse, though "
            f"{quantity.direction} is better: they have {', '.join(f'{sign * each:.4g}' for each in found)}",
        )
    return ", ".join(each.name for each in directed)


@check(
    why="Runs are measured with as many samples as their dataset says; a sum over them is another number on each.",
    mend="Take the mean over samples where a sum stands.",
)
def is_no_sum_over_samples(measured: Measured) -> None:
    """Of four times as many samples, of the truth and of noise alike, no number is four times as large."""
    metric = measured.metric
    if "density" not in metric.reads:
        raise NotApplicable("it reads no density, from which as many samples can be drawn as are wanted")
    few, many = ([_of_so_many(metric, k * N, noise) for noise in (False, True)] for k in (1, FOURFOLD))
    for name in (each.name for each in metric.quantities):
        pairs = [(one[name], more[name]) for one, more in zip(few, many, strict=True) if name in one and name in more]
        sums = [abs(more - FOURFOLD * one) <= 0.2 * abs(FOURFOLD * one) and one != 0 for one, more in pairs]
        (one, more), *_ = pairs or [(0.0, 0.0)]
        require(
            len(sums) < 2 or not all(sums),
            f"{name} is {one:.4g} of {N} samples of the truth, and {more:.4g} of {FOURFOLD * N}: it is a sum over them",
        )


def _of_so_many(metric: Metric, n: int, noise: bool) -> dict[str, float]:
    """What it gives of so many samples, of the truth or of wide noise."""
    density, source = ring_dataset().density, torch.Generator().manual_seed(2)
    assert density is not None
    reals = density.sample(n, source)
    x = 10 * torch.randn(n, 2, generator=source) if noise else density.sample(n, source)
    return _at_the_end(metric, Evidence(x, scores=_scores(n, source, reals), density=density))


METRICS = (
    declares_its_numbers,
    measures_whatever_it_is_shown,
    gives_what_it_declares,
    reads_what_it_declares,
    numbers_are_finite,
    numbers_keep_their_bounds,
    is_a_function_of_its_evidence,
    truth_is_not_the_worst,
    is_no_sum_over_samples,
)
