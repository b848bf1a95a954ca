"""The non-saturating generator of Goodfellow et al. 2014, section 3."""

import math

import pytest
import torch
from ganbench_plugins.gan import Minimax
from ganbench_plugins.nsgan import NSGAN, NonSaturating


def test_generator_pays_minus_log_d() -> None:
    """With D = sigmoid(score) = 3/4 the generator pays -log 3/4."""
    assert NonSaturating().on_generated(torch.tensor([math.log(3)])).item() == pytest.approx(-math.log(3 / 4))


def test_generator_is_pulled_hardest_where_it_is_caught() -> None:
    """d(-log D) / d score = D - 1: minus one where the discriminator is sure of a fake, where minimax has nothing."""
    score = torch.tensor([-20.0, 0.0, 20.0], requires_grad=True)
    NonSaturating().on_generated(score).sum().backward()
    assert score.grad is not None
    assert score.grad.tolist() == pytest.approx([-1.0, -0.5, 0.0], abs=1e-8)


def test_discriminator_is_that_of_the_minimax_game() -> None:
    """Only the generator's half differs from `gan`, and the two losses are not equal as values."""
    score = torch.linspace(-3, 3, 7)
    assert torch.equal(NonSaturating().on_real(score), Minimax().on_real(score))
    assert torch.equal(NonSaturating().on_fake(score), Minimax().on_fake(score))
    assert NSGAN.loss != Minimax()
