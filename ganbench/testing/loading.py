"""Checks of an offer: that it can be had, soon, without a side effect, and that nothing of its module is hidden."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from importlib.abc import SourceLoader
from importlib.util import find_spec, module_from_spec

from ganbench.errors import PluginError
from ganbench.registry import Offer, hidden, load
from ganbench.testing.check import check, require
from ganbench.testing.surroundings import Surroundings, made_plain, torch_generator

SECONDS = 10.0
"""Of a processor, that loading may take, torch being loaded already; what waits meets the limit of the command."""
OF_LIBRARIES = ("environment", "running", "python_random")
"""What libraries change that are imported for the first time, which is no plugin's doing."""


@check(
    gate=True,
    why="Everything that names the plugin loads it, and nothing else can be said of one that does not load.",
    mend="Do what the message wants: the hook of the entry point's kind registers a thing of that kind, under the "
    "entry point's own name, for this version of the contract (`ganbench/hooks.py`).",
)
def loads(offer: Offer) -> None:
    """It loads, as a thing of the kind and for the version of the contract that its entry point stands for."""
    try:
        load(offer)
    except PluginError as error:
        require(False, str(error))


@check(
    why="A plugin is imported for every command that names it, and what it does then falls on everybody: a seed that "
    "is set, a default type, samples that no budget pays for.",
    mend="Move what the module does when it is imported into what it offers; draw data from the supply alone.",
)
def imports_without_side_effects(offer: Offer) -> str:
    """Importing it takes moments, draws no random number and changes no global setting."""
    made_plain()
    before, generator, started = Surroundings.now(), torch_generator(), time.process_time()
    with suppress(PluginError):
        load(offer)
    changes, between = before.changes(*OF_LIBRARIES), Surroundings.now()
    _execute_again(offer.module)
    took = time.process_time() - started
    changes = changes or between.changes()
    require(not changes, f"after importing {offer.module}, {changes}")
    require(
        torch_generator().equal(generator), f"importing {offer.module} draws from torch's global generator, or seeds it"
    )
    require(took < SECONDS, f"it took {took:.1f} s, wanted less than {SECONDS:g} s")
    return f"{took:.2f} s"


def _execute_again(module: str) -> None:
    """Executes it, and what is imported below it, into modules that nothing holds: its author's tests imported it."""
    for name in [name for name in sys.modules if f"{name}.".startswith(f"{module}.")]:
        with suppress(Exception, SystemExit):  # what cannot be done twice has been done once
            spec = find_spec(name)
            if spec and isinstance(spec.loader, SourceLoader):
                spec.loader.exec_module(module_from_spec(spec))


@check(
    why="Plugins are listed and found by entry points alone: a thing that is registered without one is never offered.",
    mend="Give each name an entry point in the group of its kind, with the module as its value, and install again.",
)
def everything_has_an_entry_point(offer: Offer) -> None:
    """Every hook of its module is answered for by entry points, one for each name that is registered."""
    require(not (names := hidden(offer)), f"{offer.module} registers {', '.join(names)} without an entry point")


LOADING = (imports_without_side_effects, loads, everything_has_an_entry_point)
