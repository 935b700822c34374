"""GeminiFusion: one Mix Transformer for two streams, whose tokens attend to their twins in every block.

Jia, Guo, Han, Wu, Zhang, Xu and Chen, "GeminiFusion: Efficient Pixel-wise Multimodal Fusion for Vision Transformer",
ICML 2024. Each stream is decoded by the same head, and the two answers are averaged. Streams share all layers but the
normalisations, so both start from the same pre-trained weights.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from rgbtbench.zoo.modalities import MOST_EXTRA, extra_slots, fed_by_default
from rgbtbench.zoo.parts.mit import STRIDE, MitName
from rgbtbench.zoo.parts.mit_config import MitConfig
from rgbtbench.zoo.parts.mlp_head import MlpHead, enlarged
from rgbtbench.zoo.parts.paired_mit import STREAMS, PairedMit
from rgbtbench.zoo.preprocess import IMAGENET, Preprocess
from rgbtbench.zoo.segmentation import SegmentationModel
from rgbtbench.zoo.spec import ModelSpec, Wiring

TASKS = ("semantic",)
#: One score net more than there are modalities beside colour; it is never asked.
UNUSED_KEYS: Final = ("backbone.extra_score_predictor.",)
#: Layers that the authors' code keeps inside a wrapper which applies them to both streams.
_WRAPPED: Final = re.compile(r"(patch_embed\d\.proj|attn\.(?:q|kv|proj|sr)|mlp\.fc\d)\.")
_WIDTHS: Final = {"main": 256, "deliver": 512}


class GeminiFusionConfig(MitConfig):
    """Configuration of GeminiFusion.

    Attributes:
        variant: the authors' network for NYU Depth V2 and SUN RGB-D, or that for DeLiVER: a wider head, and weights of
            the average that are learnt.
        extra: number of modalities beside colour, fed into the slots x, x2, x3 and so on.
        answer: which of the three logits counts: that of a stream, or the average, which the paper reports.
    """

    backbone: MitName = "b3"
    drop_path: float = Field(0.4, ge=0, lt=1, description="chance of leaving out a branch of the deepest block")
    variant: Literal["main", "deliver"] = "main"
    extra: int = Field(1, ge=1, le=MOST_EXTRA)
    answer: Literal["average", "rgb", "x"] = "average"
    preprocess: Preprocess = Preprocess(multiple_of=STRIDE, normalisation={"rgb": IMAGENET})


CONFIG = GeminiFusionConfig


def slots(config: GeminiFusionConfig) -> Wiring:
    """Return the input slots with the modality that feeds each by default."""
    return fed_by_default(config.extra)


def build(spec: ModelSpec, config: GeminiFusionConfig) -> GeminiFusion:
    """Return a GeminiFusion with random weights."""
    return GeminiFusion(spec, config)


def published_names_of(key: str) -> tuple[str, ...]:
    """Return the names that a tensor has in the authors' code for DeLiVER and in that for the other datasets."""
    wrapped = _WRAPPED.sub(r"\1.module.", key)
    elsewhere = re.sub(r"^backbone\.", "encoder.", re.sub(r"^decode_head\.", "decoder.", wrapped))
    return wrapped, elsewhere


class GeminiFusion(SegmentationModel):
    """The network."""

    def __init__(self, spec: ModelSpec, config: GeminiFusionConfig) -> None:
        self.names = ["rgb", *extra_slots(config.extra)]
        super().__init__(spec, preprocess=config.preprocess, channels=dict.fromkeys(self.names, 3))
        self.config = config
        self.backbone = PairedMit(
            config.size, extra=config.extra, eps=config.eps("geminifusion"), drop_path=config.drop_path
        )
        width = _WIDTHS[config.variant]
        self.decode_head = MlpHead(
            config.size.widths, config.width_of_head(small=width, large=width), len(spec.classes)
        )
        self.learns_average = config.variant == "deliver"
        alpha = torch.ones(STREAMS)
        if self.learns_average:
            self.alpha = nn.Parameter(alpha)
        else:
            self.register_buffer("alpha", alpha)

    def logits(self, images: Mapping[str, Tensor]) -> Tensor:
        """Return class logits: by default the average over both streams.

        Args:
            images: `rgb` and the other slots to float (B, 3, H, W).

        Returns:
            float (B, classes, H, W).
        """
        of_stream = self._logits_of_streams(images)
        answer = self.config.answer
        return enlarged(self._average(of_stream) if answer == "average" else of_stream[answer], images["rgb"])

    def trained_logits(self, images: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the logits of both streams, `rgb` and `x`, and their `average` where its weights are learnt.

        The average teaches the streams nothing: its gradient reaches the weights alone.
        """
        of_stream = self._logits_of_streams(images)
        found = dict(of_stream)
        if self.learns_average:
            found["average"] = self._average({name: logits.detach() for name, logits in of_stream.items()})
        return {name: enlarged(logits, images["rgb"]) for name, logits in found.items()}

    def _logits_of_streams(self, images: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return `rgb` and `x` to float (B, classes, H / 4, W / 4)."""
        streams = self.backbone.streams([images[name] for name in self.names])
        return {name: self.decode_head(maps) for name, maps in zip(("rgb", "x"), streams, strict=True)}

    def _average(self, of_stream: Mapping[str, Tensor]) -> Tensor:
        rgb, x = self.alpha.softmax(dim=0)
        average: Tensor = rgb * of_stream["rgb"] + x * of_stream["x"]
        return average

    def encoder_state(self, name: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the tensors of a Mix Transformer; those of normalisations under the names of every stream's."""
        self.config.require_encoder(name)
        own = self.backbone.state_dict()
        chosen: dict[str, Tensor] = {}
        for key, tensor in state.items():
            module, _, last = key.rpartition(".")
            shared = {key} & own.keys()
            streams = [f"{module}.ln_{number}.{last}" for number in range(1 + self.config.extra)]
            chosen |= {f"backbone.{target}": tensor for target in shared or set(streams) & own.keys()}
        return chosen
