"""Salient object detection on the encoders of SegFormer and CMX, with the all-MLP head of both.

One modality, two stacked as channels, or two encoders that rectify each other: the same networks that segment, with one
output. A baseline of rgbtbench itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Self

import torch
from pydantic import model_validator
from torch import Tensor, nn

from rgbtbench.zoo.parts.dual_mit import DualMit
from rgbtbench.zoo.parts.mit import STRIDE, Mit, for_stacked_images
from rgbtbench.zoo.parts.mit_config import FED_BY, STREAM_CHANNELS, MitConfig, Streams
from rgbtbench.zoo.parts.mlp_head import MlpHead, enlarged
from rgbtbench.zoo.preprocess import IMAGENET, Preprocess
from rgbtbench.zoo.saliency import SaliencyModel
from rgbtbench.zoo.spec import ModelSpec, Wiring

TASKS = ("saliency",)


class MitSaliencyConfig(MitConfig):
    """Configuration.

    Attributes:
        encoder: that of SegFormer, which takes one stream or both stacked as channels; or that of CMX, for both.
        streams: which there are.
    """

    encoder: Literal["segformer", "cmx"] = "segformer"
    streams: Streams = ("rgb", "x")
    preprocess: Preprocess = Preprocess(multiple_of=STRIDE, normalisation=dict.fromkeys(STREAM_CHANNELS, IMAGENET))

    @model_validator(mode="after")
    def _two_encoders_have_two_streams(self) -> Self:
        if self.encoder == "cmx" and len(self.streams) == 1:
            raise ValueError("encoder cmx takes the streams rgb and x; one alone goes with encoder segformer")
        return self


CONFIG = MitSaliencyConfig


def slots(config: MitSaliencyConfig) -> Wiring:
    """Return the input slots with the modality that feeds each by default."""
    return {stream: FED_BY[stream] for stream in config.streams}


def build(spec: ModelSpec, config: MitSaliencyConfig) -> MitSaliency:
    """Return the network with random weights."""
    return MitSaliency(spec, config)


class MitSaliency(SaliencyModel):
    """The network."""

    def __init__(self, spec: ModelSpec, config: MitSaliencyConfig) -> None:
        super().__init__(spec, preprocess=config.preprocess, channels=STREAM_CHANNELS)
        self.config = config
        eps = config.eps("segformer")
        if config.encoder == "cmx":
            self.backbone: nn.Module = DualMit(config.size, eps=eps, drop_path=config.drop_path)
        else:
            channels = sum(STREAM_CHANNELS[stream] for stream in config.streams)
            self.backbone = Mit(config.size, channels=channels, eps=eps, drop_path=config.drop_path)
        self.decode_head = MlpHead(config.size.widths, config.width_of_head(small=256, large=512), 1)

    def logits(self, images: Mapping[str, Tensor]) -> Tensor:
        """Return logits.

        Args:
            images: stream to float (B, 3, H, W), normalised.

        Returns:
            float (B, 1, H, W).
        """
        streams = [images[stream] for stream in self.config.streams]
        inputs = streams if self.config.encoder == "cmx" else [torch.cat(streams, dim=1)]
        return enlarged(self.decode_head(self.backbone(*inputs)), streams[0])

    def encoder_state(self, name: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the tensors of a Mix Transformer under the names of the encoder, or of both."""
        self.config.require_encoder(name)
        if self.config.encoder == "cmx":
            return {f"backbone.{stream}.{key}": tensor for stream in STREAM_CHANNELS for key, tensor in state.items()}
        stacked = for_stacked_images(state, len(self.config.streams))
        return {f"backbone.{key}": tensor for key, tensor in stacked.items()}
