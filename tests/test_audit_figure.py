"""The picture of an audit."""

from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure

from ganbench.audit_figure import ALARM, GENERATED, draw_audit
from ganbench.figures import save
from ganbench.metrics.audit import Audit, Witness, audited
from ganbench.metrics.verdict import verdict


def logits(n: int, seed: int) -> torch.Tensor:
    return 3 * torch.randn(n, 10, generator=torch.Generator().manual_seed(seed))


def drawn(audit: Audit) -> Figure:
    ratios = torch.linspace(0.2, 1.5, 200)
    return draw_audit(audit, verdict(audit, {}), ratios, ratios + 0.1, "samples.npy against digits")


def words(figure: Figure) -> str:
    """Everything that is written in the figure, outside its axes' ticks."""
    texts = [*figure.texts, *(text for axes in figure.axes for text in [axes.title, *axes.texts])]
    return "\n".join(text.get_text() for text in texts)


def good(seed: int = 0) -> Audit:
    x, real = logits(200, seed), logits(300, 9)
    return audited(Witness("a", "a" * 64, x, real), [Witness("b", "b" * 64, x, real)])


def test_the_law_is_drawn_through_the_points() -> None:
    """The line is IS_inf exp(-V / 2n) from the smallest split to all images, and the points are the measured scores."""
    audit = good()
    lines = {line.get_label(): line for line in drawn(audit).axes[0].lines}
    n, law = lines["first-order law IS∞ exp(-V/2n)"].get_data()
    assert (n[0], n[-1]) == (4, 200)
    np.testing.assert_allclose(law, audit.at_infinity * np.exp(-audit.variance / (2 * n)), rtol=1e-12)
    x, means = lines["splits, shuffled"].get_data()
    assert dict(zip(x, means, strict=True)) == {200 / k: scores.mean for k, scores in audit.shuffled.items()}
    x, scores = lines["splits, as given"].get_data()
    assert dict(zip(x, scores, strict=True)) == {200 / k: score for k, score in audit.in_order.items()}
    x, scores = lines["fewer images, one split"].get_data()
    assert list(x) == list(audit.by_n)


def test_every_line_of_the_verdict_is_in_the_picture(tmp_path: Path) -> None:
    """With n, the extractor and its hash in the title; the same audit leaves the same bytes."""
    audit = good()
    figure = drawn(audit)
    written = " ".join(words(figure).split())
    for line in verdict(audit, {}):
        assert " ".join(line.split()[:8]) in written
    assert "n = 200 images, a aaaaaaaaaaaa" in figure.get_suptitle()
    save(figure, tmp_path / "a.png")
    save(drawn(audit), tmp_path / "b.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_collapse_is_drawn_in_the_colour_of_alarm() -> None:
    """The bar of the classifier that does not confirm the score, and no other."""
    x, real = logits(200, 0), logits(300, 9)
    audit = audited(
        Witness("a", "a" * 64, x, real),
        [Witness("b", "b" * 64, x, real), Witness("c", "c" * 64, torch.zeros(200, 10), real)],
    )
    bars = drawn(audit).axes[1].patches
    assert [bar.get_facecolor() == ALARM_RGBA for bar in bars] == [False, False, True]
    assert "The same images, other classifiers: collapsed" in words(drawn(audit))


def test_a_classifier_that_sees_far_more_is_drawn_in_alarm_too() -> None:
    """The score is in dispute."""
    real = logits(300, 9)
    audit = audited(Witness("a", "a" * 64, 0.5 * logits(200, 0), real), [Witness("b", "b" * 64, logits(200, 0), real)])
    figure = drawn(audit)
    assert [bar.get_facecolor() == ALARM_RGBA for bar in figure.axes[1].patches] == [False, True]
    assert "The same images, other classifiers: in dispute" in words(figure)


def test_scores_at_the_floor_are_written_above_it() -> None:
    """Images that are all alike score 1 at every split count; what is written of them keeps clear of the axis."""
    alike, real = torch.ones(40, 1) * logits(1, 0), logits(300, 9)
    figure = drawn(audited(Witness("a", "a" * 64, alike, real), []))
    for axes in figure.axes[:2]:
        assert axes.texts
        assert all(text.xyann[1] > 0 for text in axes.texts)
    (score,) = figure.axes[1].texts
    assert (score.get_text(), score.get_color()) == ("1.00", GENERATED)


def test_an_extractor_without_siblings_has_a_picture_too() -> None:
    """One bar, and none to ask."""
    x, real = logits(20, 0), logits(20, 9)
    figure = drawn(audited(Witness("a", "a" * 64, x, real), []))
    assert len(figure.axes[1].patches) == 1
    assert "none to ask" in words(figure)


ALARM_RGBA = (*(int(ALARM[i : i + 2], 16) / 255 for i in (1, 3, 5)), 1.0)
