"""CMNeXt: a Mix Transformer for colour, and beside it one convolutional branch for any number of other modalities.

Zhang, Liu, Shi, Yang, Reiß, Peng, Fu, Wang and Stiefelhagen, "Delivering Arbitrary-Modal Semantic Segmentation", CVPR
2023 ("hub to fuse"). Rectification and fusion are those of CMX. Colour starts from pre-trained weights, the rest does
not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, cast

from pydantic import Field, JsonValue
from torch import Tensor, nn

from rgbtbench.zoo.modalities import MOST_EXTRA, extra_slots, fed_by_default
from rgbtbench.zoo.parts.frm_ffm import FeatureFusion, FeatureRectification
from rgbtbench.zoo.parts.initialisation import initialise
from rgbtbench.zoo.parts.mit import (
    HEADS,
    PATCHES,
    STAGES,
    STRIDE,
    LayerNormEps,
    Mit,
    MitSize,
    drop_path_rates,
    to_map,
    to_tokens,
)
from rgbtbench.zoo.parts.mit_config import MitConfig
from rgbtbench.zoo.parts.mlp_head import MlpHead, enlarged
from rgbtbench.zoo.parts.mspa import MspaBlock
from rgbtbench.zoo.parts.query_hub import SelfQueryHub, SharedPatchEmbed
from rgbtbench.zoo.preprocess import IMAGENET, Preprocess
from rgbtbench.zoo.segmentation import SegmentationModel
from rgbtbench.zoo.spec import ModelSpec, Wiring

TASKS = ("semantic",)
PUBLISHED_KEYS: Final[Mapping[str, str]] = {
    "backbone.rgb.": "backbone.",
    **{
        f"backbone.extra_downsample_layers.{stage}.proj.": f"backbone.extra_downsample_layers.{stage}.proj.module."
        for stage in range(STAGES)
    },
}
_RATIOS: Final = (8, 8, 4, 4)
#: Of the second branch's layer normalisations, which are over the channels of a map.
_EPS = 1e-6


class CmNextConfig(MitConfig):
    """Configuration of CMNeXt.

    Attributes:
        extra: number of modalities beside colour, fed into the slots x, x2, x3 and so on; 0 leaves a SegFormer.
        scrambled_hub: with two or more of them, what a stage hands on of each has its numbers in another order, as in
            the authors' code (channels are read as if they came last); for their weights.
    """

    extra: int = Field(1, ge=0, le=MOST_EXTRA)
    scrambled_hub: bool = False
    preprocess: Preprocess = Preprocess(multiple_of=STRIDE, normalisation={"rgb": IMAGENET})


CONFIG = CmNextConfig


def slots(config: CmNextConfig) -> Wiring:
    """Return the input slots with the modality that the paper feeds into each, of the dataset that has as many."""
    return fed_by_default(config.extra)


def authors_options(config: CmNextConfig) -> dict[str, JsonValue]:
    """Return what weights of the authors' code expect, of networks for several modalities beside colour."""
    return {"scrambled_hub": config.extra > 1}


def build(spec: ModelSpec, config: CmNextConfig) -> CmNext:
    """Return a CMNeXt with random weights."""
    return CmNext(spec, config)


