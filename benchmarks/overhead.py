"""What the harness costs and what it saves, beside a bare PyTorch loop: python benchmarks/overhead.py

Both sides have the same networks, batch size, optimiser, loss and data. Blocks of steps alternate within one process,
and the printed figure is the median of the ratios of neighbouring blocks, so that a machine whose speed drifts slows
both alike. The last figure is of processes: a bare loop with torch's own number of threads, against as many workers as
there are cores with one thread each, in which the harness trains ten seeds.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import torch
from ganbench_plugins.nsgan import NSGAN
from torch.nn.functional import softplus

from ganbench.adversarial import Adversarial
from ganbench.assembly import GROUP, build_pair
from ganbench.budget import Meters
from ganbench.datasets.dataset import Dataset
from ganbench.datasets.images import ImageDataset
from ganbench.datasets.mixtures import Mixture
from ganbench.experiment import resolve
from ganbench.request import Request
from ganbench.supply import Supply
from ganbench.training import Ledger, metered_step

SEEDS = 10


def bare_loop(dataset: Dataset) -> Callable[[int], None]:
    """Trains a non-saturating GAN for the given number of generator steps, as one would write it by hand."""
    standard = dataset.standard
    g, d = build_pair(standard.networks, dataset)
    g_optimizer, d_optimizer = (standard.optimizer.build(list(net.parameters())) for net in (g, d))
    batch, latent_dim = standard.batch_size, standard.latent_dim

    def reals() -> torch.Tensor:
        if isinstance(dataset, Mixture):
            return dataset.density.sample(batch, torch.default_generator)
        images = dataset.images("train")
        return images[torch.randint(len(images), (batch,))].float().div_(127.5).sub_(1)

    def run(steps: int) -> None:
        for _ in range(steps):
            real, fake = reals(), g(torch.randn(batch, latent_dim)).detach()
            d_optimizer.zero_grad()
            (softplus(-d(real)).mean() + softplus(d(fake)).mean()).backward()
            d_optimizer.step()
            g_optimizer.zero_grad()
            softplus(-d(g(torch.randn(batch, latent_dim)))).mean().backward()
            g_optimizer.step()

    return run


def harness(dataset: Dataset, seeds: int) -> Callable[[int], None]:
    """The same by the harness, metered as in a run."""
    trainer = Adversarial(NSGAN, dataset, range(seeds))
    supply = Supply(dataset, range(seeds), dataset.standard.batch_size, "cpu")
    ledger = Ledger(Meters())

    def run(steps: int) -> None:
        for _ in range(2 * steps):
            metered_step(trainer, supply, ledger, seeds)

    return run


def seconds(run: Callable[[int], None], steps: int) -> float:
    """Wall-clock seconds of a block of steps."""
    started = time.perf_counter()
    run(steps)
    return time.perf_counter() - started


def ratios(ours: Callable[[int], None], bare: Callable[[int], None], steps: int, rounds: int) -> list[float]:
    """Seconds of ours by seconds of the bare loop, block by block, after a block of each to warm up."""
    for run in (bare, ours):
        run(max(3, steps // 4))
    return [seconds(ours, steps) / seconds(bare, steps) for _ in range(rounds)]


def told(name: str, values: list[float], wanted: str) -> None:
    """One line: median, least and greatest."""
    low, median, high = min(values), statistics.median(values), max(values)
    print(f"{name:<66} {median:6.3f}  ({low:.3f} to {high:.3f}, {len(values)} rounds; wanted {wanted})", flush=True)


def mnist_size() -> ImageDataset:
    """The standard conditions of `mnist` on noise of its size: a step costs the same."""
    from ganbench.datasets.torchvision import EXTRACTORS, STANDARDS, judged_by

    noise = torch.randint(256, (10_000, 1, 28, 28), dtype=torch.uint8)
    images = {"train": noise, "held_out": noise[:1000]}
    return ImageDataset("noise", images, standard=STANDARDS["mnist"], evaluation=judged_by(EXTRACTORS["mnist"], 1000))


def seed_steps_of_processes(kind: str, steps: int) -> float:
    """Seed-steps a second of processes that train at the same time; each tells its own, which are added."""
    cores = os.cpu_count() or 1
    count, threads = (1, cores) if kind == "bare" else (cores, 1)
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    command = [sys.executable, __file__, "--process", kind, "--steps", str(steps)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) for _ in range(count)]
    return sum(float(process.communicate()[0]) for process in processes)


def one_process(kind: str, steps: int) -> None:
    """Prints the seed-steps a second of this process."""
    dataset = ring8()
    seeds = 1 if kind == "bare" else min(GROUP, SEEDS)
    run = bare_loop(dataset) if kind == "bare" else harness(dataset, seeds)
    run(steps // 4)
    print(seeds * steps / seconds(run, steps))


def ring8() -> Dataset:
    """The dataset, under its standard conditions."""
    return resolve(Request("nsgan", "ring8")).dataset


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--process", choices=["bare", "harness"], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.process:
        one_process(arguments.process, arguments.steps)
        return
    torch.set_num_threads(1)
    dataset, rounds, steps = ring8(), arguments.rounds, arguments.steps
    print(f"torch {torch.__version__}, {os.cpu_count()} cores; ring8: {dataset.standard}")
    one = ratios(harness(dataset, 1), bare_loop(dataset), steps, rounds)
    told("ring8, one seed: harness / bare, seconds a step", one, "at most 1.05")
    images = mnist_size()
    image = ratios(harness(images, 1), bare_loop(images), max(3, steps // 15), rounds)
    told("mnist-size pair, one seed: harness / bare, seconds a step", image, "at most 1.05")
    for seeds in (GROUP, SEEDS):
        stacked = ratios(harness(dataset, seeds), bare_loop(dataset), max(3, steps // 3), rounds)
        gain = [seeds / ratio for ratio in stacked]
        told(f"ring8, {seeds} seeds stacked, one thread: seed-steps a second / bare", gain, "more than 1")
    pairs = [seed_steps_of_processes("harness", steps) / seed_steps_of_processes("bare", steps) for _ in range(rounds)]
    told(f"ring8, {SEEDS} seeds as `run` trains them: seed-steps a second / bare", pairs, "at least 2")


if __name__ == "__main__":
    main()
