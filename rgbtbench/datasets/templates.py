"""Datasets whose files carry the sample's stem in their names: layouts are tables, and most of the module is one.

A module lists its layouts with `template`, derives from `TemplatedSource` and states what is its own: what a stem looks
like, which attributes it tells, and how labels of an unusual encoding are read.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from rgbtbench.cards.schema import AttributeValue
from rgbtbench.datasets.roles import RoleSource
from rgbtbench.datasets.source import Layout
from rgbtbench.errors import InputFileError, LayoutError
from rgbtbench.formats.folder import in_natural_order, stems_of
from rgbtbench.formats.id_list import read_id_list
from rgbtbench.formats.paths import is_there
from rgbtbench.pair import Entry, key_of

if TYPE_CHECKING:
    from rgbtbench.synthesis.render import RenderedScene

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class TemplatedLayout(Layout):
    """A layout that is a table.

    Attributes:
        files: role to path below the root, with `{stem}` or named groups of the stem's pattern and, where it varies,
            `{split}`. A role is a modality or a label set of the card, or a name that the dataset's module takes
            apart itself.
        splits: our name of a split to theirs, in order.
        lists: path of the list of a split; None where the files named by the whole stem decide what a split holds.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    splits: Mapping[str, str] = field(default_factory=dict)
    lists: str | None = None


def template(
    name: str,
    files: Mapping[str, str],
    *,
    splits: Mapping[str, str],
    lists: str | None = None,
    marks: tuple[str, ...] = (),
) -> TemplatedLayout:
    """Return a layout whose marks are the folders that its files lie in.

    Args:
        name: `official`, or the repack's name.
        files: see `TemplatedLayout`.
        splits: see `TemplatedLayout`.
        lists: see `TemplatedLayout`.
        marks: further paths that tell this layout from others.
    """
    folders = dict.fromkeys(_PLACEHOLDER.sub("*", path.rpartition("/")[0]) for path in files.values())
    theirs = "{" + ",".join(dict.fromkeys(splits.values())) + "}"
    tree = ", ".join(_drawn(path, theirs) for path in dict.fromkeys(files.values()))
    if lists is not None:
        tree += " and the lists " + ", ".join(lists.format(split=theirs) for theirs in splits.values())
    telling = (folder for folder in folders if folder.strip("*"))
    return TemplatedLayout(
        name, tuple(dict.fromkeys([*telling, *marks])), tree, files=files, splits=splits, lists=lists
    )


@dataclass(frozen=True, slots=True)
class FakeSample:
    """One sample of a fake tree: role to path below the root, and what was rendered."""

    files: Mapping[str, str]
    scene: RenderedScene


