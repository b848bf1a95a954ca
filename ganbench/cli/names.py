"""Command-line parameters that are names of things, completed by the shell from entry-point metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING

from click import Context, Parameter, ParamType
from click.shell_completion import CompletionItem

from ganbench.registry import offers

if TYPE_CHECKING:
    _TextType = ParamType[str]
else:
    _TextType = ParamType  # generic from click 8.4 on


class Names(_TextType):
    """Names of one kind of thing, separated by commas; commas inside parentheses belong to a call's arguments."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self.name = kind

    def get_metavar(self, param: Parameter, ctx: Context) -> str:
        return "NAME[,NAME...]"

    def shell_complete(self, ctx: Context, param: Parameter, incomplete: str) -> list[CompletionItem]:
        before, comma, last = incomplete.rpartition(",")
        names = sorted({offer.name for offer in offers(self._kind)})
        return [CompletionItem(before + comma + name) for name in names if name.startswith(last)]


def complete(_ctx: Context, _param: Parameter, incomplete: str) -> list[str]:
    """Names of every kind of thing that begin so."""
    return sorted({offer.name for offer in offers() if offer.name.startswith(incomplete)})


def separated(texts: tuple[str, ...], colon: bool = False) -> list[list[str]]:
    """Each text split at its commas, but for those inside parentheses or brackets.

    With `colon`, what follows a colon is an argument to the end, commas included: a path, say.

    >>> separated(("a,b(x=1, y=2)", "acme:c,d"))
    [['a', 'b(x=1, y=2)'], ['acme:c', 'd']]
    >>> separated(("ring8,folder:x,y",), colon=True)
    [['ring8', 'folder:x,y']]
    """
    return [_split(text, colon) for text in texts]


def _split(text: str, colon: bool) -> list[str]:
    parts, depth, argument = [""], 0, False
    for letter in text:
        depth += (letter in "([{") - (letter in ")]}")
        argument = argument or (colon and letter == ":")
        if letter == "," and depth == 0 and not argument:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts if part.strip()]
