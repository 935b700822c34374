"""Datasets whose files lie as a `layout.yaml` beside them says: the official layout is not known, or is not the user's.

The description becomes a table of `rgbtbench.datasets.templates`, which finds the samples and reads them like those of
any other dataset. A description comes first among a dataset's layouts: whoever writes one wants it to be followed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from rgbtbench.datasets.box_templates import BoxSource, Written
from rgbtbench.datasets.layout_file import LAYOUT_FILE, LayoutDescription, read_layout_file
from rgbtbench.datasets.source import DatasetSource, Layout
from rgbtbench.datasets.templates import FakeSample, TemplatedLayout, template
from rgbtbench.pair import Entry, Image, Pair

DESCRIBED: Final = "described"


def described(example: str) -> Layout:
    """Return the layout of trees that describe themselves.

    Args:
        example: a whole `layout.yaml`, shown to whoever has none; fake trees follow it.
    """
    return Layout(DESCRIBED, (LAYOUT_FILE,), f"as {LAYOUT_FILE} in the folder says", example=example)


class DescribedSource:
    """A dataset that may be described.

    Attributes:
        name: of the card.
        own: reads the layouts that need no description.
        layouts: `described` first, then those of `own`.
    """

    name: str
    own: DatasetSource
    layouts: tuple[Layout, ...]

    def entries(self, root: Path, layout: Layout) -> Iterator[Entry]:
        """Yield the samples of every split; raises `CardError`, `InputFileError`, `LayoutError`."""
        yield from self._source(root, layout).entries(root, layout)

    def pair(self, root: Path, layout: Layout, entry: Entry) -> Pair:
        """Open one sample. Raises `CardError`, `InputFileError`, `LabelError`."""
        return self._source(root, layout).pair(root, layout, entry)

    def fake(self, root: Path, layout: Layout, counts: Mapping[str, int], seed: int) -> None:
        """Write rendered scenes in a layout; a described tree is the layout's example, which is written too."""
        if layout.example is not None:
            root.mkdir(parents=True, exist_ok=True)
            (root / LAYOUT_FILE).write_text(layout.example)
        self._source(root, layout).fake(root, layout, counts, seed)

    def _source(self, root: Path, layout: Layout) -> DatasetSource:
        if layout.name != DESCRIBED:
            return self.own
        return _DescribedTree(self.name, read_layout_file(root, self.name))


class _Named(NamedTuple):
    name: str
    numbers: tuple[float, float, float, float]


class _DescribedTree(BoxSource):
    """One folder and its description."""

    def __init__(self, dataset: str, said: LayoutDescription) -> None:
        self.name = dataset
        self.stem = re.compile(said.stem)
        self._said = said
        labels = {name: label.files for name, label in said.labels.items()}
        files = {**said.modalities, **labels, "layout": LAYOUT_FILE}
        self.layouts = (template(DESCRIBED, files, splits=said.splits, lists=said.lists),)

    def official_id(self, split: str, stem: str) -> str:
        return self._filled(self._said.id, split, stem)

    def cluster(self, split: str, stem: str) -> str | None:
        return None if self._said.cluster is None else self._filled(self._said.cluster, split, stem)

    def yolo_names(self, label_set: str) -> Mapping[int, str]:
        return {key: name for key, name in self._said.labels[label_set].classes.items() if isinstance(key, int)}

    def read_written(self, root: Path, entry: Entry, images: Mapping[str, Image], label_set: str) -> Written:
        written = super().read_written(root, entry, images, label_set)
        ours = self._said.labels[label_set].classes
        return written._replace(boxes=[_Named(ours.get(box.name, box.name), box.numbers) for box in written.boxes])

    def fake_stems(self, split: str, numbers: Iterator[int]) -> Iterator[str]:
        return (f"{number:06d}" for number in numbers)

    def fake_file(self, path: Path, role: str, samples: Sequence[FakeSample], layout: TemplatedLayout) -> None:
        if path.name != LAYOUT_FILE:
            super().fake_file(path, role, samples, layout)

    def _filled(self, text: str, split: str, stem: str) -> str:
        found = self.stem.fullmatch(stem)
        return text.format(**(found.groupdict() if found else {}), stem=stem, split=self._said.splits[split])
