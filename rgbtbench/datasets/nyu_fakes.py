"""Fake trees of NYU Depth V2: rendered scenes as rooms, with MATLAB's order of axes in the official file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from rgbtbench.cards.dataset import DatasetCard
from rgbtbench.datasets.fakes import pixels_of, rendered
from rgbtbench.datasets.nyu_repacks import FRAMES, Repack
from rgbtbench.formats.write_image import write_image
from rgbtbench.synthesis.render import RenderedScene

_SIZE = (160, 120)
#: Stands for MATLAB's 894 classes: native class n of the 40 is class 3 n of these.
_NATIVE_CLASSES = 120


def write_matlab(
    root: Path, files: tuple[str, str, str], card: DatasetCard, counts: Mapping[str, int], seed: int
) -> None:
    """Write the labelled frames (HDF5), the split and the mapping of classes (MATLAB level 5)."""
    import h5py
    from scipy.io import savemat

    labeled, splits, mapping = files
    scenes = [_scene(seed, number) for number in range(sum(counts.values()))]
    masks = [pixels_of(scene, "semantic", card).astype(np.uint16) * 3 for scene in scenes]
    root.mkdir(parents=True, exist_ok=True)
    with h5py.File(root / labeled, "w") as file:
        file["images"] = np.stack([scene.rgb.transpose(2, 1, 0) for scene in scenes])
        file["depths"] = np.stack([scene.lwir.T.astype(np.float32) / 25 for scene in scenes])
        file["labels"] = np.stack([mask.T for mask in masks])
    numbers = iter(range(1, len(scenes) + 1))
    listed = {split: np.array([[next(numbers)] for _ in range(count)], np.uint16) for split, count in counts.items()}
    savemat(root / splits, {"trainNdxs": listed.get("train", []), "testNdxs": listed.get("test", [])})
    savemat(root / mapping, {"mapClass": np.arange(1, _NATIVE_CLASSES + 1, dtype=np.uint8)[None] // 3})
    _age(root / splits)
    _age(root / mapping)


def _age(path: Path) -> None:
    """Blank the header's text, where scipy writes the time of day."""
    content = path.read_bytes()
    path.write_bytes(b"MATLAB 5.0 MAT-file".ljust(116) + content[116:])


def write_repack(root: Path, card: DatasetCard, repack: Repack, counts: Mapping[str, int], seed: int) -> None:
    """Write pictures and lists of a repack; TokenFusion's count frames from 1 and classes from 0."""
    from_one = "masks/{}.png" in repack.files.values()
    total = sum(counts.values())
    numbers = iter([*range(1, total), FRAMES] if from_one else range(total))
    for split, lists in repack.lists.items():
        lines = []
        for _ in range(counts.get(split, 0)):
            number = next(numbers)
            stem = f"{number:06d}" if from_one else f"{number}"
            scene = _scene(seed, number)
            for role, file in repack.files.items():
                pixels = pixels_of(scene, role, card)
                if role == "semantic" and from_one:
                    pixels = pixels - np.uint8(1)  # 0, which is void, wraps to 255
                write_image(root / file.format(stem), pixels)
            lines.append(repack.written.format(stem))
        (root / lists[0]).write_text("".join(f"{line}\n" for line in lines))


def _scene(seed: int, number: int) -> RenderedScene:
    return rendered(seed, number, width=_SIZE[0], height=_SIZE[1])
