"""Differentiable augmentation, Zhao et al. 2020."""

from __future__ import annotations

import pytest
import torch
from ganbench_plugins.diff_augment import DiffAugment, WithDiffAugment, coloured, cut_out, translated
from ganbench_plugins.nsgan import NSGAN
from ganbench_plugins.packing import Packed, Packing
from torch import Tensor
from torch.func import vmap
from toys import adversarial

from ganbench import NotApplicable

MANY = 4000


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


def images(n: int, channels: int = 3, height: int = 16, width: int = 24) -> Tensor:
    return torch.rand(n, channels, height, width) + 0.5


def test_an_image_of_one_colour_moves_by_its_brightness_alone() -> None:
    """Grey c everywhere has no saturation and no contrast: it stays even, moved by up to 0.5, uniformly."""
    found = coloured(torch.full((MANY, 3, 4, 4), 0.25)) - 0.25
    torch.testing.assert_close(found, found[:, :1, :1, :1].expand_as(found), rtol=0, atol=1e-6)
    shift = found[:, 0, 0, 0].sort().values
    assert shift.abs().max() <= 0.5 + 1e-6
    torch.testing.assert_close(shift, torch.linspace(-0.5, 0.5, MANY), rtol=0, atol=0.05)


def test_colour_steps_are_an_affine_map_of_each_image() -> None:
    """Grey images keep their pattern: contrast times 0.5 to 1.5 about a mean moved by up to 0.5. In colour, what sets a
    pixel's channels apart is multiplied by saturation times contrast, from 0 to 3, the same for all pixels.
    """
    x = images(MANY, channels=1)
    found = coloured(x)
    centred = found - found.mean(dim=(1, 2, 3), keepdim=True)
    before = x - x.mean(dim=(1, 2, 3), keepdim=True)
    contrast = (centred * before).sum(dim=(1, 2, 3)) / before.square().sum(dim=(1, 2, 3))
    torch.testing.assert_close(centred, contrast[:, None, None, None] * before, rtol=0, atol=1e-5)
    torch.testing.assert_close(contrast.sort().values, torch.linspace(0.5, 1.5, MANY), rtol=0, atol=0.05)
    x = images(MANY)
    chroma = [y - y.mean(dim=1, keepdim=True) for y in (x, coloured(x))]
    factor = (chroma[0] * chroma[1]).sum(dim=(1, 2, 3)) / chroma[0].square().sum(dim=(1, 2, 3))
    torch.testing.assert_close(chroma[1], factor[:, None, None, None] * chroma[0], rtol=0, atol=1e-5)
    assert factor.min() >= 0
    assert factor.max() <= 3
    assert factor.mean().item() == pytest.approx(1.0, abs=0.05)


def moved(image: Tensor, down: int, right: int) -> Tensor:
    """The image (channels, height, width) moved, pixel by pixel, zeros moving in."""
    out = torch.zeros_like(image)
    _, height, width = image.shape
    for row in range(height):
        for column in range(width):
            if 0 <= row - down < height and 0 <= column - right < width:
                out[:, row, column] = image[:, row - down, column - right]
    return out


def test_images_are_moved_by_up_to_an_eighth() -> None:
    """Each of 200 images of 16 x 24 is one of the 5 x 7 that a loop over its pixels gives, and all of those occur."""
    image = images(1)[0]
    candidates = torch.stack([moved(image, down, right) for down in range(-2, 3) for right in range(-3, 4)])
    found = translated(image.expand(400, 3, 16, 24))
    same = (found[:, None] == candidates).flatten(2).all(dim=2)
    assert (same.sum(dim=1) == 1).all()
    assert same.any(dim=0).all()


