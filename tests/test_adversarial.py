"""The harness against hand-written training loops, and groups of seeds against seeds alone."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from ganbench_plugins.packing import Packed
from ganbench_plugins.wgan import Wasserstein, WeightClipping
from ganbench_plugins.wgan_gp import GradientPenalty
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits
from toys import (
    ADAM,
    BATCH,
    LATENT,
    WIDTH,
    RealSlope,
    Scripted,
    adversarial,
    assert_group_trains_as_its_seeds,
    assert_same_bits,
    recipe,
    ring_dataset,
    trained,
)

from ganbench import Discriminator, PluginError, Recipe, RMSprop, Supply, Variant
from ganbench.adversarial import Adversarial, build_trainer
from ganbench.assembly import GROUP, group_size
from ganbench.networks.dcgan import DCGANPair
from ganbench.networks.mlp import MLPPair

NORMALISED = {
    "networks": MLPPair(width=WIDTH, depth=2, batch_norm=True),
}
CLIPPED = {
    "loss": Wasserstein(),
    "optimizer": RMSprop(1e-3),
    "projection": WeightClipping(0.1),
    "d_steps": 3,
}
RECIPES = {
    "adam": recipe(),
    "clipping": recipe(**CLIPPED),
    "ema": recipe(ema=0.9),
    "batch_norm": recipe(**NORMALISED),
    "batch_norm_ema_d_steps": recipe(**NORMALISED, ema=0.8, d_steps=3),
    "penalty": recipe(penalties=(RealSlope(),)),
    "two_optimizers": recipe(g_optimizer=RMSprop(1e-4)),
}
each_recipe = pytest.mark.parametrize("toy", RECIPES.values(), ids=RECIPES)
STEPS = 20


def bare_pair(trainer: Adversarial, batch_norm: bool) -> tuple[nn.Sequential, nn.Sequential]:
    """Plain torch networks with the trainer's weights."""
    norm = [nn.BatchNorm1d(WIDTH)] if batch_norm else []
    g = nn.Sequential(
        *[nn.Linear(LATENT, WIDTH, bias=not batch_norm), *norm, nn.ReLU()],
        *[nn.Linear(WIDTH, WIDTH, bias=not batch_norm), *copy.deepcopy(norm), nn.ReLU()],
        nn.Linear(WIDTH, 2),
    )
    leaky = nn.LeakyReLU(0.2)
    d = nn.Sequential(nn.Linear(2, WIDTH), leaky, nn.Linear(WIDTH, WIDTH), leaky, nn.Linear(WIDTH, 1), nn.Flatten(0))
    for module, side, last in ((g, "generator", len(g) - 1), (d, "discriminator", 4)):
        module.load_state_dict(plainly_named(trainer.checkpoints()[0], side, last))
    return g, d


def plainly_named(checkpoint: dict[str, Tensor], side: str, last: int) -> dict[str, Tensor]:
    """One network of a checkpoint, under the names that an nn.Sequential gives."""
    own = {name.removeprefix(f"{side}."): x for name, x in checkpoint.items() if name.startswith(f"{side}.")}
    return {name.replace("hidden.", "").replace("out.", f"{last}."): x for name, x in own.items()}


