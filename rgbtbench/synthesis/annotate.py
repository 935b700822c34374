"""Labels, measured on the finished pictures: masks, boxes, occlusion, contrast-to-noise, visibility, captions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rgbtbench.labels import IGNORE
from rgbtbench.synthesis.parameters import AnnotationParameters
from rgbtbench.synthesis.sensor import Exposure

#: Grey values of the visibility mask.
NO_OBJECT, BOTH, RGB_ONLY, LWIR_ONLY, NEITHER = range(5)
Instances = NDArray[np.int64]
Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What the countable things change in the field that a camera looks at; P points finer than its pixels.

    Attributes:
        empty: float32 (H, W) or (H, W, 3), the field without any of the things.
        things: float32 (P,) or (P, 3), the field at the points that show a thing.
        behind: the same points without that thing.
        instances: int64 (P,), which thing.
        places: int64 (P,), the pixel of each point, row x W + column.
    """

    empty: NDArray[np.float32]
    things: NDArray[np.float32]
    behind: NDArray[np.float32]
    instances: Instances
    places: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Annotation:
    """Labels of one picture, in the visible camera's frame.

    Attributes:
        semantic, visibility, saliency: uint8 (H, W).
        instances: int64 (N,), the things that have a box.
        boxes: float64 (N, 4), half-open x1 y1 x2 y2, tight about the thing's visible pixels.
        labels: int64 (N,).
        ignore: bool (N,), things that neither camera shows.
        occlusion: int64 (N,), 0 none, 1 partial, 2 heavy.
        contrast: modality to float64 (N,); see `contrasts`.
    """

    semantic: NDArray[np.uint8]
    visibility: NDArray[np.uint8]
    saliency: NDArray[np.uint8]
    instances: Instances
    boxes: NDArray[np.float64]
    labels: NDArray[np.int64]
    ignore: NDArray[np.bool_]
    occlusion: NDArray[np.int64]
    contrast: dict[str, NDArray[np.float64]]


def contrasts(picture: Exposure, glimpse: Glimpse, count: int, parameters: AnnotationParameters) -> Numbers:
    """Return the contrast-to-noise of every thing in one picture, float64 (count,), 0 for things it does not show.

    With s what the camera counts at a point of a thing, and e what it would count there without the thing,

        contrast-to-noise = sqrt(mean (s - e)^2) / sqrt(mean noise variance + mean (clutter x spread)^2),

    means over the thing's points and over channels; `spread` is the standard deviation of e within `ring` around.
    So a thing hides in noise, or before a background that varies as much by itself; one that changes nothing, such
    as a driver behind glass in LWIR, has exactly 0. Counts are taken before the lens blurs them.

    Args:
        picture: gives noise, scale and ceiling.
        glimpse: fields with and without things.
        count: number of things.
        parameters: `ring` and `clutter`.
    """
    import cv2

    height, width = glimpse.empty.shape[:2]
    reach = max(2, round(parameters.ring * width))
    window = (2 * reach + 1, 2 * reach + 1)
    empty = np.minimum(glimpse.empty * np.float32(picture.scale), picture.ceiling).reshape(height, width, -1)
    # Squares are taken about the middle level, which keeps float32 exact enough.
    level = (empty - empty.mean((0, 1))).astype(np.float32)
    variance = cv2.blur(level * level, window) - cv2.blur(level, window) ** 2
    limit = picture.noise**2 + parameters.clutter**2 * np.clip(variance, 0.0, None).reshape(picture.noise.shape)
    with_it, without = (
        np.minimum(field * np.float32(picture.scale), picture.ceiling) for field in (glimpse.things, glimpse.behind)
    )
    difference = (with_it - without) ** 2
    over_channels = tuple(range(1, difference.ndim))
    changed = np.bincount(glimpse.instances, difference.mean(over_channels), count + 1)[1:]
    hidden = np.bincount(glimpse.instances, limit.reshape(height * width, -1).mean(1)[glimpse.places], count + 1)[1:]
    return np.asarray(np.sqrt(np.divide(changed, hidden, out=np.zeros(count), where=hidden > 0)))


def tight_box(mask: NDArray[np.bool_]) -> tuple[int, int, int, int] | None:
    """Return the half-open box x1 y1 x2 y2 about the true pixels, None when there are none."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def annotate(
    semantic: NDArray[np.uint8],
    instances: Instances,
    *,
    labels_of: Sequence[int],
    visible_share: NDArray[np.float64],
    contrast: dict[str, NDArray[np.float64]],
    parameters: AnnotationParameters,
) -> Annotation:
    """Put the labels together.

    Args:
        semantic: uint8 (H, W), class at every pixel's centre.
        instances: int64 (H, W), instance there.
        labels_of: class of each instance, by instance - 1.
        visible_share: float64, by instance - 1: visible pixels over pixels if nothing stood before it.
        contrast: modality to float64, by instance - 1.
        parameters: thresholds.
    """
    count = len(labels_of)
    pixels = np.bincount(instances.ravel(), minlength=count + 1)[1:]
    present = np.flatnonzero(pixels)
    enough = pixels >= max(4.0, parameters.area * semantic.size)
    seen_rgb = (contrast["rgb"] >= parameters.contrast) & enough
    seen_lwir = (contrast["lwir"] >= parameters.contrast) & enough
    state = np.select([seen_rgb & seen_lwir, seen_rgb, seen_lwir], [BOTH, RGB_ONLY, LWIR_ONLY], NEITHER)
    visibility = np.concatenate([[NO_OBJECT], state]).astype(np.uint8)[instances]
    labelled = np.where(visibility == NEITHER, np.uint8(IGNORE), semantic).astype(np.uint8)

    strength = np.maximum(contrast["rgb"], contrast["lwir"]).clip(0.0, 10.0) * np.sqrt(pixels) * (state != NEITHER)
    salient = (strength > 0) & (strength >= parameters.salient * strength.max(initial=0.0))
    saliency = np.where(np.concatenate([[False], salient])[instances], 255, 0).astype(np.uint8)

    boxes = [tight_box(instances == number + 1) for number in present]
    share = visible_share[present]
    occlusion = np.where(share < parameters.heavy, 2, np.where(share < parameters.partial, 1, 0))
    return Annotation(
        semantic=labelled,
        visibility=visibility,
        saliency=saliency,
        instances=present + 1,
        boxes=np.array(boxes, np.float64).reshape(-1, 4),
        labels=np.array(labels_of, np.int64)[present],
        ignore=state[present] == NEITHER,
        occlusion=occlusion.astype(np.int64),
        contrast={modality: values[present] for modality, values in contrast.items()},
    )
