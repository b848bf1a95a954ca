"""Losses and penalties that are wrong, each in one way, with the checks that find it."""

from __future__ import annotations

import itertools
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from ganbench_plugins.hinge import Hinge
from ganbench_plugins.nsgan import NonSaturating
from torch import Tensor
from torch.func import grad
from torch.nn.functional import softplus

from ganbench import Halves, Loss, Penalty

CALLS = itertools.count()


class SumOfReals(NonSaturating):
    """A sum in place of one of three means."""

    def discriminator(self, d, real, fake):
        return self.on_real(d(real)).sum() + self.on_fake(d(fake)).mean()


class SumOfGenerated(NonSaturating):
    """A sum in the generator's loss."""

    def generator(self, d, real, fake):
        return self.on_generated(d(fake)).sum()


class DividedTwice(NonSaturating):
    """A mean that is divided by the size of the batch once more."""

    def discriminator(self, d, real, fake):
        return super().discriminator(d, real, fake) / len(real)


class OneASample(NonSaturating):
    """No mean at all."""

    def generator(self, d, real, fake):
        return self.on_generated(d(fake))


class SigmoidTwice(NonSaturating):
    """Cross entropy on logits, of what is a probability already."""

    def on_real(self, score):
        return super().on_real(score.sigmoid())

    def on_fake(self, score):
        return super().on_fake(score.sigmoid())


@dataclass(frozen=True)
class Flipped(Halves):
    """Real is 0 and fake is 1, to both sides."""

    def on_real(self, score):
        return softplus(score)

    def on_fake(self, score):
        return softplus(-score)

    def on_generated(self, score):
        return softplus(score)


@dataclass(frozen=True)
class FlippedLate(NonSaturating):
    """Labels are the wrong way round from the middle of the budget on."""

    late: bool = False

    def at(self, spent_fraction):
        return replace(self, late=spent_fraction >= 0.5)

    def on_real(self, score):
        return softplus(score if self.late else -score)

    def on_fake(self, score):
        return softplus(-score if self.late else score)


class Collaborating(NonSaturating):
    """The generator makes what the discriminator calls fake."""

    def on_generated(self, score):
        return softplus(score)


class Item(NonSaturating):
    """A weight that is taken out of a tensor."""

    def discriminator(self, d, real, fake):
        return super().discriminator(d, real, fake) * (1 + abs(d(real).mean().item()))


class If(NonSaturating):
    """A choice by what a tensor holds."""

    def discriminator(self, d, real, fake):
        loss = super().discriminator(d, real, fake)
        return loss if loss > 1 else 2 * loss


class InPlace(NonSaturating):
    """Reals are clipped where they lie."""

    def discriminator(self, d, real, fake):
        return super().discriminator(d, real.clamp_(-1, 1), fake)


class Counting(NonSaturating):
    """A schedule by a count of calls that nothing keeps."""

    def discriminator(self, d, real, fake):
        return super().discriminator(d, real, fake) * (1 + 1e-3 * next(CALLS))


class Seeding(NonSaturating):
    """A seed for its own noise, and so for everybody's."""

    def discriminator(self, d, real, fake):
        torch.manual_seed(0)
        return super().discriminator(d, real + 0 * torch.randn_like(real), fake)


class Numpy(NonSaturating):
    """Noise from a generator that no snapshot holds."""

    def discriminator(self, d, real, fake):
        return super().discriminator(d, real, fake) * np.random.uniform(0.9, 1.1)


class DefaultDtype(NonSaturating):
    """Double precision for all."""

    def generator(self, d, real, fake):
        torch.set_default_dtype(torch.float64)
        return super().generator(d, real, fake)


class Environment(NonSaturating):
    """A variable of the environment for all."""

    def generator(self, d, real, fake):
        os.environ["GANBENCH_MUTANT"] = "1"
        return super().generator(d, real, fake)


class Uninterrupted(NonSaturating):
    """Nobody stops it."""

    def generator(self, d, real, fake):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        return super().generator(d, real, fake)


class Imprecise(NonSaturating):
    """Products of matrices in fewer digits, for all."""

    def generator(self, d, real, fake):
        torch.set_float32_matmul_precision("medium")
        return super().generator(d, real, fake)


class Detecting(NonSaturating):
    """Left as it was when a NaN was looked for."""

    def generator(self, d, real, fake):
        torch.autograd.set_detect_anomaly(True)
        return super().generator(d, real, fake)