def cross_entropy(d: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    on_real, on_fake = d(real), d(fake)
    return binary_cross_entropy_with_logits(on_real, torch.ones(BATCH)) + binary_cross_entropy_with_logits(
        on_fake, torch.zeros(BATCH)
    )


def fooling(d: nn.Module, fake: Tensor) -> Tensor:
    return binary_cross_entropy_with_logits(d(fake), torch.ones(BATCH))


def cross_entropy_with_slope(d: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    points = real.clone().requires_grad_()
    (slope,) = torch.autograd.grad(d(points).sum(), points, create_graph=True)
    return cross_entropy(d, real, fake) + 0.5 * (slope**2).sum(dim=1).mean()


def plain_adam(parameters: Any) -> torch.optim.Optimizer:
    return torch.optim.Adam(parameters, lr=1e-3, betas=(0.5, 0.9), fused=False, foreach=False)


def plain_rmsprop(parameters: Any) -> torch.optim.Optimizer:
    return torch.optim.RMSprop(parameters, lr=1e-3, foreach=False)


LOOPS: dict[str, tuple[Recipe, Callable[..., Tensor], Callable[..., Tensor], Any, float | None]] = {
    "adam": (recipe(), cross_entropy, fooling, plain_adam, None),
    "batch_norm_d_steps": (recipe(**NORMALISED, d_steps=3), cross_entropy, fooling, plain_adam, None),
    "penalty": (recipe(penalties=(RealSlope(),)), cross_entropy_with_slope, fooling, plain_adam, None),
    "clipping": (
        recipe(**CLIPPED),
        lambda d, real, fake: d(fake).mean() - d(real).mean(),
        lambda d, fake: -d(fake).mean(),
        plain_rmsprop,
        0.1,
    ),
}


@pytest.mark.parametrize("case", LOOPS)
def test_one_seed_trains_as_a_bare_loop_would(case: str):
    """After 20 updates every weight is that of a loop in plain torch, from the same weights, batches and latents."""
    toy, d_loss, g_loss, optimizer, clip = LOOPS[case]
    trainer, supply = adversarial((7,), toy)
    g, d = bare_pair(trainer, batch_norm=toy.networks is not None)
    d_optimizer, g_optimizer = optimizer(d.parameters()), optimizer(g.parameters())
    own = Supply(ring_dataset(), (7,), BATCH, "cpu")
    trained(trainer, supply, STEPS)
    for update in range(STEPS):
        if update % (toy.d_steps + 1) < toy.d_steps:
            real, fake = own.real(), g(own.latent()).detach()
            d_optimizer.zero_grad()
            d_loss(d, real, fake).backward()
            d_optimizer.step()
            for p in d.parameters() if clip else ():
                p.data.clamp_(-clip, clip)
        else:
            g_optimizer.zero_grad()
            g_loss(d, g(own.latent())).backward()
            g_optimizer.step()
    checkpoint = trainer.checkpoints()[0]
    for module, side, last in ((g, "generator", len(g) - 1), (d, "discriminator", 4)):
        found = plainly_named(checkpoint, side, last)
        for name, wanted in module.state_dict().items():
            torch.testing.assert_close(found[name], wanted, rtol=0, atol=1e-6, msg=lambda m, n=name: f"{n}: {m}")


@each_recipe
def test_a_group_trains_as_its_seeds_alone(toy: Recipe):
    """Three seeds stacked have, after 20 updates, the weights and averages of the three trained one by one."""
    assert_group_trains_as_its_seeds(toy, STEPS, atol=1e-5)


@each_recipe
def test_a_group_samples_and_scores_as_its_seeds_alone(toy: Recipe):
    """Samples (seeds, n, 2) and scores (seeds, n) of a group are those of each seed, in evaluation mode."""
    group, supply = adversarial((0, 1), toy)
    trained(group, supply, 4)
    latents, points = torch.randn(2, 5, LATENT), torch.randn(2, 5, 2)
    samples, scores = group.sample(latents), group.score(points)
    assert samples.shape == (2, 5, 2)
    assert scores.shape == (2, 5)
    for index in range(2):
        alone, own = adversarial((index,), toy)
        trained(alone, own, 4)
        torch.testing.assert_close(samples[index], alone.sample(latents[index]), rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(scores[index], alone.score(points[index]), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("seeds", [(0,), (0, 1)])
def test_each_update_changes_one_network(seeds: tuple[int, ...]):
    """An update changes every weight of its own network and none of the other's."""
    trainer, supply = adversarial(seeds, recipe(penalties=(RealSlope(),)))
    for turn in ("discriminator", "generator", "discriminator", "generator"):
        before = trainer.state_dict()
        assert trainer.step(supply) == turn
        after = trainer.state_dict()
        changed = {name.split(".")[0] for name in before if not torch.equal(before[name], after[name])}
        assert changed & {"generator", "discriminator"} == {turn}
        weights = [name for name in before if name.startswith(f"{turn}.")]
        assert all(not torch.equal(before[name], after[name]) for name in weights)


@pytest.mark.parametrize("d_steps", [1, 2, 5])
def test_updates_alternate(d_steps: int):
    """d_steps updates of the discriminator, each with a real batch of its own, then one of the generator with none."""
    trainer, supply = adversarial((0,), recipe(d_steps=d_steps))
    assert trained(trainer, supply, 2 * (d_steps + 1)) == 2 * [*["discriminator"] * d_steps, "generator"]
    assert supply.state() == {"real": 2 * d_steps * BATCH, "latent": 2 * (d_steps + 1) * BATCH}


@pytest.mark.parametrize("decay", [0.0, 0.75])
def test_ema_is_the_running_mean_of_the_weights(decay: float):
    """After each generator update the mean is decay * mean + (1 - decay) * weights, and samples come from it."""
    trainer, supply = adversarial((5,), recipe(ema=decay))
    mean = {name: x for name, x in trainer.checkpoints()[0].items() if name.startswith("generator.")}
    for _ in range(4):
        trained(trainer, supply, 2)
        weights = trainer.checkpoints()[0]
        mean = {name: decay * x + (1 - decay) * weights[name] for name, x in mean.items()}
    for name, x in mean.items():
        torch.testing.assert_close(weights[name.replace("generator.", "average.")], x, rtol=0, atol=1e-6)
    g, _ = bare_pair(trainer, batch_norm=False)
    g.load_state_dict(plainly_named(weights, "average", 4))
    latents = torch.randn(9, LATENT)
    torch.testing.assert_close(trainer.sample(latents), g(latents).detach(), rtol=0, atol=1e-6)


def test_averaging_leaves_the_training_alone():
    """With and without a running mean, generator and discriminator end with the same bits."""
    (plain, one), (averaged, two) = adversarial((0,), recipe()), adversarial((0,), recipe(ema=0.9))
    trained(plain, one, 8)
    trained(averaged, two, 8)
    found = averaged.state_dict()
    assert_same_bits(plain.state_dict(), {name: x for name, x in found.items() if not name.startswith("average.")})


@pytest.mark.parametrize("seeds", [(0,), (0, 1)])
@pytest.mark.parametrize("name", ["clipping", "batch_norm_ema_d_steps", "penalty", "two_optimizers"])
def test_training_continues_bit_for_bit(name: str, seeds: tuple[int, ...]):
    """A fresh trainer that loads a state, amid its discriminator steps, goes on exactly as the first would have."""
    first, supply = adversarial(seeds, RECIPES[name])
    trained(first, supply, 6)
    state, position = first.state_dict(), supply.state()
    trained(first, supply, 9)
    second, own = adversarial(seeds, RECIPES[name])
    trained(second, own, 3)
    second.load_state_dict(state)
    own.load_state(position)
    trained(second, own, 9)
    assert_same_bits(first.state_dict(), second.state_dict())


@pytest.mark.parametrize("name", ["adam", "clipping"])
def test_a_state_is_a_copy(name: str):
    """Training on changes neither a state that was taken before nor one that was loaded."""
    trainer, supply = adversarial((0,), RECIPES[name])
    trained(trainer, supply, 4)
    state = trainer.state_dict()
    kept = {key: x.clone() for key, x in state.items()}
    trained(trainer, supply, 4)
    assert_same_bits(state, kept)
    trainer.load_state_dict(state)
    trained(trainer, supply, 4)
    assert_same_bits(state, kept)


def test_initial_weights_depend_on_the_seed_alone():
    """A seed starts from the same bits in any group, at any place; another seed from others."""
    alone = [adversarial((seed,), recipe())[0].checkpoints()[0] for seed in (4, 9)]
    group = adversarial((9, 2, 4), recipe())[0].checkpoints()
    assert_same_bits(group[2], alone[0])
    assert_same_bits(group[0], alone[1])
    assert all(not torch.equal(alone[0][name], alone[1][name]) for name in alone[0])


def test_initial_weights_do_not_depend_on_the_recipe():
    """Variants are paired: the same seed starts from the same bits whatever the loss, penalty and optimiser."""
    plain, other = (adversarial((4,), toy)[0].checkpoints()[0] for toy in (recipe(), recipe(**CLIPPED)))
    assert_same_bits(plain, other)


def test_building_leaves_the_global_generator_alone():
    """The state of torch's global generator is the same before and after a trainer is built, and decides no weight."""
    torch.manual_seed(1)
    before = torch.get_rng_state()
    one = adversarial((0, 1), recipe())[0]
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    assert_same_bits(one.state_dict(), adversarial((0, 1), recipe())[0].state_dict())


def test_clipping_holds_after_every_discriminator_update():
    """Every weight and bias of each seed's discriminator lies within the bound, and some lie on it."""
    trainer, supply = adversarial((0, 1), recipe(**CLIPPED))
    for _ in range(4):
        trainer.step(supply)
        for checkpoint in trainer.checkpoints():
            weights = torch.cat([x.flatten() for name, x in checkpoint.items() if name.startswith("discriminator.")])
            assert weights.abs().max() == torch.tensor(0.1)


def test_random_penalties_differ_between_the_seeds_of_a_group():
    """A group of one seed twice, in all else equal, draws another interpolation for each member."""
    torch.manual_seed(0)
    trainer, supply = adversarial((3, 3), recipe(penalties=(GradientPenalty(),)))
    one, other = trainer.checkpoints()
    assert_same_bits(one, other)
    trained(trainer, supply, 1)
    one, other = trainer.checkpoints()
    assert not torch.equal(one["discriminator.out.weight"], other["discriminator.out.weight"])


def test_parameters_are_counted_for_one_seed():
    """Perceptrons of width 48 and depth 2: weights and biases of three layers, counted by hand."""
    counts = {
        "generator": 6 * 48 + 48 + 48 * 48 + 48 + 48 * 2 + 2,
        "discriminator": 2 * 48 + 48 + 48 * 48 + 48 + 48 + 1,
    }
    assert adversarial((0,), recipe())[0].parameter_counts == counts
    assert adversarial((0, 1, 2), recipe())[0].parameter_counts == counts


def test_the_threshold_is_the_losss():
    """0 for logits, None for a loss whose scores have no zero."""
    assert adversarial((0,), recipe())[0].threshold == 0
    assert adversarial((0,), recipe(loss=Wasserstein()))[0].threshold is None


def test_the_optimum_is_the_losss_where_single_samples_are_scored():
    """A pack's score is the log ratio of packs, which says nothing of one sample; nor does that of a blurred one."""
    assert adversarial((0,), recipe())[0].optimum == "log_ratio"
    assert adversarial((0,), recipe(loss=Wasserstein()))[0].optimum == "potential"
    assert adversarial((0,), recipe(views=(Packed(2),)))[0].optimum is None


def test_the_recipe_goes_before_the_datasets_standard():
    """Networks and optimisers are the recipe's where it states them, else the dataset's; the generator's optimiser
    is the discriminator's unless it has its own.
    """
    assert adversarial((0,), recipe(networks=MLPPair(8, 1)))[0].parameter_counts["discriminator"] == 2 * 8 + 8 + 8 + 1
    stated, _ = adversarial((0,), recipe(optimizer=replace(ADAM, learning_rate=0.5)))
    standard, _ = adversarial((0,), recipe())
    own, _ = adversarial((0,), recipe(g_optimizer=RMSprop(0.25)))
    rates = [
        [x.param_groups[0]["lr"] for x in (trainer._d.optimizer, trainer._g.optimizer)]
        for trainer in (stated, standard, own)
    ]
    assert rates == [[0.5, 0.5], [1e-3, 1e-3], [1e-3, 0.25]]


class Stranger(Variant):
    """A variant that builds its own trainer."""

    name, paper = "stranger", ""

    def trainer(self, dataset: Any, seed: int, device: str) -> Scripted:
        return Scripted("dg" * (seed + 1))


def test_groups_are_large_where_stacking_pays():
    """Small perceptrons train in groups; wide ones, convolutions and a variant's own trainer alone."""
    dataset = ring_dataset()
    images = copy.copy(dataset)
    images.sample_shape = (1, 16, 16)
    assert group_size(recipe(), dataset) == GROUP > 1
    assert group_size(recipe(networks=MLPPair(width=400, depth=3)), dataset) == 1
    assert group_size(recipe(networks=DCGANPair()), images) == 1
    assert group_size(Stranger(), dataset) == 1


def test_a_variant_builds_its_own_trainer():
    """It is told the one seed."""
    trainer = build_trainer(Stranger(), ring_dataset(), (2,), "cpu")
    assert isinstance(trainer, Scripted)
    assert trainer.script == "dgdgdg"


@dataclass(frozen=True)
class Unreduced(Wasserstein):
    """A loss that forgot its mean."""

    def discriminator(self, d: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
        return d(fake) - d(real)


@pytest.mark.parametrize("seeds", [(0,), (0, 1)])
def test_a_loss_that_is_no_scalar_is_an_error(seeds: tuple[int, ...]):
    """A sum over the batch in place of a mean would train at another rate, so it is named and not guessed at."""
    trainer, supply = adversarial(seeds, recipe(loss=Unreduced()))
    with pytest.raises(
        PluginError, match=rf"found a loss of shape \({BATCH},\) for one seed, wanted a scalar: its mean"
    ):
        trainer.step(supply)


def test_a_variants_own_trainer_starts_from_its_seed():
    """The global generator is seeded for it, so seeds differ, a seed repeats, and nobody else's draws are moved."""

    class Drawn(Variant):
        name, paper = "drawn", ""

        def trainer(self, dataset: Any, seed: int, device: str) -> Scripted:
            trainer = Scripted()
            trainer.matrix = torch.randn(2, 3)
            return trainer

    before = torch.get_rng_state()
    first, second, again = (build_trainer(Drawn(), ring_dataset(), (seed,), "cpu").matrix for seed in (0, 1, 0))
    assert torch.equal(first, again)
    assert not torch.equal(first, second)
    assert torch.equal(torch.get_rng_state(), before)
