"""MSRS (Tang et al., Information Fusion 2022): MFNet's pairs without the misaligned ones, thermal contrast enhanced."""

from __future__ import annotations

from rgbtbench.datasets.mfnet import MFNet
from rgbtbench.datasets.templates import template


class MSRS(MFNet):
    """Files keep MFNet's names, and a name tells the same; splits are folders, and other ones than MFNet's."""

    name = "msrs"
    layouts = (
        template(
            "official",
            {
                "rgb": "{split}/vi/{stem}.png",
                "lwir": "{split}/ir/{stem}.png",
                "semantic": "{split}/Segmentation_labels/{stem}.png",
            },
            splits={"train": "train", "test": "test"},
        ),
    )


SOURCE = MSRS()
