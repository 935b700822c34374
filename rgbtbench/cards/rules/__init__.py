"""The rules of each family of metrics: one file per family, read from cards and told apart by `metric`."""

from typing import Annotated

from pydantic import Field

from rgbtbench.cards.rules.base import FamilyRules, Sentence
from rgbtbench.cards.rules.coco_ap import CocoRules
from rgbtbench.cards.rules.language import LanguageRules
from rgbtbench.cards.rules.miss_rate import MissRateRules
from rgbtbench.cards.rules.saliency import SaliencyRules
from rgbtbench.cards.rules.segmentation import SegmentationRules
from rgbtbench.cards.rules.voc_ap import VocRules
from rgbtbench.cards.rules.yolo_ap import YoloRules

__all__ = [
    "CocoRules",
    "FamilyRules",
    "LanguageRules",
    "MissRateRules",
    "Rules",
    "SaliencyRules",
    "SegmentationRules",
    "Sentence",
    "VocRules",
    "YoloRules",
]

Rules = Annotated[
    SegmentationRules | CocoRules | VocRules | YoloRules | MissRateRules | SaliencyRules | LanguageRules,
    Field(discriminator="metric"),
]
