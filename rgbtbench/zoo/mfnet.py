"""MFNet: Towards Real-Time Semantic Segmentation for Autonomous Vehicles with Multi-Spectral Scenes.

Ha, Watanabe, Karasawa, Ushiku and Harada, IROS 2017. Two small encoders, one per camera, and a decoder that adds
their concatenated features at every scale. Layers carry the names of the published weights.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from pydantic import Field, field_validator
from torch import Tensor, nn

from rgbtbench.cards.losses import ClassWeights, CrossEntropy
from rgbtbench.cards.schema import Strict
from rgbtbench.zoo.parts.normalised_convolution import channels_last_on_processors, normalised_convolution
from rgbtbench.zoo.preprocess import Preprocess
from rgbtbench.zoo.segmentation import SegmentationModel
from rgbtbench.zoo.spec import ModelSpec, Wiring
from rgbtbench.zoo.streams import CHANNELS, Streams, default_wiring

TASKS = ("semantic",)
#: Four poolings halve the input; the decoder must meet the encoder's sizes again.
STRIDE = 16
_SLOPE = 0.2
#: Output channels of conv1, conv2, conv3, conv4 and conv5 of each encoder.
_WIDTHS: Mapping[str, tuple[int, int, int, int, int]] = {"rgb": (16, 48, 48, 96, 96), "inf": (16, 16, 16, 36, 36)}


class MFNetConfig(Strict):
    """Configuration of MFNet.

    With one stream the decoder shrinks to that encoder's widths: `[rgb]` is the larger encoder, whichever modality
    feeds it.
    """

    streams: Streams = ("rgb", "inf")
    preprocess: Preprocess = Field(default_factory=lambda: Preprocess(multiple_of=STRIDE))
    class_weights: ClassWeights = Field(
        default_factory=dict, description="class name to its weight in the loss; 1 for the others, as published"
    )

    @field_validator("preprocess")
    @classmethod
    def _keeps_the_stride(cls, preprocess: Preprocess) -> Preprocess:
        if preprocess.multiple_of % STRIDE:
            raise ValueError(f"preprocess.multiple_of must be a multiple of {STRIDE}")
        return preprocess


CONFIG = MFNetConfig


def slots(config: MFNetConfig) -> Wiring:
    """Return the input slots with the modality that the paper feeds into each."""
    return default_wiring(config.streams)


def build(spec: ModelSpec, config: MFNetConfig) -> MFNet:
    """Return an MFNet with random weights."""
    return MFNet(spec, config)


class ConvUnit(nn.Module):
    """3×3 convolution, batch normalisation, leaky rectifier."""

    def __init__(self, inputs: int, outputs: int, *, dilation: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, padding=dilation, dilation=dilation)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, features: Tensor) -> Tensor:
        """Map (B, inputs, H, W) to (B, outputs, H, W)."""
        # The normalised map is needed by no gradient.
        return F.leaky_relu(normalised_convolution(self.conv, self.bn, features), _SLOPE, inplace=True)


class MiniInception(nn.Module):
    """Three rounds of a plain and a dilated convolution side by side, each giving half of the outputs."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        half = outputs // 2
        self.conv1_left, self.conv1_right = ConvUnit(inputs, half), ConvUnit(inputs, half, dilation=2)
        self.conv2_left, self.conv2_right = ConvUnit(outputs, half), ConvUnit(outputs, half, dilation=2)
        self.conv3_left, self.conv3_right = ConvUnit(outputs, half), ConvUnit(outputs, half, dilation=2)

    def forward(self, features: Tensor) -> Tensor:
        """Map (B, inputs, H, W) to (B, outputs, H, W)."""
        features = torch.cat((self.conv1_left(features), self.conv1_right(features)), dim=1)
        features = torch.cat((self.conv2_left(features), self.conv2_right(features)), dim=1)
        return torch.cat((self.conv3_left(features), self.conv3_right(features)), dim=1)


class MFNet(SegmentationModel):
    """The network; with both streams its state dict has the published names and shapes."""

    def __init__(self, spec: ModelSpec, config: MFNetConfig) -> None:
        loss = CrossEntropy(class_weights=config.class_weights)
        super().__init__(spec, preprocess=config.preprocess, channels=CHANNELS, loss=loss)
        self.config = config
        for stream in config.streams:
            self._add_encoder(stream)
        _, second, third, _, fifth = (sum(widths) for widths in zip(*(_WIDTHS[s] for s in config.streams), strict=True))
        self.decode4 = ConvUnit(fifth, third)
        self.decode3 = ConvUnit(third, second)
        self.decode2 = ConvUnit(second, second // 2)
        self.decode1 = ConvUnit(second // 2, len(spec.classes))

    def _add_encoder(self, stream: str) -> None:
        first, second, third, fourth, fifth = _WIDTHS[stream]
        self.add_module(f"conv1_{stream}", ConvUnit(CHANNELS[stream], first))
        self.add_module(f"conv2_1_{stream}", ConvUnit(first, second))
        self.add_module(f"conv2_2_{stream}", ConvUnit(second, second))
        self.add_module(f"conv3_1_{stream}", ConvUnit(second, third))
        self.add_module(f"conv3_2_{stream}", ConvUnit(third, third))
        self.add_module(f"conv4_{stream}", MiniInception(third, fourth))
        self.add_module(f"conv5_{stream}", MiniInception(fourth, fifth))

    def _encode(self, stream: str, image: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return the features at 1/2, 1/4, 1/8 and 1/16 of the image's size."""

        def layer(name: str, features: Tensor) -> Tensor:
            output: Tensor = self.get_submodule(f"{name}_{stream}")(features)
            return output

        half = F.max_pool2d(layer("conv1", channels_last_on_processors(image)), 2)
        half = layer("conv2_2", layer("conv2_1", half))
        quarter = layer("conv3_2", layer("conv3_1", F.max_pool2d(half, 2)))
        eighth = layer("conv4", F.max_pool2d(quarter, 2))
        sixteenth = layer("conv5", F.max_pool2d(eighth, 2))
        return half, quarter, eighth, sixteenth

    def logits(self, images: Mapping[str, Tensor]) -> Tensor:
        """Return class logits.

        As published, the last unit is normalised and rectified like all others, so negative logits are compressed.

        Args:
            images: stream to float (B, C, H, W) in [0, 1], sides divisible by 16.

        Returns:
            float (B, classes, H, W).
        """
        encoded = [self._encode(stream, images[stream]) for stream in self.config.streams]
        half, quarter, eighth, features = (torch.cat(scale, dim=1) for scale in zip(*encoded, strict=True))
        del encoded
        features = self.decode4(_twice(features).add_(eighth))
        features = self.decode3(_twice(features).add_(quarter))
        features = self.decode2(_twice(features).add_(half))
        output: Tensor = self.decode1(_twice(features))
        return output


def _twice(features: Tensor) -> Tensor:
    return F.interpolate(features, scale_factor=2, mode="nearest")
