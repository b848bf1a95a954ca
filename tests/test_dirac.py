"""The Dirac-GAN against its theory: Mescheder, Geiger and Nowozin 2018, section 2."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from ganbench_plugins.gan import GAN
from ganbench_plugins.nsgan import NSGAN
from ganbench_plugins.packing import Packing
from ganbench_plugins.r1 import R1
from ganbench_plugins.simultaneous import WithSimultaneousUpdates
from ganbench_plugins.wgan import WGAN
from toys import ring_dataset

from ganbench import SGD, Adam, Recipe, Supply, View
from ganbench.adversarial import Adversarial
from ganbench.datasets.dirac import Dirac, load
from ganbench.errors import UsageError
from ganbench.execution import execute
from ganbench.experiment import resolve, with_standard
from ganbench.networks.dirac import FARTHEST, NEAREST, DiracPair
from ganbench.observation import observe
from ganbench.randomness import initial_weights
from ganbench.request import Request
from ganbench.store import Store

RATE = 0.1
PLAIN_WGAN = replace(WGAN, d_steps=1, projection=None)


def complete(recipe: Recipe, simultaneous: bool = False) -> Recipe:
    """The recipe as it is on the dataset, with both sides moving at once if wanted."""
    recipe = with_standard(recipe, Dirac().standard)
    return WithSimultaneousUpdates()(recipe) if simultaneous else recipe


def trainer(recipe: Recipe, seeds: tuple[int, ...] = (0,)) -> tuple[Adversarial, Supply]:
    dataset = Dirac()
    return Adversarial(recipe, dataset, seeds), Supply(dataset, seeds, dataset.standard.batch_size, "cpu")


def position(trained: Adversarial, seeds: tuple[int, ...] = (0,)) -> list[tuple[float, float]]:
    """theta and psi of each seed, as an evaluation sees them."""
    seen = observe(trained, Dirac(), seeds, 4, "cpu")
    probes = [each.scores.probe for each in seen]
    return [(float(each.samples.mean()), float(probe[1] - probe[0])) for each, probe in zip(seen, probes, strict=True)]


def path(recipe: Recipe, steps: int) -> np.ndarray:
    """theta and psi (steps + 1, 2) of seed 0, at the start and after each generator step."""
    trained, supply = trainer(recipe)
    found = position(trained)
    while len(found) <= steps:
        if trained.step(supply) == "generator":
            found += position(trained)
    return np.array(found)


def sigmoid(t: float) -> float:
    return 1 / (1 + math.exp(-t))


def gan_field(theta: float, psi: float) -> tuple[float, float]:
    """The paper's vector field, f'(t) = 1 / (1 + e^t), for its psi, which is the negative of ours."""
    return -psi * sigmoid(-psi * theta), theta * sigmoid(-psi * theta)


def nsgan_field(theta: float, psi: float) -> tuple[float, float]:
    """The generator's part has f'(-t) in place of f'(t)."""
    return -psi * sigmoid(psi * theta), theta * sigmoid(-psi * theta)


def r1_field(theta: float, psi: float) -> tuple[float, float]:
    """gamma = 2 damps psi."""
    v, w = gan_field(theta, psi)
    return v, w - 2.0 * psi


def wgan_field(theta: float, psi: float) -> tuple[float, float]:
    """f'(t) = 1."""
    return -psi, theta


CASES = {
    "gan": (GAN, gan_field),
    "nsgan": (NSGAN, nsgan_field),
    "r1": (replace(GAN, penalties=(R1(2.0),)), r1_field),
    "wgan": (PLAIN_WGAN, wgan_field),
}


