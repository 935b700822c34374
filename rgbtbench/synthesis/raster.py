"""The painter: polygons from far to near into maps of surface numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rgbtbench.synthesis.conditions import Conditions
from rgbtbench.synthesis.geometry import Camera, Points, clip_near
from rgbtbench.synthesis.surface import Casts, Patch

#: Polygons are filled at 1/16 pixel.
_SHIFT = 4
_FARTHEST_PIXEL = 30000
Ids = NDArray[np.uint16]
Grey = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Painting:
    """What a camera looks at, pixel by pixel. A surface number is 1 + the patch's place in the list; 0 is sky.

    Attributes:
        visible: uint16 (H, W), surface that the visible camera sees.
        thermal: uint16 (H, W), surface that the thermal camera sees; differs behind glass.
        whole: int64 (patches + 1,) by instance: pixels of each thing if nothing stood before it.
        shadow, old_shadow: float32 (H, W) 0 to 1, shadow of the key light on the ground: all of it, and the
            part that stands long enough for the ground to cool.
        contact: float32 (H, W) 0 to 1, where things stand so close that little sky is left.
    """

    visible: Ids
    thermal: Ids
    whole: NDArray[np.int64]
    shadow: Grey
    old_shadow: Grey
    contact: Grey


def paint(patches: Sequence[Patch], camera: Camera, conditions: Conditions, *, width: int, height: int) -> Painting:
    """Paint `patches` in their order into (height, width) maps."""
    import cv2

    owner = np.array([0] + [patch.surface.instance for patch in patches], np.int64)
    is_glass = np.array([False] + [patch.surface.material == "glass" for patch in patches])
    visible, thermal = np.zeros((height, width), np.uint16), np.zeros((height, width), np.uint16)
    alone = np.zeros((height, width), np.uint8)
    whole = np.zeros(int(owner.max(initial=0)) + 1, np.int64)
    outlines = _project([patch.contours for patch in patches], camera, width, height)
    for number, (patch, contours) in enumerate(zip(patches, outlines, strict=True), 1):
        if not contours or (camera.up < 0 and patch.on_ground):
            continue
        instance = patch.surface.instance
        if instance and owner[number - 1] != instance:
            alone[:] = 0
        if patch.through:
            _paint_behind_glass(visible, alone, contours, number, is_glass & (owner == patch.through))
        else:
            cv2.fillPoly(visible, contours, number, shift=_SHIFT)
            cv2.fillPoly(thermal, contours, number, shift=_SHIFT)
            if instance:
                cv2.fillPoly(alone, contours, 1, shift=_SHIFT)
        if instance:
            last = number == len(patches) or owner[number + 1] != instance
            if last:
                whole[instance] += np.count_nonzero(alone)
    shadow, old_shadow = _shadows(patches, camera, conditions, width, height)
    return Painting(visible, thermal, whole, shadow, old_shadow, _contact(patches, camera, width, height))


def _project(
    shapes: Sequence[tuple[Points, ...]], camera: Camera, width: int, height: int
) -> list[list[NDArray[np.int32]]]:
    """Project all polygons at once; returns fixed-point outlines, without those behind the camera."""
    clipped = [[clip_near(contour) for contour in contours] for contours in shapes]
    flat = [contour for contours in clipped for contour in contours if len(contour) >= 3]
    if not flat:
        return [[] for _ in shapes]
    pixels = camera.project(np.concatenate(flat), width, height) - 0.5
    fixed = np.rint(np.clip(pixels, -_FARTHEST_PIXEL, _FARTHEST_PIXEL) * 2**_SHIFT).astype(np.int32)
    pieces = iter(np.split(fixed, np.cumsum([len(contour) for contour in flat])[:-1]))
    return [[next(pieces) for contour in contours if len(contour) >= 3] for contours in clipped]


def _paint_behind_glass(
    visible: Ids, alone: NDArray[np.uint8], contours: list[NDArray[np.int32]], number: int, glass: NDArray[np.bool_]
) -> None:
    import cv2

    # Only pixels that show the glass now change, so a driver never leaves the windscreen.
    corners = np.concatenate(contours) >> _SHIFT
    left, top = np.clip(corners.min(0), 0, None)
    right, bottom = corners.max(0) + 2
    window, shown = visible[top:bottom, left:right], alone[top:bottom, left:right]
    if window.size == 0:
        return
    stencil = np.zeros(window.shape, np.uint8)
    offset = np.array([left, top], np.int32) << _SHIFT
    cv2.fillPoly(stencil, [contour - offset for contour in contours], 1, shift=_SHIFT)
    here = (stencil > 0) & (glass[window] | (shown > 0))
    window[here] = number
    shown[here] = 1


def _shadows(
    patches: Sequence[Patch], camera: Camera, conditions: Conditions, width: int, height: int
) -> tuple[Grey, Grey]:
    import cv2

    x, y, z = conditions.key
    length = np.array([x, 0.0, z]) / max(y, 0.05)
    casting = [patch for patch in patches if patch.casts]
    maps = []
    shapes = []
    for patch in casting:
        thrown = tuple(contour - contour[:, 1:2] * length for contour in patch.contours)
        shapes.append(tuple(contour * np.array([1.0, 0.0, 1.0]) for contour in thrown))
    outlines = _project(shapes, camera, width, height)
    for least in (Casts.FRESH, Casts.LASTING):
        shade = np.zeros((height, width), np.uint8)
        for patch, contours in zip(casting, outlines, strict=True):
            if contours and patch.casts >= least:
                cv2.fillPoly(shade, contours, 255, shift=_SHIFT)
        softness = (0.3 if least == Casts.FRESH else 1.0) * width / 128
        maps.append(cv2.GaussianBlur(shade, (0, 0), softness).astype(np.float32) / 255)
    return maps[0], maps[1]


def _contact(patches: Sequence[Patch], camera: Camera, width: int, height: int) -> Grey:
    import cv2

    below = []
    for patch in patches:
        if patch.casts and patch.contours[0][:, 1].min() < 0.6 and np.ptp(patch.contours[0][:, 0]) < 4.0:
            points = patch.contours[0]
            x, z = points[:, 0], points[:, 2]
            a, b = max(0.2, np.ptp(x) / 2) * 1.1, max(0.2, np.ptp(z) / 2) * 1.1
            angle = np.linspace(0, 2 * np.pi, 10, endpoint=False)
            level = min(points[:, 1].min(), 0.15)
            ring = np.stack([x.mean() + a * np.cos(angle), np.full(10, level), z.mean() + b * np.sin(angle)], 1)
            below.append((ring,))
    dark = np.zeros((height, width), np.uint8)
    for contours in _project(below, camera, width, height):
        if contours:
            cv2.fillPoly(dark, contours, 255, shift=_SHIFT)
    return cv2.GaussianBlur(dark, (0, 0), 0.8 * width / 128).astype(np.float32) / 255


def fill(outlines: Sequence[Points], camera: Camera, *, width: int, height: int) -> Grey:
    """Return float32 (H, W), 1 inside the given outlines and soft at their edges."""
    import cv2

    inside = np.zeros((height, width), np.uint8)
    for contours in _project([(outline,) for outline in outlines], camera, width, height):
        if contours:
            cv2.fillPoly(inside, contours, 255, shift=_SHIFT)
    return cv2.GaussianBlur(inside, (0, 0), 0.5 * width / 128).astype(np.float32) / 255
