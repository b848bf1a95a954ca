"""FLOPs, counted by hand: 2 m n k for every product of (m, k) with (k, n)."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import nn
from torch.func import functional_call, grad, stack_module_state, vmap
from toys import BATCH, LATENT, WIDTH, RealSlope, adversarial, recipe, trained

from ganbench.flops import FlopCount

M, K, N = 5, 7, 3
PRODUCT = 2 * M * K * N


def test_a_linear_layer_is_one_product():
    """x W' + b costs 2 m n k: the bias and the activation are not counted."""
    layer, x = nn.Linear(K, N), torch.randn(M, K)
    with FlopCount() as count:
        layer(x).relu()
    assert count.total == PRODUCT


def test_its_backward_pass_is_two_products():
    """One for the weight, one for the input where that wants a gradient."""
    layer, x = nn.Linear(K, N), torch.randn(M, K)
    out = layer(x).sum()
    with FlopCount() as count:
        out.backward()
    assert count.total == PRODUCT
    out = layer(x.requires_grad_()).sum()
    with FlopCount() as count:
        out.backward()
    assert count.total == 2 * PRODUCT


def test_a_convolution_is_a_product_per_place():
    """2 x batch x places x kernel x channels in x channels out: 2 * 2 * 16 * 9 * 3 * 4."""
    with FlopCount() as count, torch.no_grad():
        nn.Conv2d(3, 4, 3)(torch.randn(2, 3, 6, 6))
    assert count.total == 2 * 2 * 16 * 9 * 3 * 4


@pytest.mark.parametrize("seeds", [2, 5])
def test_a_stack_costs_what_its_seeds_cost(seeds: int):
    """Forward and backward of layers stacked under vmap are exactly that many times one layer's."""
    layers = [nn.Linear(K, N) for _ in range(seeds)]
    parameters, _ = stack_module_state(layers)
    x = torch.randn(seeds, M, K)
    with FlopCount() as count:
        vmap(lambda p, x: functional_call(layers[0], p, (x,)))(parameters, x).square().sum().backward()
    assert count.total == seeds * 2 * PRODUCT


def test_a_slope_inside_a_loss_is_counted():
    """torch.func.grad inside a backward pass: D(x) = x W', its slope G W for each output's G = 1, and from the
    slope's square the gradient of W: three products.
    """
    layer, x = nn.Linear(K, N, bias=False), torch.randn(M, K)
    with FlopCount() as count:
        slope = grad(lambda x: layer(x).sum())(x)
        slope.square().sum().backward()
    assert count.total == 3 * PRODUCT


def test_nothing_is_counted_outside():
    """A count ends with its block."""
    with FlopCount() as count:
        pass
    nn.Linear(K, N)(torch.randn(M, K))
    assert count.total == 0


def cost_of(*sizes: int) -> list[int]:
    """Of each layer of a perceptron, for a batch."""
    return [2 * BATCH * a * b for a, b in pairwise(sizes)]


@pytest.mark.parametrize("seeds", [(0,), (0, 1, 2)])
def test_updates_cost_what_a_count_by_hand_gives(seeds: tuple[int, ...]):
    """The discriminator's: G once, D forward and backward on two batches, no gradient for D's input. The generator's:
    G and D forward, D backward to its input alone, G backward without its input.
    """
    g, d = cost_of(LATENT, WIDTH, WIDTH, 2), cost_of(2, WIDTH, WIDTH, 1)
    by_hand = [
        sum(g) + 2 * (sum(d) + sum(d) + sum(d[1:])),
        sum(g) + sum(d) + sum(d) + sum(g) + sum(g[1:]),
    ]
    trainer, supply = adversarial(seeds, recipe())
    counts = []
    for _ in range(2):
        with FlopCount() as count:
            trained(trainer, supply, 1)
        counts.append(count.total / len(seeds))
    assert counts == by_hand


def test_a_penaltys_cost_is_the_same_stacked():
    """Double backward included, a group costs exactly its number of seeds times one seed."""
    totals = []
    for seeds in ((0,), (0, 1, 2)):
        trainer, supply = adversarial(seeds, recipe(penalties=(RealSlope(),)))
        with FlopCount() as count:
            trained(trainer, supply, 1)
        totals.append(count.total)
    assert totals[1] == 3 * totals[0]
