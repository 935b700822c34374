"""SegFormer: a Mix Transformer and an all-MLP head, on one modality or on several stacked as channels.

Xie, Wang, Yu, Anandkumar, Alvarez and Luo, "SegFormer: Simple and Efficient Design for Semantic Segmentation with
Transformers", NeurIPS 2021. The single-modality baseline of most RGB-X papers; with both streams it is early fusion.
Layers carry the published names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

import torch
from pydantic import AfterValidator
from torch import Tensor

from rgbtbench.zoo.parts.mit import STRIDE, Mit
from rgbtbench.zoo.parts.mit_config import MitConfig
from rgbtbench.zoo.parts.mlp_head import MlpHead, enlarged
from rgbtbench.zoo.preprocess import IMAGENET, Preprocess
from rgbtbench.zoo.segmentation import SegmentationModel
from rgbtbench.zoo.spec import ModelSpec, Wiring

TASKS = ("semantic",)
#: The published files hold a layer of the base class of their framework that the network never uses.
UNUSED_KEYS = ("decode_head.conv_seg.",)
#: Slot to the modality that feeds it unless a recipe says otherwise.
_FED_BY: Final[Wiring] = {"rgb": "rgb", "x": "lwir"}
_CHANNELS: Final[Mapping[str, int]] = {"rgb": 3, "x": 3}


def _distinct(streams: tuple[str, ...]) -> tuple[str, ...]:
    if not streams or len(set(streams)) != len(streams):
        raise ValueError("streams are one or both of rgb and x")
    return tuple(sorted(streams))


class SegFormerConfig(MitConfig):
    """Configuration of SegFormer; images of two streams are stacked, colour first, three channels each."""

    streams: Annotated[tuple[Literal["rgb", "x"], ...], AfterValidator(_distinct)] = ("rgb",)
    preprocess: Preprocess = Preprocess(multiple_of=STRIDE, normalisation=dict.fromkeys(_CHANNELS, IMAGENET))


CONFIG = SegFormerConfig


def slots(config: SegFormerConfig) -> Wiring:
    """Return the input slots with the modality that feeds each by default."""
    return {stream: _FED_BY[stream] for stream in config.streams}


def build(spec: ModelSpec, config: SegFormerConfig) -> SegFormer:
    """Return a SegFormer with random weights."""
    return SegFormer(spec, config)


class SegFormer(SegmentationModel):
    """The network; with one stream its state dict has the published names and shapes."""

    def __init__(self, spec: ModelSpec, config: SegFormerConfig) -> None:
        super().__init__(spec, preprocess=config.preprocess, channels=_CHANNELS)
        self.config = config
        channels = sum(_CHANNELS[stream] for stream in config.streams)
        self.backbone = Mit(config.size, channels=channels, eps=config.eps("segformer"), drop_path=config.drop_path)
        width = config.width_of_head(small=256, large=768)
        self.decode_head = MlpHead(config.size.widths, width, len(spec.classes))

    def logits(self, images: Mapping[str, Tensor]) -> Tensor:
        """Return class logits.

        Args:
            images: stream to float (B, 3, H, W), normalised.

        Returns:
            float (B, classes, H, W).
        """
        image = torch.cat([images[stream] for stream in self.config.streams], dim=1)
        return enlarged(self.decode_head(self.backbone(image)), image)

    def encoder_state(self, name: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the tensors of a Mix Transformer under this model's names.

        With both streams the first convolution is repeated and divided by their number, so that two times the same
        image gives what one gave.
        """
        self.config.require_encoder(name)
        count = len(self.config.streams)
        stem = "patch_embed1.proj.weight"
        return {f"backbone.{key}": tensor for key, tensor in state.items()} | {
            f"backbone.{stem}": state[stem].repeat(1, count, 1, 1) / count
        }
