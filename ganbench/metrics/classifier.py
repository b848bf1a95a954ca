"""The small classifier of handwritten digits that stands in for Inception-v3 where images are small and grey.

Inception-v3 knows photographs of 299 x 299 pixels, so what it makes of digits means little; a classifier of the same
domain gives class probabilities that are about the images, and features in which classes differ.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

FEATURES = 64


class SmallClassifier(nn.Module):
    """Images uint8 (n, channels, size, size) -> features (n, 64) and class logits (n, classes), both float32.

    Three convolutions of stride two, of `width`, 2 * `width` and 4 * `width` channels, then one hidden layer whose
    outputs are the features. `size` is in pixels. No layer depends on the batch or on the mode of the module.
    """

    def __init__(self, channels: int, size: int, classes: int = 10, width: int = 16) -> None:
        super().__init__()
        self.image_shape = (channels, size, size)
        self.convolutions = nn.Sequential(
            _halving(channels, width), nn.ReLU(), _halving(width, 2 * width), nn.ReLU(), _halving(2 * width, 4 * width)
        )
        side = (size + 7) // 8
        self.hidden = nn.Linear(4 * width * side * side, FEATURES)
        self.out = nn.Linear(FEATURES, classes)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        maps = torch.relu(self.convolutions(images.float() / 127.5 - 1))
        features = torch.relu(self.hidden(maps.flatten(1)))
        return features, self.out(features)


def _halving(channels_in: int, channels_out: int) -> nn.Conv2d:
    """A convolution onto half as many pixels, rounded up, on each side."""
    return nn.Conv2d(channels_in, channels_out, kernel_size=3, stride=2, padding=1)
