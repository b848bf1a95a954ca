"""Checks of the two sides of a game: each moves itself alone, and in the direction that theory gives it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from types import FunctionType, MethodType, ModuleType

import numpy as np
import torch
from torch import Tensor, nn

from ganbench.budget import Budget
from ganbench.datasets.dirac import Dirac
from ganbench.errors import NotApplicable
from ganbench.metrics.equilibrium import verdict
from ganbench.observation import observe
from ganbench.testing.cell import STEPS, Cell, named
from ganbench.testing.check import check, require
from ganbench.training import Ledger, training
from ganbench.variant import Recipe

FEW = 16
"""The batch on the Dirac-GAN, whose samples are all alike."""
TURNS, POINTS = 1000, 100
"""Updates of the generator there, and how often both sides' places are noted."""
DOWN = -0.9
"""The least net way of the generator up the scores, as a share of all its way; -1 where every move leads down."""


@check(
    why="A side that moves the other, or leaves it a gradient to be applied later, plays another game than its paper.",
    mend="Give each side an optimiser over its own parameters; detach() the fakes in the discriminator's update.",
)
def updates_move_their_own_side(cell: Cell) -> None:
    """No parameter moves in the updates of both sides, and the discriminator's leave the generator no gradient."""
    if isinstance(cell.variant, Recipe):
        raise NotApplicable("it is a recipe, whose sides the harness keeps apart")
    trainer, supply = cell.at_work()
    if not {"discriminator", "generator"} <= set(trainer.updates):
        raise NotApplicable("it has not two sides")
    parameters = _parameters(trainer)
    if not parameters:
        raise NotApplicable("nothing that it holds asks for a gradient")
    moved: dict[str, set[str]] = {"discriminator": set(), "generator": set()}
    left: set[str] = set()
    for _ in range(2 * STEPS):
        before = {name: (p.detach().clone(), _gradient(p)) for name, p in parameters.items()}
        kind = trainer.step(supply)
        if kind in moved:
            moved[kind] |= {name for name, p in parameters.items() if not torch.equal(p, before[name][0])}
        if kind == "discriminator":
            now = {name: _gradient(p) for name, p in parameters.items()}
            left |= {name for name, g in now.items() if g.any() and not torch.equal(g, before[name][1])}
    unmoved = [kind for kind, names in moved.items() if not names]
    if unmoved:
        raise NotApplicable(f"nothing that it holds was moved by the updates of the {' and the '.join(unmoved)}")
    both = sorted(moved["discriminator"] & moved["generator"])
    require(not both, f"moved by the updates of both sides: {named(both)}")
    leaked = sorted(left & moved["generator"])
    require(not leaked, f"the discriminator's update leaves gradients in the generator's parameters: {named(leaked)}")


def _parameters(thing: object) -> dict[str, Tensor]:
    """What of it asks for a gradient, by where it was found first: in networks, optimisers, dicts, lists, objects."""
    found: dict[str, Tensor] = {}
    seen: set[int] = set()

    def walk(at: str, value: object) -> None:
        if id(value) in seen:
            return
        seen.add(id(value))
        if isinstance(value, Tensor):
            if value.requires_grad and value.is_leaf:
                found[at] = value
            return
        for name, inner in _inside(value):
            walk(f"{at}.{name}" if at else name, inner)

    walk("", thing)
    return found


def _inside(value: object) -> Iterable[tuple[str, object]]:
    """What a value holds, by name; of classes, functions and modules of code, nothing."""
    if isinstance(value, nn.Module):
        return [*value.named_parameters(), *vars(value).items()]
    if isinstance(value, torch.optim.Optimizer):
        return [("param_groups", value.param_groups)]
    if isinstance(value, Mapping):
        return [(str(name), inner) for name, inner in value.items()]
    if isinstance(value, list | tuple | set | frozenset):
        return [(str(k), inner) for k, inner in enumerate(value)]
    if isinstance(value, partial):
        return [("func", value.func), ("args", value.args), ("keywords", value.keywords)]
    if isinstance(value, MethodType):
        return [("__self__", value.__self__)]
    return [] if isinstance(value, type | FunctionType | ModuleType) else getattr(value, "__dict__", {}).items()


def _gradient(parameter: Tensor) -> Tensor:
    return torch.zeros_like(parameter) if parameter.grad is None else parameter.grad.clone()


@check(
    why="On the game of two parameters what a method does can be worked out by hand: both sides in turns may converge, "
    "stall or cycle. One with a sign the wrong way round drives them apart, or follows the scores down.",
    mend="Compare each side's gradient with the paper's: see `ganbench/datasets/dirac.py`.",
)
def keeps_to_theory_on_dirac(cell: Cell) -> str:
    """On the Dirac-GAN the sides are not driven apart at a rate, nor does the generator follow the scores down."""
    path = np.array(_path_on_dirac(cell))
    require(np.isfinite(path).all(), "its parameters became infinite")
    theta, psi = path.T
    found = verdict(theta, psi)
    if found == "diverges" and _at_once(cell):
        return f"it diverges within {TURNS} steps, as both sides at once may"
    require(found != "diverges", f"it diverges: |(theta, psi)| is {math.hypot(*path[-1]):.3g} at the end")
    climbed = np.diff(theta) * (psi[1:] + psi[:-1]) / 2
    require(
        climbed.sum() >= DOWN * np.abs(climbed).sum(),
        "nearly all moves of the generator went to where scores are lower",
    )
    return f"it {found} within {TURNS} steps"


def _path_on_dirac(cell: Cell) -> list[tuple[float, float]]:
    """theta and psi at each point, as `metrics/equilibrium.py` sees them."""
    dataset = Dirac()
    dataset.standard = replace(dataset.standard, batch_size=FEW)
    trainer, supply = cell.at_work(dataset=dataset)
    if isinstance(cell.variant, Recipe) and not cell.variant.loss.scored:
        raise NotApplicable("its loss reads features alone, and those of the Dirac-GAN's discriminator learn nothing")
    if not {"discriminator", "generator"} <= set(trainer.updates):
        raise NotApplicable("it has not two sides")
    path = []
    for _ in training(trainer, supply, Budget(TURNS, "g_steps"), POINTS, 1, Ledger()):
        (seen,) = observe(trainer, dataset, (0,), 4, "cpu")
        if seen.scores is None or seen.scores.probe is None:
            raise NotApplicable("its discriminator gives no scores")
        path.append((float(seen.samples.mean()), float(seen.scores.probe[1] - seen.scores.probe[0])))
    return path


def _at_once(cell: Cell) -> bool:
    """Whether both sides step at once, which diverges where steps in turns cycle."""
    variant = cell.on(Dirac())
    return isinstance(variant, Recipe) and variant.dynamics is not None and variant.dynamics.simultaneous


SIDES = (updates_move_their_own_side, keeps_to_theory_on_dirac)
