"""The Wasserstein loss and the weight clipping of Arjovsky et al. 2017."""

import pytest
import torch
from ganbench_plugins.wgan import WGAN, Wasserstein, WeightClipping

from ganbench import RMSprop


def test_loss_is_the_difference_of_means() -> None:
    """Reals scored 1 and 3, fakes scored 5 and 9: the discriminator pays 7 - 2 = 5, the generator -7."""
    real, fake = torch.tensor([[1.0], [3.0]]), torch.tensor([[5.0], [9.0]])
    assert Wasserstein().discriminator(lambda x: x.squeeze(1), real, fake).item() == 5.0
    assert Wasserstein().generator(lambda x: x.squeeze(1), real, fake).item() == -7.0


def test_scores_have_no_threshold() -> None:
    """A constant added to every score changes nothing, so the loss names no threshold."""
    assert WGAN.loss.threshold is None


def test_clipping_puts_weights_back_into_the_box() -> None:
    """Weights beyond the bound become the bound, those within stay, and clipping twice is clipping once."""
    weight = torch.tensor([[-1.0, -0.01], [0.005, 0.02]])
    clipped = WeightClipping()(weight)
    assert torch.equal(clipped, torch.tensor([[-0.01, -0.01], [0.005, 0.01]]))
    assert torch.equal(WeightClipping()(clipped), clipped)


def test_defaults_are_algorithm_one() -> None:
    """alpha = 0.00005, c = 0.01 and n_critic = 5, stepped by RMSProp."""
    assert (WGAN.optimizer, WGAN.projection, WGAN.d_steps) == (RMSprop(5e-5), WeightClipping(0.01), 5)


@pytest.mark.parametrize("bound", [0.0, -0.01, float("nan")])
def test_an_empty_box_is_refused(bound: float) -> None:
    """A bound that is not positive would set every weight to one number in silence, so it is an error."""
    with pytest.raises(ValueError, match=r"WeightClipping: found bound .*; wanted a bound > 0"):
        WeightClipping(bound)
