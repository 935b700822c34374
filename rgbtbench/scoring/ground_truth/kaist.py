"""Labels of KAIST's test frames: the JSON of the Python scripts, or the bbGt texts of the MATLAB kit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rgbtbench.cards.protocol import Protocol
from rgbtbench.datasets.kaist_frames import ID, attributes_of, frame_of_file, test_frames
from rgbtbench.errors import LabelError
from rgbtbench.formats.bbgt import parse_bbgt
from rgbtbench.formats.coco_json import read_coco
from rgbtbench.formats.pedestrian_box import PedestrianBox, boxes_of_instances
from rgbtbench.pair import key_of
from rgbtbench.predictions.members import open_members
from rgbtbench.scoring.ground_truth.boxes import PedestrianTruth, numbers_of, require_label_version


@contextmanager
def read(protocol: Protocol, path: Path) -> Iterator[PedestrianTruth]:
    """Read the labels of all test frames.

    Args:
        protocol: whose label set they must be.
        path: `KAIST_annotation.json`, whose ids count from 0; or a folder, `.zip` or `.tar` of bbGt texts, of which
            those of the test frames are taken and numbered in official order, from 0 too.

    Raises:
        InputFileError, LabelError: no such file, no labels in it, damage, or another version of the labels.
        PredictionError: neither a folder nor a readable archive.
    """
    truth = _of_json(protocol, path) if path.suffix.lower() == ".json" else _of_texts(protocol, path)
    require_label_version(protocol, truth, path, others=("improved",))
    yield truth


def _of_json(protocol: Protocol, path: Path) -> PedestrianTruth:
    images = read_coco(path.parent, path.name, file_key="im_name")
    frames = {key_of(name): boxes_of_instances(image.boxes) for name, image in images.items()}
    return _truth(protocol, frames, numbers_of(images, path), "coco", path)


def _of_texts(protocol: Protocol, path: Path) -> PedestrianTruth:
    with open_members(path) as members:
        named = [(frame, name) for name in members.sizes if (frame := frame_of_file(name)) is not None]
        files = dict(named)
        chosen = test_frames(files)
        if not chosen:
            raise LabelError(
                "holds no labels of test frames", path=path, expected="bbGt texts such as set06_V000_I00019.txt"
            )
        if len(files) != len(named):
            raise LabelError(
                "holds two files for one frame", path=path, remedy="name the folder of one version of the labels"
            )
        frames = {frame: parse_bbgt(members.read(files[frame]), path / files[frame]) for frame in chosen}
    return _truth(protocol, frames, list(range(len(frames))), "bbgt", path)


def _truth(
    protocol: Protocol, frames: dict[str, tuple[PedestrianBox, ...]], numbers: list[int], source: str, path: Path
) -> PedestrianTruth:
    videos = [frame.rpartition("/")[0] if ID.fullmatch(frame) else None for frame in frames]
    known = [{} if video is None else attributes_of(video) for video in videos]
    return PedestrianTruth(
        protocol,
        frames,
        image_ids=numbers,
        source=source,
        attributes={name: [facts.get(name) for facts in known] for name in attributes_of("set06/V000")},
        clusters=videos,
        path=path,
    )
