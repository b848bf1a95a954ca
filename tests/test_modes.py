"""Mode counts, share of high quality and reverse KL, against hand counts, closed forms and simulation."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from ganbench.datasets.mixtures import GaussianMixture, grid, ring
from ganbench.metrics.metric import Evidence
from ganbench.metrics.modes import Modes, high_quality_ceiling, nearest_modes, reverse_kl, reverse_kl_floor

PAIR = GaussianMixture(means=((0.0, 0.0), (10.0, 0.0)), sigma=1.0)


def measured(samples: Tensor, density: GaussianMixture, metric: Modes | None = None) -> dict[str, float]:
    """The metric's values for `samples` (n, d)."""
    return dict((metric or Modes())(Evidence(samples=samples, density=density)))


def test_a_hand_counted_example() -> None:
    """Three samples on the first mode, one 4 sigma off the second: 1 mode, 3 of 4 on it, KL of (3/4, 1/4) to even."""
    samples = torch.tensor([[0.0, 0.0], [2.9, 0.0], [0.0, -3.0], [14.0, 0.0]])
    assert measured(samples, PAIR) == pytest.approx(
        {
            "modes_covered": 1,
            "modes_touched": 1,
            "high_quality": 0.75,
            "reverse_kl": 0.75 * math.log(1.5) + 0.25 * math.log(0.5),
        }
    )


def test_a_touched_mode_is_covered_only_with_its_share() -> None:
    """Of 400 samples a tenth of the fair share is 20: 19 on the second mode touch it, 20 cover it."""
    for on_second, covered in ((19, 1), (20, 2)):
        samples = torch.zeros(400, 2)
        samples[:on_second, 0] = 10.0
        values = measured(samples, PAIR)
        assert (values["modes_covered"], values["modes_touched"]) == (covered, 2)


def test_an_empty_mode_is_never_covered() -> None:
    """Also where a tenth of the fair share is less than one sample."""
    assert measured(torch.zeros(1, 2), grid())["modes_covered"] == 1
    assert measured(torch.full((1, 2), 100.0), grid())["modes_covered"] == 0


def test_the_truth_covers_all_modes() -> None:
    """2,500 draws of the density itself cover and touch every mode of the ring and of the grid."""
    for density in (ring(), grid()):
        values = measured(density.sample(2500, torch.Generator().manual_seed(0)), density)
        assert values["modes_covered"] == values["modes_touched"] == len(density.means)


def test_the_ceiling_of_high_quality_in_the_plane() -> None:
    """It is 1 - exp(-9/2) at three sigma in 2-D, and erf(s / sqrt 2) on the line."""
    assert high_quality_ceiling(3, 2) == pytest.approx(1 - math.exp(-4.5), rel=1e-12)
    assert high_quality_ceiling(1.5, 1) == pytest.approx(math.erf(1.5 / math.sqrt(2)), rel=1e-12)


def test_the_truth_reaches_the_ceiling_of_high_quality() -> None:
    """100,000 draws of the ring are of high quality at the ceiling, to four standard errors."""
    n, ceiling = 100_000, high_quality_ceiling(3, 2)
    values = measured(ring().sample(n, torch.Generator().manual_seed(0)), ring())
    assert values["high_quality"] == pytest.approx(ceiling, abs=4 * math.sqrt(ceiling * (1 - ceiling) / n))


def test_shrunken_modes_exceed_the_ceiling() -> None:
    """Samples on the means themselves are all of high quality: more than real data can be."""
    assert measured(ring().centres, ring())["high_quality"] == 1.0 > high_quality_ceiling(3, 2)


@pytest.mark.parametrize("covered", [1, 4, 8])
def test_reverse_kl_of_an_even_spread_over_some_modes(covered: int) -> None:
    """An even histogram over m of K modes is log(K / m) from uniform; no empty mode makes it infinite."""
    counts = torch.tensor([7] * covered + [0] * (8 - covered))
    assert reverse_kl(counts) == pytest.approx(math.log(8 / covered), abs=1e-12)


def test_reverse_kl_counts_samples_far_from_every_mode() -> None:
    """All samples enter by their nearest mode, those of no quality too."""
    assert measured(torch.tensor([[-50.0, 0.0], [60.0, 0.0]]), PAIR)["reverse_kl"] == pytest.approx(0, abs=1e-12)


def test_the_floor_of_reverse_kl() -> None:
    """Even multinomial counts of 1,000 samples over 25 modes average (25 - 1) / 2,000, to 8 % over 200 draws."""
    counts = np.random.default_rng(0).multinomial(1000, np.full(25, 1 / 25), size=200)
    average = np.mean([reverse_kl(torch.from_numpy(row)) for row in counts])
    assert reverse_kl_floor(25, 1000) == 0.012
    assert average == pytest.approx(0.012, rel=0.08)


def test_the_nearest_mode_and_its_distance() -> None:
    """(9, 1) is nearest to (10, 0), sqrt 2 away; distances far smaller than the coordinates stay exact."""
    mode, distance = nearest_modes(torch.tensor([[9.0, 1.0]]), torch.tensor(PAIR.means))
    assert (mode.tolist(), distance.tolist()) == ([1], pytest.approx([math.sqrt(2)], rel=1e-12))
    close = torch.full((30, 2), 1e6, dtype=torch.float64)
    offset = torch.tensor([1e-3, 0.0], dtype=torch.float64)
    assert nearest_modes(close + offset, close)[1].numpy() == pytest.approx(1e-3, rel=1e-6)


def test_the_reach_of_a_mode_is_a_setting() -> None:
    """A sample 4 sigma off is on the mode for sigmas = 5."""
    samples = torch.tensor([[4.0, 0.0]])
    assert measured(samples, PAIR)["high_quality"] == 0
    assert measured(samples, PAIR, Modes(sigmas=5))["high_quality"] == 1


def test_quantities_declare_what_is_measured() -> None:
    """Each number is declared; the counts have no bound above since that is the density's; the ceiling is told."""
    quantities = Modes().quantities
    assert [q.name for q in quantities] == list(measured(torch.zeros(1, 2), PAIR))
    assert [q.direction for q in quantities] == ["higher", "higher", "higher", "lower"]
    assert [q.highest for q in quantities] == [None, None, 1, None]
    assert "98.89% of real data in the plane" in quantities[2].meaning


def test_without_a_density_or_samples_the_metric_gives_nothing() -> None:
    """What it cannot read, it leaves out."""
    assert Modes()(Evidence(samples=torch.zeros(3, 2))) == {}
    assert measured(torch.zeros(0, 2), PAIR) == {}
