"""Schedules, memories, views and dynamics in the harness: games small enough to be done by hand."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
import torch
from bilinear import BILINEAR, RATE, BilinearPair, FakeScore, bilinear, position
from ganbench_plugins.nsgan import NonSaturating
from torch import Tensor, nn
from toys import BATCH, adversarial, assert_group_trains_as_its_seeds, assert_same_bits, recipe, ring_dataset, trained

from ganbench import (
    SGD,
    Altered,
    Discriminator,
    Dynamics,
    Game,
    Halves,
    Networks,
    Penalty,
    PluginError,
    Recipe,
    View,
    Weights,
)
from ganbench.assembly import group_size
from ganbench.game import recalled, remembering, scores


@dataclass(frozen=True)
class Simultaneous(Dynamics):
    simultaneous = True


@dataclass(frozen=True)
class Extrapolating(Dynamics):
    extrapolates = True


def test_updates_in_turn_answer_each_other() -> None:
    """psi steps along -theta; theta then along the psi that has stepped."""
    trainer, supply = bilinear()
    psi, theta = position(trainer)
    trained(trainer, supply, 2)
    after = psi - RATE * theta
    torch.testing.assert_close(position(trainer), (after, theta + RATE * after))


def test_simultaneous_updates_answer_what_stood_before() -> None:
    """theta steps along the psi from before its update, so the pair turns by the matrix [[1, -h], [h, 1]]."""
    trainer, supply = bilinear(dynamics=Simultaneous())
    psi, theta = position(trainer)
    trained(trainer, supply, 2)
    torch.testing.assert_close(position(trainer), (psi - RATE * theta, theta + RATE * psi))


def test_extrapolation_steps_from_the_start_along_the_gradient_found_ahead() -> None:
    """With look-ahead psi' = psi - h theta and theta' = theta + h psi: psi - h theta' and theta + h psi'."""
    trainer, supply = bilinear(dynamics=Extrapolating())
    psi, theta = position(trainer)
    assert trained(trainer, supply, 3) == ["extrapolation", "discriminator", "generator"]
    ahead_psi, ahead_theta = psi - RATE * theta, theta + RATE * psi
    torch.testing.assert_close(position(trainer), (psi - RATE * ahead_theta, theta + RATE * ahead_psi))


@dataclass(frozen=True)
class Opposed(Dynamics):
    """Each side descends its own loss and 3 times the square of the other's weight."""

    def discriminator(self, game: Game, d: Weights, g: Weights) -> Tensor:
        return game.discriminator_loss(d, g) + 3 * sum((w * w).sum() for w in d.values())

    def generator(self, game: Game, d: Weights, g: Weights) -> Tensor:
        return game.generator_loss(d, g) + 3 * sum((w * w).sum() for w in g.values())


def test_dynamics_state_what_each_side_descends() -> None:
    """With 3 |psi|^2 and 3 |theta|^2 added, each side also shrinks by 6 h of itself."""
    trainer, supply = bilinear(dynamics=Opposed())
    psi, theta = position(trainer)
    trained(trainer, supply, 2)
    after = psi - RATE * (theta + 6 * psi)
    torch.testing.assert_close(position(trainer), (after, theta + RATE * (after - 6 * theta)))


