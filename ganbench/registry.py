"""Finds plugins by their metadata, loads one by name, and says from which distribution it came.

Listing imports nothing. Loading imports one module into a plugin manager of its own: its failure is nobody else's.
"""

from __future__ import annotations

import difflib
import importlib
import re
import sys
import textwrap
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, is_dataclass, replace
from functools import cache, lru_cache
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy

from ganbench import hooks
from ganbench.errors import PluginError, UnknownNameError, UsageError
from ganbench.metrics.metric import Metric
from ganbench.trainer import Variant
from ganbench.variant import Recipe, Trick

KINDS = ("variants", "tricks", "datasets", "metrics", "extensions", "loggers")

_WANTED = {
    "variants": "a Recipe or a Variant with that name",
    "tricks": "a dataclass derived from Trick, the class itself, with that name and a default for every field",
    "datasets": "a function of an argument and a data root",
    "metrics": "a Metric",
}


@dataclass(frozen=True, order=True)
class Offer:
    """What an installed distribution says it offers, of one of the `KINDS`; nothing of it has been imported."""

    kind: str
    name: str
    module: str
    distribution: str
    version: str

    def __str__(self) -> str:
        return f"{self.kind.removesuffix('s')} '{self.name}' of {self.distribution} {self.version} ({self.module})"


def offers(kind: str | None = None) -> list[Offer]:
    """Everything on offer, or everything of one kind, sorted. A distribution found twice on the path counts once."""
    found = _scanned(tuple((entry, _changed(entry)) for entry in sys.path))
    return [offer for offer in found if kind in (None, offer.kind)]


@lru_cache(maxsize=1)
def _scanned(path: tuple[tuple[str, int], ...]) -> tuple[Offer, ...]:  # noqa: ARG001 - what was found holds for it
    points = [
        (kind, point, point.dist)
        for kind in KINDS
        for point in entry_points(group=f"{hooks.PROJECT}.{kind}")
        if point.dist is not None
    ]
    named = {id(dist): (dist.name, dist.version) for dist in {id(dist): dist for _, _, dist in points}.values()}
    return tuple(sorted(Offer(kind, point.name, point.value, *named[id(dist)]) for kind, point, dist in points))


def _changed(entry: str) -> int:
    """When something was last put into or taken out of a folder of the path; 0 where it is none."""
    try:
        return Path(entry).stat().st_mtime_ns
    except OSError:
        return 0


def find(kind: str, name: str) -> Offer:
    """The offer of that kind with that name; `distribution:name` selects among several.

    Raises:
        UnknownNameError: nobody offers it; the kinds that have such a name are given, or the nearest names.
        UsageError: several distributions offer it; all are named.
    """
    known = offers(kind)
    matches = _named(name, known)
    if not matches:
        forms = (f"{offer.distribution}:{offer.name}" if ":" in name else offer.name for offer in known)
        others = dict.fromkeys(offer.kind.removesuffix("s") for offer in _named(name, offers()))
        raise UnknownNameError.among(kind.removesuffix("s"), name, forms, others)
    if len(matches) > 1:
        sources = " and ".join(f"{offer.distribution} {offer.version}" for offer in matches)
        choices = " or ".join(f"'{offer.distribution}:{offer.name}'" for offer in matches)
        raise UsageError(f"the {kind.removesuffix('s')} '{name}' is offered by {sources}: say which, as {choices}")
    return matches[0]


def _named(name: str, known: list[Offer]) -> list[Offer]:
    """Those of the offers that `name` or `distribution:name` names."""
    distribution, _, plain = name.rpartition(":")
    from_there = (offer for offer in known if _normal(distribution) in ("", _normal(offer.distribution)))
    return [offer for offer in from_there if offer.name == plain]


