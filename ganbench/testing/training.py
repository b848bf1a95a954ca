"""Checks of a variant in training, for moments."""

from __future__ import annotations

import torch

from ganbench.assembly import group_size
from ganbench.budget import Budget
from ganbench.errors import NotApplicable, one_line
from ganbench.testing.cell import LOOKED_AT, STEPS, Cell, advance, differing, named, state_of
from ganbench.testing.check import Failed, check, require
from ganbench.testing.drawing import pays_for_what_it_sees
from ganbench.testing.saving import SAVING
from ganbench.testing.sides import SIDES
from ganbench.testing.surroundings import Surroundings
from ganbench.training import Ledger, training

MORE = 4
"""How many times as many updates as elsewhere the generator is given to move, once it has been looked at."""
FAR = 1e10
"""How many times as large samples are made, for scores that are not held in bounds to pass them; clipped weights make
slopes of 1e-5."""
SLACK = 4
"""Batches by which the last update may pass the budget."""


@check(
    gate=True,
    why="A run is this, at length: whatever goes wrong here is a failed run on every board.",
    mend="`step` makes one update with a batch or so from the supply and returns its kind, one of `updates`; `sample` "
    "and `score` keep to the shapes in `ganbench/trainer.py`.",
)
def trains(cell: Cell) -> str:
    """A short budget ends; all numbers are finite, something was learnt, samples and scores have their shapes."""
    try:
        trainer, supply = cell.trained(steps=2 * STEPS)
    except NotApplicable as reason:
        found = f"nothing could be trained, on points, grey pictures of 28 pixels a side or colour ones of 32: {reason}"
        raise Failed(one_line(found)) from reason
    require(supply.drawn, f"{2 * STEPS} updates drew no real sample, so a budget of samples has no end")
    trainer, supply = cell.at_work()
    before = state_of(trainer)
    budget = Budget(16 * supply.batch_size, "samples")
    torch.manual_seed(5)
    try:
        (*_, ledger) = training(trainer, supply, budget, 2, 1, Ledger())
    except NotApplicable as endless:
        raise Failed(one_line(endless)) from endless
    over = ledger.meters.samples - budget.limit
    require(over <= SLACK * supply.batch_size, f"it spent {over:g} samples more than the budget of {budget}")
    after = state_of(trainer)
    infinite = [name for name, tensor in after.items() if not tensor.isfinite().all()]
    require(not infinite, f"not finite after {ledger.updates} updates: {named(infinite)}")
    learnt = any(after[name].is_floating_point() for name in differing(before, after) if name in after)
    require(learnt, f"{ledger.updates} updates changed no weight in its state_dict")
    dataset, latent = supply._dataset, supply.latent(LOOKED_AT)
    samples = trainer.sample(latent)
    wanted = (LOOKED_AT, *dataset.sample_shape)
    require(tuple(samples.shape) == wanted, f"sample gave the shape {tuple(samples.shape)}, wanted {wanted}")
    require(samples.dtype == torch.float32, f"sample gave {samples.dtype}, wanted torch.float32")
    require(samples.isfinite().all(), "sample gave numbers that are not finite")
    scores = trainer.score(samples)
    require(
        scores is None or (tuple(scores.shape) == (LOOKED_AT,) and scores.isfinite().all()),
        f"score gave {None if scores is None else tuple(scores.shape)}, wanted {LOOKED_AT} finite numbers or None",
    )
    return f"on {dataset.name}, {ledger.updates} updates"


@check(
    why="A game with one side that stands still is no game, and a board shows what initial weights give.",
    mend="Look for detach(), no_grad and .data on the way from the fakes to the generator's loss, views included, and "
    "for an optimiser over other parameters.",
)
def generator_is_moved(cell: Cell) -> None:
    """After more updates the same latents give other samples."""
    trainer, supply = cell.trained()
    latent = supply.latent(LOOKED_AT)
    samples = trainer.sample(latent).clone()
    kinds = advance(trainer, supply, MORE * STEPS)
    if "generator" in trainer.updates and "generator" not in kinds:
        raise NotApplicable(f"none of {MORE * STEPS} updates is the generator's")
    moved = not torch.equal(trainer.sample(latent), samples)
    require(moved, f"the same latents give the same samples after {STEPS} updates and after {(1 + MORE) * STEPS}")


@check(
    why="A generator that makes one sample of every latent has nothing to learn a distribution with.",
    mend="Let every sample depend on its own latent.",
)
def latents_make_the_samples(cell: Cell) -> None:
    """Other latents give other samples."""
    trainer, supply = cell.trained()
    samples = trainer.sample(supply.latent(64))
    require(bool((samples != samples[:1]).any()), "64 latents gave one and the same sample")


