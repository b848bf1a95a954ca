"""How a fresh trainer is filled from what a finished run kept."""

import pytest
import torch
from toys import Scripted


class Filled(Scripted):
    """Has two tensors of state."""

    def state_dict(self):
        return {"steps": torch.tensor(self.steps), "matrix": self.matrix}

    def load_state_dict(self, state):
        self.steps, self.matrix = int(state["steps"]), state["matrix"]


KEPT = {"steps": torch.tensor(7), "matrix": torch.zeros(2, 3)}


@pytest.mark.parametrize("more", [{}, {"optimizer.0": torch.ones(1)}])
def test_a_whole_state_is_loaded_as_it_is(more):
    """Also one that has grown since a trainer was fresh, as an optimiser's does."""
    trainer = Filled()
    trainer.load_checkpoint({**KEPT, **more})
    assert trainer.steps == 7
    assert torch.equal(trainer.matrix, KEPT["matrix"])


def test_a_part_of_the_state_leaves_the_rest_fresh():
    """What sampling needs was kept, the count of steps was not."""
    trainer = Filled()
    trainer.load_checkpoint({"matrix": KEPT["matrix"]})
    assert trainer.steps == 0
    assert torch.equal(trainer.matrix, KEPT["matrix"])


def test_what_is_neither_is_refused():
    """Names that the state does not have, beside some that it lacks."""
    with pytest.raises(ValueError, match="Filled keeps matrix, samples, which is not of its state, and has no load_ch"):
        Filled().load_checkpoint({"matrix": KEPT["matrix"], "samples": torch.zeros(1)})
