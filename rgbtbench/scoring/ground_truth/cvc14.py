"""Labels of CVC-14's test frames: DeformCAT's JSON, or one of the same form."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from rgbtbench.cards.catalog import dataset_card
from rgbtbench.cards.protocol import Protocol
from rgbtbench.cards.rules import MissRateRules
from rgbtbench.errors import LabelError
from rgbtbench.formats.coco_json import CocoImage, read_coco
from rgbtbench.formats.pedestrian_box import boxes_of_instances
from rgbtbench.pair import key_of
from rgbtbench.scoring.ground_truth.boxes import PedestrianTruth, numbers_of, require_label_version

#: A frame's name is the time of its exposure: the minute, by which frames belong together, and in it the hour.
_NAME: Final = re.compile(r"([0-9]{4}_[0-9]{2}_[0-9]{2}_([0-9]{2})_[0-9]{2})_[0-9]{2}_[0-9]{6}_?")
#: Recordings by day were made from 17 o'clock, those by night from 22 o'clock on.
_NIGHT_BEGINS: Final = 21
#: Rows by which files differ in what they call the height of an image: DeformCAT's says 472 of 471.
_NEAR: Final = 5


@contextmanager
def read(protocol: Protocol, path: Path) -> Iterator[PedestrianTruth]:
    """Read `CVC_annotation.json`; its ids count from 0.

    Args:
        protocol: whose label set they must be.
        path: the file.

    Raises:
        InputFileError, LabelError: no such file, damage, or another version of the labels.
    """
    images = read_coco(path.parent, path.name, file_key="im_name")
    _require_height(protocol, images.values(), path)
    known = [_NAME.fullmatch(name) for name in images]
    times = [None if name is None else "night" if int(name[2]) >= _NIGHT_BEGINS else "day" for name in known]
    truth = PedestrianTruth(
        protocol,
        {key_of(name): boxes_of_instances(image.boxes) for name, image in images.items()},
        image_ids=numbers_of(images, path),
        source="coco",
        attributes={"time_of_day": times},
        clusters=[None if name is None else name[1] for name in known],
        path=path,
    )
    require_label_version(protocol, truth, path)
    yield truth


def _require_height(protocol: Protocol, images: Iterable[CocoImage], path: Path) -> None:
    """Make sure that labels of stretched images are not taken for others; raises `LabelError`."""
    if not isinstance(protocol.rules, MissRateRules):
        return
    size = dataset_card(protocol.dataset).modalities["rgb"].size
    if size is None:
        return
    expected = size[1] * protocol.rules.vertical_stretch
    wrong = [image.height for image in images if image.height and abs(image.height - expected) > _NEAR]
    if wrong:
        raise LabelError(
            f"holds labels of images of {wrong[0]} rows",
            expected=f"{expected:.0f}, which are those of {protocol.label_set}",
            path=path,
            remedy=f"take the labels {protocol.label_set}, or the protocol of these",
        )
