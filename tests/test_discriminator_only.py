"""Wasserstein introspective neural networks with one classifier (Lee et al. 2018)."""

from __future__ import annotations

import pytest
import torch
from baselines import (
    assert_continues_bit_for_bit,
    assert_every_real_is_counted,
    assert_samples_are_functions_of_latents,
    at_work,
)
from ganbench_plugins.discriminator_only import DiscriminatorOnly, climbed
from ganbench_plugins.nsgan import NSGAN
from ganbench_plugins.wgan import Wasserstein
from ganbench_plugins.wgan_gp import GradientPenalty
from toys import picture_dataset, ring_dataset, trained

from ganbench import SGD, Adam, Supply
from ganbench.adversarial import build_trainer

SMALL = DiscriminatorOnly(climbs=5, remembered=50)
FAR = torch.tensor(torch.inf)


def hill(x: torch.Tensor) -> torch.Tensor:
    """A score with its top, 0, at (1, -2)."""
    return -(x - torch.tensor([1.0, -2.0])).square().sum(1)


def test_climbing_is_torchs_adam() -> None:
    """Twenty steps up the score are those of torch.optim.Adam down its negative."""
    start = torch.randn(6, 2)
    x = start.clone().requires_grad_()
    optimizer = torch.optim.Adam([x], lr=0.05)
    for _ in range(20):
        optimizer.zero_grad()
        (-hill(x).sum()).backward()
        optimizer.step()
    torch.testing.assert_close(climbed(hill, start, FAR.expand(6), 20, torch.tensor(0.05), None), x.detach())


def test_each_stops_where_its_score_reaches_its_threshold() -> None:
    """One that is there already stays; the others stop above their thresholds, by no more than one step's gain."""
    start = torch.tensor([[1.0, -2.0], [4.0, 0.0], [4.0, 0.0]])
    threshold = torch.tensor([-0.5, -4.0, -1.0])
    end = climbed(hill, start, threshold, 2_000, torch.tensor(0.01), None)
    assert torch.equal(end[0], start[0])
    assert (hill(end)[1:] >= threshold[1:]).all()
    assert (hill(end)[1:] < threshold[1:] + 0.15).all()


def test_no_pixel_leaves_the_limit() -> None:
    """Climbing a score that is the sum of pixels ends at the limit, and not above."""
    end = climbed(lambda x: x.flatten(1).sum(1), torch.zeros(2, 1, 3, 3), FAR.expand(2), 300, torch.tensor(0.01), 1.0)
    assert torch.equal(end, torch.ones(2, 1, 3, 3))


def test_turns_are_three_updates_and_a_synthesis() -> None:
    """Each of the three draws a batch, the synthesis none."""
    trainer, supply = at_work(SMALL)
    assert trained(trainer, supply, 8) == (["discriminator"] * 3 + ["synthesis"]) * 2
    assert_every_real_is_counted(SMALL, "discriminator")


def test_a_synthesis_remembers_the_samples_of_its_latents() -> None:
    """It makes what `sample` makes of the supply's next latents, puts it beside the older, and the oldest give way."""
    trainer, supply = at_work(SMALL)
    trained(trainer, supply, 3)
    at, other = supply.state(), Supply(ring_dataset(), (0,), 32, "cpu")
    other.load_state(at)
    wanted = trainer.sample(other.latent())
    trained(trainer, supply, 1)
    places = torch.arange(32, 64) % 50
    assert torch.equal(trainer.state_dict()["negatives"][places], wanted)


def test_thresholds_lie_between_the_least_and_the_greatest_mean_score() -> None:
    """Of the three batches of reals since the last synthesis, scored after their updates."""
    trainer, supply = at_work(SMALL)
    other = Supply(ring_dataset(), (0,), 32, "cpu")
    for k in range(3):
        trained(trainer, supply, 1)
        wanted = trainer.score(other.real()).mean()
        torch.testing.assert_close(trainer.state_dict()["thresholds"][k], wanted)


def test_climbs_begin_on_the_scale_of_the_first_batch() -> None:
    """Noise with the mean and the spread of all its numbers; for images, cut to [-1, 1]."""
    trainer, supply = at_work(SMALL)
    first = Supply(ring_dataset(), (0,), 32, "cpu").real()
    trained(trainer, supply, 1)
    state = trainer.state_dict()
    torch.testing.assert_close(state["centre"], first.mean())
    torch.testing.assert_close(state["spread"], first.std(correction=0))
    dataset = picture_dataset()
    images = build_trainer(SMALL, dataset, (0,), "cpu")
    trained(images, Supply(dataset, (0,), 32, "cpu"), 1)
    assert images.state_dict()["negatives"][:32].abs().max() == 1


def test_the_score_is_the_discriminators_which_is_every_variants() -> None:
    """The dataset's standard discriminator with the initial weights that a recipe's has."""
    dataset = ring_dataset()
    one, other = build_trainer(SMALL, dataset, (4,), "cpu"), build_trainer(NSGAN, dataset, (4,), "cpu")
    x = torch.randn(5, 2)
    assert torch.equal(one.score(x), other.score(x))
    assert one.parameter_counts == {"discriminator": other.parameter_counts["discriminator"]}
    assert one.threshold is None


def test_a_binding_optimizer_takes_the_place_of_its_own() -> None:
    """Where the dataset's conditions bind every variant to one optimiser."""
    free, _ = at_work(SMALL, optimizer=SGD(0.1))
    bound, _ = at_work(SMALL, optimizer=SGD(0.1), binding_optimizer=True)
    assert isinstance(free._optimizer, torch.optim.Adam)
    assert isinstance(bound._optimizer, torch.optim.SGD)


def test_defaults_are_the_authors_codes() -> None:
    """Wasserstein's loss, penalty 10, three updates a synthesis, Adam with rate 1e-4 and betas (0, 0.9)."""
    variant = DiscriminatorOnly()
    assert (variant.loss, variant.penalty, variant.d_steps) == (Wasserstein(), GradientPenalty(10.0), 3)
    assert variant.optimizer == Adam(1e-4, betas=(0.0, 0.9))


def test_samples_and_state_are_honest() -> None:
    """Samples are functions of latents, and training continues bit for bit, in the midst of a round too."""
    assert_continues_bit_for_bit(SMALL)
    trainer, supply = at_work(SMALL)
    trained(trainer, supply, 6)
    assert_samples_are_functions_of_latents(trainer)


@pytest.mark.parametrize("steps", [4, 9])
def test_every_synthesis_costs_the_same(steps: int) -> None:
    """However soon samples reach their thresholds, the score is climbed `climbs` times."""
    calls = []
    climbed(lambda x: (calls.append(1), hill(x))[1], torch.ones(2, 2), -FAR.expand(2), steps, torch.tensor(0.1), None)
    assert len(calls) == steps
