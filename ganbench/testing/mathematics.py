"""Checks of losses and penalties as mathematics: tensors in, one number out, for one seed and for many at once.

The discriminator is a small perceptron on points in the plane, in double precision.
"""

from __future__ import annotations

import inspect
import math
import statistics
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.func import vmap

from ganbench.errors import NotApplicable
from ganbench.testing.chance import Chance
from ganbench.testing.check import Failed, check, require
from ganbench.testing.gradients import GRADIENTS
from ganbench.testing.ground import Perceptron, Weights, each_seed, three_seeds
from ganbench.testing.objectives import SMALL, Objective, Recipes, objectives
from ganbench.testing.scores import SCORES
from ganbench.testing.surroundings import Surroundings, torch_generator

COPIES, MORE_COPIES = 8, 24
"""How often the batch is repeated to find sums."""
SETTLED = 0.25
"""From the fewer copies to the more, a loss may change by this share of its change from one copy to the fewer. What is
averaged over n - 1, or over pairs of n, changes by a tenth; the logarithm of a sum by a half, a sum by 16/7."""


@check(
    gate=True,
    why="Training calls it so.",
    mend="Write discriminator(self, d, real, fake) and generator(self, d, real, fake) of a loss, and "
    "__call__(self, d, real, fake) of a penalty.",
)
def takes_discriminator_real_fake(recipes: Recipes) -> None:
    """Losses and penalties can be called with (d, real, fake)."""
    for objective in objectives(recipes):
        signature = inspect.signature(objective.call)
        try:
            signature.bind("d", "real", "fake")
        except TypeError as error:
            raise Failed(f"{objective.where}{signature} cannot be called with (d, real, fake): {error}") from error


@check(
    gate=True,
    why="Training descends one number for each seed.",
    mend="End in .mean() over the batch; build every new tensor with the dtype and device of one that is given, and "
    "keep logarithms and roots off zero.",
)
def gives_a_finite_scalar(recipes: Recipes) -> None:
    """Losses and penalties give one finite number, a tensor of shape (), in the precision of what they are given."""
    for objective in objectives(recipes):
        for seed in each_seed():
            found: Any = objective(*seed)
            require(isinstance(found, Tensor), f"{objective.where} gave a {type(found).__name__}, wanted a tensor")
            require(found.shape == (), f"{objective.where} gave the shape {tuple(found.shape)}, wanted (): one number")
            require(found.dtype == torch.float64, f"{objective.where} gave {found.dtype} for a torch.float64 batch")
            value = float(found.detach())
            require(math.isfinite(value), f"{objective.where} gave {value} for standard normal batches")


@check(
    why="A sum grows with the batch: beside a penalty or another loss it weighs as many times too much, and a learning "
    "rate means something else at each batch size.",
    mend="Take .mean() over the batch where .sum() stands, in each term, and divide by nothing else.",
)
def is_a_mean(recipes: Recipes) -> None:
    """A batch repeated eight times costs what it costs once, whatever the share of chance.

    Where each copy meets the same draws, what little it costs more settles as the batch is repeated further.
    """
    for objective in objectives(recipes):
        growth = []
        for seed in each_seed():
            once, often = (_of_copies(objective, *seed, n) for n in (1, COPIES))
            if abs(once) > SMALL:
                growth.append(often / once)
        if growth:
            middle = statistics.median(growth)
            grows = "a sum grows 8 times" if middle > 1 else "what is divided by the batch size twice falls 8 times"
            require(
                0.5 < middle < 2, f"{objective.where} grew {middle:.3g} times with a batch repeated 8 times ({grows})"
            )
        _require_settled(objective)


def _require_settled(objective: Objective) -> None:
    for seed in each_seed():
        chance, costs = Chance(), []
        for n in (1, COPIES, MORE_COPIES, 1):
            with chance:
                costs.append(_of_copies(objective, *seed, n))
        once, often, oftener, again = costs
        can_be_told = chance.alike and again == once
        first, then = often - once, oftener - often
        require(
            abs(then) <= SETTLED * abs(first) + SMALL * (1 + abs(once)) or not can_be_told,
            f"{objective.where} changed by {first:.3g} with a batch repeated {COPIES} times, and by {then:.3g} more "
            f"with one repeated {MORE_COPIES} times: a sum is among its terms",
        )


def _of_copies(objective: Objective, weights: Weights, real: Tensor, fake: Tensor, n: int) -> float:
    torch.manual_seed(3)
    return float(objective(weights, real.repeat(n, 1), (fake + 1.5).repeat(n, 1)).detach())


