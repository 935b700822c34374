"""Which files make each frame of KAIST's splits, in the trees of the release and in M-SpecGene's copy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from rgbtbench.datasets.kaist_frames import frames_of_splits, path_of
from rgbtbench.datasets.kaist_labels import labels_held
from rgbtbench.errors import InputFileError, LayoutError
from rgbtbench.formats.coco_json import read_coco_once
from rgbtbench.formats.paths import is_there

#: Frame (`set00/V000/I00000`) to role to path, in official order.
Files = dict[str, dict[str, str]]
#: M-SpecGene's copy: our split to its instances file and its folder of images.
INSTANCES: Final = {"train": ("KAIST_train", "train"), "test": ("KAIST_test", "val")}
_NAME: Final = re.compile(r"(set(?:0[0-9]|1[01])_V[0-9]{3}_I[0-9]{5})\.(?:jpg|png)")


def files_by_lists(root: Path, images: Mapping[str, str]) -> Iterator[tuple[str, Files]]:
    """Yield the splits of a tree whose frames have labels in it.

    Args:
        root: the dataset's folder.
        images: modality to path template.

    Raises:
        LayoutError: the tree holds no labels at all.
        InputFileError: a list or a folder holds something else than frames.
    """
    held = labels_held(root)
    if not held:
        raise LayoutError(
            "holds images and no annotations",
            expected="annotations-xml-new, annotations, annotations-vbb, annotations_paired, sanitized_annotations or "
            "KAIST_annotation.json beside them",
            path=root,
            remedy="unpack the annotations into the same folder",
        )
    for split, frames in frames_of_splits(root, images.values()):
        if split in held:
            paths = {**images, **held[split]}
            yield split, {frame: {role: path_of(path, frame) for role, path in paths.items()} for frame in frames}


def files_by_instances(root: Path) -> Iterator[tuple[str, Files]]:
    """Yield the splits of M-SpecGene's copy; raises `InputFileError`, also for an image that is no frame."""
    for split, (instances, folder) in INSTANCES.items():
        relative = f"coco/annotations/{instances}.json"
        if not is_there(root, relative):
            continue
        files = {}
        for name in read_coco_once(root, relative):
            frame = _NAME.fullmatch(name)
            if frame is None:
                raise InputFileError(
                    f"{name!r} is no frame",
                    expected="names like set06_V000_I00019.jpg",
                    path=root / relative,
                    remedy="name images as the release does",
                )
            images = {"rgb": f"coco2/{folder}/{name}", "lwir": f"coco/{folder}/{name}"}
            files[frame[1].replace("_", "/")] = {**images, "unversioned": relative}
        yield split, dict(sorted(files.items()))
