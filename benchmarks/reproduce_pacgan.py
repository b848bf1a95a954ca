"""PacGAN's experiment on the 2-D ring and the 2-D grid, with ganbench's pieces: python benchmarks/reproduce_pacgan.py

Lin, Khetan, Fanti and Oh, "PacGAN: The power of two samples in generative adversarial networks", NeurIPS 2018,
https://arxiv.org/abs/1712.04086, section 4.1, by the settings in the authors' code (github.com/fjxmlzn/PacGAN, folder
synthetic_data_experiments): networks, initial weights, Adam, losses, simultaneous updates, batches of 100 packs, epochs
of 1,000 updates, 2,500 samples judged at the end in evaluation mode, a mode counted with one sample within three sigma.

Where this differs: real samples are drawn afresh, there from a fixed set of 100,000; the generator normalises the
samples of all the packs of a batch together, there each place in the packs by itself; reverse KL counts every sample
for its nearest mode, as section 4.1 has it, where the code's own histogram leaves samples of low quality out. And the
length: the authors train 400 epochs and repeat each cell 10 times, hours of one core for each run, so the standard
length here is a small part of theirs, and the table says so. The paper's Table 1 exists beside the code as a picture
only, so its values are not printed here.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from ganbench_plugins.nsgan import NonSaturating
from ganbench_plugins.packing import Packing
from ganbench_plugins.simultaneous import Simultaneous
from torch import Tensor, nn

from ganbench import Adam, Evidence, Networks, Recipe, Standard, Supply
from ganbench.adversarial import Adversarial
from ganbench.datasets.mixtures import Mixture, grid, ring
from ganbench.metrics.modes import Modes
from ganbench.randomness import generator

DENSITIES = {"ring": ring(), "grid": grid()}
PACKS, UPDATES_PER_EPOCH, SAMPLES = 100, 1000, 2500
PAPER_EPOCHS, PAPER_RUNS = 400, 10
COLUMNS = {"modes_touched": "modes", "high_quality": "high quality", "reverse_kl": "reverse KL"}


class Maxout(nn.Module):
    """(batch, inputs) -> (batch, outputs): the greatest of several linear maps, unit by unit."""

    def __init__(self, inputs: int, outputs: int, pieces: int) -> None:
        super().__init__()
        self.outputs, self.pieces = outputs, pieces
        self.linear = nn.Linear(inputs, outputs * pieces)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x).unflatten(1, (self.outputs, self.pieces)).amax(dim=2)


class Generator(nn.Module):
    """Latents (batch, latent_dim) -> points (batch, dimensions); only the last layer has a bias."""

    def __init__(self, latent_dim: int, dimensions: int, width: int, depth: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for inputs in (latent_dim, *[width] * (depth - 1)):
            layers += [nn.Linear(inputs, width, bias=False), nn.BatchNorm1d(width, momentum=0.05), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Linear(width, dimensions))

    def forward(self, latent: Tensor) -> Tensor:
        return self.layers(latent)


class Discriminator(nn.Module):
    """Packs (batch, dimensions) -> scores (batch,)."""

    def __init__(self, dimensions: int, width: int, depth: int, pieces: int) -> None:
        super().__init__()
        self.hidden = nn.Sequential(*(Maxout(inputs, width, pieces) for inputs in (dimensions, *[width] * (depth - 1))))
        self.out = nn.Linear(width, 1)

    def features(self, x: Tensor) -> Tensor:
        """The last hidden layer (batch, width)."""
        return self.hidden(x)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.features(x)).squeeze(1)


@dataclass(frozen=True)
class PacGANPair(Networks):
    """The pair of the experiment, every weight drawn from N(0, deviation^2) and every bias 0."""

    g_width: int = 400
    g_depth: int = 4
    d_width: int = 200
    d_depth: int = 3
    pieces: int = 5
    deviation: float = 0.02

    def generator(self, latent_dim: int, sample_shape: tuple[int, ...]) -> nn.Module:
        return self._initial(Generator(latent_dim, sample_shape[0], self.g_width, self.g_depth))

    def discriminator(self, sample_shape: tuple[int, ...]) -> nn.Module:
        return self._initial(Discriminator(sample_shape[0], self.d_width, self.d_depth, self.pieces))

    def _initial(self, network: nn.Module) -> nn.Module:
        for layer in network.modules():
            if isinstance(layer, nn.Linear):
                nn.init.normal_(layer.weight, std=self.deviation)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)
        return network


PAIR = PacGANPair()
ADAM = Adam(1e-4, betas=(0.8, 0.999))
GAN = Recipe(
    name="gan",
    paper=Packing.paper,
    loss=NonSaturating(),
    optimizer=ADAM,
    networks=PAIR,
    dynamics=Simultaneous(),
)


def dataset(name: str, packing: int) -> Mixture:
    """The ring or the grid, a batch of which is 100 packs."""
    standard = Standard(
        networks=PAIR, optimizer=ADAM, latent_dim=2, batch_size=PACKS * packing, budget="", seeds=PAPER_RUNS
    )
    return Mixture(name, DENSITIES[name], standard)


def run(name: str, packing: int, seed: int, updates: int, device: str) -> Mapping[str, float]:
    """What 2,500 samples are worth after that many updates of both sides."""
    data = dataset(name, packing)
    trainer = Adversarial(Packing(packing)(GAN) if packing > 1 else GAN, data, (seed,), device)
    supply = Supply(data, (seed,), data.standard.batch_size, device)
    for _ in range(2 * updates):
        trainer.step(supply)
    latent = torch.randn(SAMPLES, data.standard.latent_dim, generator=generator(seed, "evaluation"))
    samples = trainer.sample(latent.to(device)).cpu()
    return Modes()(Evidence(samples=samples, density=data.density))


def told(values: Sequence[float], share: bool) -> str:
    """The mean over runs and, where there are several, its standard error."""
    numbers = [statistics.fmean(values)]
    numbers += [statistics.stdev(values) / len(values) ** 0.5] if len(values) > 1 else []
    return " +- ".join(f"{number:.1%}" if share else f"{number:.2f}" for number in numbers)


def main() -> None:
    """Trains every cell and prints a line for each when it is done."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=float, default=5, help=f"of {UPDATES_PER_EPOCH:,} updates; the authors': 400")
    parser.add_argument("--runs", type=int, default=2, help="seeds of each cell; the authors': 10")
    parser.add_argument("--packings", type=int, nargs="+", default=[1, 2, 3, 4], choices=[1, 2, 3, 4])
    parser.add_argument("--datasets", nargs="+", default=list(DENSITIES), choices=list(DENSITIES))
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    updates = round(arguments.epochs * UPDATES_PER_EPOCH)
    print(f"torch {torch.__version__}; {updates:,} updates of each side, {arguments.runs} runs a cell", end="")
    print(f" (the paper: {PAPER_EPOCHS * UPDATES_PER_EPOCH:,} updates, {PAPER_RUNS} runs)")
    print(
        "Mean +- standard error over runs. The paper's values, those of its full length, are not printed.", flush=True
    )
    print(f"{'':<14}" + "".join(f"{heading:>20}" for heading in COLUMNS.values()) + f"{'seconds a run':>16}")
    for name in arguments.datasets:
        for packing in arguments.packings:
            started = time.perf_counter()
            found = [run(name, packing, seed, updates, arguments.device) for seed in range(arguments.runs)]
            cells = [told([values[key] for values in found], key == "high_quality") for key in COLUMNS]
            seconds = (time.perf_counter() - started) / arguments.runs
            label = f"{name} {'GAN' if packing == 1 else f'PacGAN{packing}'}"
            print(f"{label:<14}" + "".join(f"{cell:>20}" for cell in cells) + f"{seconds:>16.0f}", flush=True)


if __name__ == "__main__":
    main()
