"""Faults that show only when the modalities of a pair are held against each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.audit.faults import Fault
from rgbtbench.audit.misregistration import Offset

#: Thumbnails that correlate this much, with either sign, are one picture; real RGB-thermal pairs stay below 0.8.
_SAME_PICTURE: Final = 0.99
#: Kinds of modality that show, or are computed from, what another kind shows; two of one are alike by nature.
_SHOWS: Final = {"polarisation": "rgb", "lightfield": "rgb", "hha": "depth"}
#: Kinds whose view lies beside the first by design.
_APART: Final = {"lightfield"}
#: Share of the longer side beyond which an offset is called a misregistration.
_FAR: Final = 0.01

Size = tuple[int, int]


def size_faults(record: Mapping[str, Any], modalities: Sequence[str], stated: Mapping[str, Size]) -> Iterator[Fault]:
    """Yield differences in size between the modalities, and from what the card states.

    Args:
        record: the json member.
        modalities: those of the sample, in the dataset's order.
        stated: modality to width and height of the card, where it states them.
    """
    found = {name: (record["images"][name]["width"], record["images"][name]["height"]) for name in modalities}
    for name, size in found.items():
        if name in stated and stated[name] != size:
            yield Fault("unexpected-size", name, f"{_size(size)}, the card states {_size(stated[name])}")
    for one, other in combinations(found, 2):
        native = stated.get(one) == found[one] and stated.get(other) == found[other]
        if found[one] != found[other] and not native:
            yield Fault("size-mismatch", f"{one}+{other}", f"{_size(found[one])} and {_size(found[other])}")


def twin_faults(
    record: Mapping[str, Any], digests: Mapping[str, bytes], thumbnails: Mapping[str, NDArray[np.float32]]
) -> Iterator[Fault]:
    """Yield modalities that are one and the same image.

    Args:
        record: the json member.
        digests: modality to the hash of its pixels.
        thumbnails: modality to the image at a small size, the same for all.
    """
    for one, other in combinations(digests, 2):
        where = f"{one}+{other}"
        if record["images"][one]["sha256"] == record["images"][other]["sha256"]:
            yield Fault("same-file", where, f"sha256 {record['images'][one]['sha256'][:12]}")
        elif digests[one] == digests[other]:
            yield Fault("same-pixels", where, "decoded pixels are equal")
        elif _shown_by(one) != _shown_by(other):
            likeness = correlation(thumbnails[one], thumbnails[other])
            if abs(likeness) >= _SAME_PICTURE:
                yield Fault("same-picture", where, f"correlation {likeness:.3f}")


def offset_faults(one: str, other: str, offset: Offset) -> Iterator[Fault]:
    """Yield a misregistration that is certain and large."""
    if other.partition("_")[0] in _APART:
        return
    if offset.reliable and offset.length - 2 * offset.spread > _FAR * offset.longest:
        beside = f"{-offset.x:+z.1f}, {-offset.y:+z.1f} pixels (right, down) beside {one}"
        yield Fault("misregistered", f"{one}+{other}", f"{other} lies {beside}, give or take {offset.spread:.1f}")


def _shown_by(modality: str) -> str:
    kind = modality.partition("_")[0]
    return _SHOWS.get(kind, kind)


def correlation(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Return the correlation of two images of equal shape, from -1 to 1; 0 when one of them is constant."""
    first, second = one.ravel() - one.mean(), other.ravel() - other.mean()
    power = float(np.dot(first, first)) * float(np.dot(second, second))
    return 0.0 if power <= 0 else float(np.dot(first, second)) / power**0.5


def _size(size: Size) -> str:
    return f"{size[0]}x{size[1]}"
