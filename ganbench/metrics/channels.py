"""A classifier of grey images, shown each channel of an image by itself: how stacked digits are read.

Metz et al., "Unrolled Generative Adversarial Networks", ICLR 2017, https://arxiv.org/abs/1611.02163: an image of three
digits is of the class that its three channels, read one by one, make together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class EachChannel:
    """Images (n, channels, height, width) -> features (n, channels * d) and class logits (n, classes ** channels).

    Channels are independent in the data, so the probability of a joint class is the product of theirs; of ten classes
    in three channels, 100 a + 10 b + c is the joint class of a, b and c.
    """

    network: Callable[[Tensor], tuple[Tensor, Tensor]]
    """Images (n, 1, height, width) -> features (n, d) and logits (n, classes)."""

    def __call__(self, images: Tensor) -> tuple[Tensor, Tensor]:
        n, channels = images.shape[:2]
        features, logits = self.network(images.flatten(0, 1).unsqueeze(1))
        first, *others = logits.log_softmax(dim=1).reshape(n, channels, -1).unbind(dim=1)
        joint = first
        for channel in others:
            joint = (joint.unsqueeze(2) + channel.unsqueeze(1)).flatten(1)
        return features.reshape(n, -1), joint
