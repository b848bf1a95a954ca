"""From samples and scores to named values: what is measured, what is left out, and under which name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from toys import ring_dataset

from ganbench import Evidence, Features, Metric, Quantity, Scores
from ganbench.datasets import digits
from ganbench.evaluation import Evaluator, features_of_reals
from ganbench.metrics.features import Extractor


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GANBENCH_CACHE", str(tmp_path))
    return tmp_path


@dataclass(frozen=True)
class Fixed(Metric):
    """Gives these values, and keeps the evidence that it was shown."""

    values: Mapping[str, float]
    reads: frozenset[Any] = frozenset({"samples"})
    shown: list[Evidence] | None = None
    name: ClassVar[str] = "fixed"

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        return tuple(Quantity(name, "lower", "nats", 0, meaning="m") for name in self.values)

    def __call__(self, evidence: Evidence) -> Mapping[str, float]:
        if self.shown is not None:
            self.shown.append(evidence)
        return self.values


class Means:
    """An extractor's network whose feature is the mean byte, and a count of the images that it saw."""

    seen = 0

    def __call__(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        self.seen += len(images)
        mean = images.double().flatten(1).mean(dim=1, keepdim=True)
        return mean, torch.cat([mean, -mean], dim=1)


def reading(*kinds: str, **values: float) -> Fixed:
    return Fixed(values or {"x": 1.0}, frozenset({"samples", *kinds}), [])


POINTS = torch.zeros(4, 2)
IMAGES = torch.full((4, 1, 8, 8), -1.0)
SCORES = Scores(torch.zeros(3), torch.zeros(3), torch.zeros(4), 0.0)


def test_values_are_kept_in_the_order_of_metrics():
    """As floats, by name."""
    evaluate = Evaluator(ring_dataset(), [reading(b=2, a=1), reading(c=3)], None)
    values, left_out = evaluate(POINTS, None)
    assert list(values.items()) == [("b", 2.0), ("a", 1.0), ("c", 3.0)]
    assert all(type(value) is float for value in values.values())
    assert left_out == []


def test_values_that_are_not_finite_are_left_out_and_named():
    """NaN and both infinities, sorted; the others stay."""
    values = {"z": float("nan"), "good": 0.5, "b": float("inf"), "a": -float("inf")}
    assert Evaluator(ring_dataset(), [Fixed(values)], None)(POINTS, None) == ({"good": 0.5}, ["a", "b", "z"])


def test_a_metric_whose_evidence_is_missing_is_left_out():
    """Without extractor, density or scores those that read them give nothing, and are not asked."""
    metrics = {kind: Fixed({kind: 1.0}, frozenset({kind}), []) for kind in ("samples", "features", "density", "scores")}
    on_points = Evaluator(ring_dataset(), list(metrics.values()), None)
    on_images = Evaluator(digits.load(None, None), list(metrics.values()), None)
    assert list(on_points(POINTS, None)[0]) == ["samples", "density"]
    assert list(on_points(POINTS, SCORES)[0]) == ["samples", "density", "scores"]
    assert list(on_images(IMAGES, None)[0]) == ["samples"]
    assert metrics["features"].shown == []
    assert len(metrics["scores"].shown) == 1


def test_what_an_extractor_saw_carries_its_name():
    """Values of metrics that read features, and those alone: they never compare across extractors."""
    extractor = Extractor("means", "0" * 64, Means())
    dataset = digits.load(None, None)
    evaluate = Evaluator(dataset, [reading("features", fid=3), reading(plain=2), reading("scores", auc=1)], extractor)
    assert evaluate(IMAGES, SCORES)[0] == {"fid[means]": 3, "plain": 2, "auc": 1}
    assert list(evaluate.quantities) == ["fid[means]", "plain", "auc"]
    assert evaluate.quantities["fid[means]"] == {
        "direction": "lower",
        "unit": "nats",
        "lowest": 0,
        "highest": None,
        "meaning": "m",
    }


def test_the_headline_is_the_datasets():
    """Found under its extractor's suffix; empty where nothing measures it."""
    dataset = digits.load(None, None)
    extractor = Extractor("means", "0" * 64, Means())
    assert dataset.evaluation.headline == "fid"
    assert Evaluator(dataset, [reading("features", kid=1, fid=3)], extractor).headline == "fid[means]"
    assert Evaluator(dataset, [reading("features", fid=3)], None).headline == ""
    assert Evaluator(ring_dataset(), [reading("density", modes_covered=3)], None).headline == "modes_covered"


def test_metrics_are_shown_what_was_observed():
    """Images as bytes with their features, points as they are with the density, and the very scores."""
    seen = reading("features")
    Evaluator(digits.load(None, None), [seen], Extractor("means", "0" * 64, Means()))(IMAGES + 1, SCORES)
    (evidence,) = seen.shown
    assert evidence.samples.dtype == torch.uint8
    assert torch.equal(evidence.samples, torch.full((4, 1, 8, 8), 128, dtype=torch.uint8))
    assert torch.equal(evidence.features.features, torch.full((4, 1), 128.0))
    assert evidence.scores is SCORES
    seen, dataset = reading("density"), ring_dataset()
    Evaluator(dataset, [seen], None)(POINTS, None)
    (evidence,) = seen.shown
    assert (evidence.samples is POINTS, evidence.density is dataset.density) == (True, True)
    assert (evidence.features, evidence.reference, evidence.scores) == (None, None, None)


def test_the_reference_is_every_training_image_once():
    """1,297 features, whose sorted values are those of the bytes themselves."""
    seen, dataset = reading("features"), digits.load(None, None)
    Evaluator(dataset, [seen], Extractor("means", "0" * 64, Means()))(IMAGES, None)
    reference: Features = seen.shown[0].reference
    means = dataset.images("train").double().flatten(1).mean(dim=1).float()
    assert torch.equal(reference.features.flatten().sort().values, means.sort().values)
    assert torch.equal(reference.logits[:, :1], reference.features)


def test_the_reference_is_extracted_once(cache: Path):
    """At the first point: later points, and later runs of the same data and extractor, read it again."""
    network, dataset = Means(), digits.load(None, None)
    for weights, runs_so_far in (("0" * 64, 1), ("0" * 64, 1), ("1" * 64, 2)):
        evaluate = Evaluator(dataset, [reading("features")], Extractor("means", weights, network))
        before = network.seen
        evaluate(IMAGES, None)
        evaluate(IMAGES, None)
        assert network.seen - before - 8 in (0, 1297)
        assert len(list(cache.glob("features-*"))) == runs_so_far
    assert network.seen == 6 * 4 + 2 * 1297


def test_held_out_features_are_for_the_last_point_and_for_those_who_want_them():
    """Every held-out image once, at the headline's evaluation, where a metric reads them; the next run finds them."""
    dataset, network = digits.load(None, None), Means()
    for seen, new in ((reading("features"), 1297), (reading("features", "held_out"), 500)):
        before = network.seen
        evaluate = Evaluator(dataset, [seen], Extractor("means", "0" * 64, network))
        evaluate(IMAGES, None, final=False)
        evaluate(IMAGES, None, final=True)
        assert network.seen - before == 8 + new
        assert [point.held_out is None for point in seen.shown] == [True, new != 500]
    means = dataset.images("held_out").double().flatten(1).mean(dim=1).float()
    assert torch.equal(seen.shown[-1].held_out.features.flatten().sort().values, means.sort().values)


def test_what_is_derived_of_reals_is_kept_under_every_fact_that_matters(cache: Path):
    """Made once for a name, split, extractor and data, also by the next run; made again where one of them differs."""
    made = []
    digit = digits.load(None, None)

    def derived(weights: str, split: str, name: str) -> float:
        def make() -> dict[str, torch.Tensor]:
            made.append((weights, split, name))
            return {"x": torch.tensor(float(len(made)))}

        features = features_of_reals(digit, Extractor("means", weights, Means()), split)
        return float((features.keep(name, make), features.keep(name, make))[1]["x"])

    facts = [("0" * 64, "train", "a"), ("0" * 64, "held_out", "a"), ("1" * 64, "train", "a"), ("0" * 64, "train", "b")]
    assert [derived(*each) for each in facts] == [derived(*each) for each in facts] == [1, 2, 3, 4]
    assert made == facts


def test_without_metrics_that_read_features_nothing_is_extracted():
    """The extractor sees no image."""
    network = Means()
    Evaluator(digits.load(None, None), [reading()], Extractor("means", "0" * 64, network))(IMAGES, None)
    assert network.seen == 0


def test_metrics_are_told_what_was_measured_before():
    """The values of the run's earlier points, oldest first; none unless there are any."""
    metric = reading()
    evaluate = Evaluator(ring_dataset(), [metric], None)
    evaluate(POINTS, None)
    evaluate(POINTS, None, [{"x": 1.0}, {"x": 2.0}])
    assert [evidence.history for evidence in metric.shown] == [(), ({"x": 1.0}, {"x": 2.0})]


def test_words_for_numbers_are_described_where_there_are_any():
    """As a list, which JSON gives back as it was; other quantities are described as before."""

    class Worded(Fixed):
        @property
        def quantities(self) -> tuple[Quantity, ...]:
            return (Quantity("verdict", "lower", labels=("good", "bad")), Quantity("plain", "lower"))

    described = Evaluator(ring_dataset(), [Worded({})], None).quantities
    assert described["verdict"]["labels"] == ["good", "bad"]
    assert "labels" not in described["plain"]


def test_second_opinions_are_asked_for_at_the_headline_alone():
    """And only where a metric reads them: the logits of the same images by each of the extractor's siblings."""
    sibling = Extractor("twin", "1" * 64, Means())
    extractor = Extractor("means", "0" * 64, Means(), siblings=lambda: (sibling, sibling))
    seen, blind = reading("features", "second_opinions"), reading("features")
    for metric in (seen, blind):
        evaluate = Evaluator(digits.load(None, None), [metric], extractor)
        evaluate(IMAGES, None, final=False)
        evaluate(IMAGES, None)
    assert [len(evidence.second_opinions) for evidence in seen.shown] == [0, 2]
    assert torch.equal(seen.shown[1].second_opinions[0], seen.shown[1].features.logits)
    assert [len(evidence.second_opinions) for evidence in blind.shown] == [0, 0]


def test_what_needs_scores_can_be_left_out():
    """The other metrics stay, with the dataset and the extractor."""
    evaluate = Evaluator(ring_dataset(), [reading("scores", auc=1), reading("density", modes=2)], None).without_scores()
    assert list(evaluate.quantities) == ["modes"]
    assert evaluate(POINTS, None)[0] == {"modes": 2}


def test_an_extractor_of_another_domain_is_warned_about():
    """By what the dataset says that its images are of; without extractor there is nothing to say."""
    dataset = digits.load(None, None)
    assert dataset.evaluation.domain == "digits"
    strange = Extractor("means", "0" * 64, Means(), domain="photographs")
    assert Evaluator(dataset, [], strange).warning.startswith(
        "extractor 'means' was trained on photographs and is shown digits: "
    )
    assert Evaluator(dataset, [], Extractor("means", "0" * 64, Means())).warning == ""
    assert Evaluator(ring_dataset(), [], None).warning == ""


def test_what_stands_beside_another_says_so_under_its_whole_name():
    """With the extractor's suffix, as values have it; quantities that stand alone are described as before."""
    dataset, extractor = digits.load(None, None), Extractor("means", "0" * 64, Means())

    class Floored(Fixed):
        @property
        def quantities(self) -> tuple[Quantity, ...]:
            return Quantity("fid", "lower"), Quantity("fid_floor", "neither", beside="fid", role="floor")

    described = Evaluator(dataset, [Floored({}, frozenset({"features"}))], extractor).quantities
    assert (described["fid_floor[means]"]["beside"], described["fid_floor[means]"]["role"]) == ("fid[means]", "floor")
    assert not {"beside", "role"} & set(described["fid[means]"])
