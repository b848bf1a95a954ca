"""Finding and loading plugins: real throw-away distributions, found by the real importlib.metadata."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from distributions import distribution

from ganbench import registry
from ganbench.errors import PluginError, UnknownNameError, UsageError
from ganbench.registry import (
    Audience,
    Offer,
    find,
    find_dataset,
    find_everything,
    find_metric,
    hidden,
    listeners,
    load,
    notify,
    offers,
    state,
)
from ganbench.variant import Recipe, Trick

Install = Callable[..., str]

HEALTHY = """
from dataclasses import dataclass
from ganbench import Recipe, Trick, hookimpl
from ganbench_plugins.gan import Minimax

@dataclass(frozen=True)
class Nothing(Trick):
    name = "nothing"
    paper = "https://example.org/nothing"

    def __call__(self, recipe):
        return recipe

@hookimpl
def register_variants(register):
    register("{variant}", Recipe(name="{variant}", paper="https://example.org", loss=Minimax()))

@hookimpl
def register_tricks(register):
    register("nothing", Nothing)
"""
HOOK = "from ganbench import hookimpl\n\n@hookimpl\ndef {signature}:\n    {body}\n"


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Installs a distribution of one module that offers `entry` in the group of a kind; returns the module's name."""
    before = set(sys.modules)

    def install(
        name: str,
        source: str,
        kind: str = "variants",
        entry: str = "odd",
        folder: str = "",
        tricks: tuple[str, ...] = (),
    ) -> str:
        site = tmp_path / (folder or name)
        module = distribution(site, name, source, {kind: [entry]} | ({"tricks": tricks} if tricks else {}))
        monkeypatch.syspath_prepend(str(site))
        return module

    listeners.cache_clear()
    yield install
    listeners.cache_clear()
    for module in set(sys.modules) - before:
        if module.startswith("acme"):
            del sys.modules[module]


def failure(kind: str = "variants", name: str = "odd") -> str:
    """The one line that loading that offer fails with."""
    with pytest.raises(PluginError) as caught:
        load(find(kind, name))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_strangers_variant_is_found_and_loaded(install: Install) -> None:
    """A distribution that nobody told ganbench of is listed with its version and gives its recipe."""
    install("acme-gan", HEALTHY.format(variant="odd"), tricks=("nothing",))
    offer = find("variants", "odd")
    assert offer == Offer("variants", "odd", "acme_gan", "acme-gan", "1.0")
    assert isinstance(load(offer), Recipe)
    assert load(offer).name == "odd"
    assert state(offer) == ("ok", "")


def test_what_registers_more_than_it_offers_is_incomplete(install: Install) -> None:
    """A hook of another kind without an entry point of that kind is no obstacle to loading, but is said to be amiss."""
    install("acme-gan", HEALTHY.format(variant="odd"))
    offer = find("variants", "odd")
    assert isinstance(load(offer), Recipe)
    assert hidden(offer) == ["trick 'nothing'"]
    assert state(offer) == (
        "incomplete",
        "variant 'odd' of acme-gan 1.0 (acme_gan): it registers trick 'nothing' without an entry point; "
        "wanted an entry point for every name, in the group of its kind; update acme-gan, or tell its authors",
    )


def test_everything_of_a_name_is_found() -> None:
    """Of whatever kind, a dataset with its argument; a name that nobody offers comes with the nearest."""
    assert [(offer.kind, text) for offer, text in find_everything("dirac")] == [("datasets", None)]
    assert [(offer.name, text) for offer, text in find_everything("folder:a:b")] == [("folder", "a:b")]
    with pytest.raises(UnknownNameError, match="unknown name 'wgan_pg': did you mean wgan_gp"):
        find_everything("wgan_pg")


def test_a_strangers_trick_is_loaded_as_its_class(install: Install) -> None:
    """Loading a trick gives the class, whose fields the caller may set."""
    install("acme-trick", HEALTHY.format(variant="odd"), kind="tricks", entry="nothing")
    assert issubclass(load(find("tricks", "nothing")), Trick)


def test_listing_imports_nothing_of_a_plugin(install: Install) -> None:
    """An offer of a module that would raise is listed all the same, and its module is not imported."""
    module = install("acme-broken", "raise RuntimeError")
    assert "odd" in [offer.name for offer in offers("variants")]
    assert module not in sys.modules