@check(
    why="A loss of logits takes the sigmoid of a score itself: of one that went through a sigmoid already it sees "
    "between 0.5 and 0.73, and nothing is ever called fake.",
    mend="Let the discriminator end in a linear layer.",
)
def scores_are_raw(cell: Cell) -> None:
    """Where the threshold of scores is 0, they are not held in [0, 1] however far samples lie."""
    trainer, supply = cell.trained()
    if trainer.threshold != 0:
        raise NotApplicable(f"the threshold of its scores is {trainer.threshold}, not 0")
    samples = trainer.sample(supply.latent(64))
    found = [trainer.score(scale * samples) for scale in (-FAR, 1, FAR)]
    scores = torch.cat([each for each in found if each is not None]) if found[0] is not None else None
    if scores is None:
        raise NotApplicable("it gives no scores")
    low, high = float(scores.min()), float(scores.max())
    held = 0 <= low < high <= 1
    require(not held, f"scores go from {low:.3g} to {high:.3g}, even of samples {FAR:g} times as large: a sigmoid")


@check(
    why="Networks are trained in single precision under any budget; one wrong type doubles the time, or ends the run.",
    mend="Take dtype and device of new tensors from those that are given, and set no default.",
)
def leaves_defaults_alone(cell: Cell) -> None:
    """Building, training, sampling and scoring seed and draw from no generator but torch's, and change no default."""
    before = Surroundings.now()
    trainer, supply = cell.trained()
    trainer.score(trainer.sample(supply.latent(LOOKED_AT)))
    require(not (changes := before.changes()), changes)


@check(
    why="A record that cannot be made again is an anecdote. Seeds pair across variants only where a seed says all.",
    mend="Draw from the supply and from torch's global generator alone, keep no state outside the trainer, and use no "
    "set, hash or clock where the order or value counts.",
)
def same_seed_same_bits(cell: Cell) -> None:
    """Two trainings from one seed end in the same bits, whatever was trained between them."""
    (first, supply), _, (second, _) = cell.trained(), cell.trained((1,)), cell.trained()
    names = differing(state_of(first), state_of(second))
    require(not names, f"different after {STEPS} updates from the same seed: {named(names)}")
    latent = supply.latent(LOOKED_AT)
    require(torch.equal(first.sample(latent), second.sample(latent)), "the same state gives different samples")


@check(
    why="Intervals over seeds that are all alike are intervals of nothing.",
    mend="Leave initial weights to torch's global generator, which is seeded for `trainer`, and seed nothing.",
)
def other_seed_other_result(cell: Cell) -> None:
    """Two seeds begin with different weights, if with any, and end in different samples for the same latents."""
    (one, _), (other, _) = cell.at_work((0,)), cell.at_work((1,))
    start = state_of(one)
    random = any(tensor.is_floating_point() and len(torch.unique(tensor)) > LOOKED_AT for tensor in start.values())
    require(not random or differing(start, state_of(other)), "seeds 0 and 1 begin with the same weights")
    (one, supply), (other, _) = cell.trained((0,)), cell.trained((1,))
    latent = supply.latent(64)
    require(not torch.equal(one.sample(latent), other.sample(latent)), "seeds 0 and 1 gave the same samples")


@check(
    why="Small networks are trained so, five seeds at a time, for every record on the mixtures' boards.",
    mend="Write losses, penalties, views, dynamics and networks for one seed, in what torch.func.vmap can run.",
)
def trains_as_a_group(cell: Cell) -> None:
    """Two seeds train as one: all is finite, and samples and scores have a seed axis."""
    _, supply = cell.at_work()
    dataset = supply._dataset
    if group_size(cell.on(dataset), dataset) == 1:
        raise NotApplicable("its seeds train one by one")
    trainer, supply = cell.trained((0, 1))
    infinite = [name for name, tensor in state_of(trainer).items() if not tensor.isfinite().all()]
    require(not infinite, f"not finite after {STEPS} updates: {named(infinite)}")
    samples = trainer.sample(supply.latent(LOOKED_AT))
    wanted = (2, LOOKED_AT, *dataset.sample_shape)
    require(tuple(samples.shape) == wanted, f"sample gave {tuple(samples.shape)}, wanted {wanted}")
    require(not torch.equal(*samples), "both seeds gave the same samples")


TRAINING = (
    trains,
    generator_is_moved,
    latents_make_the_samples,
    scores_are_raw,
    leaves_defaults_alone,
    pays_for_what_it_sees,
    same_seed_same_bits,
    other_seed_other_result,
    *SAVING,
    trains_as_a_group,
    *SIDES,
)
