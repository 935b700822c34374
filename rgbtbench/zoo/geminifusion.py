"""GeminiFusion: one Mix or Swin Transformer for two streams, whose tokens attend to their twins in every block.

Jia, Guo, Han, Wu, Zhang, Xu and Chen, "GeminiFusion: Efficient Pixel-wise Multimodal Fusion for Vision Transformer",
ICML 2024. Each stream is decoded by the same head, and the two answers are averaged. Streams share all layers but
normalisations, so both start from the same pre-trained weights.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal, Self, cast

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from rgbtbench.zoo.encoders import require_encoder
from rgbtbench.zoo.modalities import MOST_EXTRA, extra_slots, fed_by_default
from rgbtbench.zoo.parts.mit import MIT_SIZES, STRIDE, MitName
from rgbtbench.zoo.parts.mit_config import MlpHeadConfig
from rgbtbench.zoo.parts.mlp_head import MlpHead, enlarged
from rgbtbench.zoo.parts.pair_fusion import STREAMS
from rgbtbench.zoo.parts.paired_mit import PairedMit
from rgbtbench.zoo.parts.paired_swin import PairedSwin
from rgbtbench.zoo.parts.swin import SWIN_SIZES, SwinName
from rgbtbench.zoo.preprocess import IMAGENET, Preprocess
from rgbtbench.zoo.segmentation import SegmentationModel
from rgbtbench.zoo.spec import ModelSpec, Wiring

TASKS = ("semantic",)
#: One score net more than there are modalities beside colour; it is never asked.
UNUSED_KEYS: Final = ("backbone.extra_score_predictor.",)
#: Layers that the authors' code keeps inside a wrapper which applies them to both streams, of either encoder.
_WRAPPED: Final = re.compile(r"(patch_embed\d\.proj|attn\.(?:q|kv|proj|sr)|mlp\.fc\d)\.")
_WRAPPED_IN_SWIN: Final = re.compile(r"(patch_embed\.proj|norm[12](?!\.ln_)|\battn|mlp\.fc\d|downsample)\.")
_WIDTHS: Final = {"main": 256, "deliver": 512}


class GeminiFusionConfig(MlpHeadConfig):
    """Configuration of GeminiFusion.

    Attributes:
        backbone: a Mix Transformer, or of the authors' network for NYU Depth V2 and SUN RGB-D a Swin Transformer.
        variant: the authors' network for NYU Depth V2 and SUN RGB-D, or that for DeLiVER: a wider head, and weights of
            the average that are learnt.
        extra: number of modalities beside colour, fed into the slots x, x2, x3 and so on.
        answer: which of the three logits counts: that of a stream, or the average, which the paper reports.
    """

    backbone: Literal[MitName, SwinName] = "b3"
    drop_path: float = Field(0.4, ge=0, lt=1, description="chance of leaving out a branch of the deepest block")
    variant: Literal["main", "deliver"] = "main"
    extra: int = Field(1, ge=1, le=MOST_EXTRA)
    answer: Literal["average", "rgb", "x"] = "average"
    preprocess: Preprocess = Preprocess(multiple_of=STRIDE, normalisation={"rgb": IMAGENET})

    @model_validator(mode="after")
    def _swin_is_of_two_streams(self) -> Self:
        if self.backbone in SWIN_SIZES and (self.variant != "main" or self.extra != 1 or self.layer_norms):
            raise ValueError(f"backbone {self.backbone} goes with variant main, extra 1 and layer_norms null")
        return self

    @property
    def encoder_name(self) -> str:
        """The encoder as `rgbtbench.zoo.encoders` names it."""
        return self.backbone if self.backbone in SWIN_SIZES else f"mit_{self.backbone}"

    def encoder(self) -> PairedMit | PairedSwin:
        """Return the encoder with random weights."""
        if self.backbone in SWIN_SIZES:
            return PairedSwin(SWIN_SIZES[cast("SwinName", self.backbone)], drop_path=self.drop_path)
        size = MIT_SIZES[cast("MitName", self.backbone)]
        return PairedMit(size, extra=self.extra, eps=self.eps("geminifusion"), drop_path=self.drop_path)


CONFIG = GeminiFusionConfig


def slots(config: GeminiFusionConfig) -> Wiring:
    """Return the input slots with the modality that feeds each by default."""
    return fed_by_default(config.extra)


def build(spec: ModelSpec, config: GeminiFusionConfig) -> GeminiFusion:
    """Return a GeminiFusion with random weights."""
    return GeminiFusion(spec, config)


def published_names_of(key: str) -> tuple[str, ...]:
    """Return the names that a tensor has in the authors' code for DeLiVER, and in that for the other datasets."""
    plain = key.replace(".fusion.", ".")
    wrapped, in_swin = (pattern.sub(r"\1.module.", plain) for pattern in (_WRAPPED, _WRAPPED_IN_SWIN))
    head = wrapped.replace("decode_head.", "decoder.")
    return (
        wrapped,
        re.sub(r"^backbone\.", "encoder.", head),
        re.sub(r"^backbone\.", "encoder.body.", in_swin),
    )


class GeminiFusion(SegmentationModel):
    """The network."""

    def __init__(self, spec: ModelSpec, config: GeminiFusionConfig) -> None:
        self.names = ["rgb", *extra_slots(config.extra)]
        super().__init__(spec, preprocess=config.preprocess, channels=dict.fromkeys(self.names, 3))
        self.config = config
        self.backbone = config.encoder()
        width = config.head_width or _WIDTHS[config.variant]
        self.decode_head = MlpHead(self.backbone.widths, width, len(spec.classes))
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
        """Return the tensors of an encoder; those of streams' own normalisations under the names of every stream's."""
        require_encoder(name, wanted=self.config.encoder_name)
        own = self.backbone.state_dict()
        chosen: dict[str, Tensor] = {}
        for key, tensor in state.items():
            module, _, last = key.rpartition(".")
            shared = {key} & own.keys()
            streams = [f"{module}.ln_{number}.{last}" for number in range(1 + self.config.extra)]
            chosen |= {f"backbone.{target}": tensor for target in shared or set(streams) & own.keys()}
        return chosen
