"""What a plugin author's own tests call: each raises AssertionError, with the whole story, where a check fails.

    from ganbench.testing import check_variant

    def test_conforms():
        check_variant("my_gan")

A name is found by its entry point, so that how it is installed is checked too; a value is checked as it is. Or a test
for each check:

    @pytest.mark.parametrize("trial", trials("variants", "my_gan"), ids=str)
    def test_conforms(trial):
        trial()
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from ganbench.datasets.dataset import Dataset
from ganbench.errors import PluginError
from ganbench.loss import Loss
from ganbench.metrics.metric import Metric
from ganbench.registry import find, find_dataset
from ganbench.testing.check import Failed, Trial, results, story
from ganbench.testing.suites import of_dataset, of_loss, of_metric, of_offer, of_trainer, of_trick, of_variant
from ganbench.trainer import Variant
from ganbench.variant import Recipe, Trick


def check_variant(variant: str | Recipe | Variant) -> None:
    """A variant by name, or a Recipe or Variant.

    Raises:
        AssertionError: with what was found, why it matters and how to mend it, for every check that fails.
    """
    _assert_passes(of_offer(find("variants", variant)) if isinstance(variant, str) else of_variant(variant))


def check_trick(trick: str | type[Trick]) -> None:
    """A trick by name, or its class; as `check_variant`."""
    _assert_passes(of_offer(find("tricks", trick)) if isinstance(trick, str) else of_trick(trick))


def check_loss(loss: Loss) -> None:
    """A loss; as `check_variant`."""
    _assert_passes(of_loss(loss))


def check_trainer(variant: Recipe | Variant) -> None:
    """The trainer that a variant builds; as `check_variant`, but in training alone."""
    _assert_passes(of_trainer(variant))


def check_dataset(dataset: str | Callable[[], Dataset], data_root: Path | None = None) -> None:
    """A dataset by name, as in --dataset, or a function that loads it; as `check_variant`."""
    if isinstance(dataset, str):
        _assert_passes(of_offer(*find_dataset(dataset), data_root))
    else:
        _assert_passes(of_dataset(dataset))


def check_metric(metric: str | Metric) -> None:
    """A metric by name, or a Metric; as `check_variant`."""
    _assert_passes(of_offer(find("metrics", metric)) if isinstance(metric, str) else of_metric(metric))


def trials(kind: str, name: str, data_root: Path | None = None) -> list[Trial]:
    """The checks of an offer, each to be called; where it does not load, those of its loading.

    `kind` is one of "variants", "tricks", "datasets", "metrics". A trial raises AssertionError where its check fails,
    and returns where it passes or is not applicable.
    """
    found: list[Trial] = []
    offer, argument = find_dataset(name) if kind == "datasets" else (find(kind, name), None)
    try:
        for trial in of_offer(offer, argument, data_root):
            found.append(trial)  # noqa: PERF402 - those that come before an error are kept
    except PluginError:
        pass
    return found


def _assert_passes(suite: Iterable[Trial]) -> None:
    made = list(results(suite))
    failed = [result for result in made if result.status == "failed"]
    if failed:
        left_out = "; the checks after the last were left out" if failed[-1].last else ""
        stories = "\n\n".join(map(story, failed))
        raise Failed(f"{len(failed)} of {len(made)} checks failed{left_out}\n\n{stories}")
