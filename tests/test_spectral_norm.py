"""Spectral normalisation, Miyato et al. 2018, Algorithm 1."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from ganbench_plugins.dcgan import DCGAN
from ganbench_plugins.minibatch_stddev import WithMinibatchStddev
from ganbench_plugins.nsgan import NSGAN
from ganbench_plugins.r1 import WithR1
from ganbench_plugins.spectral_norm import (
    SpectrallyNormalised,
    SpectralNorm,
    WithSpectralNorm,
    normalise_layers,
)
from ganbench_plugins.wgan import WGAN
from ganbench_plugins.wgan_gp import WGAN_GP
from torch import Tensor, nn
from toys import ADAM, adversarial, assert_group_trains_as_its_seeds, picture_dataset, trained

from ganbench import DCGANPair, MLPPair, NotApplicable, Recipe, Supply
from ganbench.adversarial import Adversarial

LAYERS = {
    "linear": lambda: nn.Linear(7, 5),
    "one output": lambda: nn.Linear(7, 1),
    "convolution": lambda: nn.Conv2d(3, 5, 4, stride=2, padding=1),
    "transposed": lambda: nn.ConvTranspose2d(3, 5, 4, stride=2, padding=1),
}
each_layer = pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS)
complete = {"networks": MLPPair(16, 2), "optimizer": ADAM}


def converged(make: Any) -> SpectrallyNormalised:
    """A layer in double precision after 500 steps of power iteration."""
    torch.manual_seed(0)
    layer = SpectrallyNormalised(make().double())
    for _ in range(500):
        layer.advance()
    return layer


def as_matrix(weight: Tensor, make: Any) -> Tensor:
    """One row for each output."""
    return (weight.transpose(0, 1) if isinstance(make(), nn.ConvTranspose2d) else weight).flatten(1)


@each_layer
def test_the_largest_singular_value_becomes_one(make: Any) -> None:
    """After enough iterations W / sigma has spectral norm 1, by torch.linalg, with one row for each output channel."""
    weight = as_matrix(converged(make).weight(), make)
    assert weight.shape[0] == (1 if make is LAYERS["one output"] else 5)
    assert torch.linalg.matrix_norm(weight, 2).item() == pytest.approx(1, abs=1e-10)


@each_layer
def test_the_layer_computes_with_the_normalised_weight_and_its_own_bias(make: Any) -> None:
    """Its output is that of the plain layer with W / sigma and b."""
    layer = converged(make)
    plain = make().double()
    plain.load_state_dict({"weight": layer.weight(), "bias": layer.layer.bias})
    x = torch.randn((4, 7) if isinstance(plain, nn.Linear) else (4, 3, 8, 8), dtype=torch.float64)
    torch.testing.assert_close(layer(x), plain(x))


@each_layer
def test_the_gradient_is_that_through_the_exact_norm(make: Any) -> None:
    """With converged vectors, the gradient by W is that of autograd through the singular value itself."""
    layer = converged(make)
    outer = torch.randn_like(layer.layer.weight)
    (found,) = torch.autograd.grad((layer.weight() * outer).sum(), layer.layer.weight)
    w = layer.layer.weight.detach().clone().requires_grad_()
    (wanted,) = torch.autograd.grad((w / torch.linalg.matrix_norm(as_matrix(w, make), 2) * outer).sum(), w)
    torch.testing.assert_close(found, wanted, rtol=1e-8, atol=1e-10)


def test_the_gradient_is_the_papers() -> None:
    """dV/dW = (G - <G, W / sigma> u v^T) / sigma, the gradient analysis of section 2, with u and v as constants."""
    torch.manual_seed(0)
    layer = SpectrallyNormalised(nn.Linear(7, 5))
    outer = torch.randn(5, 7)
    (found,) = torch.autograd.grad((layer.weight() * outer).sum(), layer.layer.weight)
    u, v, w = layer.u[0], layer.v[0], layer.layer.weight.detach()
    sigma = u @ w @ v
    torch.testing.assert_close(found, (outer - (outer * w / sigma).sum() * torch.outer(u, v)) / sigma)


def test_one_update_makes_one_step_of_power_iteration() -> None:
    """v = W^T u / |W^T u|, then u = W v / |W v|, once for each update of the discriminator, and never in between."""
    recipe = WithSpectralNorm()(replace(NSGAN, **complete))
    trainer, supply = adversarial((0,), recipe)

    def state() -> dict[str, Tensor]:
        return trainer.checkpoints()[0]

    for _ in range(3):
        before = state()
        trainer.step(supply)
        after = state()
        for name in ("hidden.0", "hidden.2", "out"):
            w, u = before[f"discriminator.{name}.layer.weight"], before[f"discriminator.{name}.u"]
            v = u @ w / (u @ w).norm()
            u = v @ w.T / (v @ w.T).norm()
            torch.testing.assert_close(after[f"discriminator.{name}.v"], v)
            torch.testing.assert_close(after[f"discriminator.{name}.u"], u)
        trainer.step(supply)
        trainer.score(torch.randn(5, 2))
        assert all(torch.equal(state()[name], after[name]) for name in after if name.endswith((".u", ".v")))


@pytest.mark.parametrize(("pair", "shape"), [(MLPPair(16, 3), (2,)), (DCGANPair(4), (1, 28, 28))], ids=["mlp", "dcgan"])
def test_every_layer_is_normalised_and_none_added(pair: Any, shape: tuple[int, ...]) -> None:
    """The discriminator has as many layers and weights as before, each inside a normalisation; the generator none."""
    torch.manual_seed(0)
    plain = pair.discriminator(shape)
    torch.manual_seed(0)
    changed = SpectralNorm(pair).discriminator(shape)
    layers = [module for module in changed.modules() if isinstance(module, nn.Linear | nn.Conv2d)]
    assert [module.layer for module in changed.modules() if isinstance(module, SpectrallyNormalised)] == layers
    assert all(map(torch.equal, plain.parameters(), changed.parameters()))
    generator = SpectralNorm(pair).generator(3, shape)
    assert not any(isinstance(module, SpectrallyNormalised) for module in generator.modules())


def test_a_perceptron_becomes_one_lipschitz() -> None:
    """With converged vectors no score has a slope above 1, whatever the scale of the weights."""
    torch.manual_seed(0)
    network = MLPPair(16, 3).discriminator((2,))
    for parameter in network.parameters():
        parameter.data.mul_(50)
    normalise_layers(network)
    for _ in range(200):
        for layer in network.modules():
            if isinstance(layer, SpectrallyNormalised):
                layer.advance()
    slope = torch.func.grad(lambda x: network(x).sum())(torch.randn(500, 2)).norm(dim=1)
    assert slope.max().item() <= 1 + 1e-5


RECIPES = {
    "alone": WithSpectralNorm()(replace(NSGAN, **complete)),
    "r1": WithR1()(WithSpectralNorm()(replace(NSGAN, **complete))),
    "minibatch_stddev before": WithSpectralNorm()(WithMinibatchStddev()(replace(NSGAN, **complete))),
    "minibatch_stddev after": WithMinibatchStddev()(WithSpectralNorm()(replace(NSGAN, **complete))),
}


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_a_group_trains_as_its_seeds_alone(recipe: Recipe) -> None:
    """Three seeds stacked have, after 20 updates, the weights and vectors of the three trained one by one."""
    assert_group_trains_as_its_seeds(recipe, 20, atol=2e-5)


def test_convolutions_train_with_a_penalty_through_the_normalisation() -> None:
    """The gradient of R1, a gradient of a gradient, reaches every normalised convolution."""
    dataset = picture_dataset()
    recipe = WithR1(weight=1e3)(WithSpectralNorm()(replace(NSGAN, networks=DCGANPair(4), optimizer=ADAM)))
    trainer, supply = Adversarial(recipe, dataset, (0,)), Supply(dataset, (0,), 8, "cpu")
    before = trainer.checkpoints()[0]
    trained(trainer, supply, 2)
    after = trainer.checkpoints()[0]
    names = [name for name in before if name.startswith("discriminator") and name.endswith("layer.weight")]
    assert len(names) == 3
    assert all(not torch.equal(before[name], after[name]) and after[name].isfinite().all() for name in names)


def test_it_takes_the_place_of_clipping() -> None:
    """On a recipe with weight clipping the clipping goes, and nothing else does."""
    wgan = replace(WGAN, networks=MLPPair())
    assert WithSpectralNorm()(wgan) == replace(wgan, networks=SpectralNorm(MLPPair()), projection=None)
    gp = replace(WGAN_GP, networks=MLPPair())
    assert WithSpectralNorm()(gp) == replace(gp, networks=SpectralNorm(MLPPair()))


def test_batch_normalisation_makes_it_senseless() -> None:
    """Where the discriminator normalises its batch the scale of a weight does not count; the reason says so."""
    with pytest.raises(NotApplicable, match="the discriminator of dcgan normalises its batch, which undoes"):
        WithSpectralNorm()(DCGAN)


def test_twice_is_not_applicable() -> None:
    """A normalised discriminator is not normalised again, also with another trick in between."""
    once = WithMinibatchStddev()(WithSpectralNorm()(replace(NSGAN, **complete)))
    with pytest.raises(NotApplicable, match="the networks of nsgan are SpectralNorm already"):
        WithSpectralNorm()(once)
