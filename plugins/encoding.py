"""An encoder and a decoder made of the dataset's standard pair, and their training together.

The decoder is the generator that every variant has, with the same initial weights. The encoder is the discriminator up
to its last hidden layer, with a linear layer of its own on top; what only the score needs is left as it is, untrained.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ganbench import Dataset, Supply, Trainer

from .weights import restore, saved


class Encoder(nn.Module):
    """Samples (batch, *sample_shape) -> codes (batch, outputs)."""

    def __init__(self, discriminator: nn.Module, sample_shape: tuple[int, ...], outputs: int) -> None:
        super().__init__()
        self.discriminator = discriminator
        with torch.no_grad():
            width = self._features(torch.zeros(2, *sample_shape)).shape[1]
        self.head = nn.Linear(width, outputs)
        codes = self(torch.zeros(2, *sample_shape)).sum()
        everything = list(self.parameters())
        reached = torch.autograd.grad(codes, everything, allow_unused=True)
        self.trained = [own for own, slope in zip(everything, reached, strict=True) if slope is not None]
        """The parameters that codes depend on."""

    def forward(self, x: Tensor) -> Tensor:
        codes: Tensor = self.head(self._features(x))
        return codes

    def _features(self, x: Tensor) -> Tensor:
        features: Tensor = self.discriminator.features(x)  # type: ignore[operator]
        return features


class Autoencoding(Trainer):
    """Descends one loss of encoder and decoder, by the dataset's standard optimiser."""

    updates = ("autoencoder",)

    def __init__(self, dataset: Dataset, device: str, outputs: int) -> None:
        networks, latent_dim, shape = dataset.standard.networks, dataset.standard.latent_dim, dataset.sample_shape
        self.decoder = networks.generator(latent_dim, shape).to(device)
        self.encoder = Encoder(networks.discriminator(shape), shape, outputs).to(device)
        self._optimizer = dataset.standard.optimizer.build([*self.decoder.parameters(), *self.encoder.trained])

    @property
    def _networks(self) -> dict[str, nn.Module]:
        return {"decoder": self.decoder, "encoder": self.encoder}

    def step(self, supply: Supply) -> str:
        """One update of both networks with a batch of reals."""
        self._optimizer.zero_grad()
        self.loss(supply.real(), supply).backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        return "autoencoder"

    @abstractmethod
    def loss(self, x: Tensor, supply: Supply) -> Tensor:
        """The loss of a batch `x` (batch, *sample shape) of reals: a scalar."""

    @torch.no_grad()
    def decoded(self, code: Tensor) -> Tensor:
        """Samples (n, *sample shape) for codes (n, latent dim), in evaluation mode."""
        self.decoder.eval()
        x: Tensor = self.decoder(code)
        self.decoder.train()
        return x

    def score(self, x: Tensor) -> None:
        """None: there is no discriminator."""

    @property
    def parameter_counts(self) -> dict[str, int]:
        """Of the generator, which is the decoder, and of what is trained of the encoder."""
        sides = {"generator": self.decoder.parameters(), "encoder": self.encoder.trained}
        return {name: sum(parameter.numel() for parameter in own) for name, own in sides.items()}

    def state_dict(self) -> dict[str, Tensor]:
        """Weights and the optimiser's moments."""
        return saved(self._networks, self._optimizer)

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Continues from what `state_dict` returned, bit for bit."""
        restore(state, self._networks, self._optimizer)

    def checkpoints(self) -> list[dict[str, Tensor]]:
        """Everything but the optimiser's moments."""
        return [{name: x for name, x in self.state_dict().items() if not name.startswith("optimizer.")}]
