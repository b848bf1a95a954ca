"""The hinge loss of Lim and Ye 2017, as in Miyato et al. 2018, equations 16 and 17."""

import torch
from ganbench_plugins.hinge import HINGE, Hinge

SCORES = torch.tensor([-2.0, -1.0, 0.0, 1.0, 2.0])


def test_halves_at_and_around_the_margins() -> None:
    """At -2, -1, 0, 1, 2: max(0, 1 - D) is 3, 2, 1, 0, 0 and max(0, 1 + D) is 0, 0, 1, 2, 3."""
    assert Hinge().on_real(SCORES).tolist() == [3.0, 2.0, 1.0, 0.0, 0.0]
    assert Hinge().on_fake(SCORES).tolist() == [0.0, 0.0, 1.0, 2.0, 3.0]


def test_generator_has_no_margin() -> None:
    """The generator pays -D at every score, so it is pulled on beyond the margin."""
    assert Hinge().on_generated(SCORES).tolist() == [2.0, 1.0, 0.0, -1.0, -2.0]


def test_a_discriminator_beyond_both_margins_has_nothing_to_learn() -> None:
    """Reals scored above 1 and fakes below -1 cost nothing and give no gradient."""
    d = torch.tensor([3.0], requires_grad=True)
    loss = Hinge().discriminator(lambda x: x @ d, torch.tensor([[1.0]]), torch.tensor([[-1.0]]))
    loss.backward()
    assert loss.item() == 0.0
    assert d.grad is not None
    assert d.grad.item() == 0.0


def test_recipe_leaves_the_steps_to_the_dataset() -> None:
    """One step of each side by the dataset's standard optimiser, and the decision at 0."""
    assert (HINGE.d_steps, HINGE.optimizer, HINGE.loss.threshold) == (1, None, 0.0)
