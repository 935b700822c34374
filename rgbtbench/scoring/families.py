"""Which family of metrics serves which rules; each is imported when it is used."""

from __future__ import annotations

from importlib import import_module
from types import MappingProxyType
from typing import Final

from rgbtbench.cards.rules import FamilyRules
from rgbtbench.scoring.family import Family

#: `metric` of the rules to the module that holds its `FAMILY`.
FAMILIES: Final = MappingProxyType(
    {
        "segmentation": "rgbtbench.scoring.segmentation.family",
        "coco_ap": "rgbtbench.scoring.average_precision.family",
        "voc_ap": "rgbtbench.scoring.average_precision.voc_family",
        "yolo_ap": "rgbtbench.scoring.average_precision.yolo_family",
        "miss_rate": "rgbtbench.scoring.miss_rate.family",
        "language": "rgbtbench.scoring.language.family",
        "saliency": "rgbtbench.scoring.saliency.family",
    }
)


def family_of(rules: FamilyRules) -> Family:
    """Return the family that computes what the rules describe."""
    family: Family = import_module(FAMILIES[rules.metric]).FAMILY
    return family
