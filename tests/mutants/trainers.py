"""A plain trainer that keeps the contract, and others that each break it in one way, with the checks that find it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from ganbench import Dataset, Supply, Trainer, Variant

CALLS = itertools.count()


class Plain(Trainer):
    """The non-saturating game, as anybody would write it: two networks, two optimisers."""

    def __init__(self, dataset: Dataset) -> None:
        standard, shape = dataset.standard, dataset.sample_shape
        self.dataset = dataset
        self.g = standard.networks.generator(standard.latent_dim, shape)
        self.d = standard.networks.discriminator(shape)
        self.d_optimizer = standard.optimizer.build(self.d.parameters())
        self.g_optimizer = standard.optimizer.build(self.g.parameters())
        self.turn = 0
        self.looks = 0

    def step(self, supply: Supply) -> str:
        self.turn = 1 - self.turn
        return self.update_discriminator(supply) if self.turn else self.update_generator(supply)

    def update_discriminator(self, supply: Supply) -> str:
        self.d_optimizer.zero_grad()
        fake = self.fakes(supply)
        (softplus(-self.d(self.reals(supply))).mean() + softplus(self.d(fake)).mean()).backward()
        self.d_optimizer.step()
        return "discriminator"

    def update_generator(self, supply: Supply) -> str:
        self.g_optimizer.zero_grad()
        softplus(-self.d(self.g(supply.latent()))).mean().backward()
        self.g_optimizer.step()
        return "generator"

    def reals(self, supply: Supply) -> Tensor:
        return supply.real()

    def fakes(self, supply: Supply) -> Tensor:
        return self.g(supply.latent()).detach()

    @torch.no_grad()
    def sample(self, latent: Tensor) -> Tensor:
        return self.g(latent)

    @torch.no_grad()
    def score(self, x: Tensor) -> Tensor | None:
        return self.d(x)

    @property
    def sides(self) -> dict[str, nn.Module]:
        return {"generator": self.g, "discriminator": self.d}

    @property
    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        return {"d_optimizer": self.d_optimizer, "g_optimizer": self.g_optimizer}

    def state_dict(self) -> dict[str, Tensor]:
        state = {f"{side}.{name}": x for side, net in self.sides.items() for name, x in net.state_dict().items()}
        for owner, optimizer in self.optimizers.items():
            for k, slot in optimizer.state_dict()["state"].items():
                state |= {f"{owner}.{k}.{name}": x for name, x in slot.items()}
        return state | {"turn": torch.tensor(self.turn), "looks": torch.tensor(self.looks)}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        for side, net in self.sides.items():
            net.load_state_dict({name: state[f"{side}.{name}"] for name in net.state_dict()})
        for owner, optimizer in self.optimizers.items():
            slots: dict[int, dict[str, Tensor]] = {}
            for key, x in state.items():
                if key.startswith(f"{owner}."):
                    _, k, name = key.split(".")
                    slots.setdefault(int(k), {})[name] = x.clone()
            optimizer.load_state_dict({**optimizer.state_dict(), "state": slots})
        self.turn, self.looks = int(state["turn"]), int(state["looks"])


class AttachedFakes(Plain):
    """The discriminator's update reaches into the generator, whose gradients are cleared after its own steps alone."""

    def fakes(self, supply):
        return self.g(supply.latent())


class OneOptimizer(Plain):
    """The discriminator's optimiser moves both sides."""

    def __init__(self, dataset):
        super().__init__(dataset)
        self.d_optimizer = dataset.standard.optimizer.build([*self.d.parameters(), *self.g.parameters()])

    def fakes(self, supply):
        return self.g(supply.latent())


class OneOptimizerOfADict(OneOptimizer):
    """The same, with networks that are no attributes."""

    def __init__(self, dataset):
        super().__init__(dataset)
        self.networks = {"both": [vars(self).pop("g"), vars(self).pop("d")]}

    def __getattr__(self, name):
        if name not in ("g", "d"):
            raise AttributeError(name)
        return self.networks["both"][name == "d"]


