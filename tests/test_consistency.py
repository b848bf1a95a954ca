"""Consistency regularisation, Zhang et al. 2020."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from ganbench_plugins.consistency import Consistency, WithConsistency
from ganbench_plugins.gan import GAN, Minimax
from ganbench_plugins.nsgan import NSGAN
from torch import Tensor
from torch.func import vmap

from ganbench import SGD, NotApplicable
from ganbench.ingredients import require_fit


class Unscored(Minimax):
    """A loss that says that it leaves scores untrained."""

    scored = False


def numbered(n: int, side: int = 8) -> Tensor:
    """The same image n times, (n, 1, side, side), whose pixel in row r and column c is 10 r + c."""
    rows, columns = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    return (10.0 * rows + columns).expand(n, 1, side, side)


def test_a_discriminator_that_is_blind_to_mirrors_pays_nothing_for_them() -> None:
    """The sum of the pixels is the same when mirrored, so it costs 0; shifted, it is not."""
    torch.manual_seed(0)
    images = torch.randn(64, 1, 8, 8)

    def total(x: Tensor) -> Tensor:
        return x.flatten(1).sum(1)

    assert Consistency(shift=0.0)(total, images, images).item() == pytest.approx(0.0, abs=1e-8)
    assert Consistency(mirrored=False)(total, images, images).item() > 1


def test_half_of_the_images_are_mirrored() -> None:
    """The left half's sum minus the right half's changes from 1 to -1 under a flip: 10 * half * 2^2 = 20 on average."""
    torch.manual_seed(0)
    left = torch.zeros(40_000, 1, 2, 2)
    left[..., 0] = 0.5

    def slant(x: Tensor) -> Tensor:
        return (x[..., 0] - x[..., 1]).flatten(1).sum(1)

    # a standard error is 10 * 4 / 2 / 200 = 0.1
    assert Consistency(shift=0.0)(slant, left, left).item() == pytest.approx(20.0, abs=0.5)


def test_the_fakes_are_not_looked_at() -> None:
    """Only real samples are to be consistent: fakes that are nan change nothing."""
    images = torch.zeros(4, 1, 8, 8)
    assert Consistency()(lambda x: x.flatten(1).sum(1), images, images + torch.nan).item() == 0.0


def test_a_shift_moves_whole_images_by_up_to_an_eighth() -> None:
    """On 8 x 8 pixels, each image is moved by -1, 0 or 1 along each side, its edge repeated: nine images, all seen."""
    torch.manual_seed(0)
    moved = Consistency(mirrored=False).transformed(numbered(500))[:, 0]
    steps = (moved[:, 4, 4] - 44).tolist()
    assert set(steps) == {10 * down + right for down in (-1, 0, 1) for right in (-1, 0, 1)}
    corner = moved[steps.index(-11)]
    assert corner[0, :3].tolist() == [0.0, 0.0, 1.0]
    assert corner[:3, 0].tolist() == [0.0, 0.0, 10.0]
    assert corner[7, 7].item() == 66.0


@pytest.mark.parametrize(("side", "most"), [(32, 4), (28, 4), (8, 1)])
def test_the_reach_is_an_eighth_of_the_side(side: int, most: int) -> None:
    """Four pixels of 32, and to the nearest whole pixel elsewhere."""
    torch.manual_seed(0)
    middle = side // 2
    moved = Consistency(mirrored=False).transformed(numbered(2000, side))[:, 0, middle, middle] - 11 * middle
    assert moved.max().item() == 11 * most
    assert moved.min().item() == -11 * most


def test_all_channels_of_an_image_move_together() -> None:
    """What is equal in three channels stays so."""
    torch.manual_seed(0)
    moved = Consistency().transformed(torch.randn(50, 1, 8, 8).expand(50, 3, 8, 8))
    assert torch.equal(moved[:, 0], moved[:, 1])
    assert torch.equal(moved[:, 0], moved[:, 2])


def test_points_are_moved_by_noise_in_their_own_scale() -> None:
    """D(x, y) = x costs 10 (0.05 std)^2 on average, std over all numbers: reals at 2 and -2 have 2, so 0.1."""
    torch.manual_seed(0)
    points = torch.full((40_000, 2), 2.0)
    points[::2] = -2.0
    # a standard error is 0.1 * sqrt(2 / 40,000) = 0.0007
    assert Consistency()(lambda x: x[:, 0], points, points).item() == pytest.approx(0.1, abs=0.004)


@pytest.mark.parametrize("shape", [(3, 16, 2), (3, 16, 1, 8, 8)], ids=["points", "images"])
def test_every_sample_of_every_seed_draws_its_own(shape: tuple[int, ...]) -> None:
    """Under vmap, equal samples of three equal seeds are moved to different places, and gradients exist."""
    torch.manual_seed(0)
    same = torch.linspace(-1, 1, torch.Size(shape[2:]).numel())
    batch = same.reshape(shape[2:]).expand(shape)
    moved = vmap(Consistency().transformed, randomness="different")(batch)
    assert moved.shape == shape
    for seed in range(3):
        assert not torch.equal(moved[seed], moved[seed - 1])
        assert len(moved[seed].unique(dim=0)) > 1


def test_the_trick_adds_the_penalty_and_nothing_else() -> None:
    """lambda is 10 unless said otherwise; loss and optimiser stay."""
    toy = replace(GAN, optimizer=SGD(0.1))
    assert WithConsistency()(toy) == replace(toy, penalties=(Consistency(10.0, 0.125, True, 0.05),))
    assert WithConsistency(1.0, 0.25, False, 0.1)(toy).penalties == (Consistency(1.0, 0.25, False, 0.1),)


def test_a_second_one_is_not_applicable() -> None:
    """Whatever its weight."""
    with pytest.raises(NotApplicable, match="nsgan has Consistency already"):
        WithConsistency(1.0)(WithConsistency()(NSGAN))


def test_a_loss_without_scores_is_not_applicable() -> None:
    """There is nothing to keep equal; the reason names loss and recipe."""
    with pytest.raises(NotApplicable, match="Unscored, the loss of gan, trains no scores that Consistency could"):
        require_fit(WithConsistency()(replace(GAN, loss=Unscored())))
