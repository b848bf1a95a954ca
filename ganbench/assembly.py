"""The networks of a recipe for a dataset, and how many seeds of them train best together."""

from __future__ import annotations

import torch
from torch import nn

from ganbench.datasets.dataset import Dataset
from ganbench.ensemble import parameter_count
from ganbench.game import shown_shape
from ganbench.pair import Networks
from ganbench.randomness import initial_weights
from ganbench.trainer import Variant
from ganbench.variant import Recipe

GROUP = 5
"""Seeds trained together where that pays."""
STACKING_PAYS_BELOW = 150_000
"""Parameters of one network above which a stack of perceptrons is no faster than a loop."""


def group_size(variant: Recipe | Variant, dataset: Dataset) -> int:
    """How many seeds to train together: several for small perceptrons, one for anything else.

    A convolution under vmap is slower than a loop, and so are wide layers; a variant's own trainer knows one seed, and
    seeds that may let a turn pass go their own ways.

    Raises:
        NotApplicable: where the recipe's networks or views are not for the dataset's samples.
    """
    if not isinstance(variant, Recipe):
        return 1
    with torch.device("meta"):
        modules = build_pair(variant.networks or dataset.standard.networks, dataset, variant)
    convolutional = any(isinstance(m, nn.modules.conv._ConvNd) for module in modules for m in module.modules())
    largest = max(parameter_count(module) for module in modules)
    pausing = variant.dynamics is not None and variant.dynamics.pausing
    return 1 if convolutional or pausing or largest > STACKING_PAYS_BELOW else GROUP


def build_pair(networks: Networks, dataset: Dataset, recipe: Recipe | None = None) -> tuple[nn.Module, nn.Module]:
    """Generator and discriminator for the dataset's shapes; the latter for what the recipe's views show of them."""
    generator = networks.generator(dataset.standard.latent_dim, dataset.sample_shape)
    shape = dataset.sample_shape if recipe is None else shown_shape(recipe, dataset.sample_shape)
    return generator, networks.discriminator(shape)


def seeded_pair(recipe: Recipe, dataset: Dataset, seed: int) -> tuple[nn.Module, nn.Module]:
    """The recipe's pair with the initial weights of `seed`; the global generator is left as it was."""
    with initial_weights(seed):
        return build_pair(recipe.networks or dataset.standard.networks, dataset, recipe)
