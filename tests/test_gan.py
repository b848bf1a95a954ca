"""The minimax loss of Goodfellow et al. 2014, equation 1."""

import math

import pytest
import torch
from ganbench_plugins.gan import GAN, Minimax


def test_an_undecided_discriminator_pays_two_log_two() -> None:
    """At score 0, D = 1/2 on both sides: the discriminator's loss is 2 log 2 and the generator's is -log 2."""
    loss, samples = Minimax(), torch.zeros(4, 1)
    assert loss.discriminator(lambda x: x.squeeze(1), samples, samples).item() == pytest.approx(2 * math.log(2))
    assert loss.generator(lambda x: x.squeeze(1), samples, samples).item() == pytest.approx(-math.log(2))


def test_halves_are_the_logarithms_of_the_paper() -> None:
    """With D = sigmoid(score) = 3/4: -log D, -log(1 - D) and log(1 - D)."""
    score = torch.tensor([math.log(3)])
    assert Minimax().on_real(score).item() == pytest.approx(-math.log(3 / 4))
    assert Minimax().on_fake(score).item() == pytest.approx(-math.log(1 / 4))
    assert Minimax().on_generated(score).item() == pytest.approx(math.log(1 / 4))


def test_generator_gets_no_gradient_where_it_is_caught() -> None:
    """The minimax generator saturates: d log(1 - D) / d score = -D, which vanishes where D does."""
    score = torch.tensor([-20.0, 0.0], requires_grad=True)
    Minimax().on_generated(score).sum().backward()
    assert score.grad is not None
    assert score.grad.tolist() == pytest.approx([-2.061e-9, -0.5], rel=1e-3)


def test_extreme_scores_stay_finite() -> None:
    """Logarithms of a probability that rounds to 0 or 1 are taken from the score, so nothing overflows."""
    score = torch.tensor([-1e4, 1e4])
    assert Minimax().on_real(score).tolist() == [1e4, 0.0]
    assert Minimax().on_fake(score).tolist() == [0.0, 1e4]


def test_recipe_is_algorithm_one_with_the_standard_optimizer() -> None:
    """One discriminator step for one of the generator; optimiser and networks are the dataset's standard."""
    assert (GAN.d_steps, GAN.optimizer, GAN.networks, GAN.loss.threshold) == (1, None, None, 0.0)
