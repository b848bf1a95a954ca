"""How long the metrics of images take, and how much memory, beside torch-fidelity: python benchmarks/metrics.py

Both sides get the same arrays, one thread each, and take turns; the printed figure is the median of the ratios of
neighbouring turns, so that a machine whose speed drifts slows both alike. torch-fidelity's numbers come from its
functions of features, each called once for every number that it gives, as its users call it: its Inception Score has
one number of splits a call. Its KID averages 100 subsets of 1,000. The reference's moments, neighbours and kernel are
in ganbench's cache, as they are from the second evaluation on; torch-fidelity caches the moments alone, and has them.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import prdc
import torch
from torch import Tensor

from ganbench.metrics.frechet import FrechetDistance, Moments, factored, frechet_distance, moments
from ganbench.metrics.inception_score import InceptionScore
from ganbench.metrics.kernel import KernelDistance
from ganbench.metrics.metric import Evidence, Features, Make
from ganbench.metrics.neighbours import Neighbours
from ganbench.vision import torch_fidelity

SPLITS = (1, 2, 5, 10, 20, 50, 100)
CLASSES = 1008


def features(n: int, d: int, seed: int) -> Tensor:
    """Correlated, as those of a network are: (n, d)."""
    generator = torch.Generator().manual_seed(seed)
    scales = torch.arange(1, d + 1) ** -0.5
    return (torch.randn(n, d, generator=generator) * scales).relu()


def remembering() -> Callable[[str, Make], dict[str, Tensor]]:
    """What the evaluator hands to metrics, without the disk."""
    found: dict[str, dict[str, Tensor]] = {}

    def keep(name: str, make: Make) -> dict[str, Tensor]:
        return found[name] if name in found else found.setdefault(name, make())

    return keep


def ratio(name: str, theirs: Callable[[], object], ours: Callable[[], object], turns: int) -> None:
    """Prints the median of theirs / ours over so many turns of each."""
    ours()
    pairs = [(_seconds(theirs), _seconds(ours)) for _ in range(turns)]
    a, b = (statistics.median(each) for each in zip(*pairs, strict=True))
    print(f"{name:44} {statistics.median(x / y for x, y in pairs):7.1f} x  ({a:.3f} s against {b:.3f} s)", flush=True)


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def frechet(n: int, d: int, turns: int) -> None:
    """A distance from a cached reference, the generated samples' moments left out on both sides, then n x n."""
    real, fake = features(2 * n, d, 0).double(), features(n, d, 1).double()
    fid = torch_fidelity.metric_fid
    theirs = [fid.fid_features_to_statistics(x) for x in (real, fake)]
    reference, law = factored(moments(real)), moments(fake)
    ratio(
        f"Frechet distance, n = {n}, d = {d}",
        lambda: fid.fid_statistics_to_metric(*theirs, verbose=False),
        lambda: frechet_distance(reference, law),
        turns,
    )
    if n < d:
        full = Moments(law.mean, law.factor @ law.factor.T, n)
        ratio(
            f"the same in n x n against d x d, n = {n}",
            lambda: frechet_distance(reference, full),
            lambda: frechet_distance(reference, law),
            turns,
        )


def inception_score(n: int, turns: int) -> None:
    """The curve over split counts."""
    logits = 4 * torch.randn(n, CLASSES, generator=torch.Generator().manual_seed(0))
    shown = Evidence(torch.empty(0), Features(logits, logits))
    ours = _ours((InceptionScore(SPLITS),), shown)
    ratio(f"Inception Score at {len(SPLITS)} split counts", lambda: _their_scores(logits), ours, turns)


def report(n: int, d: int, turns: int) -> None:
    """Inception Scores, FID, KID, precision and recall; density and coverage, for which theirs is the prdc package."""
    real, fake = features(n, d, 0), features(n, d, 1)
    logits = 4 * torch.randn(n, CLASSES, generator=torch.Generator().manual_seed(0))
    fid = torch_fidelity.metric_fid
    statistics_of_real = fid.fid_features_to_statistics(real)

    def theirs() -> None:
        _their_scores(logits)
        fid.fid_statistics_to_metric(statistics_of_real, fid.fid_features_to_statistics(fake), verbose=False)
        torch_fidelity.metric_kid.kid_features_to_metric(fake, real, verbose=False)
        torch_fidelity.metric_prc.prc_features_to_metric(fake, real, verbose=False)

    def theirs_with_prdc() -> None:
        theirs()
        with contextlib.redirect_stdout(io.StringIO()):
            prdc.compute_prdc(real.numpy(), fake.numpy(), nearest_k=5)

    metrics = (InceptionScore(SPLITS), FrechetDistance(), KernelDistance(), Neighbours())
    shown = Evidence(torch.empty(0), Features(fake, logits), Features(real, logits, remembering()))
    ours = _ours(metrics, shown)
    ratio(f"the whole report, n = {n}, d = {d}", theirs_with_prdc, ours, turns)
    ratio("against a report without density and coverage", theirs, ours, turns)


def _ours(metrics: tuple[Callable[[Evidence], object], ...], shown: Evidence) -> Callable[[], object]:
    return lambda: [metric(shown) for metric in metrics]


def _their_scores(logits: Tensor) -> None:
    for splits in SPLITS:
        torch_fidelity.metric_isc.isc_features_to_metric(logits, splits, shuffle=True, rng_seed=0)


def memory(n: int, d: int) -> None:
    """What the moments of n features add, at their peak, to a process that holds the features."""
    program = (
        "import torch; torch.set_num_threads(1); from ganbench.metrics.frechet import moments; from peak import peak\n"
        f"x = torch.ones({n}, {d}); moments(x[:10, :5]); before = peak(); moments(x); print(peak() - before)"
    )
    here = Path(__file__).parent
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=here)
    print(f"{f'moments of {n} x {d}, added at the peak':44} {float(done.stdout):7.0f} MiB", flush=True)


def main() -> None:
    """Prints what was asked for; all of it takes about ten minutes."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("parts", nargs="*", default=["frechet", "score", "memory", "report"])
    parser.add_argument("--turns", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    parts: dict[str, Callable[[int], object]] = {
        "frechet": lambda turns: [frechet(n, 2048, turns) for n in (500, 10_000)],
        "score": lambda turns: inception_score(10_000, turns),
        "memory": lambda _: memory(50_000, 2048),
        "report": lambda turns: report(10_000, 2048, turns),
    }
    for part in arguments.parts:
        parts[part](arguments.turns)


if __name__ == "__main__":
    main()
