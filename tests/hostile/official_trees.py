"""Small trees in the official shapes of every dataset and layout: rendered ones, and excerpts of real releases."""

import contextlib
import os
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from rgbtbench.cards import dataset_card
from rgbtbench.cards.dataset import DatasetCard
from rgbtbench.datasets import dataset, recognise
from rgbtbench.datasets.registry import source_names
from rgbtbench.datasets.source import DatasetSource
from rgbtbench.errors import UserError
from rgbtbench.formats.attribute_table import ATTRIBUTE_TABLE
from rgbtbench.shards.plan import Options, plan

#: Endings of what people edit.
TEXT = {".txt", ".csv", ".xml", ".json", ".yaml"}
#: Where the files of some roles are the list, by rule, because releases hold others without a twin: without one of them
#: there is no sample, and only the card's counts tell of a loss.
DECIDING = {
    ("cvc14", "official"): ("rgb", "lwir", "visible", "fir"),
    ("kp", "ms-uda"): ("semantic",),
    ("mvseg", "official"): ("semantic",),
    ("rgbt550k", "official"): ("lwir",),
}


@dataclass(frozen=True)
class OfficialTree:
    """A whole tree of one dataset, not to be changed.

    Attributes:
        name: of the dataset.
        kind: the layout, or `real` and the layout.
        root: its folder.
        source, card: of the dataset.
    """

    name: str
    kind: str
    root: Path
    source: DatasetSource
    card: DatasetCard

    @cached_property
    def files(self):
        """Paths of all files relative to the root, sorted."""
        return sorted(path.relative_to(self.root).as_posix() for path in self.root.rglob("*") if path.is_file())

    @cached_property
    def entries(self):
        """The samples that `prepare` takes by default, by split and key."""
        return listed(self.source, self.card, self.root)

    @cached_property
    def lists(self):
        """Paths that say which samples there are, or what is known of them: without content they are an error."""
        found = []
        for path in self.files:
            if path not in self.own_files and Path(path).suffix in TEXT:
                with emptied(self, path) as root:
                    try:
                        same = listed(self.source, self.card, root) == self.entries
                    except UserError:
                        same = False
                found += [] if same else [path]
        return found

    @cached_property
    def own_files(self):
        """Path of each file that belongs to one sample alone, to the split and key of that sample.

        Others are lists, tables and annotations of many images: they decide which samples there are.
        """
        owners = {}
        for sample, entry in self.entries.items():
            for path in entry.files.values():
                owners.setdefault(path, set()).add(sample)
        keys = {path: {key for _, key in samples} for path, samples in owners.items()}
        return {path: samples for path, samples in owners.items() if len(keys[path]) == 1}


@contextlib.contextmanager
def emptied(tree, path):
    """A copy of a tree, of hard links, in which one file is empty; gone when the block ends."""
    with tempfile.TemporaryDirectory() as folder:
        root = link_all(tree, Path(folder) / "tree")
        (root / path).unlink()
        (root / path).touch()
        yield root


def link_all(tree, root):
    """Make the new folder `root` a copy of a tree, of hard links, and return it."""
    for file in tree.files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        os.link(tree.root / file, root / file)
    return root


def listed(source, card, root):
    """Return what `prepare` would take: split and key to entry."""
    planned = plan(source, card, root, Options())
    return {(shard.split, entry.key): entry for shard in planned.shards for entry in shard.entries}


def fake_trees(folder, *, datasets=None):
    """Yield a rendered tree of every layout of every dataset: two samples in each split."""
    for name in datasets or source_names():
        source = dataset(name)
        for layout in source.layouts:
            tree = OfficialTree(name, layout.name, folder / f"{name}-{layout.name}", source, dataset_card(name))
            splits = dict.fromkeys(split for edition in tree.card.editions.values() for split in edition.splits)
            counts = dict.fromkeys(splits, 2)
            tree.source.fake(tree.root, layout, counts, seed=3)
            if tree.card.attributes and _reads_attributes(tree):
                _write_attributes(tree)
            assert recognise(tree.source, tree.root).name == layout.name
            yield tree


def _reads_attributes(tree):
    from rgbtbench.datasets.saliency_folders import SaliencyFolders

    return isinstance(tree.source, SaliencyFolders)


def _write_attributes(tree):
    names = list(tree.card.attributes)
    cells = ",".join((facts.values or ["1"])[0] for facts in tree.card.attributes.values())
    rows = [f"{entry.official_id},{cells}" for entry in listed(tree.source, tree.card, tree.root).values()]
    (tree.root / ATTRIBUTE_TABLE).write_text("\n".join([",".join(["id", *names]), *rows, ""]))
