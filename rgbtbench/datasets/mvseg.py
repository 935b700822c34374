"""MVSeg (Ji et al., CVPR 2023): RGB and thermal videos of which single frames carry masks.

Some videos are JPEG files and some PNG. Where a split holds both, the JPEG files become PNG; see `png_of_jpeg`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from rgbtbench.datasets.roles import RoleSource
from rgbtbench.datasets.source import Layout
from rgbtbench.errors import InputFileError, LayoutError
from rgbtbench.formats.folder import stems_of
from rgbtbench.formats.id_list import only_subset, read_id_list, read_subsets
from rgbtbench.formats.paths import is_there
from rgbtbench.formats.png_of_jpeg import png_of_jpeg
from rgbtbench.formats.write_image import write_image, write_palette_png
from rgbtbench.pair import Entry, Pair, key_of

_SPLITS = ("train", "val", "test")
_TIMES = {"day": "test_day.txt", "night": "test_night.txt"}
_VIDEO = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*")
_FRAME = re.compile(r"[0-9]+")
#: Role to path without its ending, which is jpg in some videos and png in others.
_IMAGES = {"rgb": "data/{video}/visible/{frame}v", "lwir": "data/{video}/infrared/{frame}i"}
_LABEL = "data/{video}/label/{frame}l.png"
#: Behind the role of images that become PNG.
_AS_PNG = " as png"


class MVSeg(RoleSource):
    """Lists name videos; a frame is a sample when it has a label file."""

    name = "mvseg"
    layouts = (
        Layout(
            "official",
            ("data/*/visible", "data/*/infrared", "data/*/label"),
            "data/<video> with visible/<frame>v.{jpg,png}, infrared/<frame>i.{jpg,png}, label/<frame>l.png "
            "and the lists of videos train.txt, val.txt, test.txt",
        ),
    )

    def entries(self, root: Path, layout: Layout) -> Iterator[Entry]:
        """Yield the labelled frames of every split that has a list; raises `InputFileError`, `LayoutError`."""
        lists = {split: f"{split}.txt" for split in _SPLITS if is_there(root, f"{split}.txt")}
        if not lists:
            raise LayoutError(
                "no list names the videos",
                expected="train.txt, val.txt or test.txt",
                path=root,
                remedy="copy the official lists beside the folder data",
            )
        videos = {split: read_id_list(root, where, pattern=_VIDEO) for split, where in lists.items()}
        times = read_subsets(root, _TIMES, pattern=_VIDEO, of=videos.get("test", ()))
        for split, names in videos.items():
            frames = [(video, frame) for video in names for frame in _frames(root, video)]
            first_frames = dict(reversed(frames))
            endings = {video: _endings(root, video, frame) for video, frame in first_frames.items()}
            mixed = {role for role in _IMAGES if len({ending[role] for ending in endings.values()}) > 1}
            for order, (video, frame) in enumerate(frames):
                official_id = f"{video}/{frame}"
                images = {
                    f"{role}{_AS_PNG if role in mixed else ''}": f"{path.format(video=video, frame=frame)}.{ending}"
                    for (role, path), ending in zip(_IMAGES.items(), endings[video].values(), strict=True)
                }
                yield Entry(
                    key=key_of(official_id),
                    official_id=official_id,
                    split=split,
                    order=order,
                    files=images | {"semantic": _LABEL.format(video=video, frame=frame)},
                    attributes={"time_of_day": only_subset(root, times, video)},
                    cluster=video,
                )

    def pair(self, root: Path, layout: Layout, entry: Entry) -> Pair:
        """Open one sample; raises `InputFileError`, `LabelError`."""
        files = {role.removesuffix(_AS_PNG): path for role, path in entry.files.items()}
        pair = super().pair(root, layout, replace(entry, files=files))
        images = {
            role: png_of_jpeg(image) if role + _AS_PNG in entry.files else image for role, image in pair.images.items()
        }
        return replace(pair, entry=entry, images=images)

    def fake(self, root: Path, layout: Layout, counts: Mapping[str, int], seed: int) -> None:
        """Write videos of two labelled frames and one without; the images of every other video are PNG.

        The first video of the test split is said to be of the day.
        """
        from rgbtbench.datasets.fakes import pixels_of, rendered

        root.mkdir(parents=True, exist_ok=True)
        classes = self.card.label_sets["semantic"].classes
        palette = [entry.colour or (0, 0, 0) for entry in sorted(classes, key=lambda entry: entry.id)]
        for split, count in counts.items():
            videos = [f"rendered_{split}{number}" for number in range((count + 1) // 2)]
            (root / f"{split}.txt").write_text("".join(f"{video}\n" for video in videos))
            if split == "test" and videos:
                (root / _TIMES["day"]).write_text(f"{videos[0]}\n")
            for number, video in enumerate(videos):
                for frame in (7, 8, 9):
                    scene = rendered(seed, 10 * number + frame, width=160, height=120)
                    place = {"video": video, "frame": f"{frame:05d}"}
                    for role, path in _IMAGES.items():
                        name = path.format(**place) + (".png" if number % 2 else ".jpg")
                        write_image(root / name, pixels_of(scene, role, self.card))
                    if frame < 9 and 2 * number + frame - 7 < count:
                        indices = np.asarray(pixels_of(scene, "semantic", self.card), np.uint8)
                        write_palette_png(root / _LABEL.format(**place), indices, palette)


def _frames(root: Path, video: str) -> list[str]:
    template = _LABEL.format(video=video, frame="{stem}")
    frames = stems_of(root, [template], pattern=_FRAME)
    if not frames:
        raise InputFileError(
            "no such folder, although a list names its video",
            path=(root / template).parent,
            remedy="unpack the official archive again, or take the video out of the list",
        )
    return frames


def _endings(root: Path, video: str, frame: str) -> dict[str, str]:
    """Return the endings of a video's images by role, as one frame shows them; jpg where there is none."""
    paths = {role: root / f"{path.format(video=video, frame=frame)}.png" for role, path in _IMAGES.items()}
    return {role: "png" if path.exists() else "jpg" for role, path in paths.items()}


SOURCE = MVSeg()
