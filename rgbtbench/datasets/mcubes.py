"""MCubeS (Liang et al., CVPR 2022): materials of street scenes in colour, polarisation and near infrared."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.dataset import LabelSetFacts
from rgbtbench.datasets.source import Layout
from rgbtbench.datasets.templates import TemplatedLayout, TemplatedSource, template
from rgbtbench.formats.foreign_image import read_any_image
from rgbtbench.formats.image_file import read_raster
from rgbtbench.formats.index_mask import mask_of
from rgbtbench.formats.npy_file import stack_npy_images
from rgbtbench.formats.paths import require_twins
from rgbtbench.formats.registration import require_one_size
from rgbtbench.pair import Boxes, Entry, Mask, Pair, Text

if TYPE_CHECKING:
    from rgbtbench.synthesis.render import RenderedScene

_SPLITS = {split: split for split in ("train", "val", "test")}
_FILES = {
    "rgb": "polL_color/{stem}.png",
    "aolp_sin": "polL_aolp_sin/{stem}.npy",
    "aolp_cos": "polL_aolp_cos/{stem}.npy",
    "dolp": "polL_dolp/{stem}.npy",
    "nir": "NIR_warped/{stem}.png",
    "nir_hidden": "NIR_warped_mask/{stem}.png",
    "semantic": "GT/{stem}.png",
}


class MCubeS(TemplatedSource):
    """Sine and cosine of the angle of polarisation become the two channels of one modality."""

    name = "mcubes"
    stem = re.compile(r"(?P<scene>[A-Za-z0-9]+)_[0-9]+_[0-9]{10}")
    layouts = (template("official", _FILES, splits=_SPLITS, lists="list_folder/{split}.txt"),)

    def cluster(self, split: str, stem: str) -> str:
        """Return the first part of the name: one scene or several of one day, whose images resemble each other."""
        return stem.partition("_")[0]

    def pair(self, root: Path, layout: Layout, entry: Entry) -> Pair:
        """Open one sample; rasters keep their float32 bytes. Raises `InputFileError`, `LabelError`."""
        files = entry.files
        require_twins(root, files)
        images = {name: read_any_image(root, files[name]) for name in ("rgb", "nir", "dolp")}
        images["aolp"] = stack_npy_images(root, [files["aolp_sin"], files["aolp_cos"]])
        masks = {
            "semantic": self.read_semantic(root, files["semantic"], self.card.label_sets["semantic"]),
            "nir_hidden": _hidden(root, files["nir_hidden"]),
        }
        require_one_size(root, *images.values(), *masks.values())
        labels: dict[str, Boxes | Mask | Text] = {**masks}
        return Pair(self.name, entry, {name: images[name] for name in self.card.modalities}, labels, entry.attributes)

    def read_label(self, root: Path, relative: str, entry: Entry, facts: LabelSetFacts) -> Mask:
        """Return the material labels."""
        return self.read_semantic(root, relative, facts)

    def fake_stems(self, split: str, numbers: Iterator[int]) -> Iterator[str]:
        """Two images to a scene."""
        return (f"outscene9{number // 2:03d}_{number % 2}_{150 * number:010d}" for number in numbers)

    def fake_pixels(self, scene: RenderedScene, role: str, layout: TemplatedLayout) -> NDArray[Any]:
        """Polarisation that follows the picture, 16-bit near infrared, and a strip that it does not see."""
        grey: NDArray[np.float32] = scene.rgb.astype(np.float32).mean(axis=2) / 255
        match role:
            case "aolp_sin":
                return np.asarray(np.sin(np.pi * grey), np.float32)
            case "aolp_cos":
                return np.asarray(np.cos(np.pi * grey), np.float32)
            case "dolp":
                return grey - np.float32(0.01)  # measured degrees dip slightly below 0
            case "nir_hidden":
                hidden = np.zeros(grey.shape, np.uint8)
                hidden[:, :9] = 255
                return hidden
        return super().fake_pixels(scene, role, layout)


def _hidden(root: Path, relative: str) -> Mask:
    pixels, _ = read_raster(root, relative)
    # Any value above 0 means that the warped near-infrared image shows nothing there.
    hidden = (pixels > 0).astype(np.uint8)
    plane = hidden if hidden.ndim == 2 else hidden.max(axis=2)
    return mask_of(plane, kind="semantic", frame="both", source=relative, conversion="1 where the value is above 0")


SOURCE = MCubeS()