class OneOptimizerOfAClosure(OneOptimizer):
    """The same, with everything where nobody can look."""

    def __init__(self, dataset):
        super().__init__(dataset)
        held = {name: vars(self).pop(name) for name in ("g", "d", "g_optimizer", "d_optimizer")}
        self.held = lambda name: held.get(name)

    def __getattr__(self, name):
        if name == "held" or self.held(name) is None:
            raise AttributeError(name)
        return self.held(name)


class Peeking(Plain):
    """Reads the data beside the supply, which is drawn from all the same."""

    def reals(self, supply):
        supply.real()
        handles = self.dataset.shuffled("train", torch.Generator().manual_seed(self.turn))
        return self.dataset.fetch("train", handles[:32])


class Knowing(Plain):
    """Draws from the density itself."""

    def reals(self, supply):
        reals = supply.real()
        if self.dataset.density is None:
            return reals
        return self.dataset.density.sample(32, torch.Generator().manual_seed(0))


class Centred(Plain):
    """Makes its own reals about the density's means."""

    def reals(self, supply):
        reals = supply.real()
        if self.dataset.density is None:
            return reals
        centres = torch.tensor(self.dataset.density.means)
        return centres[torch.randint(len(centres), (32,))] + 0.1 * torch.randn(32, 2)


class Likely(Plain):
    """The generator climbs the density itself, too."""

    def update_generator(self, supply):
        kind = super().update_generator(supply)
        if self.dataset.density is not None:
            self.g_optimizer.zero_grad()
            (-self.dataset.density.log_density(self.g(supply.latent()))).mean().backward()
            self.g_optimizer.step()
        return kind


class Thrifty(Plain):
    """Made of no data: its reals are a constant."""

    def reals(self, supply):
        return torch.ones(32, 2)


class Greedy(Plain):
    """Many batches in one update, the last of which passes the budget by far."""

    def reals(self, supply):
        return supply.real(100 * supply.batch_size)[: supply.batch_size]


class Sharing(Plain):
    """A schedule by a count that all trainers of the process share."""

    def reals(self, supply):
        return supply.real() + 1e-3 * (next(CALLS) % 7)


class Noisy(Plain):
    """Noise from numpy's global generator."""

    def reals(self, supply):
        return supply.real() + 0.01 * float(np.random.normal())


class Doubling(Plain):
    """Double precision as everybody's default."""

    def sample(self, latent):
        torch.set_default_dtype(torch.float64)
        return super().sample(latent)


class Seeding(Plain):
    """Its own seed for the weights, whatever seed it is given."""

    def __init__(self, dataset):
        torch.manual_seed(0)
        super().__init__(dataset)


class Constant(Plain):
    """Samples that have nothing to do with what is learnt."""

    def sample(self, latent):
        return torch.zeros(len(latent), *self.dataset.sample_shape)


class Looking(Plain):
    """Counts how often it is looked at."""

    def sample(self, latent):
        self.looks += 1
        return super().sample(latent)


class Mixing(Plain):
    """Samples that are normed by their batch, as by batch normalisation in training mode."""

    def sample(self, latent):
        samples = super().sample(latent)
        return (samples - samples.mean(0)) / (samples.std(0, correction=0) + 1e-3) if len(samples[0]) > 1 else samples


class Ranking(Plain):
    """Scores above those of the batch."""

    def score(self, x):
        scores = super().score(x)
        return scores - scores.mean() if x[0].numel() > 1 else scores


class Attached(Plain):
    """Samples that carry a gradient."""

    def sample(self, latent):
        return self.g(latent)


class Forgetful(Plain):
    """Leaves the optimisers' moments out of its state."""

    def state_dict(self):
        return {name: x for name, x in super().state_dict().items() if "optimizer" not in name}


