"""The painter: polygons from far to near into maps of surface numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rgbtbench.synthesis.conditions import Conditions
from rgbtbench.synthesis.geometry import NEAR, Camera, Points, clip_near
from rgbtbench.synthesis.surface import Casts, Patch

#: Polygons are filled at 1/16 pixel.
_SHIFT = 4
_FARTHEST_PIXEL = 30000
#: Weaker light (lux) throws no shadow that any camera shows.
_FAINTEST = 0.05
Ids = NDArray[np.uint16]
Grey = NDArray[np.float32]
Outlines = list[NDArray[np.int32]]


@dataclass(frozen=True, slots=True)
class Painting:
    """What a camera looks at, pixel by pixel. A surface number is 1 + the patch's place in the list; 0 is sky.

    Attributes:
        visible: uint16 (H, W), surface that the visible camera sees.
        thermal: uint16 (H, W), surface that the thermal camera sees; differs behind glass.
        behind_visible, behind_thermal: uint16 (H, W), the same if the thing at the pixel were not there.
        whole: int64, by instance: pixels of each thing if nothing stood before it.
        shadow, old_shadow: float32 (H, W) 0 to 1, shadow of the sun or moon on the ground: all of it, and the
            part that the sun has kept long enough for the ground to cool.
        contact: float32 (H, W) 0 to 1, where things stand so close that little of the sky is left.
    """

    visible: Ids
    thermal: Ids
    behind_visible: Ids
    behind_thermal: Ids
    whole: NDArray[np.int64]
    shadow: Grey
    old_shadow: Grey
    contact: Grey

    def without_things(self) -> Painting:
        """Return the painting in which every pixel of a countable thing shows what is behind that thing."""
        return replace(self, visible=self.behind_visible, thermal=self.behind_thermal)


def paint(
    patches: Sequence[Patch],
    footprints: NDArray[np.float64],
    camera: Camera,
    conditions: Conditions,
    *,
    width: int,
    height: int,
) -> Painting:
    """Paint `patches` in their order, and what `footprints` (F, 4: x, z, reach along both) shade, at a size."""
    import cv2

    owner = np.array([0] + [patch.surface.instance for patch in patches], np.int64)
    is_glass = np.array([False] + [patch.surface.material == "glass" for patch in patches])
    visible, pane = np.zeros((height, width), np.uint16), np.zeros((height, width), np.uint16)
    alone = np.zeros((height, width), np.uint8)
    behind, before = visible.copy(), visible.copy()
    whole = np.zeros(int(owner.max()) + 1, np.int64)
    projected = _project([patch.contours for patch in patches], camera, width, height)
    for number, (patch, outlines) in enumerate(zip(patches, projected, strict=True), 1):
        instance = int(owner[number])
        if instance and owner[number - 1] != instance:
            np.copyto(before, visible)
        if outlines and not (camera.up < 0 and patch.on_ground):
            if patch.through:
                _paint_behind_glass(visible, pane, alone, outlines, number, is_glass & (owner == patch.through))
            else:
                cv2.fillPoly(visible, outlines, number, shift=_SHIFT)
                if instance:
                    cv2.fillPoly(alone, outlines, 1, shift=_SHIFT)
        # The patches of a thing follow each other, so that its whole extent is known when its last is painted.
        if instance and (number == len(patches) or owner[number + 1] != instance):
            whole[instance] = np.count_nonzero(alone)
            alone[:] = 0
            np.copyto(behind, before, where=visible != before)
    np.copyto(behind, visible, where=owner[visible] == 0)
    seen_through = np.array([False] + [patch.through > 0 for patch in patches])
    shadow, old_shadow = _shadows(patches, camera, conditions, width, height)
    return Painting(
        visible=visible,
        thermal=np.where(seen_through[visible], pane, visible),
        behind_visible=behind,
        behind_thermal=np.where(seen_through[behind], pane, behind),
        whole=whole,
        shadow=shadow,
        old_shadow=old_shadow,
        contact=_contact(footprints, camera, width, height),
    )


def fill(outlines: Sequence[Points], camera: Camera, *, width: int, height: int) -> Grey:
    """Return float32 (H, W), 1 inside the given outlines and soft at their edges."""
    return _soft_mask(_project([(outline,) for outline in outlines], camera, width, height), width, height, 0.5)


def _project(shapes: Sequence[tuple[Points, ...]], camera: Camera, width: int, height: int) -> list[Outlines]:
    """Project all polygons at once; returns fixed-point outlines, without those behind the camera."""
    contours = [contour for shape in shapes for contour in shape]
    if not contours:
        return [[] for _ in shapes]
    lengths = np.array([len(contour) for contour in contours])
    nearest = np.minimum.reduceat(np.concatenate(contours)[:, 2], np.concatenate([[0], np.cumsum(lengths)[:-1]]))
    for number in np.flatnonzero(nearest < NEAR):
        contours[number] = clip_near(contours[number])
    everything = np.concatenate(contours)
    pixels = camera.project(everything, width, height) - 0.5
    fixed = np.rint(np.clip(pixels, -_FARTHEST_PIXEL, _FARTHEST_PIXEL) * 2**_SHIFT).astype(np.int32)
    ends = np.cumsum([len(contour) for contour in contours]).tolist()
    pieces = iter([fixed[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True)])
    return [[piece for piece in (next(pieces) for _ in shape) if len(piece) >= 3] for shape in shapes]


def _paint_behind_glass(
    visible: Ids, pane: Ids, alone: NDArray[np.uint8], outlines: Outlines, number: int, glass: NDArray[np.bool_]
) -> None:
    import cv2

    # Only pixels that show the glass, or the same person already, change: a driver never leaves the windscreen.
    corners = np.concatenate(outlines) >> _SHIFT
    left, top = np.clip(corners.min(0), 0, None)
    right, bottom = np.clip(corners.max(0) + 2, 0, None)
    window, shown = visible[top:bottom, left:right], alone[top:bottom, left:right]
    if window.size == 0:
        return
    stencil = np.zeros(window.shape, np.uint8)
    offset = np.array([left, top], np.int32) << _SHIFT
    cv2.fillPoly(stencil, [outline - offset for outline in outlines], 1, shift=_SHIFT)
    first = (stencil > 0) & glass[window]
    pane[top:bottom, left:right][first] = window[first]
    here = first | ((stencil > 0) & (shown > 0))
    window[here] = number
    shown[here] = 1


def _shadows(
    patches: Sequence[Patch], camera: Camera, conditions: Conditions, width: int, height: int
) -> tuple[Grey, Grey]:
    nothing = np.zeros((height, width), np.float32)
    if max(conditions.key_lux) < _FAINTEST or camera.up < 0:
        return nothing, nothing
    x, y, z = conditions.key
    length = np.array([x, 0.0, z]) / max(y, 0.05)
    casting = [patch for patch in patches if patch.casts]
    flat = np.array([1.0, 0.0, 1.0])
    thrown = [tuple((contour - contour[:, 1:2] * length) * flat for contour in patch.contours[:1]) for patch in casting]
    outlines = _project(thrown, camera, width, height)
    shadow = _soft_mask(outlines, width, height, 0.3)
    if conditions.dark:
        return shadow, nothing
    lasting = [shape for patch, shape in zip(casting, outlines, strict=True) if patch.casts is Casts.LASTING]
    return shadow, _soft_mask(lasting, width, height, 1.0)


def _contact(footprints: NDArray[np.float64], camera: Camera, width: int, height: int) -> Grey:
    angle = np.linspace(0, 2 * np.pi, 10, endpoint=False)
    rings = []
    for x, z, a, b in footprints:
        around = np.stack([x + 1.15 * a * np.cos(angle), np.full(10, 0.06), z + 1.15 * b * np.sin(angle)], 1)
        rings.append((around,))
    return _soft_mask(_project(rings, camera, width, height), width, height, 0.8)


def _soft_mask(shapes: Sequence[Outlines], width: int, height: int, softness: float) -> Grey:
    """Fill outlines into float32 (H, W) from 0 to 1, blurred by `softness` pixels at a width of 128."""
    import cv2

    mask = np.zeros((height, width), np.uint8)
    for outlines in shapes:
        if outlines:
            cv2.fillPoly(mask, outlines, 255, shift=_SHIFT)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), softness * width / 128), np.float32) / np.float32(255)
