"""Datasets whose entries name each file by its role: a modality or a label set of the card."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from rgbtbench.cards import dataset_card
from rgbtbench.cards.dataset import DatasetCard, LabelSetFacts
from rgbtbench.datasets.source import Layout
from rgbtbench.formats.foreign_image import read_any_image
from rgbtbench.formats.index_mask import read_index_mask, require_known_ids
from rgbtbench.formats.paths import require_twins
from rgbtbench.formats.registration import require_one_size
from rgbtbench.formats.saliency_mask import read_saliency_mask
from rgbtbench.labels import LabelMap
from rgbtbench.pair import Boxes, Entry, Image, Mask, Pair, Text


class RoleSource:
    """What such a dataset needs to open a sample; subclasses list the samples.

    Attributes:
        name: of the card.
        one_size: modalities that share their pixels in a registered dataset; None for all.
    """

    name: str
    one_size: tuple[str, ...] | None = None

    @cached_property
    def card(self) -> DatasetCard:
        """The dataset's card."""
        return dataset_card(self.name)

    def pair(self, root: Path, layout: Layout, entry: Entry) -> Pair:
        """Open one sample; ordinary image files keep their bytes. Raises `InputFileError`, `LabelError`."""
        require_twins(root, entry.files)
        images = {name: read_any_image(root, entry.files[name]) for name in self.card.modalities if name in entry.files}
        labels = self.read_labels(root, entry, images)
        if self.card.alignment == "registered":
            alike = (image for name, image in images.items() if self.one_size is None or name in self.one_size)
            masks = (label for label in labels.values() if isinstance(label, Mask))
            require_one_size(root, *alike, *masks)
        return Pair(self.name, entry, images, labels, entry.attributes)

    def read_labels(
        self, root: Path, entry: Entry, images: Mapping[str, Image]
    ) -> Mapping[str, Boxes] | Mapping[str, Boxes | Mask | Text]:
        """Return the label sets of a sample whose images are open; each is in a file of its own."""
        return {
            name: self.read_label(root, entry.files[name], entry, facts)
            for name, facts in self.card.label_sets.items()
            if name in entry.files
        }

    def read_label(self, root: Path, relative: str, entry: Entry, facts: LabelSetFacts) -> Boxes | Mask | Text:
        """Return the labels in one file: an index PNG or a saliency map, unless a subclass knows better."""
        if facts.kind == "saliency":
            return read_saliency_mask(root, relative, frame=facts.frame)
        return self.read_semantic(root, relative, facts)

    def read_semantic(self, root: Path, relative: str, facts: LabelSetFacts) -> Mask:
        """Return an index PNG, every id of which the card names."""
        mask = read_index_mask(root, relative, kind="semantic", frame=facts.frame)
        require_known_ids(mask, LabelMap.of(facts), path=root / relative, card=self.name)
        return mask