def test_half_of_each_side_is_cut_out() -> None:
    """Where the hole lies inside the image it is 8 x 12 of zeros in 16 x 24; over the border, what is left of that. Its
    centre lies on every row and column, the border's far side included; all else is untouched.
    """
    x = images(MANY)
    found = cut_out(x)
    hole = (found == 0).all(dim=1)
    assert torch.equal(found, torch.where(hole[:, None], 0.0, x))
    rows, columns = hole.any(dim=2), hole.any(dim=1)
    assert torch.equal(hole, rows[:, :, None] & columns[:, None, :])
    for inside, side in ((rows, 16), (columns, 24)):
        half = side // 4
        places = torch.arange(side)
        expected = {tuple((places >= c - half).logical_and(places < c + half).tolist()) for c in range(side + 1)}
        assert {tuple(each) for each in inside.tolist()} == expected


@pytest.mark.parametrize("policy", ["color", "translation", "cutout", "color,translation,cutout"])
def test_the_generator_learns_through_every_step(policy: str) -> None:
    """The slope of the augmented images by the images is that of finite differences, with the same draws."""
    view, x = DiffAugment(policy), images(2, channels=2, height=8, width=8).double().requires_grad_()

    def drawn(x: Tensor) -> Tensor:
        torch.manual_seed(1)
        return view(x)

    assert torch.autograd.gradcheck(drawn, (x,))
    assert torch.autograd.grad(drawn(x).sum(), x)[0].abs().sum() > 0


def test_a_policy_is_the_steps_it_names() -> None:
    """In their order: with the same draws, "translation,cutout" is the cutout of the translation."""
    x = images(5)
    torch.manual_seed(3)
    found = DiffAugment("translation,cutout")(x)
    torch.manual_seed(3)
    assert torch.equal(found, cut_out(translated(x)))


def test_images_and_seeds_are_augmented_each_by_itself() -> None:
    """The same image, eight times for each of three seeds under vmap, comes out in 24 different ways."""
    image = images(1).expand(3, 8, 3, 16, 24)
    found = vmap(DiffAugment(), randomness="different")(image)
    assert found.shape == (3, 8, 3, 16, 24)
    assert len({tuple(each.flatten().tolist()) for each in found.flatten(0, 1)}) == 24


def test_points_are_not_applicable() -> None:
    """The ring has no pixels; its trainer is not built, with that reason."""
    with pytest.raises(NotApplicable, match=r"DiffAugment augments images; samples of shape \(2,\) are none"):
        adversarial((0,), WithDiffAugment()(NSGAN))
    assert DiffAugment().shape((1, 28, 28)) == (1, 28, 28)


def test_the_trick_shows_augmented_images() -> None:
    """Colour, translation and cutout unless said otherwise; nothing else changes."""
    assert WithDiffAugment()(NSGAN) == NSGAN.shown(DiffAugment("color,translation,cutout"))
    assert WithDiffAugment("cutout")(NSGAN).views == (DiffAugment("cutout"),)


def test_augmenting_twice_is_not_applicable() -> None:
    """Augmented images are not augmented again."""
    with pytest.raises(NotApplicable, match="nsgan has DiffAugment already"):
        WithDiffAugment()(WithDiffAugment()(NSGAN))


def test_packs_are_not_applicable() -> None:
    """Two images in a pack would move together and share their saturation; augmented first, each goes by itself."""
    with pytest.raises(NotApplicable, match="nsgan shows several images as one already"):
        WithDiffAugment()(Packing()(NSGAN))
    assert Packing()(WithDiffAugment()(NSGAN)).views == (DiffAugment(), Packed(2))


@pytest.mark.parametrize("make", [WithDiffAugment, DiffAugment])
@pytest.mark.parametrize(("policy", "step"), [("colour", "colour"), ("color, cutout", " cutout"), ("", "")])
def test_a_step_that_there_is_not_is_refused(make: type, policy: str, step: str) -> None:
    """The error names the step and lists those that there are."""
    with pytest.raises(ValueError, match=f"found policy step '{step}'; wanted steps among color, translation, cutout"):
        make(policy)
