"""Ingredients on the command line: calls of tricks, settings of fields, and the one line that a recipe comes to."""

from __future__ import annotations

import builtins
import os
import subprocess
from dataclasses import dataclass, replace
from typing import Any, Literal

import pytest
from ganbench_plugins.ema import EMA
from ganbench_plugins.gan import GAN
from ganbench_plugins.label_smoothing import LabelSmoothing, Smoothed
from ganbench_plugins.lsgan import LSGAN, LeastSquares
from ganbench_plugins.wgan import WGAN, WeightClipping
from ganbench_plugins.wgan_gp import WGAN_GP, GradientPenalty, WithGradientPenalty

from ganbench import Adam, Recipe, RMSprop, Trick
from ganbench.errors import SettingError
from ganbench.ingredients import (
    apply_settings,
    build_trick,
    describe_recipe,
    parse_call,
    parse_setting,
    settable,
)
from ganbench.literals import fitted
from ganbench.networks.mlp import MLPPair


@pytest.mark.parametrize(
    ("text", "name", "arguments"),
    [
        ("ema", "ema", {}),
        (" ema() ", "ema", {}),
        ("label_smoothing(epsilon=0.2)", "label_smoothing", {"epsilon": 0.2}),
        ("acme-gan:r1-penalty(weight=-1, kind='real')", "acme-gan:r1-penalty", {"weight": -1, "kind": "real"}),
        ("t(a=(0.5, 0.9), b=None, c=True)", "t", {"a": (0.5, 0.9), "b": None, "c": True}),
    ],
)
def test_calls_are_read_as_names_and_literals(text: str, name: str, arguments: dict[str, object]) -> None:
    """A trick is its registry name, alone or with literals by keyword."""
    assert parse_call(text) == (name, arguments)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "no plain name"),
        ("ema(", "no plain name"),
        ("os.system('x')", "no plain name"),
        ("ema if 1 else 2", "no plain name"),
        ("__import__('os').system('x')", "more than a call"),
        ("ema(decay=0.5)(x=1)", "more than a call"),
        ("ema(0.5)", "an argument without a name"),
        ("ema(**{'decay': 0.5})", "an argument without a name"),
        ("ema(decay=0.5, decay=0.6)", "a name given twice"),
        ("ema(decay=__import__('os').system('x'))", "a value of decay that is no literal"),
        ("ema(decay=float('nan'))", "a value of decay that is no literal"),
        ("ema(decay=os.environ)", "a value of decay that is no literal"),
        ("ema(decay=[x for x in (1,)])", "a value of decay that is no literal"),
        ("ema(decay={[]: 1})", "a value of decay that is no literal"),
        ("ema(decay=)", "what Python calls a SyntaxError"),
        (f"ema(decay={'(' * 500}1{')' * 500})", "what Python calls a SyntaxError"),
    ],
)
def test_anything_but_a_call_of_literals_is_refused(text: str, found: str) -> None:
    """Positional arguments, nested calls, attributes and all that is no literal are errors with an example."""
    with pytest.raises(SettingError) as caught:
        parse_call(text)
    assert f"found {found}; wanted a name with literals by keyword, such as label_smoothing(epsilon=0.2)" in str(
        caught.value
    )


@pytest.mark.parametrize("depth", [100, 1_000, 100_000])
def test_hostile_depth_is_an_error_and_not_a_crash(depth: int) -> None:
    """Expressions nested as deep as one likes are refused by the same error."""
    for value in ("-" * depth + "x", "1" + "+1" * depth, "[" * depth):
        with pytest.raises(SettingError, match="cannot read"):
            parse_call(f"ema(decay={value})")
        with pytest.raises(SettingError, match="cannot read"):
            parse_setting(f"ema={value}")


