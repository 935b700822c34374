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
        contrast: modality to float64 (N,); see `contrast_to_noise`.
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


def contrast_to_noise(picture: Exposure, inside: NDArray[np.bool_], ring: NDArray[np.bool_]) -> float:
    """Return how far an object stands out from its surroundings, in units of noise and clutter.

    sqrt(mean |s - m|^2 over the object) / sqrt(mean noise variance over the object + variance of s in the ring),
    where s is the camera's signal without noise, m its mean over the ring, both averaged over channels. The root
    mean square, not the mean, so that a dark coat over bright trousers does not cancel out.

    Args:
        picture: the camera's exposure, (H, W) or (H, W, C).
        inside: bool (H, W), the object's pixels.
        ring: bool (H, W), pixels around it that are not its own.
    """
    if not inside.any() or not ring.any():
        return 0.0
    around, own = picture.signal[ring], picture.signal[inside]
    difference = float(np.mean((own - around.mean(0)) ** 2))
    clutter = float(np.mean(around.var(0)))
    noise = float(np.mean(picture.noise[inside] ** 2))
    return float(np.sqrt(difference / (noise + clutter + 1e-12)))


def contrasts(picture: Exposure, instances: Instances, wanted: Instances, *, ring: float) -> NDArray[np.float64]:
    """Return the contrast-to-noise of every wanted instance, 0 where the picture does not show it."""
    import cv2

    height, width = instances.shape
    reach = max(2, round(ring * width))
    kernel = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    values = np.zeros(len(wanted))
    for position, instance in enumerate(wanted):
        box = tight_box(instances == instance)
        if box is None:
            continue
        x0, y0, x1, y1 = max(box[0] - reach, 0), max(box[1] - reach, 0), box[2] + reach, box[3] + reach
        inside = instances[y0:y1, x0:x1] == instance
        near = cv2.dilate(inside.astype(np.uint8), kernel) > 0
        part = Exposure(picture.pixels[y0:y1, x0:x1], picture.signal[y0:y1, x0:x1], picture.noise[y0:y1, x0:x1])
        values[position] = contrast_to_noise(part, inside, near & ~inside)
    return values


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
        semantic, instances: (H, W), class and instance at every pixel's centre.
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
