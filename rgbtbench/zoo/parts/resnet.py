"""Encoders of residual networks, laid out and named as torchvision does.

He, Zhang, Ren and Sun, "Deep Residual Learning for Image Recognition", CVPR 2016.
"""

from __future__ import annotations

from typing import Final, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models import resnet

from rgbtbench.zoo.parts.normalised_convolution import channels_last_on_processors, normalised_convolution, shortcut

ResNetName = Literal["resnet18", "resnet34", "resnet50", "resnet101", "resnet152"]

#: Channels of the last stage's features.
RESNET_WIDTHS: Final[dict[ResNetName, int]] = {
    "resnet18": 512,
    "resnet34": 512,
    "resnet50": 2048,
    "resnet101": 2048,
    "resnet152": 2048,
}
#: Blocks of the stages.
_DEPTHS: Final[dict[ResNetName, list[int]]] = {
    "resnet18": [2, 2, 2, 2],
    "resnet34": [3, 4, 6, 3],
    "resnet50": [3, 4, 6, 3],
    "resnet101": [3, 4, 23, 3],
    "resnet152": [3, 8, 36, 3],
}
#: By which the last stage divides the sides of an image.
RESNET_STRIDE: Final = 32


class _BasicBlock(resnet.BasicBlock):  # type: ignore[misc]  # torchvision has no types
    """torchvision's block, whose normalisations go into its convolutions in evaluation."""

    def forward(self, features: Tensor) -> Tensor:
        output = torch.relu_(normalised_convolution(self.conv1, self.bn1, features))
        return torch.relu_(
            normalised_convolution(self.conv2, self.bn2, output).add_(shortcut(self.downsample, features))
        )


class _Bottleneck(resnet.Bottleneck):  # type: ignore[misc]
    """torchvision's block, whose normalisations go into its convolutions in evaluation."""

    def forward(self, features: Tensor) -> Tensor:
        output = torch.relu_(normalised_convolution(self.conv1, self.bn1, features))
        output = torch.relu_(normalised_convolution(self.conv2, self.bn2, output))
        return torch.relu_(
            normalised_convolution(self.conv3, self.bn3, output).add_(shortcut(self.downsample, features))
        )


class ResNet(nn.Module):
    """A residual network without its classifier.

    Args:
        name: which of torchvision's networks.
        channels: of the image; the published weights take 3.
    """

    #: Number of `step`s from the image to the last features.
    steps: Final = 5

    def __init__(self, name: ResNetName, *, channels: int = 3) -> None:
        super().__init__()
        network = resnet.ResNet(_Bottleneck if RESNET_WIDTHS[name] == 2048 else _BasicBlock, _DEPTHS[name])
        stem = network.conv1
        if channels != stem.in_channels:
            stem = nn.Conv2d(channels, stem.out_channels, 7, stride=2, padding=3, bias=False)
            nn.init.kaiming_normal_(stem.weight, mode="fan_out", nonlinearity="relu")
        self.conv1, self.bn1 = stem, network.bn1
        self.layer1, self.layer2 = network.layer1, network.layer2
        self.layer3, self.layer4 = network.layer3, network.layer4

    def step(self, number: int, features: Tensor) -> Tensor:
        """Run one part of the network, for fusion between its parts.

        Args:
            number: 0 for the first convolution, 1 to 4 for a stage; the pooling belongs to stage 1.
            features: the image (B, channels, H, W), or what the step before gave.

        Returns:
            The features, whose sides are half of what they were.
        """
        if number == 0:
            image = channels_last_on_processors(features)
            return torch.relu_(normalised_convolution(self.conv1, self.bn1, image))
        if number == 1:
            features = F.max_pool2d(features, 3, stride=2, padding=1)
        output: Tensor = self.get_submodule(f"layer{number}")(features)
        return output

    def forward(self, image: Tensor) -> list[Tensor]:
        """Map (B, channels, H, W) to the maps of the four stages, at 1/4, 1/8, 1/16 and 1/32, finest first."""
        maps = []
        for number in range(self.steps):
            image = self.step(number, image)
            maps.append(image)
        return maps[1:]