def find_dataset(text: str) -> tuple[Offer, str | None]:
    """The dataset that `NAME`, `NAME:ARGUMENT`, `dist:NAME` or `dist:NAME:ARGUMENT` names, and its argument.

    Raises:
        UsageError: as `find`.
    """
    name, _, argument = text.partition(":")
    if any(_normal(offer.distribution) == _normal(name) for offer in offers("datasets")):
        name, _, argument = argument.partition(":")
        name = f"{text.partition(':')[0]}:{name}"
    return find("datasets", name), argument if len(text) > len(name) else None


def find_everything(text: str) -> list[tuple[Offer, str | None]]:
    """Everything of that name, of whatever kind, each with its argument if it is a dataset.

    Raises:
        UsageError: as `find`.
    """
    found: list[tuple[Offer, str | None]] = []
    for kind in KINDS:
        with suppress(UnknownNameError):
            found.append(find_dataset(text) if kind == "datasets" else (find(kind, text), None))
    if not found:
        raise UnknownNameError.among("name", text, [offer.name for offer in offers()])
    return found


def find_metric(name: str, dataset: Offer) -> Offer:
    """The metric that a dataset names: its own distribution's, else ganbench's, else whoever offers it.

    So no installed stranger can take the place of a metric, or block it by offering one of the same name.
    """
    for distribution in (dataset.distribution, "ganbench"):
        with suppress(UnknownNameError):
            return find("metrics", f"{distribution}:{name}")
    return find("metrics", name)


def load(offer: Offer) -> Any:
    """What is on offer: a Recipe or Variant, a Trick's class, a dataset's function, a Metric.

    Of an extension or a logger it is the module.

    Raises:
        PluginError: whatever is wrong with it, in one line.
    """
    module = _imported(offer)
    manager = _registered(offer, module)
    things = _things(offer, manager) if offer.kind in _WANTED else {offer.name: module}
    if offer.name not in things:
        found = ", ".join(f"'{name}'" for name in sorted(things)) or "nothing"
        raise _error(offer, f"it registered {found}", f"'{offer.name}', the name of its entry point, among them")
    return things[offer.name]


def state(offer: Offer) -> tuple[str, str]:
    """("ok", ""), ("broken", reason) where it does not load, or ("incomplete", reason).

    What is incomplete loads, and something else that its module registers does not, or is never offered.
    """
    try:
        load(offer)
    except PluginError as error:
        return "broken", str(error)
    try:
        names = hidden(offer)
    except PluginError as error:
        return "incomplete", str(error)
    if not names:
        return "ok", ""
    wanted = "an entry point for every name, in the group of its kind"
    return "incomplete", str(_error(offer, f"it registers {', '.join(names)} without an entry point", wanted))


def hidden(offer: Offer) -> list[str]:
    """What the offer's module registers and its distribution has no entry point for, as "trick 'flat'".

    Raises:
        PluginError: where it cannot be loaded.
    """
    manager = _registered(offer, _imported(offer))
    return [
        f"{kind.removesuffix('s')} '{name}'"
        for kind in _WANTED
        if getattr(manager.hook, f"register_{kind}").get_hookimpls()
        for name in _things(replace(offer, kind=kind), manager)
        if not any((each.name, each.distribution) == (name, offer.distribution) for each in offers(kind))
    ]


@dataclass(frozen=True)
class Audience:
    """Who hears how runs go: every installed extension, and the loggers that were asked for."""

    loggers: tuple[str, ...] = ()
    """Their names."""
    left_out: tuple[str, ...] = ()
    """Modules of extensions that do not load, and are not tried again."""

    @property
    def offers(self) -> list[Offer]:
        """All of them."""
        extensions = [offer for offer in offers("extensions") if offer.module not in self.left_out]
        return [*extensions, *(find("loggers", name) for name in self.loggers)]


