"""One export: what is written from where, and the images, which every format copies alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rgbtbench.errors import ShardError
from rgbtbench.exporting.folder import Tree
from rgbtbench.exporting.layout import Folders
from rgbtbench.exporting.summary import Notes
from rgbtbench.loading.frames import frame_modality, frame_size
from rgbtbench.loading.prepared import PreparedSplit
from rgbtbench.pair import IMAGE_EXTENSIONS, Boxes
from rgbtbench.progress import Progress


@dataclass(frozen=True, slots=True)
class Job:
    """One export.

    Attributes:
        splits: name to the samples, opened in the label space; they hold the label set and no other.
        label_set: the labels to write.
        classes: id in the label space to name, by id; empty for saliency.
        folders: where files go.
        tree: what they are written to.
        notes: what a reader must know.
        progress: is told of samples.
    """

    splits: Mapping[str, PreparedSplit]
    label_set: str
    classes: Mapping[int, str]
    folders: Folders
    tree: Tree
    notes: Notes
    progress: Progress

    @property
    def dataset(self) -> str:
        """Name of the dataset."""
        return self._any.manifest.dataset

    @property
    def modalities(self) -> tuple[str, ...]:
        """The modalities to write."""
        return self._any.modalities

    @property
    def frame(self) -> str:
        """The modality whose pixels the labels follow.

        Raises:
            ShardError: it is not among those to write.
        """
        manifest = self._any.manifest
        name = frame_modality(manifest.label_sets[self.label_set].frame, manifest.modalities)
        if name not in self.modalities:
            raise ShardError(
                f"the labels {self.label_set} follow the pixels of {name}, which are not to be written",
                remedy=f"add --modality {name}",
            )
        return name

    @property
    def _any(self) -> PreparedSplit:
        return next(iter(self.splits.values()))

    def samples(self, split: str) -> Iterator[ExportedSample]:
        """Yield the samples of a split in official order, their images written; the progress counts them."""
        opened = self.splits[split]
        labels = opened.only(modalities=())
        for position in range(len(opened)):
            record = opened.record(position)
            images = {name: self._image(opened, split, position, record, name) for name in self.modalities}
            yield ExportedSample(split, position, record, images, labels)
            self.progress.advance()

    def _image(self, opened: PreparedSplit, split: str, position: int, record: Mapping[str, Any], name: str) -> str:
        facts = record["images"][name]
        own = _extension(record, name)
        extension = _extension(record, self.folders.named_after or name)
        path = self.folders.path(name, split, record["key"], extension)
        self.tree.write(path, opened.member(position, facts["file"]))
        self._note_image(name, own, extension, facts["bit_depth"])
        if (facts["height"], facts["width"]) != frame_size(record, self.label_set, opened.manifest.modalities):
            self.notes.add(f"{name} has another size than the frame of the labels", 1, "images")
        return path

    def _note_image(self, name: str, own: str, extension: str, bit_depth: int) -> None:
        if own == "npy":
            self.notes.add(f"{name} is a NumPy file, copied as it is; image readers cannot open it", 1, "images")
        elif bit_depth > 8:
            self.notes.add(f"{name} has {bit_depth} bits, copied as they are; readers of 8 bits clip them", 1, "images")
        if own != extension:
            renamed = f"{name} is named .{extension} like {self.folders.named_after} and is a .{own} file"
            self.notes.add(renamed, 1, "images")


def _extension(record: Mapping[str, Any], modality: str) -> str:
    file = str(record["images"][modality]["file"])
    extension = file.rpartition(".")[2]
    if extension not in IMAGE_EXTENSIONS:
        raise ShardError(f"{record['key']} has an image member {file!r}", expected=" or ".join(IMAGE_EXTENSIONS))
    return extension


@dataclass(frozen=True, slots=True)
class ExportedSample:
    """One sample whose images are written.

    Attributes:
        split: its split.
        position: in the split.
        record: the json member, labels in native ids.
        images: modality to the path of its image in the export.
        labels: the split, for labels only.
    """

    split: str
    position: int
    record: Mapping[str, Any]
    images: Mapping[str, str]
    labels: PreparedSplit

    @property
    def key(self) -> str:
        """The sample's key."""
        return str(self.record["key"])

    def size(self, label_set: str) -> tuple[int, int]:
        """Return height and width of the frame that the labels follow."""
        return frame_size(self.record, label_set, self.labels.manifest.modalities)

    def boxes(self, label_set: str) -> Boxes:
        """Return boxes in the label space."""
        return self.labels[self.position].boxes[label_set]
