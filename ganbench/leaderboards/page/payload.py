"""A board as the plain data that the page's script reads.

Texts are those of the Markdown page, made here once, with escapes for what cannot be printed; numbers beside them are
for sorting and drawing, with five significant digits. Texts that many runs share are stored once, and referred to by
their place.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from ganbench.leaderboards.board import Board
from ganbench.leaderboards.caption import facts, named, reading, spent
from ganbench.leaderboards.effects import effects
from ganbench.leaderboards.entries import cost, incidents, quantity_text
from ganbench.leaderboards.further import further_tables
from ganbench.leaderboards.markdown import meaning
from ganbench.leaderboards.numbers import seconds_text
from ganbench.leaderboards.page.curves import curve, drawn, fractions, ranks_along, seeds_along
from ganbench.leaderboards.page.detail import DETAILS, Detail
from ganbench.leaderboards.page.families import families
from ganbench.leaderboards.page.grid import grid
from ganbench.leaderboards.page.plain import Plain, legible, number
from ganbench.leaderboards.ranking import Place, ranking
from ganbench.leaderboards.robust import middle_text, profile
from ganbench.leaderboards.row import Row
from ganbench.leaderboards.trajectory import about_sizes, trajectory
from ganbench.record import RunRecord


@dataclass
class Texts:
    """Texts by their place: each is held once."""

    places: dict[str, int] = field(default_factory=dict)

    def __call__(self, text: str) -> int:
        """The place of `text`, made legible."""
        return self.places.setdefault(legible(text), len(self.places))


@dataclass(frozen=True)
class Beside:
    """What lies beside the page, which refers to it: paths relative to the page."""

    pictures: Mapping[str, str] = field(default_factory=dict)
    """Of samples, by run id."""
    records: Mapping[str, str] = field(default_factory=dict)
    """Files of the published records that boards are made of, by dataset."""


ALONE = Beside()
"""A page with nothing beside it."""


@dataclass(frozen=True)
class Payload:
    """Boards as plain data, in so much detail, with texts that they share."""

    detail: Detail = DETAILS[0]
    beside: Beside = ALONE
    texts: Texts = field(default_factory=Texts)

    def board(self, board: Board, slug: str, differs: str = "") -> Plain:
        """Everything that the page shows of `board`; `slug` names it in addresses, and its files beside the page.

        `differs` is what tells its title from those of other boards, as `apart` has it.
        """
        alone = {name: how for name, how in board.quantities.items() if name == board.headline}
        shown = board if self.detail.quantities else replace(board, quantities=alone)
        ranked = ranking(board)
        places = {place.row.cell: place for place in ranked.places} if ranked else {}
        measured, along = fractions(shown), trajectory(board)
        at = drawn(measured)
        courses = self._courses(shown, at)
        found = {
            "slug": slug,
            "title": f"{board.conditions.dataset}: {board.conditions.budget}{differs}",
            "records": _published(self.beside.records.get(board.conditions.dataset)),
            "files": [f"{slug}.md", f"{slug}.csv", *further_tables(board, slug)],
            "budget": board.conditions.budget,
            "headline": board.headline,
            "facts": facts(board),
            "hashes": _hashes(board),
            "reading": [*(ranked.sentences if ranked else ()), *reading(board)],
            "ranked": ranked is not None,
            "quantities": [_quantity(shown, name) for name in shown.quantities],
            "families": families(shown),
            "fractions": [number(fraction) for fraction in at],
            "order": along.about_order if along else (),
            "sizes": [*(about_sizes(board) if len(at) > 1 else ()), *_about_points(measured, at)],
            "costs": [name for row in board.all_rows[:1] for name in cost(board, row)],
            "rows": [
                {**self._row(shown, row, places.get(row.cell)), **course}
                for row, course in zip(shown.all_rows, courses, strict=True)
            ],
            "effects": grid(crossed) if (crossed := effects(board)) else None,
            "incidents": incidents(board),
        }
        plain: Plain = legible(found)
        return plain

    def _row(self, board: Board, row: Row, place: Place | None) -> Plain:
        estimates = [row.estimate(quantity) for quantity in board.quantities]
        headline = board.quantities.get(board.headline, {})
        recipes = sorted({record.recipe for record in row.records} - {""}) if self.detail.runs else []
        return {
            "cell": row.cell,
            "control": row in board.controls,
            "rank": [place.best, place.worst] if place and place.ties else None,
            "ties": place.ties if place else "",
            "seeds": [len(row.ok), len(row.records)],
            "failed": row.failures,
            "texts": [quantity_text(row, quantity) for quantity in board.quantities],
            "means": [number(estimate.mean) for estimate in estimates],
            "halves": [number(estimate.half_width) for estimate in estimates],
            "costs": list(cost(board, row).values()),
            "amounts": [number(value) for value in (*map(row.parameters, board.networks), *row.costs.values())],
            "middle": middle_text(row, board.headline, headline),
            "profile": _pairs(profile(row, board.headline, headline)) if self.detail.profiles else [],
            "recipes": [self.texts(recipe) for recipe in recipes],
            "runs": [self._run(board, record) for record in row.records] if self.detail.runs else [],
        }

    def _courses(self, board: Board, at: list[float]) -> list[Plain]:
        """Of each row, by the place of a quantity: its curves, the seeds that they are over, and its ranks.

        Curves are mean, lowest and highest at each fraction. Seeds are given where they are not all the ok ones, ranks
        where there are any. Controls have none of them.
        """
        courses: list[Plain] = [{"curves": {}, "along": {}, "ranks": {}} for _ in board.all_rows]
        for k, quantity in enumerate(board.quantities):
            if not (self.detail.curves or quantity == board.headline):
                continue
            curves = [curve(row, quantity, at) for row in board.rows]
            ranks = ranks_along(board, quantity, at, curves)
            for row, lines, ranked, course in zip(board.rows, curves, ranks, courses, strict=False):
                if not lines:
                    continue
                course["curves"][str(k)] = [[number(value) for value in line] for line in lines]
                if set(seeds := seeds_along(row, quantity, at)) != {len(row.ok)}:
                    course["along"][str(k)] = seeds
                if any(ranked):
                    course["ranks"][str(k)] = ranked
        return courses

    def _run(self, board: Board, record: RunRecord) -> Plain:
        values = record.values if record.status == "ok" else {}
        kept = [quantity for quantity in board.quantities if self.detail.seeds or quantity == board.headline]
        return {
            "id": record.id,
            "seed": record.spec.seed,
            "status": record.status,
            "reason": self.texts(record.reason),
            "spent": spent(record) if self.detail.made else "",
            "seconds": _seconds(record) if self.detail.made else "",
            "source": self.texts((record.spec.source_hash or "unknown") if self.detail.made else ""),
            "made": self.texts(_made(record) if self.detail.made else ""),
            "values": [number(values.get(quantity)) for quantity in kept],
            "picture": self.beside.pictures.get(record.id),
        }


def _published(path: str | None) -> Plain | None:
    """Where the records lie that a board is made of, as links, and what `ganbench reproduce` needs to find them."""
    if path is None:
        return None
    folder = PurePosixPath(path).parent
    return {"file": quote(path), "folder": quote(f"{folder}/"), "option": f"--records {shlex.quote(str(folder))}"}


def _pairs(found: list[tuple[float, float]]) -> list[list[float | None]]:
    return [[number(value), number(share)] for value, share in found]


def _quantity(board: Board, quantity: str) -> Plain:
    """How it is to be read, the words that its numbers stand for, and whether it is a share of 1, as an accuracy."""
    how = board.quantities[quantity]
    share = (how.get("lowest"), how.get("highest")) == (0, 1)
    return {
        **meaning(board, quantity),
        "label": named(board, quantity),
        "share": share,
        "words": list(how.get("labels", ())),
    }


def _about_points(measured: list[float], at: list[float]) -> list[str]:
    return [f"Of {len(measured)} evaluation points {len(at)} are drawn."] if len(at) < len(measured) else []


def _hashes(board: Board) -> dict[str, str]:
    shared = board.conditions
    found = {"data fingerprint": shared.fingerprint, "extractor hash": shared.extractor_hash}
    return {**{name: digest for name, digest in found.items() if digest}, "conditions": shared.digest}


def _seconds(record: RunRecord) -> str:
    return ", ".join(f"{name} {seconds_text(amount)}" for name, amount in record.seconds.items())


def _made(record: RunRecord) -> str:
    """What a run was made with, one line an item: packages, Python, platform, who offered the parts, its group."""
    found = record.provenance
    lines = {
        "versions": _listed(found.get("versions")),
        "parts from": _listed(found.get("used")),
        "python": str(found.get("python", "")),
        "platform": str(found.get("platform", "")),
        "seeds trained together": ", ".join(map(str, record.spec.group)),
    }
    return "\n".join(f"{name}: {text}" for name, text in lines.items() if text)


def _listed(found: Any) -> str:
    return ", ".join(f"{name} {what}" for name, what in found.items()) if isinstance(found, dict) else ""
