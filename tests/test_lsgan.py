"""The least squares loss of Mao et al. 2017, equation 2."""

import pytest
import torch
from ganbench_plugins.lsgan import LSGAN, LeastSquares


def test_halves_by_hand() -> None:
    """At score 3 with labels 0, 1 and target 1: (3 - 1)^2 / 2 = 2, (3 - 0)^2 / 2 = 4.5, (3 - 1)^2 / 2 = 2."""
    loss, score = LeastSquares(), torch.tensor([3.0])
    assert [f(score).item() for f in (loss.on_real, loss.on_fake, loss.on_generated)] == [2.0, 4.5, 2.0]


def test_chi_square_labels_by_hand() -> None:
    """With equation 8's a = -1, b = 1, c = 0 at score 3: 2, 8 and 4.5; the threshold moves to 0."""
    loss, score = LeastSquares(fake_label=-1.0, real_label=1.0, generator_target=0.0), torch.tensor([3.0])
    assert [f(score).item() for f in (loss.on_real, loss.on_fake, loss.on_generated)] == [2.0, 8.0, 4.5]
    assert loss.threshold == 0.0


def test_discriminator_adds_the_means_of_both_halves() -> None:
    """Reals scored 1 and 3, fakes scored 2 and 0: (0 + 2) / 2 + (2 + 0) / 2 = 2."""
    real, fake = torch.tensor([[1.0], [3.0]]), torch.tensor([[2.0], [0.0]])
    assert LeastSquares().discriminator(lambda x: x.squeeze(1), real, fake).item() == 2.0


def test_threshold_is_midway() -> None:
    """With the paper's labels the threshold is 1/2."""
    assert LSGAN.loss.threshold == 0.5


def test_labels_the_wrong_way_round_are_refused() -> None:
    """A real label not above the fake one would turn every accuracy over, so it is an error that says both."""
    with pytest.raises(ValueError, match=r"found fake_label 1\.0 and real_label 0\.0; wanted fake_label < real_label"):
        LeastSquares(fake_label=1.0, real_label=0.0)
