"""LeCam regularisation, Tseng et al. 2021, as a trick."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from ganbench_plugins.gan import GAN, Minimax
from ganbench_plugins.lecam import LeCam, WithLeCam
from ganbench_plugins.nsgan import NSGAN
from torch import Tensor
from toys import adversarial, assert_same_bits, recipe, trained

from ganbench import SGD, NotApplicable
from ganbench.ingredients import require_fit

REAL, FAKE = torch.tensor([[2.0], [4.0]]), torch.tensor([[-1.0], [1.0]])


class Unscored(Minimax):
    """A loss that says that it leaves scores untrained."""

    scored = False


def score(x: Tensor) -> Tensor:
    """The sample itself."""
    return x[:, 0]


def test_each_side_is_held_by_the_mean_of_the_other() -> None:
    """Reals 2 and 4 against alpha_F = 1: (1 + 9) / 2; fakes -1 and 1 against alpha_R = 3: (16 + 4) / 2; 0.3 * 15."""
    assert LeCam(real_mean=3.0, fake_mean=1.0)(score, REAL, FAKE).item() == pytest.approx(0.3 * 15)
    assert LeCam(1.0, real_mean=3.0, fake_mean=1.0)(score, REAL, FAKE).item() == pytest.approx(15.0)


def test_scores_on_the_wrong_side_of_the_mean_pay_too() -> None:
    """Reals below alpha_F = 5 cost (9 + 1) / 2, and so do fakes above alpha_R = -2: (1 + 9) / 2."""
    assert LeCam(1.0, real_mean=-2.0, fake_mean=5.0)(score, REAL, FAKE).item() == pytest.approx(5.0 + (1 + 9) / 2)


def test_the_means_follow_the_scores() -> None:
    """Mean scores are 3 and 0: with gamma = 0.9, alpha_R goes 0, 0.3, 0.57 and alpha_F from 1 to 0.9, 0.81."""
    once = LeCam(decay=0.9, fake_mean=1.0).after(score, REAL, FAKE)
    twice = once.after(score, REAL, FAKE)
    assert [float(x.real_mean) for x in (once, twice)] == pytest.approx([0.3, 0.57])
    assert [float(x.fake_mean) for x in (once, twice)] == pytest.approx([0.9, 0.81])
    assert (once.weight, once.decay) == (0.3, 0.9)


def test_training_remembers_the_means() -> None:
    """After one update each mean is 0.01 of the mean score that its batch has then; the generator's leaves it."""
    trainer, supply = adversarial((5,), WithLeCam()(recipe()))
    seen: list[Tensor] = []
    draw = supply.real
    supply.real = lambda *a: seen.append(draw(*a)) or seen[-1]  # type: ignore[method-assign,func-returns-value]
    trained(trainer, supply, 1)
    state = trainer.state_dict()
    (name,) = [key for key in state if key.endswith("real_mean")]
    wanted = 0.01 * trainer.score(seen[0]).mean()
    torch.testing.assert_close(state[name], wanted)
    trained(trainer, supply, 1)
    assert torch.equal(trainer.state_dict()[name], state[name])


def test_a_group_trains_as_its_seeds_alone() -> None:
    """Three seeds stacked have, after 20 updates, the weights of the three trained one by one, each with its means."""
    toy = WithLeCam(weight=1.0, decay=0.5)(recipe())
    group, supply = adversarial((3, 1, 4), toy)
    trained(group, supply, 20)
    means = {name: x for name, x in group.state_dict().items() if name.endswith("_mean")}
    for index, (seed, found) in enumerate(zip((3, 1, 4), group.checkpoints(), strict=True)):
        alone, own = adversarial((seed,), toy)
        trained(alone, own, 20)
        for name, tensor in alone.checkpoints()[0].items():
            torch.testing.assert_close(found[name], tensor, rtol=0, atol=1e-5, msg=lambda m, n=name: f"{n}: {m}")
        for name, mean in means.items():
            torch.testing.assert_close(mean[index], alone.state_dict()[name], rtol=0, atol=1e-5)
    assert len(means) == 2


def test_training_continues_bit_for_bit() -> None:
    """A fresh trainer that loads a state, means included, goes on exactly as the first would have."""
    first, supply = adversarial((0, 1), WithLeCam()(recipe()))
    trained(first, supply, 5)
    second, own = adversarial((0, 1), WithLeCam()(recipe()))
    second.load_state_dict(first.state_dict())
    own.load_state(supply.state())
    trained(first, supply, 4)
    trained(second, own, 4)
    assert_same_bits(first.state_dict(), second.state_dict())


def test_the_trick_adds_the_penalty_and_nothing_else() -> None:
    """lambda is 0.3 and gamma 0.99 unless said otherwise; both means start at 0; loss and optimiser stay."""
    toy = replace(GAN, optimizer=SGD(0.1))
    assert WithLeCam()(toy) == replace(toy, penalties=(LeCam(0.3, 0.99, 0.0, 0.0),))
    assert WithLeCam(1.0, 0.9)(toy).penalties == (LeCam(1.0, 0.9),)


def test_a_second_one_is_not_applicable() -> None:
    """Whatever its weight."""
    with pytest.raises(NotApplicable, match="nsgan has LeCam already"):
        WithLeCam(1.0)(WithLeCam()(NSGAN))


def test_a_loss_without_scores_is_not_applicable() -> None:
    """There is nothing to hold; the reason names loss and recipe."""
    with pytest.raises(NotApplicable, match="Unscored, the loss of gan, trains no scores that LeCam could hold"):
        require_fit(WithLeCam()(replace(GAN, loss=Unscored())))


@pytest.mark.parametrize("decay", [-0.1, 1.0, float("nan")])
def test_a_decay_that_follows_nothing_is_refused(decay: float) -> None:
    """In the trick and in the penalty alike."""
    for make in (WithLeCam, LeCam):
        with pytest.raises(ValueError, match=r"lecam: found decay .*; wanted 0 <= decay < 1"):
            make(decay=decay)
