"""The update rules that recipes name: frozen values that build torch's optimisers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from ganbench.ingredient import Optimizer


@dataclass(frozen=True)
class Adam(Optimizer):
    """Kingma and Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015, Algorithm 1."""

    learning_rate: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-8

    def build(self, parameters: Iterable[Tensor]) -> torch.optim.Adam:
        """torch's Adam; the fused kernel is the same rule in one pass over the parameters."""
        first, second = map(float, self.betas)
        return torch.optim.Adam(
            list(parameters), lr=self.learning_rate, betas=(first, second), eps=self.epsilon, fused=True
        )


@dataclass(frozen=True)
class RMSprop(Optimizer):
    """Tieleman and Hinton, "Neural Networks for Machine Learning", lecture 6.5, 2012; `smoothing` is torch's alpha."""

    learning_rate: float = 1e-2
    smoothing: float = 0.99
    epsilon: float = 1e-8

    def build(self, parameters: Iterable[Tensor]) -> torch.optim.RMSprop:
        """torch's RMSprop, uncentred and without momentum."""
        return torch.optim.RMSprop(list(parameters), lr=self.learning_rate, alpha=self.smoothing, eps=self.epsilon)


@dataclass(frozen=True)
class SGD(Optimizer):
    """Gradient descent with heavy-ball momentum (Polyak 1964)."""

    learning_rate: float = 1e-2
    momentum: float = 0.0

    def build(self, parameters: Iterable[Tensor]) -> torch.optim.SGD:
        """torch's SGD."""
        return torch.optim.SGD(list(parameters), lr=self.learning_rate, momentum=self.momentum)