def test_listing_imports_no_heavy_library() -> None:
    """Importing the registry and listing everything loads neither torch, pandas nor torchvision."""
    code = (
        "import sys, ganbench.registry as r, ganbench.ingredients; assert len(r.offers()) > 6;"
        "print([name for name in ('torch', 'pandas', 'torchvision', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_offers_are_sorted_and_of_the_kind_asked_for() -> None:
    """All kinds together are the kinds one by one, sorted."""
    assert sorted(offer for kind in registry.KINDS for offer in offers(kind)) == offers()
    assert {offer.kind for offer in offers("tricks")} == {"tricks"}


def test_the_same_distribution_twice_on_the_path_is_no_clash(install: Install) -> None:
    """An editable install beside its wheel, under one distribution name, offers each thing once."""
    install("acme-twice", HEALTHY.format(variant="odd"))
    install("acme-twice", HEALTHY.format(variant="odd"), folder="elsewhere")
    assert [offer.name for offer in offers("variants")].count("odd") == 1
    assert find("variants", "odd").distribution == "acme-twice"


def test_an_unselected_clash_names_both_distributions(install: Install) -> None:
    """Two distributions with one name are an error that names both and the two ways to choose."""
    install("acme-one", HEALTHY.format(variant="odd"))
    install("acme-two", HEALTHY.format(variant="odd"))
    with pytest.raises(UsageError) as caught:
        find("variants", "odd")
    assert str(caught.value) == (
        "the variant 'odd' is offered by acme-one 1.0 and acme-two 1.0: say which, as 'acme-one:odd' or 'acme-two:odd'"
    )


@pytest.mark.parametrize("spelling", ["acme-two", "acme_two", "Acme.Two"])
def test_a_distribution_before_the_colon_selects(install: Install, spelling: str) -> None:
    """`distribution:name` chooses among same-named offers, in any spelling that PyPI takes for the same name."""
    install("acme-one", HEALTHY.format(variant="odd"))
    install("acme-two", HEALTHY.format(variant="odd"))
    assert find("variants", f"{spelling}:odd").distribution == "acme-two"


def test_an_unknown_name_comes_with_the_nearest() -> None:
    """A misspelt variant is an error with the nearest names on offer, in the form that was asked for."""
    with pytest.raises(UnknownNameError, match="unknown variant 'wgan_pg': did you mean wgan_gp"):
        find("variants", "wgan_pg")
    with pytest.raises(UnknownNameError, match="unknown trick 'ganbench:emaa': did you mean ganbench:ema"):
        find("tricks", "ganbench:emaa")


def test_a_name_of_another_kind_is_told_so() -> None:
    """With the nearest names of the kind that was asked for, where there are any."""
    with pytest.raises(
        UnknownNameError, match=r"^unknown trick 'dragan': it is a variant; did you mean dragan_penalty"
    ):
        find("tricks", "dragan")
    with pytest.raises(
        UnknownNameError, match=r"^unknown variant 'ganbench:ema': it is a trick; did you mean ganbench:"
    ):
        find("variants", "ganbench:ema")
    with pytest.raises(UnknownNameError, match=r"^unknown dataset 'fid': it is a metric \("):
        find_dataset("fid")


def test_a_dataset_is_found_by_its_name_before_the_argument() -> None:
    """`folder` is a dataset's name; what follows the colon in `folder:PATH` is for the caller."""
    assert find("datasets", "folder").module == "ganbench.datasets.folder"


def test_an_import_that_fails_is_quoted_and_chained(install: Install) -> None:
    """A plugin that cannot be imported names itself, quotes the exception on one line and keeps it as the cause."""
    install("acme-broken", "raise ImportError('no module\\nnamed jax')")
    assert failure() == (
        "variant 'odd' of acme-broken 1.0 (acme_broken): importing it raised ImportError: no module named jax; "
        "wanted no exception; update acme-broken, or tell its authors"
    )
    with pytest.raises(PluginError) as caught:
        load(find("variants", "odd"))
    assert isinstance(caught.value.__cause__, ImportError)
    assert state(find("variants", "odd")) == ("broken", str(caught.value))


def test_an_import_that_exits_does_not_end_the_program(install: Install) -> None:
    """SystemExit at import is a plugin's failure like any other."""
    install("acme-exit", "raise SystemExit(3)")
    assert "of acme-exit 1.0 (acme_exit): importing it raised SystemExit: 3; wanted no exception" in failure()


def test_the_users_interrupt_passes_through(install: Install) -> None:
    """Ctrl-C while a plugin is imported is the user's, not the plugin's."""
    install("acme-interrupt", "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        load(find("variants", "odd"))


def test_a_misspelt_hook_is_named_with_the_nearest(install: Install) -> None:
    """A hook that the contract does not have is an error that suggests the one it is nearest to."""
    install("acme-misspelt", HOOK.format(signature="register_varaints(register)", body="pass"))
    assert "there is no hook 'register_varaints'; wanted register_variants; update acme-misspelt" in failure()


def test_a_misspelt_argument_of_a_hook_is_an_error(install: Install) -> None:
    """A hook with an argument that the contract does not give is an error that names the argument."""
    install("acme-argument", HOOK.format(signature="register_variants(registry)", body="pass"))
    assert "its hooks raised PluginValidationError" in failure()
    assert "registry" in failure()


def test_a_hook_without_its_mark_is_an_error(install: Install) -> None:
    """A module that does not answer its kind's hook is told which one, and how to mark it."""
    install("acme-unmarked", "def register_variants(register): pass")
    assert "it has no hook register_variants; wanted one, marked with @ganbench.hookimpl" in failure()


def test_a_hook_that_raises_is_a_plugin_error(install: Install) -> None:
    """An exception while registering is quoted with the hook's name."""
    install("acme-raises", HOOK.format(signature="register_variants(register)", body="1 / 0"))
    assert "register_variants raised ZeroDivisionError: division by zero" in failure()


@pytest.mark.parametrize(
    ("kind", "thing", "found", "wanted"),
    [
        ("variants", "3", "it registered 3 as 'odd'", "a Recipe or a Variant with that name"),
        ("tricks", "int", "it registered <class 'int'> as 'odd'", "a dataclass derived from Trick"),
        ("datasets", "3", "it registered 3 as 'odd'", "a function of an argument and a data root"),
        ("metrics", "len", "it registered <built-in function len> as 'odd'", "a Metric"),
    ],
)
def test_a_thing_of_the_wrong_type_is_an_error(
    install: Install, kind: str, thing: str, found: str, wanted: str
) -> None:
    """What a hook registers is checked: the error shows what was found and says what its kind wants."""
    install("acme-type", HOOK.format(signature=f"register_{kind}(register)", body=f"register('odd', {thing})"), kind)
    assert f"{found}; wanted {wanted}" in failure(kind)


def test_a_recipe_with_another_name_is_an_error(install: Install) -> None:
    """A recipe is called on the board what it is called on the command line, so the two names must agree."""
    body = "from ganbench_plugins.gan import GAN; register('odd', GAN)"
    install("acme-renamed", HOOK.format(signature="register_variants(register)", body=body))
    assert "it registered Recipe(name='gan'" in failure()
    assert "as 'odd'; wanted a Recipe or a Variant with that name" in failure()


def test_a_trick_that_needs_arguments_is_an_error(install: Install) -> None:
    """A trick without a default for some field cannot be named alone, so it is an error that says which field."""
    source = HEALTHY.format(variant="odd").replace('    name = "nothing"', '    strength: float\n    name = "nothing"')
    install("acme-needy", source, kind="tricks", entry="nothing")
    assert "register_tricks raised TypeError: " in failure("tricks", "nothing")
    assert "'strength'" in failure("tricks", "nothing")


def test_another_version_of_the_contract_is_an_error(install: Install) -> None:
    """A module written for another version of the contract is refused before its hooks are called."""
    install("acme-future", "ganbench_api = 2\n" + HEALTHY.format(variant="odd"))
    assert "it is written for version 2 of the plugin contract; wanted 1; update acme-future" in failure()


def test_a_module_that_registers_other_names_is_an_error(install: Install) -> None:
    """The entry point's name must be among the registered ones; the error lists those."""
    install("acme-other", HEALTHY.format(variant="even"))
    assert "it registered 'even'; wanted 'odd', the name of its entry point, among them" in failure()


def test_a_name_registered_twice_is_an_error(install: Install) -> None:
    """A module that registers a name twice is told so, instead of losing one in silence."""
    body = "from ganbench_plugins.gan import GAN; register('gan', GAN); register('gan', GAN)"
    install("acme-double", HOOK.format(signature="register_variants(register)", body=body), entry="gan")
    assert "it registered 'gan' twice; wanted each name once" in failure("variants", "acme-double:gan")


def test_an_entry_point_to_an_object_is_an_error(install: Install) -> None:
    """An entry point names a module; one with a colon is told that its hooks do the rest."""
    assert (
        "its entry point names an object; wanted the module alone"
        in state(Offer("variants", "odd", "acme:ODD", "acme", "1.0"))[1]
    )


def test_extensions_hear_and_one_that_raises_harms_nobody(install: Install) -> None:
    """Every extension hears of a run; one that raises, or exits, costs a warning that names it, and the others hear."""
    signature = "run_started(spec, folder)"
    install("acme-a", HOOK.format(signature=signature, body="1 / 0"), "extensions", "a")
    install("acme-b", HOOK.format(signature=signature, body="raise SystemExit(1)"), "extensions", "b")
    listener = HOOK.format(signature=signature, body="heard.append((spec['seed'], folder.name))") + "heard = []"
    install("acme-c", listener, "extensions", "c")
    with pytest.warns(RuntimeWarning) as caught:
        notify("run_started", Audience(), spec={"seed": 5}, folder=Path("x"))
    texts = sorted(str(warning.message) for warning in caught)
    assert texts[0].startswith("extension 'a' of acme-a 1.0 (acme_a): run_started raised ZeroDivisionError: division")
    assert texts[1].startswith("extension 'b' of acme-b 1.0 (acme_b): run_started raised SystemExit: 1")
    assert len(texts) == 2
    assert sys.modules["acme_c"].heard == [(5, "x")]


def test_a_logger_hears_where_it_is_named(install: Install) -> None:
    """Installing one changes no run; naming one lets it hear what extensions hear."""
    body = "heard.append(spec['seed'])"
    listener = HOOK.format(signature="run_started(spec, folder)", body=body) + "heard = []"
    module = install("acme-log", listener, "loggers")
    notify("run_started", Audience(), spec={"seed": 1}, folder=Path("x"))
    notify("run_started", Audience(("odd",)), spec={"seed": 2}, folder=Path("x"))
    assert sys.modules[module].heard == [2]


def test_a_broken_extension_is_skipped_with_a_warning(install: Install) -> None:
    """An extension that cannot be imported costs one warning in a process, however often others are notified."""
    install("acme-broken", "raise RuntimeError('no')", "extensions")
    with pytest.warns(RuntimeWarning, match=r"of acme-broken 1\.0 .* importing it raised RuntimeError: no"):
        notify("run_finished", Audience(), spec={}, record={})
    notify("run_finished", Audience(), spec={}, record={})


def test_an_extension_loads_as_its_module(install: Install) -> None:
    """`load` of an extension checks its hooks and gives the module."""
    module = install("acme-ext", HOOK.format(signature="run_started(spec)", body="pass"), "extensions")
    assert load(find("extensions", "odd")) is sys.modules[module]
    install("acme-bad", HOOK.format(signature="run_startd(spec)", body="pass"), "extensions", "bad")
    assert "there is no hook 'run_startd'; wanted run_started;" in failure("extensions", "bad")


def test_a_dataset_may_name_its_distribution_and_an_argument():
    """What follows the name is the dataset's argument, colons and all; a distribution goes before the name."""
    offer, argument = find_dataset("folder:a:b")
    assert (offer.name, argument) == ("folder", "a:b")
    assert find_dataset("ring8")[1] is None
    offer, argument = find_dataset("ganbench:folder:photos")
    assert (offer.name, offer.distribution, argument) == ("folder", "ganbench", "photos")
    assert find_dataset("ganbench:ring8")[1] is None


def test_a_strangers_metric_of_the_same_name_blocks_nothing(monkeypatch: pytest.MonkeyPatch):
    """The dataset's own distribution goes first, then ganbench; to ask for the bare name is a clash."""
    installed = offers()
    stranger = Offer("metrics", "fid", "stranger", "stranger", "1.0")
    everything = [*installed, stranger]
    monkeypatch.setattr(registry, "offers", lambda kind=None: [o for o in everything if kind in (None, o.kind)])
    with pytest.raises(UsageError):
        find("metrics", "fid")
    digits = find("datasets", "digits")
    assert find_metric("fid", digits).distribution == "ganbench"
    assert find_metric("fid", replace(digits, distribution="stranger")) == stranger
