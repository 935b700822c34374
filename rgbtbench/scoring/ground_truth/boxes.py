"""What labels of boxes from files have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from rgbtbench.cards.catalog import dataset_card
from rgbtbench.cards.protocol import Protocol
from rgbtbench.cards.schema import AttributeValue
from rgbtbench.errors import LabelError
from rgbtbench.formats.coco_json import CocoImage
from rgbtbench.formats.pedestrian_box import PedestrianBox, pedestrian_boxes
from rgbtbench.pair import Boxes
from rgbtbench.scoring.ground_truth.file_truth import FileTruth, classes_of


class PedestrianTruth(FileTruth):
    """Boxes of a pedestrian benchmark's frames.

    Args:
        protocol: whose label set these are.
        frames: key to boxes as written, in official order.
        image_ids: number of each frame in result files.
        source: name of the files' format.
        attributes: attribute to one value per frame.
        clusters: group of each frame.
        path: of the labels, for errors.

    Raises:
        LabelError: a class that the card does not have.
    """

    def __init__(
        self,
        protocol: Protocol,
        frames: Mapping[str, Sequence[PedestrianBox]],
        *,
        image_ids: Sequence[int],
        source: str,
        attributes: Mapping[str, Sequence[AttributeValue]],
        clusters: Sequence[str | None],
        path: Path,
    ) -> None:
        super().__init__(
            list(frames), image_ids=image_ids, clusters=clusters, attributes=attributes, classes=classes_of(protocol)
        )
        facts = dataset_card(protocol.dataset).label_sets[protocol.label_set]
        ignored = [known.name for known in facts.classes if known.unified == "ignore"]
        self._boxes = [
            pedestrian_boxes(written, facts, ignored=ignored, source=source, path=path) for written in frames.values()
        ]

    def boxes(self, position: int) -> Boxes:
        """See `Truth`."""
        return self._boxes[position]


def numbers_of(images: Mapping[str, CocoImage], path: Path) -> list[int]:
    """Return the ids of images; raises `LabelError` when one is a text, which no result file names."""
    numbers = [image.id for image in images.values()]
    for number in numbers:
        if not isinstance(number, int):
            raise LabelError(f"an image has the id {number!r}", path=path, expected="whole numbers")
    return [int(number) for number in numbers]


def require_label_version(protocol: Protocol, truth: FileTruth, path: Path) -> None:
    """Make sure that labels of all images of a split are not those of another version than the protocol names.

    Args:
        protocol: that was asked for.
        truth: the labels; those of other images than the split's are let be.
        path: of the labels, for errors.

    Raises:
        LabelError: the numbers of boxes are not those that the card states, or they are those of another label set.
    """
    card = dataset_card(protocol.dataset)
    facts = card.editions[protocol.edition].splits[protocol.split]
    if facts.count != len(truth.keys):
        return
    found = _to_find_and_regions(truth)
    for name, objects in facts.objects.items():
        ignored = {known.name for known in card.label_sets[name].classes if known.unified == "ignore"}
        to_find = sum(number for kind, number in objects.items() if kind not in ignored)
        expected = (to_find, sum(objects.values()) - to_find)
        if (found == expected) != (name == protocol.label_set):
            raise LabelError(
                f"holds {found[0]} boxes to be found and {found[1]} regions to ignore",
                path=path,
                expected=f"{expected[0]} and {expected[1]}" if name == protocol.label_set else "other labels",
                remedy=f"these are {'not ' if name == protocol.label_set else ''}the labels {name}: "
                "take the protocol of their version",
            )


def _to_find_and_regions(truth: FileTruth) -> tuple[int, int]:
    counted: Counter[bool] = Counter()
    for position in range(len(truth.keys)):
        counted.update(truth.boxes(position).ignore.tolist())
    return counted[False], counted[True]