@cache
def listeners(audience: Audience) -> tuple[tuple[Offer, pluggy.PluginManager], ...]:
    """Those of the audience that load; of each that does not, a warning.

    Each is in a manager of its own and loaded once in a process.
    """
    loaded = []
    for offer in audience.offers:
        try:
            loaded.append((offer, _registered(offer, _imported(offer))))
        except PluginError as error:
            warnings.warn(str(error), RuntimeWarning, stacklevel=2)
    return tuple(loaded)


def notify(hook_name: str, audience: Audience, /, **facts: object) -> None:
    """Calls that hook of everyone in the audience; one that raises costs a warning and nothing else."""
    for offer, manager in listeners(audience):
        try:
            with _blamed(offer, hook_name):
                getattr(manager.hook, hook_name)(**facts)
        except PluginError as error:
            warnings.warn(str(error), RuntimeWarning, stacklevel=2)


def _imported(offer: Offer) -> ModuleType:
    if ":" in offer.module:
        raise _error(offer, "its entry point names an object", "the module alone, whose hooks register things")
    with _blamed(offer, "importing it"):
        module = importlib.import_module(offer.module)
    version = getattr(module, "ganbench_api", hooks.API_VERSION)
    if version != hooks.API_VERSION:
        raise _error(offer, f"it is written for version {version} of the plugin contract", f"{hooks.API_VERSION}")
    return module


def _registered(offer: Offer, module: ModuleType) -> pluggy.PluginManager:
    """A manager that knows this module alone, its hooks checked against the contract."""
    manager = pluggy.PluginManager(hooks.PROJECT)
    manager.add_hookspecs(hooks)
    with _blamed(offer, "its hooks"):
        manager.register(module, name=offer.module)
    known = [name for name, caller in vars(manager.hook).items() if getattr(caller, "spec", None)]
    for caller in manager.get_hookcallers(module) or []:
        if not caller.has_spec() and not all(each.optionalhook for each in caller.get_hookimpls()):
            close = difflib.get_close_matches(caller.name, known, n=1)
            raise _error(offer, f"there is no hook '{caller.name}'", " or ".join(close or known))
    return manager


def _things(offer: Offer, manager: pluggy.PluginManager) -> dict[str, Any]:
    """What the module registers of the offer's kind, by name, with types checked."""
    things: dict[str, Any] = {}

    def register(name: str, thing: object) -> None:
        if name in things:
            raise _error(offer, f"it registered '{name}' twice", "each name once")
        if not _fits(offer.kind, name, thing):
            raise _error(offer, f"it registered {textwrap.shorten(repr(thing), 80)} as '{name}'", _WANTED[offer.kind])
        things[name] = thing

    hook = getattr(manager.hook, f"register_{offer.kind}")
    if not hook.get_hookimpls():
        raise _error(offer, f"it has no hook register_{offer.kind}", "one, marked with @ganbench.hookimpl")
    with _blamed(offer, f"register_{offer.kind}"):
        hook(register=register)
    return things


def _fits(kind: str, name: str, thing: object) -> bool:
    if kind == "variants":
        return isinstance(thing, Recipe | Variant) and thing.name == name
    if kind == "tricks":
        return isinstance(thing, type) and issubclass(thing, Trick) and is_dataclass(thing) and thing().name == name
    return callable(thing) if kind == "datasets" else isinstance(thing, Metric)


def _error(offer: Offer, found: str, wanted: str) -> PluginError:
    return PluginError(f"{offer}: {found}; wanted {wanted}; update {offer.distribution}, or tell its authors")


@contextmanager
def _blamed(offer: Offer, doing: str) -> Iterator[None]:
    """Turns whatever a plugin raises, SystemExit too, into an error that names it."""
    try:
        yield
    except (PluginError, KeyboardInterrupt):
        raise
    except BaseException as error:
        text = " ".join(f"{type(error).__name__}: {error}".split())
        raise _error(offer, f"{doing} raised {text}", "no exception") from error


def _normal(distribution: str) -> str:
    """PEP 503's: Acme_GAN is acme-gan."""
    return re.sub(r"[-_.]+", "-", distribution).lower()