class Threaded(NonSaturating):
    """A thread that outlives the call."""

    def generator(self, d, real, fake):
        threading.Thread(target=time.sleep, args=(1,), daemon=True).start()
        return super().generator(d, real, fake)


class SinglePrecision(NonSaturating):
    """Single precision whatever is given."""

    def generator(self, d, real, fake):
        return super().generator(d, real, fake).float()


class NotANumber(NonSaturating):
    """The logarithm of something below zero."""

    def on_real(self, score):
        return (score.sigmoid() - 1).log()


class CutScores(NonSaturating):
    """The discriminator's scores, detached."""

    def discriminator(self, d, real, fake):
        return self.on_real(d(real).detach()).mean() + self.on_fake(d(fake).detach()).mean()


class CutFakes(NonSaturating):
    """The fakes, detached in the wrong loss."""

    def generator(self, d, real, fake):
        return super().generator(d, real, fake.detach())


class ForgetsReals(Hinge):
    """A hinge without its real half."""

    def discriminator(self, d, real, fake):
        return self.on_fake(d(fake)).mean()


class CutReals(NonSaturating):
    """The scores of reals, detached."""

    def discriminator(self, d, real, fake):
        return self.on_real(d(real).detach()).mean() + self.on_fake(d(fake)).mean()


class AsksFakes(NonSaturating):
    """Gradients of the fakes, asked for in place."""

    def discriminator(self, d, real, fake):
        return super().discriminator(d, real, fake.requires_grad_())


class WithoutFakes(NonSaturating):
    """Another signature."""

    def discriminator(self, d, real):
        return self.on_real(d(real)).mean()


@dataclass(frozen=True)
class WrongThreshold(Halves):
    """Labels 0 and 1, undecided at 1/2, with the threshold of logits."""

    threshold = 0.0

    def on_real(self, score):
        return (score - 1).square()

    def on_fake(self, score):
        return score.square()

    def on_generated(self, score):
        return (score - 1).square()


class WrongOptimum(Hinge):
    """Hinge scores are no log ratio."""

    optimum = "log_ratio"


class NoPotential(NonSaturating):
    """The scores of a classifier have a zero."""

    optimum = "potential"


@dataclass
class Unfrozen(Halves):
    """A dataclass that can be changed."""

    weight: float = 1.0

    on_real = NonSaturating.on_real
    on_fake = NonSaturating.on_fake
    on_generated = NonSaturating.on_generated


@dataclass(frozen=True)
class Mutable(NonSaturating):
    """A field that can be changed."""

    weights: Any = field(default_factory=lambda: [1.0, 2.0])


@dataclass(frozen=True)
class Holding(NonSaturating):
    """A field that is code."""

    squash: Callable[[Tensor], Tensor] = lambda x: x


@dataclass(frozen=True)
class RemembersABatch(NonSaturating):
    """What it remembers grows into a batch."""

    remembered = ("mean",)
    mean: Any = 0.0

    def after(self, d, real, fake):
        return replace(self, mean=d(real))


@dataclass(frozen=True)
class WholeBatchNorm(Penalty):
    """One norm over the whole batch, where each sample has its own."""

    def __call__(self, d, real, fake):
        return (grad(lambda x: d(x).sum())(real).norm() - 1).square()


@dataclass(frozen=True)
class SummedPenalty(Penalty):
    """R1 with a sum over the batch."""

    def __call__(self, d, real, fake):
        return grad(lambda x: d(x).sum())(real).square().sum()


@dataclass(frozen=True)
class LightSum(Penalty):
    """A sum that weighs little beside a constant."""

    def __call__(self, d, real, fake):
        return 1 + 0.001 * grad(lambda x: d(x).sum())(real).square().sum()


@dataclass(frozen=True)
class LightSumOfMixtures(Penalty):
    """The same between reals and fakes, at places that are drawn for each sample."""

    def __call__(self, d, real, fake):
        mix = torch.lerp(fake, real, torch.rand(len(real), 1, dtype=real.dtype))
        return 1 + 0.001 * grad(lambda x: d(x).sum())(mix).square().sum()


@dataclass(frozen=True)
class LightSumOfPairs(Penalty):
    """The same of reals in noise, each beside another one."""

    def __call__(self, d, real, fake):
        noisy = real + 0.1 * torch.randn_like(real)
        return 1 + 0.001 * (d(noisy) - d(real[torch.randperm(len(real))])).square().sum()