@check(
    why="Small networks train five seeds at once. What differs there is another variant than the one written down.",
    mend="Write for one seed, in torch operations alone: no .item(), no `if` on a tensor, nothing changed in place, "
    "gradients by torch.func.grad.",
)
def many_seeds_are_as_each(recipes: Recipes) -> None:
    """Three seeds at once, under torch.func.vmap, give what each gives alone, the same random draws granted."""
    for objective in objectives(recipes):
        torch.manual_seed(3)
        together = vmap(objective, randomness="same")(*three_seeds()).detach()
        alone = []
        for seed in each_seed():
            torch.manual_seed(3)
            alone.append(objective(*seed).detach())
        difference = float((together - torch.stack(alone)).abs().max())
        require(
            torch.allclose(together, torch.stack(alone), rtol=1e-12, atol=1e-12),
            f"{objective.where} gave {together.tolist()} for three seeds at once, {[float(x) for x in alone]} one by "
            f"one: {difference:.2g} apart",
        )


@check(
    why="A loss that remembers gives another result in another order, and cannot be continued after a stop.",
    mend="Keep what must last in `remembered` fields that `after` brings up to date, and draw from torch's generator.",
)
def is_a_function(recipes: Recipes) -> None:
    """Called again with the same batch and torch's generator as before, it gives the same bits."""
    for objective in objectives(recipes):
        for seed in each_seed():
            found = []
            for _ in range(3):
                torch.manual_seed(3)
                found.append(float(objective(*seed).detach()))
            require(len(set(found)) == 1, f"{objective.where} gave {', '.join(map(repr, found))} for the same batch")


@check(
    why="The other side, the penalties and the metrics see the same batch afterwards.",
    mend="Make new tensors: x + 1 for x.add_(1), x.clamp(min=0) for x.clamp_(min=0).",
)
def leaves_its_batch_alone(recipes: Recipes) -> None:
    """Reals and fakes hold after a call what they held before."""
    for objective in objectives(recipes):
        for weights, real, fake in each_seed():
            given = (real.clone(), fake.clone())
            objective(weights, *given)
            for name, before, after in zip(("real", "fake"), (real, fake), given, strict=True):
                require(torch.equal(before, after), f"{objective.where} changed `{name}` in place")


@check(
    why="All variants of a command, and other seeds, run in the same process; a seed that is set makes every batch's "
    "noise the same.",
    mend="Set no seed and no default; draw by torch.rand and its like, with the dtype and device of the batch.",
)
def leaves_the_world_alone(recipes: Recipes) -> None:
    """It seeds no generator, draws from torch's alone, and changes no default."""
    for objective in objectives(recipes):
        seed, *_ = each_seed()
        before, states = Surroundings.now(), []
        for start in (1, 2):
            torch.manual_seed(start)
            objective(*seed)
            states.append(torch_generator())
        require(not (changes := before.changes()), f"{objective.where}: {changes}")
        require(not states[0].equal(states[1]), f"{objective.where} seeds torch's global generator")


@check(
    why="The harness carries what is remembered through training, for each seed and over a stop.",
    mend="Return replace(self, field=...) from `after`, each field a number or a scalar tensor.",
)
def remembers_scalars(recipes: Recipes) -> None:
    """What ingredients remember are fields of theirs, and stay one number each after `after`."""
    found = {id(part): part for recipe in recipes for part in (recipe.loss, *recipe.penalties) if part.remembered}
    if not found:
        raise NotApplicable("it remembers nothing")
    for part in found.values():
        name, (weights, real, fake) = type(part).__name__, next(each_seed())
        missing = [field for field in part.remembered if not hasattr(part, field)]
        require(not missing, f"{name} remembers {', '.join(missing)}, which is no field of it")
        start: Any = replace(part, **{field: _scalar(getattr(part, field)) for field in part.remembered})  # type: ignore[type-var]
        after = start.after(Perceptron(*weights), real, fake)
        require(type(after) is type(part), f"{name}.after gave a {type(after).__name__}")
        for field in part.remembered:
            value = torch.as_tensor(getattr(after, field))
            require(value.shape == () and value.isfinite(), f"{name}.after gave {field} as {value.tolist()}")


def _scalar(value: Any) -> Tensor:
    return torch.tensor(float(value), dtype=torch.float64)


MATHEMATICS = (
    takes_discriminator_real_fake,
    gives_a_finite_scalar,
    is_a_mean,
    many_seeds_are_as_each,
    is_a_function,
    leaves_its_batch_alone,
    leaves_the_world_alone,
    *GRADIENTS,
    *SCORES,
    remembers_scalars,
)
