"""Small pictures inside the page, as data addresses: samples, boxes laid over them, edges of two cameras at once."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from rgbtbench.audit.gradients import Edges, edges, edges_beside
from rgbtbench.audit.measures import SplitMeasures
from rgbtbench.audit.pixels import Grey, grey8
from rgbtbench.errors import UserError
from rgbtbench.inspection.pictures import picture, thumbnail
from rgbtbench.loading.frames import frame_size

_QUALITY: Final = 80
#: Modalities of a sample that are shown; those with many views would fill the page.
_MOST_SHOWN: Final = 4


@dataclass(frozen=True, slots=True)
class Box:
    """A box to draw, in percent of the image's width and height; parts beyond the image are cut off."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Shown:
    """One modality of a sample.

    Attributes:
        modality: its name.
        source: data address of a JPEG; empty where the image is damaged.
        boxes: laid over it.
    """

    modality: str
    source: str
    boxes: tuple[Box, ...] = ()


def sample_pictures(split: SplitMeasures, row: int, *, boxes_of: str | None = None) -> list[Shown]:
    """Return small pictures of a sample's modalities.

    Args:
        split: its split.
        row: position in it.
        boxes_of: box set to lay over the images.
    """
    record = split.data.record(row)
    laid: tuple[Box, ...] = ()
    if boxes_of is not None:
        laid = _boxes(record, boxes_of, split.data.manifest.modalities)
    shown = []
    for modality in split.data.modalities[:_MOST_SHOWN]:
        facts = record["images"][modality]
        try:
            small = thumbnail(picture(split.data.member(row, facts["file"]), facts))
        except UserError:
            shown.append(Shown(modality, ""))
            continue
        shown.append(Shown(modality, _address(small, "jpeg"), laid))
    return shown


def edge_pictures(split: SplitMeasures, row: int, modality: str) -> tuple[str, str]:
    """Return the edges of a modality over those of the first, as they are and moved by the estimated offset.

    Edges of the first modality are red, those of the other cyan: where they meet they are white.

    Returns:
        Two data addresses.
    """
    reference = edges(_grey(split, row, split.first))
    second = edges_beside(reference, _grey(split, row, modality))
    columns = split.offsets[modality]
    shift = (float(columns.x[row]) / reference.scale, float(columns.y[row]) / reference.scale)
    return _composite(reference, second, (0.0, 0.0)), _composite(reference, second, shift)


def png_address(pixels: NDArray[np.uint8]) -> str:
    """Return a data address of a small PNG.

    Args:
        pixels: (H, W, 3) or (H, W, 4), red first.
    """
    swapped: Any = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR if pixels.shape[2] == 3 else cv2.COLOR_RGBA2BGRA)
    return _address(bytes(cv2.imencode(".png", swapped)[1]), "png")


def _grey(split: SplitMeasures, row: int, modality: str) -> Grey:
    return grey8(split.data.store.image(row, split.data.record(row)["images"][modality]["file"]))


def _composite(one: Edges, other: Edges, shift: tuple[float, float]) -> str:
    height, width = one.grey.shape
    move = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], np.float32)
    strengths = np.abs(one.field), cv2.warpAffine(np.abs(other.field), move, (width, height))
    red, cyan = (np.asarray(strength * 255, np.uint8) for strength in strengths)
    encoded = cv2.imencode(".jpg", np.dstack([cyan, cyan, red]), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1]
    return _address(bytes(encoded), "jpeg")


def _boxes(record: Any, label_set: str, modalities: tuple[str, ...]) -> tuple[Box, ...]:
    height, width = frame_size(record, label_set, modalities)
    return tuple(
        Box(100 * left / width, 100 * top / height, 100 * (right - left) / width, 100 * (bottom - top) / height)
        for left, top, right, bottom in record["boxes"][label_set]["boxes_xyxy"]
        if right > left and bottom > top
    )


def _address(data: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
