"""FCOS on one or two cameras: early, mid or late fusion, with encoders from small to a Vision Transformer.

Tian, Shen, Chen and He, "FCOS: A Simple and Strong Anchor-free Object Detector", TPAMI 2020. With a ResNet the levels
are those of the paper: its three coarsest stages and two more; with a Vision Transformer those of ViTDet's SimpleFPN.
"""

from __future__ import annotations

from pydantic import Field, field_validator
from torchvision.models.detection.fcos import FCOSHead

from rgbtbench.zoo.parts.averaged import averaged
from rgbtbench.zoo.parts.fcos import Fcos
from rgbtbench.zoo.parts.resnet import RESNET_WIDTHS
from rgbtbench.zoo.parts.two_stream_pyramid import TwoStreamConfig, TwoStreamPyramid
from rgbtbench.zoo.spec import ModelSpec, Wiring
from rgbtbench.zoo.streams import default_wiring
from rgbtbench.zoo.two_stream import TwoStreamDetector

TASKS = ("detection",)
#: torchvision's head normalises groups of 32 channels.
_GROUPS = 32


class TwoStreamFcosConfig(TwoStreamConfig):
    """Configuration of the detector."""

    head_channels: int = Field(64, ge=_GROUPS, description="of every level and of the head, a multiple of 32")
    head_depth: int = Field(2, ge=1, le=4, description="convolutions before each output of the head; 4 in the paper")
    nms_threshold: float = Field(0.6, gt=0, le=1, description="IoU above which the weaker one of a class goes")

    @field_validator("head_channels")
    @classmethod
    def _fills_the_groups(cls, channels: int) -> int:
        if channels % _GROUPS:
            raise ValueError(f"head_channels must be a multiple of {_GROUPS}")
        return channels


CONFIG = TwoStreamFcosConfig


def slots(config: TwoStreamFcosConfig) -> Wiring:
    """Return the input slots with the modality that feeds each by default."""
    return default_wiring(config.streams)


def build(spec: ModelSpec, config: TwoStreamFcosConfig) -> TwoStreamDetector:
    """Return a detector with random weights."""
    stages_of_a_resnet = config.backbone in RESNET_WIDTHS
    pyramid = TwoStreamPyramid(config, coarser="convolutions" if stages_of_a_resnet else "none")

    def head() -> FCOSHead:
        return FCOSHead(config.head_channels, 1, len(spec.classes), num_convs=config.head_depth)

    return TwoStreamDetector(spec, config, pyramid, Fcos(averaged(head, config.copies), strides=pyramid.strides))
