"""StitchFusion: one Mix Transformer for any number of modalities, which small adapters stitch together in every block.

Li, Zhang, Zhao, Gao and Li, "StitchFusion: Weaving Any Visual Modalities to Enhance Multimodal Semantic Segmentation",
arXiv 2408.01343, 2024. Maps of all modalities are added for the head, or go through fusion modules. Layers carry the
published names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, JsonValue
from torch import Tensor

from rgbtbench.zoo.modalities import extra_slots, fed_by_default
from rgbtbench.zoo.parts.feature_cross import FeatureCross
from rgbtbench.zoo.parts.mit import STAGES, STRIDE
from rgbtbench.zoo.parts.mit_config import MitConfig
from rgbtbench.zoo.parts.mlp_head import MlpHead, enlarged
from rgbtbench.zoo.parts.stitched_mit import AdaptersOfStages, StitchedMit
from rgbtbench.zoo.preprocess import IMAGENET, Preprocess
from rgbtbench.zoo.segmentation import SegmentationModel
from rgbtbench.zoo.spec import ModelSpec, Wiring

TASKS = ("semantic",)
#: The authors' files hold the fusion modules also of networks that add maps.
UNUSED_KEYS: Final = ("backbone.feature_cross.",)


def _of_all_stages(value: Any) -> Any:
    return (value,) * STAGES if isinstance(value, str) else value


class StitchFusionConfig(MitConfig):
    """Configuration of StitchFusion.

    Attributes:
        extra: number of modalities beside colour, fed into the slots x, x2, x3 and so on; 0 leaves nothing to stitch.
        adapters: of the blocks of each stage, or of all: `none`, one `shared` by all modalities, one per `pair` of
            them, or one per `direction` of each pair. Published networks differ in it.
        fusion: how the maps of a stage become one: their sum, or a fusion module.
        alias_order: adapters act one after the other on what the modalities have become by then, as in the authors'
            code (its copy of the earlier state is none); for their weights.
    """

    extra: int = Field(1, ge=0, le=8)
    adapters: Annotated[AdaptersOfStages, BeforeValidator(_of_all_stages)] = ("pair", "pair", "pair", "pair")
    fusion: Literal["sum", "feature_cross"] = "sum"
    alias_order: bool = False
    preprocess: Preprocess = Preprocess(multiple_of=STRIDE, normalisation={"rgb": IMAGENET})


CONFIG = StitchFusionConfig


def slots(config: StitchFusionConfig) -> Wiring:
    """Return the input slots with the modality that feeds each by default."""
    return fed_by_default(config.extra)


def authors_options(config: StitchFusionConfig) -> dict[str, JsonValue]:
    """Return what weights of the authors' code expect."""
    del config
    return {"alias_order": True}


def build(spec: ModelSpec, config: StitchFusionConfig) -> StitchFusion:
    """Return a StitchFusion with random weights."""
    return StitchFusion(spec, config)


class _Backbone(StitchedMit):
    """The encoder with what fuses its maps."""

    def __init__(self, config: StitchFusionConfig) -> None:
        super().__init__(
            config.size,
            modalities=1 + config.extra,
            adapters=config.adapters,
            alias_order=config.alias_order,
            eps=config.eps("deliver"),
            drop_path=config.drop_path,
        )
        if config.fusion == "feature_cross":
            self.feature_cross = FeatureCross(config.size.widths, 1 + config.extra)


class StitchFusion(SegmentationModel):
    """The network."""

    def __init__(self, spec: ModelSpec, config: StitchFusionConfig) -> None:
        self.names = ["rgb", *extra_slots(config.extra)]
        super().__init__(spec, preprocess=config.preprocess, channels=dict.fromkeys(self.names, 3))
        self.config = config
        self.backbone = _Backbone(config)
        self.decode_head = MlpHead(config.size.widths, config.width_of_head(small=256, large=512), len(spec.classes))

    def logits(self, images: Mapping[str, Tensor]) -> Tensor:
        """Return class logits.

        Args:
            images: `rgb` and the other slots to float (B, 3, H, W).

        Returns:
            float (B, classes, H, W).
        """
        maps = self.backbone.maps([images[name] for name in self.names])
        fused = [self._fused(stage, of_modalities) for stage, of_modalities in enumerate(maps)]
        return enlarged(self.decode_head(fused), images["rgb"])

    def encoder_state(self, name: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the tensors of a Mix Transformer under this model's names."""
        self.config.require_encoder(name)
        return {f"backbone.{key}": tensor for key, tensor in state.items()}

    def _fused(self, stage: int, maps: tuple[Tensor, ...]) -> Tensor:
        if self.config.fusion == "feature_cross":
            crossed: Tensor = self.backbone.feature_cross(stage, maps)
            return crossed
        first, *others = maps
        for other in others:
            first = first + other
        return first
