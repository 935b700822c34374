"""A small convolutional encoder of our own, for experiments on processors and in tests."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from rgbtbench.zoo.parts.normalised_convolution import normalised_convolution, shortcut


class ResidualStage(nn.Module):
    """Two 3×3 convolutions, the first of which halves the size, beside a strided 1×1 shortcut."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride=2, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, features: Tensor) -> Tensor:
        """Map (B, inputs, H, W) to (B, outputs, H/2, W/2)."""
        output = torch.relu_(normalised_convolution(self.conv1, self.bn1, features))
        output = normalised_convolution(self.conv2, self.bn2, output)
        return torch.relu_(output.add_(shortcut(self.shortcut, features)))


class SmallEncoder(nn.Module):
    """A stack of stages.

    Args:
        channels: of the image.
        widths: channels at 1/2, 1/4, 1/8, … of the image's size.
    """

    def __init__(self, channels: int, widths: tuple[int, ...]) -> None:
        super().__init__()
        inputs = (channels, *widths[:-1])
        self.stages = nn.ModuleList(ResidualStage(i, o) for i, o in zip(inputs, widths, strict=True))

    def forward(self, image: Tensor) -> list[Tensor]:
        """Map (B, channels, H, W) to the features of all stages, finest first."""
        scales = []
        for stage in self.stages:
            image = stage(image)
            scales.append(image)
        return scales
