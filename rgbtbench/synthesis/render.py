"""From (seed, index) to a pair of pictures with labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rgbtbench.synthesis import heat, light
from rgbtbench.synthesis.annotate import annotate, contrasts
from rgbtbench.synthesis.captions import caption
from rgbtbench.synthesis.classes import SceneClass
from rgbtbench.synthesis.geometry import Camera
from rgbtbench.synthesis.parameters import PARAMETERS, Parameters
from rgbtbench.synthesis.raster import Grey, Painting, fill, paint
from rgbtbench.synthesis.scene import Scene, compose
from rgbtbench.synthesis.sensor import Exposure, expose, image_heat
from rgbtbench.synthesis.surface import Surface
from rgbtbench.synthesis.tables import Location, SurfaceTables, locate, tabulate

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
        contrast: `rgb` and `lwir` to float64 (N,), contrast-to-noise; see `annotate.contrast_to_noise`.
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
    finer = 3 if width < 256 else 2
    shot = _View(scene, scene.camera, width, height, finer)
    other = shot if scene.thermal_camera == scene.camera else _View(scene, scene.thermal_camera, width, height, finer)
    rgb = expose(_shrink(shot.luminance(), finer), parameters.visible, rng)
    band = _shrink(other.band_radiance(parameters.thermal.wavelength), finer)
    lwir = image_heat(heat.apparent_temperature(band, parameters.thermal.wavelength), parameters.thermal, rng)

    everything = np.arange(len(scene.actors)) + 1
    ring = parameters.annotation.ring
    contrast = {
        "rgb": contrasts(rgb, shot.instances, everything, ring=ring),
        # In a misregistered pair the thermal contrast is that of the thing where the thermal camera has it.
        "lwir": contrasts(lwir, other.instances, everything, ring=ring),
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
    """What one camera position sees of a scene, at `finer` times the size of the picture."""

    def __init__(self, scene: Scene, camera: Camera, width: int, height: int, finer: int) -> None:
        self.scene, self.camera = scene, camera
        self.size = {"width": width * finer, "height": height * finer}
        self.tables = tabulate(scene.patches, _SKY, scene.blocks, scene.conditions.key)
        self.painting = paint(scene.patches, camera, scene.conditions, **self.size)
        middle = finer // 2
        centres = self.painting.visible[middle::finer, middle::finer]
        self.semantic = self.tables.label[centres].astype(np.uint8)
        self.instances = self.tables.instance[centres]
        self.water = self._water()

    def visible_share(self) -> NDArray[np.float64]:
        """Visible over whole extent of every thing, float64 (things,)."""
        count = len(self.scene.actors)
        seen = np.bincount(self.tables.instance[self.painting.visible].ravel(), minlength=count + 1)[1:]
        whole = np.zeros(count)
        known = self.painting.whole[1 : count + 1]
        whole[: len(known)] = known
        return np.asarray(seen / np.maximum(whole, 1))

    def luminance(self) -> light.Colour:
        """cd/m2, float32 (H, W, 3)."""
        seen = self._luminance_of(self.painting, self.camera)
        if self.water is None:
            return seen
        below = self.camera.mirrored()
        mirrored = self._luminance_of(self._mirror_painting, below)
        share = light.mirror_share(self._location, self.camera, self.water)[..., None]
        return seen * (1.0 - share) + mirrored * share

    def band_radiance(self, wavelength: float) -> Grey:
        """Radiance in the thermal band, float32 (H, W)."""
        seen = self._band_of(self.painting, self.camera, wavelength)
        if self.water is None:
            return seen
        mirrored = self._band_of(self._mirror_painting, self.camera.mirrored(), wavelength)
        share = light.mirror_share(self._location, self.camera, self.water)
        return np.asarray(seen * (1.0 - share) + mirrored * share, np.float32)

    def _luminance_of(self, painting: Painting, camera: Camera) -> light.Colour:
        location = locate(painting.visible, self.tables, camera)
        return light.luminance(
            painting.visible, painting, self.tables, location, camera, self.scene.conditions, self.scene.lamps
        )

    def _band_of(self, painting: Painting, camera: Camera, wavelength: float) -> Grey:
        location = locate(painting.thermal, self.tables, camera)
        return heat.band_radiance(
            painting.thermal, painting, self.tables, location, camera, self.scene.conditions, wavelength=wavelength
        )

    def _water(self) -> Grey | None:
        """Share of standing or clinging water at every pixel, float32 (H, W); None on a dry street."""
        conditions = self.scene.conditions
        if conditions.wetness == 0:
            return None
        pools = fill(self.scene.puddles, self.camera, **self.size)
        ids = self.painting.visible
        film = 0.35 * conditions.wetness * self.tables.soaks[ids] * self.tables.ground[ids]
        film *= np.clip(1.0 - 0.4 * self._location.noise, 0.2, 1.5)
        road = self.tables.label[ids] == SceneClass.ROAD
        self._mirror_painting = paint(self.scene.patches, self.camera.mirrored(), conditions, **self.size)
        return np.asarray(np.clip(np.maximum(film, pools * road), 0.0, 1.0), np.float32)

    @property
    def _location(self) -> Location:
        return locate(self.painting.visible, self.tables, self.camera)


def _shrink(field: NDArray[np.float32], finer: int) -> NDArray[np.float32]:
    """Average blocks of `finer` x `finer` pixels, as a sensor's pixel does with light."""
    import cv2

    height, width = field.shape[0] // finer, field.shape[1] // finer
    return np.asarray(cv2.resize(field, (width, height), interpolation=cv2.INTER_AREA))