@pytest.mark.parametrize("dynamics", [Simultaneous(), Extrapolating(), Opposed()], ids=repr)
@pytest.mark.parametrize("networks", [None, BilinearPair()], ids=["perceptrons", "bilinear"])
def test_dynamics_of_a_group_are_those_of_its_seeds_alone(dynamics: Dynamics, networks: Networks | None) -> None:
    """Three seeds trained together end where each ends alone."""
    toy = recipe(dynamics=dynamics, optimizer=SGD(RATE), networks=networks)
    assert_group_trains_as_its_seeds(toy, 12, seeds=(0, 1, 2), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dynamics", [Simultaneous(), Extrapolating()], ids=repr)
def test_a_game_continues_from_any_turn(dynamics: Dynamics) -> None:
    """A state taken between the two updates of a turn holds what the next of them answers and starts from."""
    for cut in range(1, 5):
        trainer, supply = bilinear((0, 1), dynamics=dynamics)
        trained(trainer, supply, cut)
        other, own = bilinear((0, 1), dynamics=dynamics)
        other.load_state_dict(trainer.state_dict())
        own.load_state(supply.state())
        trained(trainer, supply, 5)
        trained(other, own, 5)
        assert_same_bits(trainer.state_dict(), other.state_dict())


@dataclass(frozen=True)
class Resting(Dynamics):
    """The discriminator rests while its mean real score is above a bound."""

    bound: float

    @property
    def pausing(self) -> bool:
        return True

    def pauses(self, real_scores: Tensor, fake_scores: Tensor, threshold: float | None) -> bool:
        return bool(real_scores.mean() > self.bound)


@pytest.mark.parametrize(("bound", "kind"), [(-1e9, "pause"), (1e9, "discriminator")])
def test_a_discriminator_may_let_its_turn_pass(bound: float, kind: str) -> None:
    """A pause draws its batch and changes nothing; the generator's turn comes all the same."""
    trainer, supply = bilinear(dynamics=Resting(bound))
    psi, _ = position(trainer)
    assert trained(trainer, supply, 2) == [kind, "generator"]
    assert supply.drawn == BATCH
    assert torch.equal(position(trainer)[0], psi) == (kind == "pause")
    assert set(trainer.updates) == {"discriminator", "generator", "pause"}


def test_seeds_that_may_pause_train_alone() -> None:
    """A pause of one seed is none of another, so groups have one seed."""
    assert group_size(recipe(dynamics=Resting(0.0)), ring_dataset()) == 1
    assert group_size(recipe(dynamics=Simultaneous()), ring_dataset()) > 1


@dataclass(frozen=True)
class Falling(Penalty):
    """weight * E[D(real)], with a weight that falls to nothing over the budget."""

    weight: float

    def at(self, spent_fraction: float) -> Falling:
        return replace(self, weight=self.weight * (1 - spent_fraction))

    def __call__(self, d: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
        return self.weight * d(real).mean()


@dataclass(frozen=True)
class Wrapper(Halves):
    """A loss around another, with nothing of its own."""

    loss: Halves

    def on_real(self, score: Tensor) -> Tensor:
        return self.loss.on_real(score)

    def on_fake(self, score: Tensor) -> Tensor:
        return self.loss.on_fake(score)

    def on_generated(self, score: Tensor) -> Tensor:
        return self.loss.on_generated(score)


@dataclass(frozen=True)
class Cooling(NonSaturating):
    """A loss whose temperature is what is left of the budget."""

    temperature: float = 1.0

    def at(self, spent_fraction: float) -> Cooling:
        return replace(self, temperature=1 - spent_fraction)


def test_a_schedule_reaches_every_ingredient() -> None:
    """Penalties in a tuple and losses inside losses are asked; what has no schedule stays the very same object."""
    toy = recipe(penalties=(Falling(4.0),), loss=Wrapper(Cooling()))
    assert toy.at(0.25).penalties == (Falling(3.0),)
    assert toy.at(0.25).loss == Wrapper(Cooling(0.75))
    plain = recipe(penalties=(), loss=Wrapper(NonSaturating()))
    assert plain.at(0.25) is plain


def test_training_follows_the_schedule() -> None:
    """At the start psi also steps along -4 E[real], at the end no longer."""
    for spent, weight in ((0.0, 4.0), (1.0, 0.0)):
        trainer, supply = bilinear(penalties=(Falling(4.0),))
        _, mirror = bilinear()
        psi, theta = position(trainer)
        supply.spent_fraction = spent
        trained(trainer, supply, 1)
        torch.testing.assert_close(position(trainer)[0], psi - RATE * (theta + weight * mirror.real().mean(0)))


@dataclass(frozen=True)
class Remembering(Penalty):
    """(E[D(real)] - mean)^2, with mean the running mean of that number."""

    decay: float = 0.5
    mean: float = 0.0

    remembered = ("mean",)

    def __call__(self, d: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
        return (d(real).mean() - self.mean).square()

    def after(self, d: Discriminator, real: Tensor, fake: Tensor) -> Remembering:
        return replace(self, mean=self.decay * self.mean + (1 - self.decay) * d(real).mean())


def test_a_memory_is_renewed_after_each_update_of_the_discriminator() -> None:
    """mean <- (mean + E[D(real)]) / 2, with the discriminator after its update, and stands in the state."""
    trainer, supply = bilinear(penalties=(Remembering(),))
    _, mirror = bilinear()
    mean = torch.tensor(0.0)
    for _ in range(3):
        trained(trainer, supply, 2)
        real = mirror.real()
        after, _ = position(trainer)
        mean = (mean + (real @ after).mean()) / 2
    torch.testing.assert_close(trainer.state_dict()["memory.penalties.0.mean"], mean)


def test_the_loss_reads_the_memory() -> None:
    """The gradient of (E[D(real)] - mean)^2 holds the mean of before."""
    trainer, supply = bilinear(penalties=(Remembering(),))
    _, mirror = bilinear()
    trained(trainer, supply, 2)
    mean = trainer.state_dict()["memory.penalties.0.mean"]
    psi, theta = position(trainer)
    trained(trainer, supply, 1)
    mirror.real()
    real = mirror.real().mean(0)
    torch.testing.assert_close(position(trainer)[0], psi - RATE * (theta + 2 * (psi @ real - mean) * real))


def test_each_seed_of_a_group_has_its_own_memory() -> None:
    """Three seeds trained together remember what each remembers alone."""
    toy = recipe(penalties=(Remembering(),))
    group, supply = adversarial((0, 1, 2), toy)
    trained(group, supply, 8)
    for seed in range(3):
        alone, own = adversarial((seed,), toy)
        trained(alone, own, 8)
        name = "memory.penalties.0.mean"
        torch.testing.assert_close(group.state_dict()[name][seed], alone.state_dict()[name], rtol=1e-4, atol=1e-6)


def test_memories_are_found_inside_other_ingredients_and_put_back_there() -> None:
    """The place of a remembered field is named by the way to it."""
    toy = recipe(penalties=(Falling(1.0), Remembering()))
    assert list(remembering(toy)) == ["penalties.1.mean"]
    put = recalled(toy, {"penalties.1.mean": torch.tensor(2.0)})
    assert put.penalties[1] == Remembering(mean=torch.tensor(2.0))  # type: ignore[arg-type]
    assert put.penalties[0] == Falling(1.0)


@dataclass(frozen=True)
class Doubled(View):
    """Samples twice as large."""

    def __call__(self, x: Tensor) -> Tensor:
        return 2 * x


@dataclass(frozen=True)
class Joined(View):
    """Samples joined in packs."""

    samples: int = 2

    def __call__(self, x: Tensor) -> Tensor:
        whole = len(x) // self.samples * self.samples
        return x[:whole].reshape(len(x) // self.samples, -1)

    def shape(self, sample_shape: tuple[int, ...]) -> tuple[int, ...]:
        return (self.samples * sample_shape[0],)


def test_both_sides_play_through_the_views() -> None:
    """Doubled samples double both gradients of the game psi.theta."""
    trainer, supply = bilinear(views=(Doubled(),))
    psi, theta = position(trainer)
    trained(trainer, supply, 2)
    after = psi - RATE * 2 * theta
    torch.testing.assert_close(position(trainer), (after, theta + RATE * 2 * after))


def test_a_discriminator_of_packs_scores_each_sample_with_its_followers() -> None:
    """The i-th score is that of sample i joined with the next one, and of the last joined with the first."""
    toy = recipe(**BILINEAR, views=(Joined(),))
    weights, x = torch.randn(4), torch.randn(5, 2)
    found = scores(toy, lambda pack: pack @ weights, x)
    torch.testing.assert_close(found, torch.cat([x, x.roll(-1, 0)], 1) @ weights)


def test_the_discriminator_is_built_for_what_it_is_shown() -> None:
    """Packs of two points of the plane have four numbers; the generator's samples still have two."""
    trainer, supply = adversarial((0, 1), recipe(views=(Joined(), Doubled())))
    trained(trainer, supply, 4)
    assert trainer.checkpoints()[0]["discriminator.hidden.0.weight"].shape[1] == 4
    assert trainer.sample(supply.latent(9)).shape == (2, 9, 2)
    assert trainer.score(supply.real(9)).shape == (2, 9)  # type: ignore[union-attr]


class Counter(nn.Module):
    """A discriminator around another that counts how often it is brought up to date."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.count: Tensor
        self.register_buffer("count", torch.zeros(()))

    def advance(self) -> None:
        self.count += 1

    def features(self, x: Tensor) -> Tensor:
        return self.network.features(x)  # type: ignore[operator, no-any-return]

    def forward(self, x: Tensor) -> Tensor:
        return self.network(x) + 0 * self.count  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Counted(Altered):
    def discriminator(self, sample_shape: tuple[int, ...]) -> nn.Module:
        return Counter(self.networks.discriminator(sample_shape))


@pytest.mark.parametrize("seeds", [(0,), (0, 1, 2)], ids=["one seed", "a group"])
def test_buffers_are_brought_up_to_date_before_each_update_of_the_discriminator(seeds: tuple[int, ...]) -> None:
    """Three updates of each side advance the discriminator's module three times, for every seed."""
    trainer, supply = adversarial(seeds, recipe(networks=Counted(BilinearPair()), optimizer=SGD(RATE)))
    trained(trainer, supply, 6)
    assert [tensors["discriminator.count"].item() for tensors in trainer.checkpoints()] == [3.0] * len(seeds)


class BatchSize(nn.Module):
    """The score of every sample is the size of its batch."""

    def __init__(self) -> None:
        super().__init__()
        self.psi = nn.Parameter(torch.ones(()))

    def features(self, x: Tensor) -> Tensor:
        return x

    def forward(self, x: Tensor) -> Tensor:
        return self.psi * torch.ones(len(x)) * len(x) + 0 * x[:, 0]


@dataclass(frozen=True)
class Coupled(BilinearPair):
    couples = True

    def discriminator(self, sample_shape: tuple[int, ...]) -> nn.Module:
        return BatchSize()


@pytest.mark.parametrize("seeds", [(0,), (0, 1)], ids=["one seed", "a group"])
@pytest.mark.parametrize("n", [5, BATCH, 2 * BATCH + 1])
def test_scores_that_depend_on_the_batch_are_measured_in_batches_of_the_training(
    seeds: tuple[int, ...], n: int
) -> None:
    """However many samples are asked about, each is scored in a batch of the training's size."""
    trainer, supply = adversarial(seeds, recipe(networks=Coupled()))
    found = trainer.score(supply.real(n))
    assert found is not None
    assert found.shape == ((n,) if len(seeds) == 1 else (len(seeds), n))
    assert found.unique().tolist() == [float(BATCH)]


@dataclass(frozen=True)
class OnFeatures(FakeScore):
    scored = False


def test_a_loss_that_leaves_scores_untrained_has_none_to_measure() -> None:
    """Such a trainer has no scores, so no accuracy is computed from noise."""
    trainer, supply = adversarial((0,), recipe(loss=OnFeatures()))
    assert trainer.score(supply.real()) is None


def test_recipes_with_views_or_dynamics_are_other_recipes() -> None:
    """A view and dynamics count in the comparison and in the hash."""
    plain = recipe()
    others: list[Recipe] = [replace(plain, views=(Doubled(),)), replace(plain, dynamics=Simultaneous())]
    assert all(other != plain for other in others)
    assert len({plain, *others}) == 3


def test_the_order_of_penalties_means_nothing() -> None:
    """Two recipes with the same penalties in another order are equal, for their sum is what is added."""
    one, other = Falling(1.0), Remembering()
    assert recipe(penalties=(one, other)) == recipe(penalties=(other, one))


@dataclass(frozen=True)
class Number(FakeScore):
    """A loss that gives a number where a tensor is wanted."""

    def discriminator(self, d: Discriminator, real: Tensor, fake: Tensor) -> Tensor:
        return 1.0  # type: ignore[return-value]


def test_a_loss_that_is_no_tensor_is_an_error() -> None:
    """Nothing can be learnt from a number; the error names the recipe and what was wanted."""
    trainer, supply = adversarial((0,), recipe(**BILINEAR | {"loss": Number()}))
    with pytest.raises(PluginError, match="toy: found a loss of type float, wanted a tensor: a scalar"):
        trainer.step(supply)
