"""Faster R-CNN on one or two cameras: early, mid or late fusion, with encoders from small to a Vision Transformer.

Ren, He, Girshick and Sun, "Faster R-CNN", NeurIPS 2015, on a feature pyramid; with a Vision Transformer the network is
ViTDet (Li, Mao, Girshick and He, ECCV 2022).
"""

from __future__ import annotations

from pydantic import Field

from rgbtbench.zoo.parts.averaged import averaged
from rgbtbench.zoo.parts.rcnn import Convention, Rcnn
from rgbtbench.zoo.parts.roi_heads import BoxHead, MaskHead
from rgbtbench.zoo.parts.rpn import RpnHead
from rgbtbench.zoo.parts.two_stream_pyramid import Backbone, TwoStreamConfig, TwoStreamPyramid
from rgbtbench.zoo.spec import ModelSpec, Wiring
from rgbtbench.zoo.streams import default_wiring
from rgbtbench.zoo.two_stream import TwoStreamDetector

TASKS = ("detection",)


class TwoStreamFasterRcnnConfig(TwoStreamConfig):
    """Configuration of the detector; ViTDet has 2, 4 and 1 for the depth of its heads, and masks."""

    backbone: Backbone = "resnet50"
    levels: int = Field(4, ge=1, le=5, description="coarsest scales of small or a ResNet that make the pyramid")
    head_channels: int = Field(256, ge=1, description="of every level and of the convolutions of heads")
    rpn_convolutions: int = Field(1, ge=1, le=4, description="before the outputs of the region proposal network")
    box_convolutions: int = Field(0, ge=0, le=8, description="of the box head, each with a layer normalisation")
    box_layers: int = Field(2, ge=1, le=4, description="hidden linear layers of the box head")
    box_width: int = Field(1024, ge=1, description="channels of these")
    anchor_scale: float = Field(8.0, gt=0, description="root of an anchor's area in strides of its level")
    masks: bool = Field(False, description="learn the boxes as masks beside, with a head that predictions do not need")
    convention: Convention = Field(
        "mmdetection", description="whose anchors, matching, reading of features and loss: docs/detectors.md"
    )


CONFIG = TwoStreamFasterRcnnConfig


def slots(config: TwoStreamFasterRcnnConfig) -> Wiring:
    """Return the input slots with the modality that feeds each by default."""
    return default_wiring(config.streams)


def build(spec: ModelSpec, config: TwoStreamFasterRcnnConfig) -> TwoStreamDetector:
    """Return a detector with random weights."""
    pyramid = TwoStreamPyramid(config, coarser="pool")
    channels, classes = config.head_channels, len(spec.classes)

    def box_head() -> BoxHead:
        return BoxHead(
            channels,
            classes,
            convolutions=config.box_convolutions,
            linear=config.box_layers,
            width=config.box_width,
            eps=config.norm_eps,
        )

    detector = Rcnn(
        averaged(lambda: RpnHead(channels, depth=config.rpn_convolutions), config.copies),
        averaged(box_head, config.copies),
        averaged(lambda: MaskHead(channels, classes, eps=config.norm_eps), config.copies) if config.masks else None,
        classes=classes,
        strides=pyramid.strides,
        convention=config.convention,
        anchor_scale=config.anchor_scale,
    )
    return TwoStreamDetector(spec, config, pyramid, detector)
