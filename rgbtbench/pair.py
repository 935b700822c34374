"""The Pair: one aligned sample of a dataset, and the only type that crosses the data layer.

Specification: docs/formats/pair.md. A dataset module first lists `Entry`s, which name files and cost nothing;
workers then turn each entry into a `Pair`, which holds bytes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.schema import AttributeValue, Frame
from rgbtbench.errors import InputFileError

PAIR_VERSION = 1

_KEY = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*")
MAX_KEY_LENGTH = 80


def check_key(key: str) -> str:
    """Return `key` when tar readers everywhere will keep it whole: letters, digits, `_`, `-`, `/`.

    A dot would end the key for webdataset-style readers and merge samples; such ids are mapped with `key_of`.

    Raises:
        InputFileError: any other character, an empty part, or more than 80 characters.
    """
    if len(key) > MAX_KEY_LENGTH or not _KEY.fullmatch(key):
        raise InputFileError(
            f"key {key!r} cannot be stored",
            expected=f"letters, digits, `_`, `-` and `/`, at most {MAX_KEY_LENGTH} characters",
            remedy="rename the file, or map the id in the dataset's module",
        )
    return key


def key_of(official_id: str) -> str:
    """Return the key of an official id: dots become `_`, everything else is kept.

    Two ids that give one key are found when a dataset is indexed, and are an error there.
    """
    return check_key(official_id.replace(".", "_"))


@dataclass(frozen=True, slots=True)
class Entry:
    """One sample before anything is opened.

    Attributes:
        key: local to the dataset; see `check_key`.
        official_id: the id as the dataset writes it.
        split: `train`, `val`, `test`, …
        order: position in the official list of the split, from 0.
        files: role to path relative to the root, with `/`; every input file of the sample is named here,
            because its size and time decide whether prepared data is still current.
        attributes: facts known without opening files; the card declares them.
        cluster: frames that belong together (sequence, scene) share it; null when each image stands alone.
        image_id: the number that official result files use for it; null where the dataset has none.
    """

    key: str
    official_id: str
    split: str
    order: int
    files: Mapping[str, str]
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)
    cluster: str | None = None
    image_id: int | None = None


#: What an image may be: photographs, and `npy` for float32 rasters.
ImageExtension = Literal["jpg", "png", "npy"]
IMAGE_EXTENSIONS: Final = get_args(ImageExtension)


@dataclass(frozen=True, slots=True)
class Image:
    """One modality of a pair: the bytes of an ordinary image file.

    Attributes:
        data: file content; the official bytes, unless `conversion` says what was done.
        extension: `jpg`, `png` or, for float32 rasters, `npy`; without the dot.
        width, height, channels, bit_depth: as the header states.
        source: official path relative to the root.
        conversion: null for official bytes, else how these bytes were made, losslessly.
    """

    data: bytes
    extension: ImageExtension
    width: int
    height: int
    channels: int
    bit_depth: int
    source: str
    conversion: str | None = None


@dataclass(frozen=True, slots=True)
class Boxes:
    """One named set of boxes.

    Attributes:
        frame: the camera whose pixels the boxes follow.
        xyxy: float64 (N, 4), 0-based half-open `x1 y1 x2 y2` in pixels; not clipped to the image.
        labels: int64 (N,), native class ids.
        ignore: bool (N,), regions that are neither hit nor miss.
        occlusion: int64 (N,), 0 none, 1 partial, 2 heavy, -1 not stated.
        raw: float64 (N, K), the numbers as the source writes them: 4, or more where it states a polygon or a visible
            part as well.
        convention: how the source counts: `voc-xyxy-1-based`, `coco-xywh-0-based`, …
        visibility: modality to float64 (N,): contrast-to-noise where it is known; empty otherwise.
        corners: float64 (N, 4, 2), `x y` of the corners of oriented boxes in the source's order, 0-based pixels of the
            same frame; None where boxes are upright. `xyxy` is then the smallest upright box around them.
    """

    frame: Frame
    xyxy: NDArray[np.float64]
    labels: NDArray[np.int64]
    ignore: NDArray[np.bool_]
    occlusion: NDArray[np.int64]
    raw: NDArray[np.float64]
    convention: str
    visibility: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    corners: NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True)
class Mask:
    """One named per-pixel label: an 8-bit single-channel PNG of native ids (semantic) or of 0 to 255 (saliency).

    Attributes:
        kind: what the grey values mean.
        frame: the camera whose pixels the mask follows.
        data: PNG bytes; the official file's whenever that is an ordinary index PNG.
        width, height: pixels.
        values: the distinct grey values, sorted; the card must name each of a semantic mask.
        source: official path relative to the root.
        conversion: null for official bytes, else how they were made.
    """

    kind: Literal["semantic", "saliency"]
    frame: Frame
    data: bytes
    width: int
    height: int
    values: tuple[int, ...]
    source: str
    conversion: str | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """One named text: captions or instruction records that go with the pair."""

    captions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """One sample with everything in memory.

    Attributes:
        dataset: name of the card.
        entry: identity, split, order, attributes and source files.
        images: modality to image; every modality of the card that the release has.
        labels: label-set name to labels; the names are those of the card.
        attributes: the entry's attributes and those found by opening files.
    """

    dataset: str
    entry: Entry
    images: Mapping[str, Image]
    labels: Mapping[str, Boxes | Mask | Text]
    attributes: Mapping[str, AttributeValue]