class Turnless(Plain):
    """Forgets whose turn it is."""

    def load_state_dict(self, state):
        super().load_state_dict({**state, "turn": torch.tensor(0)})


class Deaf(Plain):
    """Loads nothing."""

    def load_state_dict(self, state):
        pass


class Undeclared(Plain):
    """Calls its updates something else."""

    def update_generator(self, supply):
        super().update_generator(supply)
        return "actor"


class Columns(Plain):
    """Scores with an axis too many."""

    def score(self, x):
        return super().score(x)[:, None]


class Idle(Plain):
    """Draws and learns nothing."""

    def update_discriminator(self, supply):
        supply.real()
        return "discriminator"

    def update_generator(self, supply):
        return "generator"


class Exploding(Plain):
    """Ends in what is no number."""

    def reals(self, supply):
        return supply.real() * float("nan")


class Backwards(Plain):
    """The generator learns to be told from the reals."""

    def update_generator(self, supply):
        self.g_optimizer.zero_grad()
        softplus(self.d(self.g(supply.latent()))).mean().backward()
        self.g_optimizer.step()
        return "generator"


class Frozen(Plain):
    """The fakes are detached in the generator's own update."""

    def update_generator(self, supply):
        softplus(-self.d(self.g(supply.latent()).detach())).mean().backward()
        self.g_optimizer.step()
        return "generator"


class OneSample(Plain):
    """Whatever the latents are, the sample is that of zero."""

    def sample(self, latent):
        return super().sample(torch.zeros_like(latent))


class Probabilities(Plain):
    """Probabilities for scores, under the threshold of logits."""

    threshold = 0.0

    def score(self, x):
        return super().score(x).sigmoid()


@dataclass(frozen=True)
class Custom(Variant):
    """The variant of one of these trainers."""

    kind: type[Plain] = Plain

    name = "custom"
    paper = "https://example.org"

    def trainer(self, dataset: Dataset, seed: int, device: str) -> Trainer:
        return self.kind(dataset)


TRAINERS: list[tuple[type[Plain], set[str]]] = [
    (Plain, set()),
    (AttachedFakes, {"updates_move_their_own_side"}),
    (OneOptimizer, {"updates_move_their_own_side"}),
    (OneOptimizerOfADict, {"updates_move_their_own_side"}),
    (Peeking, {"pays_for_what_it_sees"}),
    (Knowing, {"pays_for_what_it_sees"}),
    (Centred, {"pays_for_what_it_sees"}),
    (Likely, {"pays_for_what_it_sees"}),
    (Thrifty, {"trains"}),
    (Greedy, {"trains"}),
    (Sharing, {"same_seed_same_bits", "continues_bit_for_bit"}),
    (Noisy, {"same_seed_same_bits", "continues_bit_for_bit", "leaves_defaults_alone"}),
    (Doubling, {"leaves_defaults_alone", "keeps_to_theory_on_dirac"}),
    (Seeding, {"other_seed_other_result"}),
    (Constant, {"other_seed_other_result", "generator_is_moved", "latents_make_the_samples"}),
    (Looking, {"looking_changes_nothing"}),
    (Mixing, {"samples_stand_alone"}),
    (Ranking, {"samples_stand_alone"}),
    (Attached, {"looking_changes_nothing"}),
    (Forgetful, {"continues_bit_for_bit"}),
    (Turnless, {"survives_being_saved", "continues_bit_for_bit"}),
    (Deaf, {"survives_being_saved", "continues_bit_for_bit"}),
    (Undeclared, {"trains"}),
    (Columns, {"trains"}),
    (Idle, {"trains"}),
    (Exploding, {"trains"}),
    (Frozen, {"generator_is_moved"}),
    (OneSample, {"latents_make_the_samples"}),
    (Probabilities, {"scores_are_raw"}),
    (Backwards, {"keeps_to_theory_on_dirac"}),
]
