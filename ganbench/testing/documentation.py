"""Checks of what a plugin says of itself: a number on a board is worth what its reader can look up."""

from __future__ import annotations

import inspect
import re
from dataclasses import is_dataclass
from importlib import import_module

from ganbench.description import about
from ganbench.errors import NotApplicable
from ganbench.registry import Offer, load
from ganbench.testing.check import check, require
from ganbench.testing.ground import parts
from ganbench.variant import Recipe


def _text(offer: Offer) -> str:
    return import_module(offer.module).__doc__ or ""


@check(
    why="Three libraries with one name for a loss have three losses. Who reads a board must be able to look it up.",
    mend="Cite authors, title and a link in the docstring at the top of the module.",
)
def cites_its_source(offer: Offer) -> None:
    """The docstring of its module links where it is from."""
    require(re.search(r"https://\S+", _text(offer)), f"the docstring of {offer.module} has no https:// link")


@check(
    why="A paper has many equations; without the number nobody can tell a deviation from a mistake.",
    mend='Write which it is, as in "The loss is equation 3", and every deliberate deviation.',
)
def says_which_equation(offer: Offer) -> None:
    """The docstring of its module says which equation, section or algorithm of its source it is."""
    found = re.search(r"\b(equations?|eqs?\.|sections?|algorithms?)(?!\w)", _text(offer), re.IGNORECASE)
    require(found, f"the docstring of {offer.module} names no equation, section or algorithm")


@check(
    why="`ganbench show` prints it, and a reader of the board has nothing else.",
    mend="Say in the docstring at the top of the module what it is, and where it is from.",
)
def says_what_it_is(offer: Offer) -> None:
    """Its module has a docstring."""
    require(_text(offer).strip(), f"{offer.module} has no docstring")
    require(about(offer)["about"], "`ganbench show` has nothing to say of it")


@check(
    why="Boards and `ganbench show` link it.",
    mend='Set `paper` to a link, as in paper="https://arxiv.org/abs/1704.00028".',
)
def paper_is_a_link(offer: Offer) -> None:
    """Its `paper` is an https link."""
    paper = load(offer).paper
    require(isinstance(paper, str) and paper.startswith("https://"), f"found paper={paper!r}")


@check(
    why="`ganbench show` prints the first line of each as the equation that stands behind the name.",
    mend="Give each class a docstring, whose first line is its equation.",
)
def every_part_says_what_it_is(offer: Offer) -> None:
    """Each class that it is made of has a docstring of its own, and `ganbench show` can print them all."""
    thing = load(offer)
    classes = dict.fromkeys([thing] if isinstance(thing, type) else map(type, parts(thing)))
    silent = [cls.__name__ for cls in classes if cls is not Recipe and not _says(cls)]
    require(not silent, f"no docstring: {', '.join(silent)}")
    if not classes:
        raise NotApplicable(f"{offer.name} is no dataclass, so `ganbench show` prints the module's docstring alone")


def _says(cls: type) -> bool:
    """Whether it has a docstring that somebody wrote: a dataclass is given its signature where there is none."""
    text = cls.__dict__.get("__doc__") or ""
    made_up = is_dataclass(cls) and text.startswith(f"{cls.__name__}(") and text.endswith(")") and "\n" not in text
    return bool(inspect.cleandoc(text).strip()) and not made_up


OF_MODULES = (says_what_it_is,)
OF_METHODS = (says_what_it_is, cites_its_source, says_which_equation, paper_is_a_link, every_part_says_what_it_is)
