"""From (seed, index) to a pair of pictures with labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rgbtbench.synthesis import heat, light
from rgbtbench.synthesis.annotate import Glimpse, annotate, contrasts
from rgbtbench.synthesis.captions import caption
from rgbtbench.synthesis.classes import SceneClass
from rgbtbench.synthesis.geometry import Camera
from rgbtbench.synthesis.parameters import PARAMETERS, Parameters
from rgbtbench.synthesis.pixels import Pixels, look
from rgbtbench.synthesis.raster import Painting, fill, paint
from rgbtbench.synthesis.scene import Scene, compose
from rgbtbench.synthesis.sensor import expose, image_heat
from rgbtbench.synthesis.surface import Surface
from rgbtbench.synthesis.tables import tabulate

#: Pictures are computed at this many times their size along each side and averaged, as a sensor's pixels do.
_FINER = 2
#: Share of water on wet asphalt between the puddles.
_WET_FILM = 0.35
Field = NDArray[np.float32]
_SKY = Surface("sky", (0.0, 0.0, 0.0), SceneClass.SKY)


@dataclass(frozen=True, slots=True)
class RenderedScene:
    """A registered (or deliberately misregistered) pair with labels in the visible camera's frame.

    Attributes:
        rgb: uint8 (H, W, 3).
        lwir: uint8 (H, W), after automatic gain control.
        semantic: uint8 (H, W), ids of `SceneClass`; 255 on things that neither camera shows.
        saliency: uint8 (H, W), 255 on the most conspicuous things, else 0.
        visibility: uint8 (H, W): 0 no thing, 1 shown by both cameras, 2 by the visible one only, 3 by the
            thermal one only, 4 by neither.
        boxes: float64 (N, 4), half-open x1 y1 x2 y2, tight about the visible pixels of each thing.
        labels: int64 (N,), ids of `SceneClass`.
        ignore: bool (N,), things that neither camera shows.
        occlusion: int64 (N,): 0 none, 1 partial, 2 heavy.
        contrast: `rgb` and `lwir` to float64 (N,), contrast-to-noise; see `annotate.contrasts`.
        caption: one sentence that agrees with the boxes.
        attributes: `time_of_day`, `regime`, `weather`, `registration`.
    """

    rgb: NDArray[np.uint8]
    lwir: NDArray[np.uint8]
    semantic: NDArray[np.uint8]
    saliency: NDArray[np.uint8]
    visibility: NDArray[np.uint8]
    boxes: NDArray[np.float64]
    labels: NDArray[np.int64]
    ignore: NDArray[np.bool_]
    occlusion: NDArray[np.int64]
    contrast: dict[str, NDArray[np.float64]]
    caption: str
    attributes: dict[str, str]


def render(seed: int, index: int, *, width: int = 128, height: int = 96) -> RenderedScene:
    """Render sample `index` of the endless dataset `seed`; equal arguments give equal arrays.

    The scene depends on seed and index only; the size is that of the sensors.
    """
    scene = compose(seed, index, PARAMETERS.scene)
    return photograph(scene, np.random.default_rng([seed, index, 1]), width=width, height=height)


def photograph(
    scene: Scene, rng: np.random.Generator, *, width: int, height: int, parameters: Parameters = PARAMETERS
) -> RenderedScene:
    """Take both pictures of a scene and label them; `rng` draws the sensors' noise."""
    shot = _View(scene, scene.camera, width, height)
    other = shot if scene.thermal_camera == scene.camera else _View(scene, scene.thermal_camera, width, height)
    luminance, bright = shot.luminance()
    kelvin, warm = other.apparent_temperature(parameters.thermal.wavelength)
    rgb, lwir = expose(luminance, parameters.visible, rng), image_heat(kelvin, parameters.thermal, rng)
    contrast = {
        "rgb": contrasts(rgb, bright, len(scene.actors), parameters.annotation),
        # In a misregistered pair the thermal contrast is that of the thing where the thermal camera has it.
        "lwir": contrasts(lwir, warm, len(scene.actors), parameters.annotation),
    }
    labels = annotate(
        shot.semantic,
        shot.instances,
        labels_of=[int(actor.label) for actor in scene.actors],
        visible_share=shot.visible_share(),
        contrast=contrast,
        parameters=parameters.annotation,
    )
    named = [scene.actors[number - 1] for number in labels.instances[~labels.ignore]]
    return RenderedScene(
        rgb=rgb.pixels,
        lwir=lwir.pixels,
        semantic=labels.semantic,
        saliency=labels.saliency,
        visibility=labels.visibility,
        boxes=labels.boxes,
        labels=labels.labels,
        ignore=labels.ignore,
        occlusion=labels.occlusion,
        contrast=labels.contrast,
        caption=caption(scene.conditions, named),
        attributes={
            "time_of_day": scene.conditions.time_of_day,
            "regime": scene.conditions.regime,
            "weather": scene.conditions.weather,
            "registration": scene.registration,
        },
    )


