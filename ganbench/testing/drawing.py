"""The check that a variant pays for the real samples that it sees."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor

from ganbench.datasets.density import GaussianMixture
from ganbench.supply import Supply
from ganbench.testing.cell import LOOKED_AT, STEPS, Cell, advance
from ganbench.testing.check import check, require


class _Watch:
    """Notes who reads the data while the supply does not."""

    def __init__(self) -> None:
        self.supplying = False
        self.behind: list[str] = []

    def over(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*arguments: Any) -> Any:
            self.read(name)
            return call(*arguments)

        return watched

    def read(self, name: str) -> None:
        """Notes that somebody reads what is called so."""
        if not self.supplying:
            self.behind.append(name)

    @contextmanager
    def open(self) -> Iterator[None]:
        self.supplying = True
        try:
            yield
        finally:
            self.supplying = False


class _WatchedDensity(GaussianMixture):
    """A density that tells of all that is read of it, be it a mean or a draw."""

    def __init__(self, density: GaussianMixture, watch: _Watch) -> None:
        super().__init__(density.means, density.sigma)
        object.__setattr__(self, "_watch", watch)

    def __getattribute__(self, name: str) -> Any:
        if not name.startswith("_"):
            self._watch.read(f"dataset.density.{name}")
        return super().__getattribute__(name)


class _WatchedSupply(Supply):
    """A supply whose reading is told from others'."""

    watch: _Watch

    def real(self, n: int | None = None) -> Tensor:
        with self.watch.open():
            return super().real(n)


@check(
    why="Variants are compared at one number of real samples. Whoever sees more than it pays for wins by that.",
    mend="Take reals from supply.real() alone, in `step` alone; what a paper computes from the data beforehand is "
    "gathered from batches that are drawn.",
)
def pays_for_what_it_sees(cell: Cell) -> str:
    """Real data come from the supply alone, which counts them; of a density that is known nothing is read."""
    _, supply = cell.at_work()
    dataset, watch = supply._dataset, _Watch()
    for name in ("fetch", "shuffled"):
        setattr(dataset, name, watch.over(f"dataset.{name}", getattr(dataset, name)))
    if dataset.density is not None:
        dataset.density = _WatchedDensity(dataset.density, watch)
    watched = _WatchedSupply(dataset, (0,), supply.batch_size, "cpu")
    watched.watch = watch
    trainer, _ = cell.at_work(dataset=dataset)
    advance(trainer, watched, STEPS)
    trainer.sample(watched.latent(LOOKED_AT))
    require(not watch.behind, f"{', '.join(sorted(set(watch.behind)))} was read beside the supply")
    return f"{watched.drawn} samples in {STEPS} updates"