@dataclass(frozen=True)
class Detached(Penalty):
    """WGAN-GP's, of slopes that cannot be differentiated again."""

    def __call__(self, d, real, fake):
        slope = grad(lambda x: d(x).sum())(real).detach()
        return (slope.norm(dim=1) - 1).square().mean()


@dataclass(frozen=True)
class GrowingSum(Penalty):
    """A sum that begins at nothing."""

    share: float = 0.0

    def at(self, spent_fraction):
        return replace(self, share=spent_fraction)

    def __call__(self, d, real, fake):
        return self.share * d(real).square().sum()


@dataclass(frozen=True)
class OneSided(Penalty):
    """Of slopes above a hundred alone, from the middle of the budget on, as it should be."""

    share: float = 0.0

    def at(self, spent_fraction):
        return replace(self, share=spent_fraction)

    def __call__(self, d, real, fake):
        slope = grad(lambda x: d(x).sum())(real)
        return self.share * (slope.norm(dim=1) - 100).clamp(min=0).square().mean()


@dataclass(frozen=True)
class Autograd(Penalty):
    """R1 by autograd.grad, which knows no vmap."""

    def __call__(self, d, real, fake):
        x = real.clone().requires_grad_()
        (slope,) = torch.autograd.grad(d(x).sum(), x, create_graph=True)
        return slope.square().sum(1).mean()


LOSSES: list[tuple[Loss, set[str]]] = [
    (SumOfReals(), {"is_a_mean", "optimum_is_as_it_says"}),
    (SumOfGenerated(), {"is_a_mean"}),
    (DividedTwice(), {"is_a_mean"}),
    (OneASample(), {"gives_a_finite_scalar"}),
    (SigmoidTwice(), {"threshold_is_undecided", "optimum_is_as_it_says"}),
    (Flipped(), {"sides_pull_the_right_way"}),
    (FlippedLate(), {"sides_pull_the_right_way", "optimum_is_as_it_says"}),
    (Collaborating(), {"sides_pull_the_right_way"}),
    (Item(), {"many_seeds_are_as_each"}),
    (If(), {"many_seeds_are_as_each"}),
    (InPlace(), {"leaves_its_batch_alone"}),
    (Counting(), {"is_a_function", "many_seeds_are_as_each"}),
    (Seeding(), {"leaves_the_world_alone"}),
    (Numpy(), {"is_a_function", "many_seeds_are_as_each", "leaves_the_world_alone"}),
    (DefaultDtype(), {"leaves_the_world_alone"}),
    (Environment(), {"leaves_the_world_alone"}),
    (Uninterrupted(), {"leaves_the_world_alone"}),
    (Imprecise(), {"leaves_the_world_alone"}),
    (Detecting(), {"leaves_the_world_alone"}),
    (Threaded(), {"leaves_the_world_alone"}),
    (SinglePrecision(), {"gives_a_finite_scalar"}),
    (NotANumber(), {"gives_a_finite_scalar"}),
    (
        CutScores(),
        {
            "discriminator_learns",
            "discriminator_reads_both_batches",
            "sides_pull_the_right_way",
            "optimum_is_as_it_says",
        },
    ),
    (ForgetsReals(), {"discriminator_reads_both_batches"}),
    (CutReals(), {"discriminator_reads_both_batches", "optimum_is_as_it_says"}),
    (CutFakes(), {"generator_learns"}),
    (AsksFakes(), {"many_seeds_are_as_each", "discriminator_learns"}),
    (WithoutFakes(), {"takes_discriminator_real_fake"}),
    (WrongThreshold(), {"threshold_is_undecided"}),
    (WrongOptimum(), {"optimum_is_as_it_says"}),
    (NoPotential(), {"optimum_is_as_it_says"}),
    (Unfrozen(), {"is_frozen", "copies_equal_it"}),
    (Mutable(), {"is_frozen", "copies_equal_it"}),
    (Holding(), {"is_frozen", "copies_equal_it", "prints_the_same_everywhere"}),
    (RemembersABatch(), {"remembers_scalars"}),
]
PENALTIES: list[tuple[Penalty, set[str]]] = [
    (WholeBatchNorm(), {"is_a_mean"}),
    (SummedPenalty(), {"is_a_mean"}),
    (LightSum(), {"is_a_mean"}),
    (LightSumOfMixtures(), {"is_a_mean"}),
    (LightSumOfPairs(), {"is_a_mean"}),
    (Detached(), {"penalties_teach"}),
    (GrowingSum(), {"is_a_mean"}),
    (OneSided(), set()),
    (Autograd(), {"many_seeds_are_as_each"}),
]