class _View:
    """What one camera position sees of a scene, at `_FINER` times the size of the picture."""

    def __init__(self, scene: Scene, camera: Camera, width: int, height: int) -> None:
        self._scene = scene
        self._shape = (height * _FINER, width * _FINER)
        self._tables = tabulate(scene.patches, _SKY, scene.blocks, scene.conditions.key)
        self._painting = self._paint(camera)
        centres = self._painting.visible[_FINER // 2 :: _FINER, _FINER // 2 :: _FINER]
        self.semantic = self._tables.label[centres].astype(np.uint8)
        self.instances = self._tables.instance[centres]
        self._pixels = look(self._painting, self._tables, camera, np.ones(self._shape, np.bool_))
        things = self._tables.instance[self._painting.visible]
        self._behind = look(self._painting.without_things(), self._tables, camera, things > 0)
        self._occupied, self._things = things.ravel() > 0, things[things > 0]
        rows, columns = np.nonzero(things)
        self._places = rows // _FINER * width + columns // _FINER
        if scene.conditions.wetness:
            self._mirror_in_water(camera)

    def _paint(self, camera: Camera) -> Painting:
        scene, (height, width) = self._scene, self._shape
        return paint(scene.patches, scene.footprints, camera, scene.conditions, width=width, height=height)

    def _mirror_in_water(self, camera: Camera) -> None:
        height, width = self._shape
        pools = fill(self._scene.puddles, camera, width=width, height=height).ravel()
        ids = self._pixels.visible
        on_road = self._tables.label[ids] == SceneClass.ROAD
        film = _WET_FILM * self._scene.conditions.wetness * self._tables.soaks[ids] * self._tables.ground[ids]
        film *= np.clip(1.0 - 0.4 * self._pixels.noise, 0.2, 1.5)
        water = np.clip(np.maximum(film, pools * on_road), 0.0, 1.0).astype(np.float32)
        self._wet = water > 0
        self._share = light.mirror_share(self._pixels, water)[self._wet]
        below = camera.mirrored()
        self._mirrored = look(self._paint(below), self._tables, below, self._wet.reshape(self._shape))

    def visible_share(self) -> NDArray[np.float64]:
        """Visible over whole extent of every thing, float64 (things,)."""
        count = len(self._scene.actors)
        seen = np.bincount(self._tables.instance[self._pixels.visible], minlength=count + 1)[1:]
        return np.asarray(seen / np.maximum(self._painting.whole[1:], 1))

    def luminance(self) -> tuple[Field, Glimpse]:
        """What the visible camera looks at, cd/m2, float32 (H, W, 3)."""
        scene = self._scene
        return self._picture(lambda pixels: light.luminance(pixels, self._tables, scene.conditions, scene.lamps))

    def apparent_temperature(self, wavelength: float) -> tuple[Field, Glimpse]:
        """What the thermal camera looks at, kelvin, float32 (H, W)."""
        conditions, tables = self._scene.conditions, self._tables
        surfaces = heat.warmth(tables, conditions)
        band, glimpse = self._picture(
            lambda pixels: heat.band_radiance(pixels, tables, conditions, surfaces, wavelength=wavelength)
        )
        empty, things, behind = (
            heat.apparent_temperature(part, wavelength) for part in (glimpse.empty, glimpse.things, glimpse.behind)
        )
        seen = heat.apparent_temperature(band, wavelength)
        return seen, replace(glimpse, empty=empty, things=things, behind=behind)

    def _picture(self, shade: Callable[[Pixels], Field]) -> tuple[Field, Glimpse]:
        seen = shade(self._pixels)
        if self._scene.conditions.wetness:
            share = self._share.reshape(-1, *[1] * (seen.ndim - 1))
            seen[self._wet] += share * (shade(self._mirrored) - seen[self._wet])
        empty, things, behind = seen.copy(), seen[self._occupied], shade(self._behind)
        empty[self._occupied] = behind
        shape = (*self._shape, *seen.shape[1:])
        glimpse = Glimpse(_shrink(empty.reshape(shape)), things, behind, self._things, self._places)
        return _shrink(seen.reshape(shape)), glimpse


def _shrink(field: Field) -> Field:
    """Average blocks of `_FINER` x `_FINER` pixels, as a sensor's pixel does with light."""
    import cv2

    height, width = field.shape[0] // _FINER, field.shape[1] // _FINER
    return np.asarray(cv2.resize(field, (width, height), interpolation=cv2.INTER_AREA))
