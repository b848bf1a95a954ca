"""What is observed of a trainer, and that it is left as it was."""

from __future__ import annotations

import pytest
import torch
from ganbench_plugins.wgan_gp import GradientPenalty
from torch import Tensor
from toys import LATENT, Scripted, adversarial, assert_same_bits, recipe, ring_dataset, trained

from ganbench import PluginError, Scores
from ganbench.datasets import digits
from ganbench.networks.mlp import MLPPair
from ganbench.observation import CHUNK, Observation, observe, real_samples
from ganbench.randomness import generator

RANDOM = recipe(
    networks=MLPPair(width=32, depth=2, batch_norm=True), penalties=(GradientPenalty(),), ema=0.9, d_steps=2
)


@pytest.mark.parametrize("seeds", [(0,), (0, 1)])
def test_observing_leaves_the_training_bit_equal(seeds: tuple[int, ...]):
    """Observed never or after each of 20 updates, batch norm's statistics and the penalty's draws are the same bits."""
    ends = []
    for often in (False, True):
        torch.manual_seed(5)
        trainer, supply = adversarial(seeds, RANDOM)
        for _ in range(20):
            trained(trainer, supply, 1)
            if often:
                observe(trainer, ring_dataset(), seeds, 100, "cpu")
        ends.append((trainer.state_dict(), supply.state(), torch.get_rng_state()))
    assert_same_bits(ends[0][0], ends[1][0])
    assert ends[0][1] == ends[1][1]
    assert torch.equal(ends[0][2], ends[1][2])


def test_a_trainer_that_gives_something_else_is_an_error():
    """Fewer samples than latents, or scores of another shape, would make n a lie."""

    class Half(Scripted):
        def sample(self, latent: Tensor) -> Tensor:
            return latent[::2, :2]

    with pytest.raises(PluginError, match=r"Half.sample gave \(1, 5, 2\) in all, wanted \(1, 10, 2\)"):
        observe(Half(), ring_dataset(), (0,), 10, "cpu")

    class Columns(Scripted):
        def score(self, x: Tensor) -> Tensor:
            return x[:, :1]

    with pytest.raises(PluginError, match=r"Columns.score gave \(1, 10, 1\) in all, wanted \(1, 10\)"):
        observe(Columns(), ring_dataset(), (0,), 10, "cpu")


def test_reals_of_an_endless_split_are_all_different():
    """More than one block of a mixture is drawn afresh, block by block."""
    reals = real_samples(ring_dataset(), "held_out", 40_000, 0, "scored")
    assert len(reals.unique(dim=0)) == 40_000


@pytest.mark.parametrize("seeds", [(3,), (3, 8)])
def test_samples_come_from_the_seeds_own_latents(seeds: tuple[int, ...]):
    """Latents depend on the seed alone: not on the point, the group, nor the chunks that they go through in."""
    n = 2 * CHUNK + 7
    trainer, supply = adversarial(seeds, recipe())
    trained(trainer, supply, 2)
    latents = torch.stack([torch.randn(n, LATENT, generator=generator(seed, "evaluation")) for seed in seeds])
    wanted = trainer.sample(latents if len(seeds) > 1 else latents[0])
    for _ in range(2):
        found = observe(trainer, ring_dataset(), seeds, n, "cpu")
        for k, observation in enumerate(found):
            torch.testing.assert_close(observation.samples, wanted[k] if len(seeds) > 1 else wanted, rtol=0, atol=1e-6)


@pytest.mark.parametrize("seeds", [(3,), (3, 8)])
def test_scores_are_of_reals_held_out_and_fakes(seeds: tuple[int, ...]):
    """n of each; those of the fakes are the discriminator's own of the samples, with the loss's threshold."""
    trainer, supply = adversarial(seeds, recipe())
    trained(trainer, supply, 2)
    found = observe(trainer, ring_dataset(), seeds, 40, "cpu")
    samples = torch.stack([observation.samples for observation in found])
    fakes = trainer.score(samples if len(seeds) > 1 else samples[0]).reshape(len(seeds), 40)
    for k, observation in enumerate(found):
        assert [len(x) for x in (observation.scores.train, observation.scores.held_out)] == [40, 40]
        assert not torch.equal(observation.scores.train, observation.scores.held_out)
        assert (observation.scores.threshold, observation.scores.optimum) == (0, "log_ratio")
        reals = observation.scores.reals
        own = trainer.score(reals.expand(len(seeds), -1, -1) if len(seeds) > 1 else reals)
        torch.testing.assert_close(observation.scores.held_out, own.reshape(len(seeds), 40)[k], rtol=0, atol=1e-5)
        torch.testing.assert_close(observation.scores.fake, fakes[k], rtol=0, atol=1e-5)


def test_a_small_split_is_scored_whole():
    """More samples than held-out images: all 500 are scored, once."""

    class Sum(Scripted):
        def sample(self, latent: Tensor) -> Tensor:
            return torch.zeros(len(latent), 1, 8, 8)

        def score(self, x: Tensor) -> Tensor:
            return x.flatten(1).sum(dim=1)

    dataset = digits.load(None, None)
    (observation,) = observe(Sum(), dataset, (0,), 600, "cpu")
    sums = dataset.fetch("held_out", torch.arange(500)).flatten(1).sum(dim=1)
    assert len(observation.scores.train) == 600
    torch.testing.assert_close(observation.scores.held_out.sort().values, sums.sort().values, rtol=0, atol=1e-5)


def test_a_trainer_without_a_discriminator_has_no_scores():
    """None, for each seed."""
    (observation,) = observe(Scripted(), ring_dataset(), (0,), 10, "cpu")
    assert observation.scores is None
    assert observation.finite


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("where", ["samples", "train", "held_out", "fake", "probe"])
def test_one_number_that_is_not_finite_is_seen(number: float, where: str):
    """Among the samples as among any of the scores."""
    values = {name: torch.zeros(5, 2) if name == "samples" else torch.zeros(5) for name in ("samples", "train", "fake")}
    values |= {"held_out": torch.zeros(7), "probe": torch.zeros(4)}

    def observation() -> Observation:
        scores = (values[name] for name in ("train", "held_out", "fake"))
        return Observation(values["samples"], Scores(*scores, None, values["probe"]))

    assert observation().finite
    values[where].view(-1)[3] = number
    assert not observation().finite


@pytest.mark.parametrize("seeds", [(0,), (0, 1)])
def test_probes_are_scored_each_by_itself(seeds: tuple[int, ...]):
    """A trainer that scores a sample by the batch it stands in gives the point's own score, in the probe's order."""

    class Batch(Scripted):
        def sample(self, latent: Tensor) -> Tensor:
            return latent[..., :2]

        def score(self, x: Tensor) -> Tensor:
            return x.sum(dim=-1).mean(dim=-1, keepdim=True).expand(x.shape[:-1])

    dataset = ring_dataset()
    for seen in observe(Batch(), dataset, seeds, 10, "cpu"):
        assert seen.scores.probe is None
    dataset.probe = torch.tensor([[1.0, 2.0], [0.0, 0.0], [-4.0, 1.0]])
    for seen in observe(Batch(), dataset, seeds, 10, "cpu"):
        assert seen.scores.probe.tolist() == [3.0, 0.0, -3.0]
