"""The formats that prepared data can be exported to, by name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from rgbtbench.cards.schema import LabelKind
from rgbtbench.errors import UnknownNameError, did_you_mean
from rgbtbench.exporting import ade20k, coco, index_png, voc, yolo
from rgbtbench.exporting.job import Job


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """One format.

    Attributes:
        kinds: label sets that it holds.
        write: writes everything but `export.json`.
        images, labels: default folders; see `Folders`.
        folders: folders of some roles.
        named_after: modality whose extension all images of a sample carry; None where each keeps its own.
        split_names: what the format calls some splits, where it has names of its own.
        keeps_attributes: attributes of samples are written too.
    """

    kinds: tuple[LabelKind, ...]
    write: Callable[[Job], None]
    images: str
    labels: str
    folders: Mapping[str, str] = field(default_factory=dict)
    named_after: str | None = None
    split_names: Callable[[Collection[str]], Mapping[str, str]] = lambda splits: {}
    keeps_attributes: bool = False


FORMATS: Mapping[str, ExportFormat] = {
    "coco": ExportFormat(("boxes",), coco.write, coco.IMAGES, coco.LABELS, keeps_attributes=True),
    "voc": ExportFormat(("boxes",), voc.write, voc.IMAGES, voc.LABELS),
    "yolo": ExportFormat(("boxes",), yolo.write, yolo.IMAGES, yolo.LABELS),
    "index-png": ExportFormat(("semantic", "saliency"), index_png.write, index_png.IMAGES, index_png.LABELS),
    "ade20k": ExportFormat(
        ("semantic", "saliency"),
        ade20k.write,
        ade20k.IMAGES,
        ade20k.LABELS,
        folders=ade20k.FOLDERS,
        named_after=ade20k.FIRST,
        split_names=ade20k.split_names,
    ),
}


def export_format(name: str) -> ExportFormat:
    """Return a format by its name.

    Raises:
        UnknownNameError: no such format; the closest are named.
    """
    if name not in FORMATS:
        raise UnknownNameError(f"no export format {name!r}", remedy=did_you_mean(name, FORMATS))
    return FORMATS[name]