def test_hostile_text_runs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is typed, nothing is imported, evaluated or executed."""

    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("executed")

    for module, name in ((os, "system"), (subprocess, "Popen"), (builtins, "eval")):
        monkeypatch.setattr(module, name, never)
    for text in ("__import__('os').system('x')", "eval('1')", "open('x')", "(lambda: 1)()", "f'{1}'", "a:=1"):
        with pytest.raises(SettingError):
            parse_call(f"ema(decay={text})")
        with pytest.raises(SettingError):
            parse_setting(f"ema={text}")


@pytest.mark.parametrize(
    ("text", "setting"),
    [
        ("d_steps=1", ("d_steps", 1)),
        ("gradient_penalty.weight=0.1", ("gradient_penalty.weight", 0.1)),
        ("optimizer.learning_rate = 2e-4", ("optimizer.learning_rate", 2e-4)),
        ("optimizer.betas=(0.5,0.9)", ("optimizer.betas", (0.5, 0.9))),
        ("loss.kind='a=b'", ("loss.kind", "a=b")),
    ],
)
def test_settings_are_read_as_addresses_and_literals(text: str, setting: tuple[str, object]) -> None:
    """A setting is a dotted address, an equals sign and a literal, spaces allowed around them."""
    assert parse_setting(text) == setting


@pytest.mark.parametrize("text", ["", "d_steps", "=1", "d_steps=", "d steps=1", "a.=1", "a()=1", "a[0]=1", "x=dcgan"])
def test_anything_but_a_setting_is_refused(text: str) -> None:
    """Text without an address or without a literal is an error with an example."""
    with pytest.raises(SettingError, match=r"cannot read .*; wanted address=literal, such as gradient_penalty\.weight"):
        parse_setting(text)


def test_tricks_are_built_with_their_fields() -> None:
    """Fields that are named are set, the others keep their defaults, and an int becomes a float where one is wanted."""
    assert build_trick(EMA, "ema", {}) == EMA(0.999)
    assert build_trick(EMA, "ema", {"decay": 0.9}) == EMA(0.9)
    built = build_trick(WithGradientPenalty, "gradient_penalty", {"weight": 1})
    assert repr(built) == "WithGradientPenalty(weight=1.0)"


@pytest.mark.parametrize(
    ("cls", "arguments", "message"),
    [
        (EMA, {"decy": 0.9}, "the trick t has no field 'decy'; it has decay"),
        (EMA, {"decay": "high"}, "t(decay=...): found 'high' (str); wanted float"),
        (EMA, {"decay": True}, "t(decay=...): found True (bool); wanted float"),
        (EMA, {"decay": 1.5}, "ema: found decay 1.5; wanted 0 <= decay < 1"),
        (WithGradientPenalty, {"weight": 1e999}, "t(weight=...): found inf (float); wanted float"),
        (WithGradientPenalty, {"weight": 10**400}, "wanted float"),
        (LabelSmoothing, {"epsilon": None}, "t(epsilon=...): found None (NoneType); wanted float"),
    ],
)
def test_fields_that_do_not_fit_a_trick_are_refused(cls: type[Trick], arguments: dict[str, Any], message: str) -> None:
    """An unknown field, a value of the wrong type or out of its range is an error that says found and wanted."""
    with pytest.raises(SettingError) as caught:
        build_trick(cls, "t", arguments)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("value", "hint", "result"),
    [
        (1, float, 1.0),
        (1, int, 1),
        (None, float | None, None),
        (2, float | None, 2.0),
        ([1, 0.5], tuple[float, float], (1.0, 0.5)),
        ((1, 2, 3), tuple[int, ...], (1, 2, 3)),
        ("real", Literal["real", "fake"], "real"),
    ],
)
def test_values_become_what_the_annotation_wants(value: object, hint: Any, result: object) -> None:
    """Ints become floats and lists tuples where those are wanted; all else must be what it is to be."""
    assert fitted(value, hint, "field") == result
    assert type(fitted(value, hint, "field")) is type(result)


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        (1.0, int),
        (True, int),
        (1, bool),
        (1, str),
        ((1.0,), tuple[float, float]),
        ((1.0, "a"), tuple[float, float]),
        ("other", Literal["real", "fake"]),
        ({}, dict),
        (float("nan"), float),
    ],
)
def test_values_of_another_type_are_refused(value: object, hint: Any) -> None:
    """What does not fit its annotation is an error that names the field."""
    with pytest.raises(SettingError, match=r"^field: found .*; wanted "):
        fitted(value, hint, "field")


SMOOTHED = LabelSmoothing()(LSGAN)


@pytest.mark.parametrize(
    ("recipe", "settings", "expected"),
    [
        (WGAN_GP, {}, WGAN_GP),
        (WGAN_GP, {"d_steps": 2, "ema": 0.99}, replace(WGAN_GP, d_steps=2, ema=0.99)),
        (replace(GAN, ema=0.9), {"ema": None}, GAN),
        (WGAN_GP, {"gradient_penalty.weight": 1}, replace(WGAN_GP, penalties=(GradientPenalty(1.0),))),
        (
            WGAN_GP,
            {"optimizer.betas": [0.5, 0.9], "optimizer.learning_rate": 2e-4},
            replace(WGAN_GP, optimizer=Adam(2e-4, betas=(0.5, 0.9))),
        ),
        (WGAN, {"projection.bound": 0.05}, replace(WGAN, projection=WeightClipping(0.05))),
        (WGAN, {"weight_clipping.bound": 0.05}, replace(WGAN, projection=WeightClipping(0.05))),
        (replace(GAN, networks=MLPPair()), {"mlp_pair.width": 64}, replace(GAN, networks=MLPPair(width=64))),
        (SMOOTHED, {"loss.epsilon": 0.2}, replace(LSGAN, loss=Smoothed(LeastSquares(), 0.2))),
        (SMOOTHED, {"loss.loss.real_label": 2}, replace(LSGAN, loss=Smoothed(LeastSquares(real_label=2.0), 0.1))),
        (SMOOTHED, {"least_squares.real_label": 2}, replace(LSGAN, loss=Smoothed(LeastSquares(real_label=2.0), 0.1))),
    ],
)
def test_settings_change_the_addressed_field_alone(recipe: Recipe, settings: dict[str, Any], expected: Recipe) -> None:
    """Fields are set by the recipe's field or the class in snake case, however deep, and nothing else changes."""
    changed = apply_settings(recipe, settings)
    assert changed == expected
    assert describe_recipe(changed) == describe_recipe(expected)
    assert changed.name == recipe.name


