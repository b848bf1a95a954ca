"""ganbench: which GAN loss or trick is better, at the same cost, and can the data tell?

The public names. They are loaded when first used, so that `import ganbench` loads no torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ganbench.budget import Budget, Meters
    from ganbench.datasets.dataset import Dataset, Evaluation, Split, Standard
    from ganbench.datasets.density import GaussianMixture
    from ganbench.datasets.mixtures import Mixture
    from ganbench.dynamics import Dynamics, Game, Weights
    from ganbench.errors import DatasetError, GanbenchError, NotApplicable, PluginError
    from ganbench.hooks import hookimpl
    from ganbench.ingredient import Ingredient, Optimizer, Projection, View
    from ganbench.loss import Discriminator, Halves, Loss, Optimum, Pairs, Penalty
    from ganbench.metrics.metric import Evidence, Features, Metric, Quantity, Scores
    from ganbench.networks.dcgan import DCGANPair
    from ganbench.networks.mlp import MLPPair
    from ganbench.notebook import leaderboard, run
    from ganbench.optimizers import SGD, Adam, RMSprop
    from ganbench.pair import Altered, Networks
    from ganbench.record import RunRecord, RunSpec
    from ganbench.supply import Supply
    from ganbench.trainer import Trainer, Variant
    from ganbench.variant import Recipe, Trick

_HOMES = {
    "ganbench.budget": ("Budget", "Meters"),
    "ganbench.datasets.dataset": ("Dataset", "Evaluation", "Split", "Standard"),
    "ganbench.datasets.density": ("GaussianMixture",),
    "ganbench.datasets.mixtures": ("Mixture",),
    "ganbench.dynamics": ("Dynamics", "Game", "Weights"),
    "ganbench.errors": ("DatasetError", "GanbenchError", "NotApplicable", "PluginError"),
    "ganbench.hooks": ("hookimpl",),
    "ganbench.ingredient": ("Ingredient", "Optimizer", "Projection", "View"),
    "ganbench.loss": ("Discriminator", "Halves", "Loss", "Optimum", "Pairs", "Penalty"),
    "ganbench.metrics.metric": ("Evidence", "Features", "Metric", "Quantity", "Scores"),
    "ganbench.networks.dcgan": ("DCGANPair",),
    "ganbench.networks.mlp": ("MLPPair",),
    "ganbench.notebook": ("leaderboard", "run"),
    "ganbench.optimizers": ("Adam", "RMSprop", "SGD"),
    "ganbench.pair": ("Altered", "Networks"),
    "ganbench.record": ("RunRecord", "RunSpec"),
    "ganbench.supply": ("Supply",),
    "ganbench.trainer": ("Trainer", "Variant"),
    "ganbench.variant": ("Recipe", "Trick"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__version__ = "0.1.0"
__all__ = [  # noqa: RUF022 - sorted without regard to case, as a reader looks things up
    "Adam",
    "Altered",
    "Budget",
    "Dataset",
    "DatasetError",
    "DCGANPair",
    "Discriminator",
    "Dynamics",
    "Evaluation",
    "Evidence",
    "Features",
    "Game",
    "GanbenchError",
    "GaussianMixture",
    "Halves",
    "hookimpl",
    "Ingredient",
    "leaderboard",
    "Loss",
    "Meters",
    "Metric",
    "Mixture",
    "MLPPair",
    "Networks",
    "NotApplicable",
    "Optimizer",
    "Optimum",
    "Pairs",
    "Penalty",
    "PluginError",
    "Projection",
    "Quantity",
    "Recipe",
    "RMSprop",
    "run",
    "RunRecord",
    "RunSpec",
    "Scores",
    "SGD",
    "Split",
    "Standard",
    "Supply",
    "Trainer",
    "Trick",
    "Variant",
    "View",
    "Weights",
]


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'ganbench' has no attribute '{name}'")
    return getattr(importlib.import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