class TemplatedSource(RoleSource, ABC):
    """A dataset whose layouts are `TemplatedLayout`s; subclasses state the rest.

    Attributes:
        layouts: the official one first.
        stem: what a whole stem looks like; its named groups may stand in the paths of `files`.
        fake_size: width and height of the pictures in fake trees.
    """

    layouts: tuple[TemplatedLayout, ...]
    stem: re.Pattern[str]
    fake_size = (160, 120)

    def attributes(self, split: str, stem: str) -> Mapping[str, AttributeValue]:
        """Return what is known of a sample without opening it."""
        return {}

    def cluster(self, split: str, stem: str) -> str | None:
        """Return what frames that belong together share; None when each image stands alone."""
        return None

    def official_id(self, split: str, stem: str) -> str:
        """Return the id of a sample: its stem, unless stems repeat between splits."""
        return stem

    def keeps(self, stem: str) -> bool:
        """Return whether a listed stem is a sample; others are left out."""
        return True

    def samples(self, root: Path, table: TemplatedLayout, split: str) -> Iterator[tuple[str, Mapping[str, str]]]:
        """Yield stem and files of each sample of a split in order: what its list names, or what the folders hold."""
        for stem in self._stems(root, table, table.splits[split]):
            yield stem, self.paths(table, split, stem)

    def paths(self, table: TemplatedLayout, split: str, stem: str, **names: str) -> dict[str, str]:
        """Return role to path of one sample; `names` are placeholders that the stem does not tell."""
        found = self.stem.fullmatch(stem)
        words = {**(found.groupdict() if found else {}), "stem": stem, "split": table.splits[split], **names}
        return {role: path.format(**words) for role, path in table.files.items()}

    def in_order(self, root: Path, found: Collection[str]) -> list[str]:
        """Return stems that were put together from folders, numbers in natural order.

        Raises:
            InputFileError: one is no stem of this dataset.
        """
        for stem in found:
            if not self.stem.fullmatch(stem):
                raise InputFileError(
                    f"{stem!r} is no sample of {self.name}",
                    expected=f"names like {self.stem.pattern}",
                    path=root,
                    remedy="remove it",
                )
        return in_natural_order(found)

    def entries(self, root: Path, layout: Layout) -> Iterator[Entry]:
        """Yield the samples of every split that is there; raises `InputFileError`, `LayoutError`."""
        table = self._table(layout)
        found = False
        for split in table.splits:
            samples = (sample for sample in self.samples(root, table, split) if self.keeps(sample[0]))
            for order, (stem, files) in enumerate(samples):
                found = True
                official_id = self.official_id(split, stem)
                yield Entry(
                    key=key_of(official_id),
                    official_id=official_id,
                    split=split,
                    order=order,
                    files=files,
                    attributes=self.attributes(split, stem),
                    cluster=self.cluster(split, stem),
                )
        if not found:
            *_, last = table.files.values()
            deciding = table.lists or next((path for path in table.files.values() if "{stem}" in path), last)
            wanted = [*dict.fromkeys(_drawn(deciding, theirs) for theirs in table.splits.values())]
            raise LayoutError(
                "no list names the samples" if table.lists else "the folders hold no samples",
                expected=" or ".join(filter(None, [", ".join(wanted[:-1]), wanted[-1]])),
                path=root,
                remedy="copy the official lists beside the folders" if table.lists else "unpack the files again",
            )

    @abstractmethod
    def fake_stems(self, split: str, numbers: Iterator[int]) -> Iterator[str]:
        """Yield stems of the true shape for a split; `numbers` counts up over all splits."""

    def fake_pixels(self, scene: RenderedScene, role: str, layout: TemplatedLayout) -> NDArray[Any]:
        """Return what the file of a role holds: pictures and masks, unless a subclass knows better."""
        from rgbtbench.datasets.fakes import pixels_of

        return pixels_of(scene, role, self.card)

    def fake_names(self, stem: str) -> Mapping[str, str]:
        """Return the placeholders in paths that the stem does not tell."""
        return {}

    def fake_file(self, path: Path, role: str, samples: Sequence[FakeSample], layout: TemplatedLayout) -> None:
        """Write the file of a role; only files for all of a folder have several samples."""
        from rgbtbench.formats.write_image import write_image

        write_image(path, self.fake_pixels(samples[0].scene, role, layout))

    def fake(self, root: Path, layout: Layout, counts: Mapping[str, int], seed: int) -> None:
        """Write rendered scenes in a layout; splits that the layout does not have are left out."""
        from rgbtbench.datasets.fakes import rendered

        table = self._table(layout)
        numbers, scenes = count(1), count(1)
        held: dict[tuple[str, str], list[FakeSample]] = {}
        for split, theirs in table.splits.items():
            stems = list(islice(self.fake_stems(split, numbers), counts.get(split, 0)))
            if table.lists is not None and stems:
                where = root / table.lists.format(split=theirs)
                where.parent.mkdir(parents=True, exist_ok=True)
                where.write_text("".join(f"{stem}\n" for stem in stems))
            for stem in stems:
                scene = rendered(seed, next(scenes), width=self.fake_size[0], height=self.fake_size[1])
                files = self.paths(table, split, stem, **self.fake_names(stem))
                for role, path in files.items():
                    held.setdefault((role, path), []).append(FakeSample(files, scene))
        for (role, path), samples in held.items():
            self.fake_file(root / path, role, samples, table)

    def _table(self, layout: Layout) -> TemplatedLayout:
        return next(table for table in self.layouts if table.name == layout.name)

    def _stems(self, root: Path, table: TemplatedLayout, theirs: str) -> list[str]:
        if table.lists is not None:
            where = table.lists.format(split=theirs)
            return read_id_list(root, where, pattern=self.stem) if is_there(root, where) else []
        named = [path for path in table.files.values() if "{stem}" in path]
        # A folder that all splits share cannot tell which split a file is of, where other folders can.
        telling = [path for path in named if "{split}" in path] or named
        return stems_of(root, [path.replace("{split}", theirs) for path in telling], pattern=self.stem)


def _drawn(path: str, split: str) -> str:
    return _PLACEHOLDER.sub(lambda found: split if found[1] == "split" else f"<{found[1]}>", path)
