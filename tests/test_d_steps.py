"""Several discriminator updates for each of the generator, Algorithm 1 of Goodfellow et al. 2014."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from ganbench_plugins.d_steps import DSteps
from ganbench_plugins.gan import GAN
from ganbench_plugins.wgan import WGAN
from toys import BATCH, adversarial, recipe, trained

from ganbench import Dynamics, NotApplicable


@dataclass(frozen=True)
class AtOnce(Dynamics):
    """Both sides answer what the other was."""

    simultaneous = True


@dataclass(frozen=True)
class LookingAhead(Dynamics):
    """Both sides step from where they were before they looked ahead."""

    extrapolates = True


def test_only_the_number_of_steps_changes() -> None:
    """Five, as in Wasserstein GAN, unless said otherwise."""
    assert DSteps()(GAN) == replace(GAN, d_steps=5)
    assert DSteps(k=2)(WGAN) == replace(WGAN, d_steps=2)


def test_every_step_pays_for_its_batch() -> None:
    """With k = 3, eight updates are twice three of the discriminator and one of the generator: six real batches."""
    trainer, supply = adversarial((0,), DSteps(3)(recipe()))
    assert trained(trainer, supply, 8) == 2 * [*["discriminator"] * 3, "generator"]
    assert supply.state()["real"] == 6 * BATCH


@pytest.mark.parametrize(("trick", "name"), [(DSteps(), "wgan"), (DSteps(1), "gan")])
def test_the_same_number_is_not_applicable(trick: DSteps, name: str) -> None:
    """A recipe that has that ratio already does not get it again."""
    with pytest.raises(NotApplicable, match=f"{name} updates its discriminator {trick.k} to 1 already"):
        trick({"wgan": WGAN, "gan": GAN}[name])


@pytest.mark.parametrize("dynamics", [AtOnce(), LookingAhead()], ids=repr)
def test_sides_that_step_at_once_are_not_applicable(dynamics: Dynamics) -> None:
    """Where both sides step from the same moment, neither can step more often than the other."""
    with pytest.raises(NotApplicable, match="both sides of gan step at once"):
        DSteps()(replace(GAN, dynamics=dynamics))


@pytest.mark.parametrize("k", [0, -1])
def test_less_than_one_step_is_refused(k: int) -> None:
    """The discriminator is updated at least once."""
    with pytest.raises(ValueError, match=r"d_steps: found k .*; wanted k >= 1"):
        DSteps(k)