@pytest.mark.parametrize("simultaneous", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_training_is_the_papers_update(name: str, simultaneous: bool):
    """100 steps follow an integration of the paper's equations in float64, the discriminator first or both at once."""
    recipe, field = CASES[name]
    found = path(complete(recipe, simultaneous), 100)
    (theta, psi), expected = found[0] * (1, -1), []
    for _ in range(100):
        before = psi
        psi = psi + RATE * field(theta, psi)[1]
        theta = theta + RATE * field(theta, before if simultaneous else psi)[0]
        expected.append((theta, -psi))
    np.testing.assert_allclose(found[1:], expected, atol=2e-5)


def eigenvalues(recipe: Recipe, rate: float) -> np.ndarray:
    """Of the Jacobian of one step of both sides at the equilibrium, by differences of 0.001."""
    small = 1e-3
    columns = []
    for theta, psi in ((small, 0.0), (0.0, small)):
        trained, supply = trainer(replace(recipe, optimizer=SGD(rate)))
        state = trained.state_dict()
        state["generator.network.theta"].fill_(theta)
        state["discriminator.network.out.weight"].fill_(psi)
        trained.load_state_dict(state)
        assert [trained.step(supply), trained.step(supply)] == ["discriminator", "generator"]
        columns.append(position(trained)[0])
    return np.linalg.eigvals(np.array(columns).T / small)


@pytest.mark.parametrize("rate", [0.5, 0.1, 0.02])
@pytest.mark.parametrize(("recipe", "slope"), [(GAN, 0.5), (NSGAN, 0.5), (PLAIN_WGAN, 1.0)])
def test_simultaneous_steps_have_eigenvalues_outside_the_unit_circle(recipe: Recipe, slope: float, rate: float):
    """1 +- i h f'(0), where f'(0) is 1/2 for the losses of a classifier and 1 for Wasserstein's."""
    found = sorted(eigenvalues(complete(recipe, simultaneous=True), rate), key=lambda value: value.imag)
    np.testing.assert_allclose(found, [1 - 1j * rate * slope, 1 + 1j * rate * slope], atol=1e-4)


@pytest.mark.parametrize("rate", [0.5, 0.1, 0.02])
@pytest.mark.parametrize(("recipe", "slope"), [(GAN, 0.5), (NSGAN, 0.5), (PLAIN_WGAN, 1.0)])
def test_steps_in_turns_have_eigenvalues_on_the_unit_circle(recipe: Recipe, slope: float, rate: float):
    """1 - a^2 / 2 +- sqrt((1 - a^2 / 2)^2 - 1) with a = h f'(0)."""
    found = sorted(eigenvalues(complete(recipe), rate), key=lambda value: value.imag)
    real = 1 - (rate * slope) ** 2 / 2
    imaginary = math.sqrt(1 - real**2)
    np.testing.assert_allclose(found, [real - 1j * imaginary, real + 1j * imaginary], atol=1e-4)
    np.testing.assert_allclose(np.abs(found), 1, atol=1e-4)


def test_a_group_trains_as_its_seeds_alone():
    """Nothing random is drawn, so three seeds together end where each ends by itself."""
    recipe = complete(GAN)
    together, supply = trainer(recipe, (0, 1, 2))
    for _ in range(60):
        together.step(supply)
    alone = []
    for seed in (0, 1, 2):
        single, own = trainer(recipe, (seed,))
        for _ in range(60):
            single.step(own)
        alone += position(single, (seed,))
    np.testing.assert_allclose(position(together, (0, 1, 2)), alone, atol=1e-6)


def test_seeds_start_apart_and_near():
    """theta and psi are each 1/4 to 1/2 from 0, on either side, and no two seeds begin alike."""
    seeds = tuple(range(20))
    starts = np.array(position(trainer(complete(GAN), seeds)[0], seeds))
    assert ((np.abs(starts) >= NEAREST) & (np.abs(starts) <= FARTHEST)).all()
    assert len(np.unique(starts, axis=0)) == 20
    assert {tuple(signs) for signs in np.sign(starts)} == {(1, 1), (1, -1), (-1, 1), (-1, -1)}


def test_the_discriminator_is_linear_in_its_features():
    """D(x) = psi * x, its features are x, and the generator gives theta for every latent."""
    with initial_weights(0):
        generator, discriminator = DiracPair().generator(1, (1,)), DiracPair().discriminator((1,))
    x = torch.tensor([[0.0], [1.0], [-3.0]])
    psi = discriminator.out.weight.item()
    assert discriminator(x).tolist() == pytest.approx([0, psi, -3 * psi])
    assert torch.equal(discriminator.features(x), x)
    assert torch.equal(generator(torch.randn(5, 1)), generator.theta.expand(5, 1))
    assert sum(p.numel() for side in (generator, discriminator) for p in side.parameters()) == 2


def test_the_data_are_zero():
    """Every sample of both splits is 0; there is no end to them, and nothing to choose."""
    dataset = Dirac()
    for split in ("train", "held_out"):
        handles = dataset.shuffled(split, torch.Generator())
        assert torch.equal(dataset.fetch(split, handles), torch.zeros(len(handles), 1))
        assert dataset.size(split) is None
    with pytest.raises(UsageError, match="dirac"):
        load("argument", None)


def test_a_packed_discriminator_has_the_slope_that_the_generator_feels():
    """Three weights in a pack: psi is their sum, a third of it each at the start, and theta moves by it."""
    recipe = Packing(samples=3)(complete(PLAIN_WGAN))
    trained, supply = trainer(recipe)
    weights = trained.state_dict()["discriminator.network.out.weight"]
    ((theta, psi),) = position(trained)
    assert weights.shape == (1, 3)
    assert psi == pytest.approx(float(weights.sum()))
    trained.step(supply)
    trained.step(supply)
    ((after, slope),) = position(trained)
    assert after - theta == pytest.approx(RATE * slope, rel=1e-4)


@dataclass(frozen=True)
class Noisy(View):
    """Noise of deviation 1 on whatever is shown."""

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        return x + torch.randn_like(x)


@pytest.mark.parametrize("seeds", [(0,), (0, 1)])
def test_noise_that_a_view_draws_drops_out_of_the_slope(seeds: tuple[int, ...]):
    """Every probe point is shown with the same noise, so D(1) - D(0) is psi, and twice the same."""
    trained, _ = trainer(replace(complete(GAN), views=(Noisy(),)), seeds)
    plain, _ = trainer(complete(GAN), seeds)
    assert np.allclose(position(trained, seeds), position(plain, seeds), atol=1e-6)
    assert position(trained, seeds) == position(trained, seeds)


def test_the_optimiser_is_the_datasets():
    """It takes the place of a recipe's own, for both sides; other datasets leave recipes theirs."""
    recipe = replace(WGAN, g_optimizer=Adam())
    bound = with_standard(recipe, Dirac().standard)
    assert (bound.optimizer, bound.g_optimizer) == (SGD(RATE), None)
    free = with_standard(recipe, ring_dataset().standard)
    assert (free.optimizer, free.g_optimizer) == (WGAN.optimizer, Adam())


def test_the_binding_optimiser_is_part_of_what_a_run_says():
    """The spec, and so the caption of a board, says that it replaces the recipes' own; a setting still changes it."""
    experiment = resolve(Request("wgan", "dirac", settings=("optimizer.learning_rate=0.2",)))
    assert experiment.template.standard == (
        "DiracPair(), SGD(learning_rate=0.1, momentum=0.0) in place of every recipe's own, latent_dim=1"
    )
    assert experiment.variant.optimizer == SGD(0.2)


def test_the_number_of_points_is_the_datasets_unless_asked_otherwise():
    """250 on this dataset, 10 on others."""
    assert resolve(Request("gan", "dirac")).template.points == 250
    assert resolve(Request("gan", "dirac", points=20)).template.points == 20
    assert resolve(Request("gan", "ring8")).template.points == 10


def records(tmp_path: Path, request: Request, seeds: tuple[int, ...]):
    ids = [resolve(request).spec(seed, seeds).id for seed in seeds]
    store = Store(tmp_path)
    for seed in seeds:
        store.begin(resolve(request).spec(seed, seeds))
    return store, execute(request, seeds, ids, store, False, lambda news: None)


@pytest.mark.parametrize(
    ("variant", "tricks", "expected"),
    [("gan", ("r1(weight=1.0)",), 0), ("lsgan", (), 1), ("gan", (), 2), ("gan", ("simultaneous",), 3)],
)
def test_a_run_leaves_its_verdict(variant: str, tricks: tuple[str, ...], expected: int, tmp_path: Path):
    """R1 converges, least squares stall, the minimax game cycles in turns and diverges at once."""
    request = Request(variant, "dirac", tricks=tricks, budget="1000g_steps", points=100)
    store, (record,) = records(tmp_path, request, (0,))
    assert (record.status, record.headline, record.values["verdict"]) == ("ok", "verdict", expected)
    assert record.quantities["verdict"]["labels"] == ["converges", "stalls", "cycles", "diverges"]
    assert type(record).from_json(record.to_json()).to_json() == record.to_json()
    folder = store.folder(record.spec)
    assert {"samples.png", "curves.png", "phase.png"} <= {file.name for file in folder.iterdir()}