TWO_ADAMS = replace(GAN, optimizer=Adam(), g_optimizer=Adam(1e-4))


@pytest.mark.parametrize(
    ("recipe", "address", "value", "message"),
    [
        (
            WGAN_GP,
            "gradient_penaltie.weight",
            1.0,
            "there is none, did you mean 'gradient_penalty.weight'?;",
        ),
        (WGAN_GP, "optimizer.learn_rate", 1.0, "there is none, did you mean 'optimizer.learning_rate'?"),
        (
            WGAN_GP,
            "gp.weight",
            1.0,
            "'gp.weight' of wgan_gp: there is none; one can set d_steps=5, ema=None",
        ),
        (WGAN_GP, "name", "x", "cannot set 'name' of wgan_gp: there is none"),
        (WGAN_GP, "loss", "x", "there is none"),
        (WGAN_GP, "d_steps", 1.5, "d_steps of wgan_gp: found 1.5 (float); wanted int"),
        (WGAN_GP, "ema", "slow", "ema of wgan_gp: found 'slow' (str); wanted float | None"),
        (WGAN_GP, "optimizer.betas", (0.5,), "found (0.5,) (tuple); wanted tuple[float, float]"),
        (WGAN, "projection.bound", -1, "WeightClipping: found bound -1.0; wanted a bound > 0"),
        (GAN, "optimizer.learning_rate", 1.0, "'optimizer' is None, the recipe leaves it to the dataset's standard"),
        (GAN, "networks.width", 64, "'networks' is None, the recipe leaves them to the dataset's standard"),
        (GAN, "g_optimizer.betas", 1, "'g_optimizer' is None, the recipe leaves it the same as the discriminator's"),
        (GAN, "projection.bound", 1, "'projection' is None, the recipe has none"),
        (TWO_ADAMS, "adam.epsilon", 1.0, "it means g_optimizer.epsilon and optimizer.epsilon"),
    ],
)
def test_settings_that_lead_nowhere_are_refused(recipe: Recipe, address: str, value: Any, message: str) -> None:
    """An address that leads nowhere or to two places, or a value that does not fit, is an error that says why."""
    with pytest.raises(SettingError) as caught:
        apply_settings(recipe, {address: value})
    assert message in str(caught.value)


def test_settable_lists_every_field_once() -> None:
    """Each field that can be set is listed once, by its shortest way from the recipe, with its value."""
    assert settable(WGAN_GP) == [
        "d_steps=5",
        "ema=None",
        "gradient_penalty.weight=10.0",
        "optimizer.betas=(0.0, 0.9)",
        "optimizer.epsilon=1e-08",
        "optimizer.learning_rate=0.0001",
    ]
    assert settable(SMOOTHED) == [
        "d_steps=1",
        "ema=None",
        "loss.epsilon=0.1",
        "loss.loss.fake_label=0.0",
        "loss.loss.generator_target=1.0",
        "loss.loss.real_label=1.0",
    ]


@pytest.mark.parametrize("recipe", [GAN, WGAN, WGAN_GP, SMOOTHED, TWO_ADAMS], ids=lambda recipe: recipe.name)
def test_what_is_settable_can_be_set(recipe: Recipe) -> None:
    """Every line of `settable`, read as a setting and applied, gives the recipe itself."""
    assert apply_settings(recipe, dict(map(parse_setting, settable(recipe)))) == recipe


def test_equal_recipes_have_equal_descriptions() -> None:
    """Two names of one cell, and numbers that are equal but written otherwise, come to the same line; others do not."""
    renamed = replace(WithGradientPenalty()(WGAN), name="other", paper="https://example.org")
    assert describe_recipe(renamed) == describe_recipe(WGAN_GP)
    integers = replace(WGAN_GP, penalties=(GradientPenalty(10),), optimizer=Adam(1e-4, betas=(0, 0.9)))
    assert describe_recipe(integers) == describe_recipe(WGAN_GP)
    assert describe_recipe(WGAN) != describe_recipe(WGAN_GP)
    assert "\n" not in describe_recipe(WGAN_GP)
    assert "https://" not in describe_recipe(WGAN_GP)


def test_classes_of_one_name_are_told_apart() -> None:
    """A stranger's class of the same name and fields as another's is another ingredient, in the description too."""

    @dataclass(frozen=True)
    class RMSprop_(RMSprop):  # noqa: N801 - renamed below
        pass

    RMSprop_.__qualname__ = RMSprop_.__name__ = "RMSprop"
    assert describe_recipe(replace(WGAN, optimizer=RMSprop_(5e-5))) != describe_recipe(WGAN)
