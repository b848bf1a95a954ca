"""The pairing and the averaging loss of Jolicoeur-Martineau 2019, and the convenience that pairs are stated in."""

from __future__ import annotations

from math import exp, log, log1p

import pytest
import torch
from ganbench_plugins.relativistic import RAGAN, RSGAN, Relativistic, RelativisticAverage
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from ganbench import Loss, Pairs

REAL, FAKE = torch.tensor([[1.0], [3.0]]), torch.tensor([[0.0], [5.0]])


def score(x: Tensor) -> Tensor:
    return x.squeeze(1)


class Difference(Pairs):
    def on_pair(self, difference: Tensor) -> Tensor:
        return -difference * difference.abs()


def test_pairs_take_the_first_real_with_the_first_fake() -> None:
    """With -t|t| on differences 1 - 0 and 3 - 5: the discriminator pays (-1 + 4) / 2, the generator the opposite."""
    assert Difference().discriminator(score, REAL, FAKE).item() == 1.5
    assert Difference().generator(score, REAL, FAKE).item() == -1.5


def test_pairing_loss_by_hand() -> None:
    """Differences 1 and -2 cost the discriminator log(1 + e^-1) and log(1 + e^2), the generator log(1 + e) and
    log(1 + e^-2), in the mean.
    """
    paid = Relativistic().discriminator(score, REAL, FAKE).item()
    assert paid == pytest.approx((log1p(exp(-1)) + log1p(exp(2))) / 2, rel=1e-6)
    assert Relativistic().generator(score, REAL, FAKE).item() == pytest.approx(
        (log1p(exp(1)) + log1p(exp(-2))) / 2, rel=1e-6
    )


def test_averaging_loss_is_cross_entropy_against_the_other_mean() -> None:
    """With means 2 and 2.5, reals are labelled 1 at 1 - 2.5 and 3 - 2.5, fakes 0 at 0 - 2 and 5 - 2, for
    the discriminator; for the generator, the labels are exchanged.
    """
    real, fake = torch.tensor([-1.5, 0.5]), torch.tensor([-2.0, 3.0])
    one, zero = torch.ones(2), torch.zeros(2)
    bce = binary_cross_entropy_with_logits
    loss = RelativisticAverage()
    torch.testing.assert_close(loss.discriminator(score, REAL, FAKE), bce(real, one) + bce(fake, zero))
    torch.testing.assert_close(loss.generator(score, REAL, FAKE), bce(real, zero) + bce(fake, one))


@pytest.mark.parametrize(("loss", "undecided"), [(Relativistic(), log(2)), (RelativisticAverage(), 2 * log(2))])
def test_only_differences_of_scores_count(loss: Loss, undecided: float) -> None:
    """A constant on every score changes neither loss, so there is no threshold; equal scores cost log 2 a term."""
    for side in (loss.discriminator, loss.generator):
        torch.testing.assert_close(side(lambda x: score(x) + 7, REAL, FAKE), side(score, REAL, FAKE))
        assert side(score, REAL[:1], REAL[:1]).item() == pytest.approx(undecided, rel=1e-6)
    assert loss.threshold is None


@pytest.mark.parametrize("loss", [Relativistic(), RelativisticAverage()])
def test_the_generator_lowers_the_scores_of_reals_too(loss: Loss) -> None:
    """The generator's loss falls when a real sample scores lower: half of the gradient lies there."""
    real = REAL.clone().requires_grad_()
    fake = FAKE.clone().requires_grad_()
    loss.generator(score, real, fake).backward()
    assert real.grad is not None and fake.grad is not None
    assert (real.grad > 0).all()
    torch.testing.assert_close(real.grad.sum(), -fake.grad.sum())


def test_one_update_of_each_side() -> None:
    """Neither variant takes more than one discriminator step, nor a penalty."""
    assert (RSGAN.d_steps, RSGAN.penalties) == (RAGAN.d_steps, RAGAN.penalties) == (1, ())
