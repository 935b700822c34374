"""What labels of boxes from files have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from rgbtbench.cards.catalog import dataset_card
from rgbtbench.cards.protocol import Protocol
from rgbtbench.cards.schema import AttributeValue
from rgbtbench.errors import LabelError
from rgbtbench.formats.coco_json import CocoImage
from rgbtbench.formats.pedestrian_box import PedestrianBox, pedestrian_boxes
from rgbtbench.labels import LabelMap
from rgbtbench.loading.label_space import look_up
from rgbtbench.pair import Boxes
from rgbtbench.scoring.ground_truth.file_truth import FileTruth


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
        facts = dataset_card(protocol.dataset).label_sets[protocol.label_set]
        lookup = look_up(protocol.label_set, LabelMap.of(facts), kind="boxes", space=protocol.label_space)
        super().__init__(
            list(frames), image_ids=image_ids, clusters=clusters, attributes=attributes, classes=lookup.classes
        )
        ignored = [known.name for known in facts.classes if known.unified == "ignore"]
        self._boxes = [
            lookup.boxes(pedestrian_boxes(written, facts, ignored=ignored, source=source, path=path))
            for written in frames.values()
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


def require_label_version(protocol: Protocol, truth: FileTruth, path: Path, *, others: Collection[str] = ()) -> None:
    """Make sure that labels of all images of a split are of the version that the protocol names.

    Args:
        protocol: that was asked for.
        truth: the labels; those of other images than the split's are let be.
        path: of the labels, for errors.
        others: label sets whose numbers of boxes tell them from the protocol's.

    Raises:
        LabelError: the numbers of boxes are not those that the card states, or they are those of another label set.
    """
    facts = dataset_card(protocol.dataset).editions[protocol.edition].splits[protocol.split]
    if facts.count != len(truth.keys):
        return
    found = _to_find_and_regions(truth)
    for name in {protocol.label_set, *others} & facts.objects.keys():
        expected = _stated(protocol.dataset, name, facts.objects[name])
        own = name == protocol.label_set
        if (found == expected) != own:
            raise LabelError(
                f"holds {found[0]} boxes to be found and {found[1]} regions to ignore",
                path=path,
                expected=f"{expected[0]} and {expected[1]}" if own else f"others than those of the labels {name}",
                remedy=f"take the labels {protocol.label_set}, or the protocol of these",
            )


def _stated(dataset: str, label_set: str, objects: Mapping[str, int]) -> tuple[int, int]:
    ignored = {known.name for known in dataset_card(dataset).label_sets[label_set].classes if known.unified == "ignore"}
    to_find = sum(number for kind, number in objects.items() if kind not in ignored)
    return to_find, sum(objects.values()) - to_find


def _to_find_and_regions(truth: FileTruth) -> tuple[int, int]:
    counted: Counter[bool] = Counter()
    for position in range(len(truth.keys)):
        counted.update(truth.boxes(position).ignore.tolist())
    return counted[False], counted[True]
