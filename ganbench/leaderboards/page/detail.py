"""How much of the boards the page holds: everything where it fits, else less, and it says what is not there."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Detail:
    """What the page holds beside the means and intervals, the runs and what became of them."""

    profiles: bool = True
    """The performance profiles of the headline."""
    curves: bool = True
    """Curves of every quantity, not of the headline alone."""
    seeds: bool = True
    """The value of every quantity in each run, not of the headline alone."""
    quantities: bool = True
    """Every quantity, not the headline alone."""
    made: bool = True
    """What each run cost, and what it was made with: versions, platform, source."""
    runs: bool = True
    """Each run with its id, status, reason and headline, and the recipes."""

    @property
    def left_out(self) -> list[str]:
        """What the page does not hold, a sentence an item."""
        said = {
            "performance profiles": self.profiles,
            "the curves of quantities other than the headline": self.curves,
            "the values of single runs but of the headline": self.seeds,
            "quantities other than the headline": self.quantities,
            "what single runs cost and were made with": self.made,
            "single runs and recipes": self.runs,
        }
        return [f"Left out to keep the page small: {what}." for what, held in said.items() if not held]


_DROPPED = ("profiles", "curves", "seeds", "quantities", "made", "runs")
"""What is left out where room is short, the first first."""
DETAILS = tuple(Detail(**dict.fromkeys(_DROPPED[:count], False)) for count in range(len(_DROPPED) + 1))
"""The most first."""