class HubToFuse(nn.Module):
    """The encoder for colour, the branch for all other modalities, and what joins both after every stage.

    Args:
        size: widths and depths of both.
        extra: number of modalities beside colour.
        eps: of the first encoder's layer normalisations.
        drop_path: chance of leaving out a branch of the deepest blocks.
        scrambled: see `CmNextConfig.scrambled_hub`.
    """

    def __init__(self, size: MitSize, *, extra: int, eps: LayerNormEps, drop_path: float, scrambled: bool) -> None:
        super().__init__()
        self.extra, self.scrambled = extra, scrambled
        self.rgb = Mit(size, eps=eps, drop_path=drop_path)
        if not extra:
            return
        rates = drop_path_rates(size.depths, drop_path)
        inputs = (3, *size.widths[:-1])
        self.extra_downsample_layers = nn.ModuleList(
            SharedPatchEmbed(inputs[stage], width, kernel=kernel, stride=stride, modalities=extra, eps=_EPS)
            for stage, (width, (kernel, stride)) in enumerate(zip(size.widths, PATCHES, strict=True))
        )
        if extra > 1:
            self.extra_score_predictor = nn.ModuleList(SelfQueryHub(width, extra) for width in size.widths)
        for stage, (width, depth, ratio) in enumerate(zip(size.widths, size.depths, _RATIOS, strict=True), start=1):
            blocks = nn.Sequential(*(MspaBlock(width, ratio=ratio, drop_path=next(rates)) for _ in range(depth)))
            self.add_module(f"extra_block{stage}", blocks)
            self.add_module(f"extra_norm{stage}", nn.LayerNorm(width, eps=_EPS))
        self.FRMs = nn.ModuleList(FeatureRectification(width) for width in size.widths)
        self.FFMs = nn.ModuleList(FeatureFusion(width, heads) for width, heads in zip(size.widths, HEADS, strict=True))
        self.apply(initialise)

    def forward(self, rgb: Tensor, others: Sequence[Tensor]) -> list[Tensor]:
        """Map images (B, 3, H, W) to the maps of the four stages, finest first; fused where there are others."""
        if not self.extra:
            return cast("list[Tensor]", self.rgb(rgb))
        fused = []
        for stage in range(STAGES):
            rgb = self.rgb.stage(stage, rgb)
            own, joined = self._gathered(stage, others)
            rgb, joined = self.FRMs[stage](rgb, self._branch(stage, joined))
            fused.append(self.FFMs[stage](rgb, joined))
            others = [self._handed_on(features) + joined for features in own] if self.extra > 1 else [joined]
        return fused

    def _gathered(self, stage: int, others: Sequence[Tensor]) -> tuple[Sequence[Tensor], Tensor]:
        """Return the map of each modality, and what the hub makes of all."""
        embedded = self.extra_downsample_layers[stage](others)
        if self.extra == 1:
            return embedded, embedded[0]
        return cast("tuple[Sequence[Tensor], Tensor]", self.extra_score_predictor[stage](embedded))

    def _branch(self, stage: int, features: Tensor) -> Tensor:
        """Run the blocks of a stage, and normalise."""
        features = self.get_submodule(f"extra_block{stage + 1}")(features)
        grid = (features.shape[2], features.shape[3])
        return to_map(self.get_submodule(f"extra_norm{stage + 1}")(to_tokens(features)), grid)

    def _handed_on(self, features: Tensor) -> Tensor:
        if not self.scrambled:
            return features
        batch, channels, height, width = features.shape
        return features.reshape(batch, height, width, channels).permute(0, 3, 1, 2)


class CmNext(SegmentationModel):
    """The network."""

    def __init__(self, spec: ModelSpec, config: CmNextConfig) -> None:
        self.names = extra_slots(config.extra)
        super().__init__(
            spec,
            preprocess=config.preprocess,
            channels=dict.fromkeys(("rgb", *self.names), 3),
        )
        self.config = config
        self.backbone = HubToFuse(
            config.size,
            extra=config.extra,
            eps=config.eps("deliver"),
            drop_path=config.drop_path,
            scrambled=config.scrambled_hub,
        )
        self.decode_head = MlpHead(config.size.widths, config.width_of_head(small=256, large=512), len(spec.classes))

    def logits(self, images: Mapping[str, Tensor]) -> Tensor:
        """Return class logits.

        Args:
            images: `rgb` and the other slots to float (B, 3, H, W).

        Returns:
            float (B, classes, H, W).
        """
        maps = self.backbone(images["rgb"], [images[name] for name in self.names])
        return enlarged(self.decode_head(maps), images["rgb"])

    def encoder_state(self, name: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the tensors of a Mix Transformer under the names that the encoder for colour has."""
        self.config.require_encoder(name)
        return {f"backbone.rgb.{key}": tensor for key, tensor in state.items()}
