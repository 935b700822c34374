"""RTFNet: RGB-Thermal Fusion Network for Semantic Segmentation of Urban Scenes.

Sun, Zuo and Liu, IEEE Robotics and Automation Letters 2019. Two residual networks, one per camera; features of the
thermal one are added to those of the other at every scale, and a decoder of residual blocks enlarges the last sum.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, cast

import torch
from torch import Tensor, nn

from rgbtbench.cards.schema import Strict
from rgbtbench.zoo.encoders import require_encoder
from rgbtbench.zoo.parts.normalised_convolution import normalised_convolution, shortcut
from rgbtbench.zoo.parts.resnet import RESNET_STRIDE, RESNET_WIDTHS, ResNet, ResNetName
from rgbtbench.zoo.preprocess import Preprocess
from rgbtbench.zoo.segmentation import SegmentationModel
from rgbtbench.zoo.spec import ModelSpec, Wiring
from rgbtbench.zoo.streams import CHANNELS, Streams, default_wiring

TASKS = ("semantic",)
PUBLISHED_KEYS: Final[Mapping[str, str]] = {"encoders.rgb.": "encoder_rgb_", "encoders.inf.": "encoder_thermal_"}


class RTFNetConfig(Strict):
    """Configuration of RTFNet; with one stream there is nothing to add, and the decoder stays what it is."""

    backbone: ResNetName = "resnet152"
    streams: Streams = ("rgb", "inf")
    preprocess: Preprocess = Preprocess(multiple_of=RESNET_STRIDE)


CONFIG = RTFNetConfig


def slots(config: RTFNetConfig) -> Wiring:
    """Return the input slots with the modality that the paper feeds into each."""
    return default_wiring(config.streams)


def build(spec: ModelSpec, config: RTFNetConfig) -> RTFNet:
    """Return an RTFNet with random weights."""
    return RTFNet(spec, config)


class DecoderBlock(nn.Module):
    """A bottleneck beside a shortcut; both end in a transposed convolution where the features are enlarged.

    Args:
        inputs: channels that come in.
        outputs: channels that go out; those that come in where the size stays.
        scale: by which the sides grow.
    """

    def __init__(self, inputs: int, outputs: int, *, scale: Literal[1, 2]) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        if scale == 1:
            self.conv3: nn.Conv2d | nn.ConvTranspose2d = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
            self.upsample: nn.Sequential | None = None
        else:
            self.conv3 = nn.ConvTranspose2d(outputs, outputs, scale, stride=scale, bias=False)
            enlarged = nn.ConvTranspose2d(inputs, outputs, scale, stride=scale, bias=False)
            self.upsample = nn.Sequential(enlarged, nn.BatchNorm2d(outputs))
        self.bn3 = nn.BatchNorm2d(outputs)
        self.apply(_initialise)

    def forward(self, features: Tensor) -> Tensor:
        """Map (B, inputs, H, W) to (B, outputs, scale·H, scale·W)."""
        output = torch.relu_(normalised_convolution(self.conv1, self.bn1, features))
        output = torch.relu_(normalised_convolution(self.conv2, self.bn2, output))
        output = normalised_convolution(self.conv3, self.bn3, output)
        return torch.relu_(output.add_(shortcut(self.upsample, features)))


class RTFNet(SegmentationModel):
    """The network; names of its encoders' layers are the only ones that differ from the published."""

    def __init__(self, spec: ModelSpec, config: RTFNetConfig) -> None:
        super().__init__(spec, preprocess=config.preprocess, channels=CHANNELS)
        self.config = config
        self.encoders = nn.ModuleDict(
            {stream: ResNet(config.backbone, channels=CHANNELS[stream]) for stream in config.streams}
        )
        width = RESNET_WIDTHS[config.backbone]
        widths = [width >> halvings for halvings in range(ResNet.steps)]
        for number, (inputs, outputs) in enumerate(zip(widths, [*widths[1:], len(spec.classes)], strict=True), start=1):
            unit = nn.Sequential(DecoderBlock(inputs, inputs, scale=1), DecoderBlock(inputs, outputs, scale=2))
            self.add_module(f"deconv{number}", unit)

    def logits(self, images: Mapping[str, Tensor]) -> Tensor:
        """Return class logits.

        As published, the last block is rectified like all others, so none is negative.

        Args:
            images: stream to float (B, C, H, W) in [0, 1], sides divisible by 32.

        Returns:
            float (B, classes, H, W).
        """
        first, *others = self.config.streams
        features = {stream: images[stream] for stream in self.config.streams}
        for number in range(ResNet.steps):
            features = {
                stream: cast("ResNet", self.encoders[stream]).step(number, image) for stream, image in features.items()
            }
            for other in others:
                features[first] = features[first] + features[other]
        output = features[first]
        for number in range(ResNet.steps):
            output = self.get_submodule(f"deconv{number + 1}")(output)
        return output

    def encoder_state(self, name: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the tensors of a residual network under the names of every encoder here.

        The first convolution of an encoder for grey images is the mean over the channels, as published.
        """
        require_encoder(name, wanted=self.config.backbone)
        stem = "conv1.weight"
        grey = {**state, stem: state[stem].mean(dim=1, keepdim=True)}
        return {
            f"encoders.{stream}.{key}": tensor
            for stream in self.config.streams
            for key, tensor in (grey if CHANNELS[stream] == 1 else state).items()
        }


def _initialise(module: nn.Module) -> None:
    """Initialise a layer of the decoder as the paper says, by Glorot and Bengio's uniform distribution."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.xavier_uniform_(module.weight)
