"""Which reader opens which annotation files, and the protocols without a dataset."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Final

from rgbtbench.cards import catalog
from rgbtbench.cards.protocol import Protocol
from rgbtbench.cards.rules import SegmentationRules
from rgbtbench.errors import UserError
from rgbtbench.labels import IGNORE
from rgbtbench.scoring.ground_truth.file_truth import FileTruth
from rgbtbench.scoring.resolve import protocol_of_keys

#: Masks have 8 bits, and their highest value is no class.
MAX_CLASSES: Final = IGNORE
#: Dataset, or `metric` of the rules where no dataset has files of its own, to the module whose `read` opens them.
READERS: Final = MappingProxyType(
    {
        "segmentation": "rgbtbench.scoring.ground_truth.masks",
        "kaist": "rgbtbench.scoring.ground_truth.kaist",
        "cvc14": "rgbtbench.scoring.ground_truth.cvc14",
        "irtd": "rgbtbench.scoring.ground_truth.irtd",
        "coco_ap": "rgbtbench.scoring.ground_truth.coco",
        "voc_ap": "rgbtbench.scoring.ground_truth.coco",
        "yolo_ap": "rgbtbench.scoring.ground_truth.coco",
        **dict.fromkeys(
            ("saliency", "vt821", "vt1000", "vt5000", "vi_rgbt1500"), "rgbtbench.scoring.ground_truth.saliency_masks"
        ),
    }
)


def open_ground_truth(protocol: Protocol, path: Path) -> AbstractContextManager[FileTruth]:
    """Open annotation files as the labels that a protocol scores.

    Args:
        protocol: from `file_protocol`.
        path: file, folder or archive, as the reader takes it.

    Raises:
        UserError: labels of this dataset cannot be read from files alone.
        LabelError: the files are missing or damaged.
    """
    reader = READERS.get(protocol.dataset)
    if reader is None and protocol.dataset == catalog.GENERIC:
        reader = READERS.get(protocol.rules.metric)
    if reader is None:
        raise UserError(
            f"labels for {protocol.id} cannot be read from files alone",
            remedy=f"prepare {protocol.dataset} and score with --data, or use a generic/… protocol",
        )
    opened: AbstractContextManager[FileTruth] = import_module(reader).read(protocol, path)
    return opened


class GroundTruths(ExitStack):
    """Annotation files that several protocols score, opened once for all that ask for the same labels.

    Args:
        path: file, folder or archive, as the readers take it.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._opened: dict[tuple[object, ...], FileTruth | UserError] = {}

    def of(self, protocol: Protocol) -> FileTruth:
        """Return the labels that a protocol scores; raises as `open_ground_truth`."""
        facts = (protocol.dataset, protocol.edition, protocol.splits, protocol.label_set, protocol.label_space)
        wanted = (*facts, protocol.rules.metric)  # on which the checks of some readers depend
        if wanted not in self._opened:
            try:
                self._opened[wanted] = self.enter_context(open_ground_truth(protocol, self._path))
            except UserError as error:
                self._opened[wanted] = error
        found = self._opened[wanted]
        if isinstance(found, UserError):
            raise found
        return found


def file_protocol(protocol_id: str, classes: Sequence[str] | None = None) -> Protocol:
    """Return the protocol with this id, for labels in files.

    Args:
        protocol_id: of a dataset, or `generic/…`.
        classes: names of the class ids 0, 1, …; their number becomes part of a generic id.

    Raises:
        UnknownNameError: no such protocol.
        UserError: classes are missing, named although the dataset's card has them, too many, or two of one name.
    """
    protocol = catalog.protocol(protocol_id)
    needed = protocol.dataset == catalog.GENERIC and isinstance(protocol.rules, SegmentationRules)
    if needed != bool(classes):
        raise UserError(
            f"{protocol_id} {'needs the classes of the labels' if needed else 'has its classes already'}",
            remedy="give their number or names with --classes" if needed else "leave out --classes",
        )
    if not classes:
        return protocol
    if len(classes) > MAX_CLASSES:
        raise too_many_classes(str(len(classes)))
    if not all(classes) or len(set(classes)) < len(classes):
        raise UserError(
            f"--classes names {', '.join(map(repr, classes))}",
            expected="another name for each class",
            remedy="give the number of classes, or their names as `road,person`",
        )
    return protocol.model_copy(update={"id": f"{protocol.id}+classes{len(classes)}", "classes": tuple(classes)})


def too_many_classes(number: str) -> UserError:
    """Return the error about so many classes."""
    return UserError(
        f"--classes: {number} classes",
        expected=f"at most {MAX_CLASSES}, the ids 0 to {MAX_CLASSES - 1} of masks of 8 bits",
        remedy="give the number of classes, or their names as `road,person`",
    )


def protocol_of_files(protocol: Protocol, truth: FileTruth) -> Protocol:
    """Return the protocol that some labels can be scored under.

    Args:
        protocol: that was asked for.
        truth: the labels that were given.

    Returns:
        The protocol itself if these are the images of its split, or if nobody knows those; else one whose id says that
        the images are others, so that it ranks beside nothing.
    """
    if protocol.dataset == catalog.GENERIC:
        return protocol
    return protocol_of_keys(protocol, truth.split_keys or {protocol.split: truth.keys})
