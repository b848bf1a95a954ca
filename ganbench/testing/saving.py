"""Checks that a variant can be looked at, saved, stopped and continued, and none of it shows in the result."""

from __future__ import annotations

import torch
from safetensors.torch import load, save
from torch import Tensor

from ganbench.resumption import owned
from ganbench.testing.cell import LOOKED_AT, Cell, advance, differing, named, state_of
from ganbench.testing.check import check, require
from ganbench.trainer import Variant
from ganbench.variant import Recipe

APART = 1e-4
"""How far two samples or scores that should be one may be apart, for numbers about one."""


@check(
    why="Curves are measured while training stands still: a variant that is measured more often must not train "
    "otherwise.",
    mend="Sample and score in evaluation mode, under no_grad, and bring nothing up to date there; put networks back "
    "into training mode.",
)
def looking_changes_nothing(cell: Cell) -> None:
    """Sampling and scoring change nothing of the state, and the same latents give the same samples again."""
    trainer, supply = cell.trained()
    before, latent = state_of(trainer), supply.latent(LOOKED_AT)
    samples = trainer.sample(latent)
    trainer.score(samples)
    trainer.score(supply.real(LOOKED_AT))
    names = differing(before, state_of(trainer))
    require(not names, f"sampling or scoring changed {named(names)}")
    require(torch.equal(samples, trainer.sample(latent)), "the same latents gave other samples the second time")
    require(not samples.requires_grad, "samples carry a gradient")


@check(
    why="Metrics are made of thousands of samples at once, a picture of a few: with the norm of the batch they are of "
    "different generators, and none is the one that was trained.",
    mend="Put networks into evaluation mode before they sample and score, where batch normalisation takes its running "
    "statistics, and let nothing mix samples; `couples` says of a recipe's networks that scores depend on the batch.",
)
def samples_stand_alone(cell: Cell) -> str:
    """A sample is made of its own latent, and a score of its own sample, whatever else is in the batch."""
    trainer, supply = cell.trained()
    latent, few = supply.latent(LOOKED_AT), LOOKED_AT // 2
    samples = trainer.sample(latent)
    require(_near(samples[:few], trainer.sample(latent[:few])), "a latent gives another sample in another batch")
    scores = trainer.score(samples)
    if scores is None or _shows_batches(cell.on(supply._dataset)):
        return "of samples alone"
    mixed = torch.cat([samples[:few], supply.real(LOOKED_AT)])
    for other in (samples[:few], mixed):
        again = trainer.score(other)
        require(again is not None and _near(scores[:few], again[:few]), "a sample has another score in another batch")
    return "of samples and scores"


def _near(one: Tensor, other: Tensor) -> bool:
    """Alike but for the rounding of another batch size, which a long way from latent to sample makes larger."""
    return bool((one - other).abs().max() <= APART * (1 + one.abs().max()))


def _shows_batches(variant: Recipe | Variant) -> bool:
    """Whether its discriminator is shown noise or more than one sample at a time."""
    if not isinstance(variant, Recipe):
        return False
    return bool(variant.views) or (variant.networks is not None and variant.networks.couples)


@check(
    why="Checkpoints and stopped runs are kept so.",
    mend="Give named tensors, in names that last, with copies of everything that the next step depends on: weights, "
    "buffers, both optimisers' moments, counters, averages, whose turn it is.",
)
def survives_being_saved(cell: Cell) -> None:
    """Its state, saved to safetensors and loaded into a fresh trainer, is the same bits."""
    trainer, _ = cell.trained()
    state = trainer.state_dict()
    odd = [str(name) for name, tensor in state.items() if not (isinstance(name, str) and isinstance(tensor, Tensor))]
    require(not odd, f"state_dict holds what is no tensor under a name: {named(odd)}")
    kept = state_of(trainer)
    fresh, _ = cell.at_work()
    fresh.load_state_dict(load(save(owned(kept))))
    names = differing(kept, state_of(fresh))
    require(not names, f"different after saving and loading: {named(names)}")


@check(
    why="A killed run goes on with --resume and must end in the record that it would have had.",
    mend="Put into state_dict what is missing: an optimiser's moments, a counter, a running mean, the last batch.",
)
def continues_bit_for_bit(cell: Cell) -> None:
    """Stopped at any update and continued in a fresh trainer, it ends in the bits of one that was never stopped."""
    for stop in (3, 4, 7):
        first, supply = cell.trained(steps=stop)
        kept, position = state_of(first), supply.state()
        second, other = cell.at_work()
        second.load_state_dict(kept)
        other.load_state(position)
        kinds = []
        for trainer, own in ((first, supply), (second, other)):
            torch.manual_seed(6)
            kinds.append(advance(trainer, own, 6))
        require(kinds[0] == kinds[1], f"stopped after {stop} updates, it goes on with {kinds[1]}, not {kinds[0]}")
        names = differing(state_of(first), state_of(second))
        require(not names, f"stopped after {stop} updates and continued, it differs in {named(names)}")


SAVING = (looking_changes_nothing, samples_stand_alone, survives_being_saved, continues_bit_for_bit)
