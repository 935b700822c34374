"""M-SpecGene's detector: one ViTDet backbone for both cameras, and Mask R-CNN that learns boxes as masks.

Zhou et al., "M-SpecGene: Generalized Foundation Model for RGBT Multispectral Vision", ICCV 2025. RGB and thermal run
through the same weights one beside the other; the two last maps are concatenated. Layers carry the published names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Final, Self

import torch
from pydantic import Field, field_validator, model_validator
from torch import Tensor

from rgbtbench.loading.batch import Batch
from rgbtbench.zoo.detection import DetectionModel, KeptDetections
from rgbtbench.zoo.encoders import require_encoder
from rgbtbench.zoo.image_features import image_features
from rgbtbench.zoo.m_specgene.tasks import CHANNELS, FED_BY
from rgbtbench.zoo.parts.folded_pair import folded, unfolded
from rgbtbench.zoo.parts.rcnn import Rcnn
from rgbtbench.zoo.parts.roi_heads import BoxHead, MaskHead
from rgbtbench.zoo.parts.rpn import RpnHead
from rgbtbench.zoo.parts.simple_fpn import SimpleFpn
from rgbtbench.zoo.parts.vit import vit_layers
from rgbtbench.zoo.parts.vit_config import TaskEncoder
from rgbtbench.zoo.parts.vitdet import PATCH, WINDOW, VitDet
from rgbtbench.zoo.preprocess import IMAGENET, Preprocess
from rgbtbench.zoo.spec import ModelSpec, Wiring

TASKS = ("detection",)
PUBLISHED_KEYS: Final[Mapping[str, str]] = {"detector.": ""}
#: A detector without masks leaves the published mask head alone.
UNUSED_KEYS = ("roi_head.mask_head.",)
#: Of a pre-trained encoder; ViTDet's backbone has neither.
_UNUSED: Final = ("cls_token", "norm.")
#: Layers whose outputs are classes.
_WITH_CLASSES: Final = (
    *("roi_head.bbox_head.fc_cls", "roi_head.bbox_head.fc_reg"),
    "roi_head.mask_head.conv_logits",
)
#: Level of mmdetection's padding, 114 of 255.
_FILL: Final = 114 / 255


class MSpecGeneDetectionConfig(TaskEncoder, KeptDetections):
    """Configuration of the detector."""

    image_side: int = Field(
        960, ge=1, description="side in pixels that the relative positions of global blocks are for"
    )
    attention_window: int = Field(
        WINDOW, ge=1, description="side in patches of the squares that attention of most blocks stays in"
    )
    global_blocks: tuple[Annotated[int, Field(ge=0)], ...] | None = Field(
        None,
        description="blocks, from 0, whose attention is of all patches; null: four, evenly spread, one being the last",
    )
    drop_path: float = Field(0.1, ge=0, lt=1, description="chance of leaving out a branch of the last block")
    norm_eps: float = Field(1e-5, gt=0, description="of all layer normalisations, as in mmdetection")
    head_channels: int = Field(256, ge=1, description="of every level of the pyramid and of convolutions of heads")
    box_width: int = Field(1024, ge=1, description="channels of the box head's hidden layer")
    masks: bool = Field(True, description="learn the boxes as masks beside, with a head that predictions do not need")
    preprocess: Preprocess = Preprocess(
        fit=(960, 960), fill=_FILL, multiple_of=PATCH, normalisation=dict.fromkeys(CHANNELS, IMAGENET)
    )

    @model_validator(mode="after")
    def _global_blocks_are_there(self) -> Self:
        depth = self.encoder_size.depth
        if any(number >= depth for number in self.global_blocks or ()):
            raise ValueError(f"global_blocks are numbers from 0 to {depth - 1}")
        return self

    @field_validator("preprocess")
    @classmethod
    def _padding_has_a_level(cls, preprocess: Preprocess) -> Preprocess:
        if preprocess.fill is None:
            raise ValueError("preprocess.fill must be given, from 0, which is black, to 1")
        return preprocess


CONFIG = MSpecGeneDetectionConfig


def slots(config: MSpecGeneDetectionConfig) -> Wiring:
    """Return the input slots with the modality that feeds each by default."""
    del config
    return dict(FED_BY)


def build(spec: ModelSpec, config: MSpecGeneDetectionConfig) -> MSpecGeneDetector:
    """Return the detector with random weights."""
    return MSpecGeneDetector(spec, config)


def in_class_order(state: Mapping[str, Tensor], places: Sequence[int]) -> dict[str, Tensor]:
    """Return the detector's tensors with its classes in another order.

    Args:
        state: under our names.
        places: for each class, its place in `state`.
    """
    count, chosen = len(places), torch.tensor(places)
    found = dict(state)
    for end in ("weight", "bias"):
        scores, deltas, masks = (f"detector.{layer}.{end}" for layer in _WITH_CLASSES)
        # Behind the classes lies the background.
        found[scores] = torch.cat((state[scores][chosen], state[scores][count:]))
        found[deltas] = state[deltas].reshape(count, -1, *state[deltas].shape[1:])[chosen].flatten(0, 1)
        if masks in state:
            found[masks] = state[masks][chosen]
    return found


class MSpecGeneDetector(DetectionModel):
    """The network; RGB comes before thermal, other than in pre-training."""

    def __init__(self, spec: ModelSpec, config: MSpecGeneDetectionConfig) -> None:
        size, channels, eps, classes = config.encoder_size, config.head_channels, config.norm_eps, len(spec.classes)
        neck = SimpleFpn(len(CHANNELS) * size.width, stride=config.patch, outputs=channels, eps=eps)
        detector = Rcnn(
            RpnHead(channels, depth=2),
            BoxHead(channels, classes, convolutions=4, linear=1, width=config.box_width, eps=eps),
            MaskHead(channels, classes, eps=eps) if config.masks else None,
            classes=classes,
            strides=neck.strides,
        )
        super().__init__(spec, detector, limits=config.limits, preprocess=config.preprocess, channels=CHANNELS)
        self.config = config
        self.backbone = VitDet(
            size,
            side=config.image_side // config.patch,
            patch=config.patch,
            grid=config.pretrained_grid,
            eps=eps,
            drop_path=config.drop_path,
            window=config.attention_window,
            global_blocks=config.global_blocks,
        )
        self.neck = neck

    def levels(self, images: Mapping[str, Tensor]) -> list[Tensor]:
        """Return the pyramid's levels; see `DetectionModel`."""
        levels: list[Tensor] = self.neck(unfolded(self.backbone(folded(images["rgb"], images["thermal"]))))
        return levels

    def features(self, batch: Batch, size: tuple[int, int] | None = None) -> dict[str, Tensor]:
        """Return the backbone's map of each image, which the other one's is put beside; padding is seen as ever."""
        return image_features(
            batch,
            self.backbone,
            rules=self.preprocess,
            inputs=self.inputs_for(batch),
            channels=self.channels,
            patch=self.config.patch,
            size=size,
        )

    def encoder_state(self, name: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the tensors of an encoder of the same size, pre-trained by MAE or on pairs."""
        require_encoder(name, wanted=self.config.encoder_name)
        return {f"backbone.{key}": tensor for key, tensor in state.items() if not key.startswith(_UNUSED)}

    def layers(self) -> Sequence[Sequence[str]]:
        """Return the order of layers; see `Model.layers`."""
        return vit_layers("backbone", self.config.encoder_size.depth)
