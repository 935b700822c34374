"""SegFormer: a Mix Transformer and an all-MLP head, on one modality or on several stacked as channels.

Xie, Wang, Yu, Anandkumar, Alvarez and Luo, "SegFormer: Simple and Efficient Design for Semantic Segmentation with
Transformers", NeurIPS 2021. The single-modality baseline of most RGB-X papers; with both streams it is early fusion.
Layers carry the published names.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from rgbtbench.zoo.headed import Head, HeadedModel
from rgbtbench.zoo.parts.mit import STRIDE, Mit, for_stacked_images
from rgbtbench.zoo.parts.mit_config import FED_BY, STREAM_CHANNELS, MitConfig, Streams
from rgbtbench.zoo.parts.mlp_head import MlpHead
from rgbtbench.zoo.preprocess import IMAGENET, Preprocess
from rgbtbench.zoo.spec import ModelSpec, Wiring

TASKS = ("semantic",)
#: The published files hold a layer of the base class of their framework that the network never uses.
UNUSED_KEYS = ("decode_head.conv_seg.",)


class SegFormerConfig(MitConfig):
    """Configuration of SegFormer.

    Attributes:
        streams: images of two are stacked, colour first, three channels each.
        head: the paper's, or mmsegmentation's UPerNet, whose width is `head_width` too, 512 by default.
    """

    streams: Streams = ("rgb",)
    head: Head = "mlp"
    preprocess: Preprocess = Preprocess(multiple_of=STRIDE, normalisation=dict.fromkeys(STREAM_CHANNELS, IMAGENET))


CONFIG = SegFormerConfig


def slots(config: SegFormerConfig) -> Wiring:
    """Return the input slots with the modality that feeds each by default."""
    return {stream: FED_BY[stream] for stream in config.streams}


def build(spec: ModelSpec, config: SegFormerConfig) -> SegFormer:
    """Return a SegFormer with random weights."""
    return SegFormer(spec, config)


class SegFormer(HeadedModel):
    """The network; with one stream its state dict has the published names and shapes."""

    def __init__(self, spec: ModelSpec, config: SegFormerConfig) -> None:
        super().__init__(spec, preprocess=config.preprocess, channels=STREAM_CHANNELS)
        self.config = config
        channels = sum(STREAM_CHANNELS[stream] for stream in config.streams)
        self.backbone = Mit(config.size, channels=channels, eps=config.eps("segformer"), drop_path=config.drop_path)
        if config.head == "upernet":
            self.use_upernet(config.size.widths, config.width_of_head(small=512, large=512))
        else:
            width = config.width_of_head(small=256, large=768)
            self.use_mlp_head(MlpHead(config.size.widths, width, len(spec.classes)))

    def maps(self, images: Mapping[str, Tensor]) -> list[Tensor]:
        """Return the encoder's maps of images: stream to float (B, 3, H, W), normalised."""
        stacked = torch.cat([images[stream] for stream in self.config.streams], dim=1)
        found: list[Tensor] = self.backbone(stacked)
        return found

    def encoder_state(self, name: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the tensors of a Mix Transformer under this model's names; see `for_stacked_images`."""
        self.config.require_encoder(name)
        stacked = for_stacked_images(state, len(self.config.streams))
        return {f"backbone.{key}": tensor for key, tensor in stacked.items()}
