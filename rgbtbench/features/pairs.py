"""The images that features are taken from: as they are, or as a protocol of matching shows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from rgbtbench.cards.matching import MatchingBlock
from rgbtbench.conditions.homography import HomographyLimits, drawn_homography, seen_through
from rgbtbench.formats.image_file import Pixels
from rgbtbench.loading.prepared import PreparedSplit


@dataclass(frozen=True, slots=True)
class ImagePair:
    """The images of one sample.

    Attributes:
        key: of the sample.
        frame: height and width that features cover.
        images: modality to uint8, uint16 or float32 (H, W, C); under a protocol all of the frame's size.
    """

    key: str
    frame: tuple[int, int]
    images: dict[str, Pixels]


def limits_of(protocol: MatchingBlock) -> HomographyLimits:
    """Return how far a protocol's homographies go."""
    return HomographyLimits(
        frame=protocol.frame,
        perspective=protocol.perspective,
        scale=protocol.scale,
        rotation=protocol.rotation,
        translation=protocol.translation,
        seed=protocol.seed,
    )


def shown_pairs(
    split: PreparedSplit, modalities: Sequence[str], protocol: MatchingBlock | None = None
) -> Iterator[ImagePair]:
    """Yield the images of every sample, in official order.

    Args:
        split: the samples.
        modalities: those that are wanted.
        protocol: brings all images to its frame and moves the content of one; None leaves them as they are, in the
            frame of the first modality of the data.

    Raises:
        ShardError: the data lacks a modality, or is damaged.
    """
    view = split.only(modalities=tuple(modalities), label_sets=())
    for position in range(len(view)):
        sample = view[position]
        images = dict(sample.images)
        if protocol is None:
            yield ImagePair(sample.key, view.frame_size(position), images)
            continue
        images = {name: resized(pixels, protocol.frame) for name, pixels in images.items()}
        if protocol.warped in images:
            homography = drawn_homography(sample.key, limits_of(protocol))
            images[protocol.warped] = seen_through(images[protocol.warped], homography)
        yield ImagePair(sample.key, protocol.frame, images)


def resized(pixels: Pixels, frame: tuple[int, int]) -> Pixels:
    """Return an image (H, W, C) at a height and width: areas are averaged where it shrinks, else bilinear."""
    if pixels.shape[:2] == frame:
        return pixels
    shrinks = frame[0] <= pixels.shape[0] and frame[1] <= pixels.shape[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    changed: Pixels = cv2.resize(np.ascontiguousarray(pixels), frame[::-1], interpolation=method)  # type: ignore[assignment]
    return changed.reshape(*frame, -1)
