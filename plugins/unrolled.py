"""Unrolled GANs: the generator answers the discriminator as it will be after a few more steps, and how it gets there.

Metz, Poole, Pfau and Sohl-Dickstein, "Unrolled Generative Adversarial Networks", ICLR 2017,
https://arxiv.org/abs/1611.02163, equations 6 to 10: the generator descends its loss against a discriminator that has
taken K further steps on the same batch, and the gradient goes through these steps. The discriminator's own updates are
untouched. K = 5 is that of the authors' notebook, https://github.com/poolio/unrolled_gan; the paper has 10 for its
mixture of Gaussians and 1, 5 and 10 for images.

The steps are the recipe's own, with its learning rate: plain gradient steps under SGD, as in equation 7, and Adam's
under Adam, which the authors unroll. They go on from the moments that the discriminator's optimiser has gathered.

Deviations. Adam's epsilon stands under the root, for the root of zero has no slope. The generator's loss stays the
recipe's, where the authors have the negative of the discriminator's. So do the rates, of which the notebook has 0.001
for the generator and a tenth of that for the discriminator: `ttur(ratio=0.1)` before or after this trick.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count, islice

import torch
from torch import Tensor
from torch.func import grad

from ganbench import SGD, Adam, Dynamics, Game, NotApplicable, Recipe, Trick, Weights, hookimpl

Slope = Callable[[Weights], Weights]
"""The gradient at given weights."""
Moments = Mapping[str, Weights]
"""What an optimiser has gathered, by kind and parameter."""


def check_steps(steps: int) -> None:
    """Raises ValueError where there is nothing to unroll."""
    if steps < 1:
        raise ValueError(f"unrolled: found {steps} steps; wanted at least 1")


@dataclass(frozen=True)
class Unrolled(Dynamics):
    """L_G(theta_D^K(theta_G), theta_G), theta_D^K being K descent steps of L_D away from theta_D."""

    steps: int
    """K"""

    def __post_init__(self) -> None:
        check_steps(self.steps)

    def generator(self, game: Game, d: Weights, g: Weights) -> Tensor:
        return game.generator_loss(self.ahead(game, d, g), g)

    def ahead(self, game: Game, d: Weights, g: Weights) -> Weights:
        """The discriminator's weights after the steps; differentiable in `g`."""

        def slope(weights: Weights) -> Weights:
            found: Weights = grad(game.discriminator_loss)(weights, g)
            return found

        match game.optimizer:
            case Adam() as rule:
                path = adam_path(rule, slope, d, game.moments)
            case SGD() as rule:
                path = sgd_path(rule, slope, d, game.moments)
            case other:
                raise NotApplicable(f"steps of {type(other).__name__} cannot be unrolled")
        return next(islice(path, self.steps - 1, None))

    def require_fit(self, recipe: Recipe) -> None:
        # a subclass is another rule, whose steps are not those written out below
        if type(recipe.optimizer) not in (Adam, SGD):
            raise NotApplicable(
                f"the discriminator of {recipe.name} steps by {type(recipe.optimizer).__name__}; "
                "steps of Adam and SGD can be unrolled"
            )
        if recipe.projection is not None:
            raise NotApplicable(f"{recipe.name} puts its weights back after each step, which no gradient goes through")


def sgd_path(rule: SGD, slope: Slope, weights: Weights, moments: Moments) -> Iterator[Weights]:
    """The weights after each further step of gradient descent with momentum."""
    velocity = gathered(moments, "momentum_buffer", weights)
    while True:
        found = slope(weights)
        velocity = {name: rule.momentum * velocity[name] + found[name] for name in found}
        weights = {name: weights[name] - rule.learning_rate * velocity[name] for name in found}
        yield weights


def adam_path(rule: Adam, slope: Slope, weights: Weights, moments: Moments) -> Iterator[Weights]:
    """The weights after each further step of Adam."""
    beta, decay = rule.betas
    mean, square = gathered(moments, "exp_avg", weights), gathered(moments, "exp_avg_sq", weights)
    done = next(iter(moments.get("step", {}).values()), torch.zeros(()))
    for k in count(1):
        found, steps = slope(weights), done + k
        mean = {name: beta * mean[name] + (1 - beta) * found[name] for name in found}
        square = {name: decay * square[name] + (1 - decay) * found[name].square() for name in found}
        scale = {name: (square[name] / (1 - decay**steps) + rule.epsilon**2).sqrt() for name in found}
        rate = rule.learning_rate / (1 - beta**steps)
        weights = {name: weights[name] - rate * mean[name] / scale[name] for name in found}
        yield weights


def gathered(moments: Moments, kind: str, weights: Weights) -> Weights:
    """The moments of a kind, which are zero before the first step."""
    return moments.get(kind) or {name: torch.zeros_like(weight) for name, weight in weights.items()}


@dataclass(frozen=True)
class WithUnrolling(Trick):
    """Lets the generator look ahead, along steps of the optimiser that the recipe has."""

    name = "unrolled"
    paper = "https://arxiv.org/abs/1611.02163"

    steps: int = 5
    """K"""

    def __post_init__(self) -> None:
        check_steps(self.steps)

    def __call__(self, recipe: Recipe) -> Recipe:
        return recipe.played(Unrolled(self.steps))


@hookimpl
def register_tricks(register: Callable[[str, type[Trick]], None]) -> None:
    """Offers the trick `unrolled`."""
    register("unrolled", WithUnrolling)
