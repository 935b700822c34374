"""One case of the fuzzer: a seed and a number decide the tree, the damage and the place."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from tests.hostile import mutate_bytes, mutate_text, mutate_tree
from tests.hostile.official_trees import TEXT, OfficialTree, link_all

MUTATIONS = tuple(
    f"{kind}.{name}"
    for kind, module in (("bytes", mutate_bytes), ("text", mutate_text), ("tree", mutate_tree))
    for name in module.DAMAGES
)


@dataclass(frozen=True)
class Place:
    """Where a damage happens, and what it may choose from."""

    root: Path
    outside: Path
    name: str
    files: tuple[str, ...]
    random: np.random.Generator

    @property
    def file(self):
        return self.root / self.name

    @cached_property
    def another_file(self):
        return self.root / self.pick(*(file for file in self.files if file != self.name))

    @cached_property
    def folder(self):
        """A folder of the tree."""
        return self.root / self.pick(*_folders(self.files))

    def pick(self, *options):
        return options[self.random.integers(len(options))]

    def relative(self, path):
        return path.relative_to(self.root).as_posix()

    def below(self, folder):
        return {file for file in self.files if (self.root / file).is_relative_to(folder)}


class Case:
    """One damage to one tree, decided by a seed and a number."""

    def __init__(self, trees, seed, number):
        self.random = np.random.default_rng([seed, number])
        self.tree: OfficialTree = trees[number % len(trees)]
        # Kinds of files take turns, because images outnumber lists.
        by_ending = {}
        for file in self.tree.files:
            by_ending.setdefault(Path(file).suffix, []).append(file)
        self.mutation = MUTATIONS[self.random.integers(len(MUTATIONS))]
        texts = [ending for ending in by_ending if ending in TEXT]
        impossible = self.mutation.startswith("text.") and not texts
        if impossible or ("folder" in self.mutation and not _folders(self.tree.files)):
            self.mutation = f"bytes.{list(mutate_bytes.DAMAGES)[self.random.integers(len(mutate_bytes.DAMAGES))]}"
        endings = texts if self.mutation.startswith("text.") else list(by_ending)
        files = by_ending[endings[self.random.integers(len(endings))]]
        self.name = files[self.random.integers(len(files))]
        self.check = ("probe", "full", "none")[self.random.integers(3)]

    def __str__(self):
        return f"{self.tree.name} {self.tree.kind}: {self.mutation} at {self.name}, check {self.check}"

    def lay_out(self, root, outside):
        """Write the damaged tree into the new folder `root` and return the paths that it changed.

        Args:
            root: of hard links to the whole tree, the damaged files apart.
            outside: new folder for what links lead to.
        """
        outside.mkdir(parents=True)
        link_all(self.tree, root)
        kind, name = self.mutation.split(".")
        place = Place(root, outside, self.name, tuple(self.tree.files), self.random)
        if kind == "tree":
            return mutate_tree.DAMAGES[name](place)
        damages = {"bytes": mutate_bytes.DAMAGES, "text": mutate_text.DAMAGES}[kind]
        data = damages[name](place.file.read_bytes(), self.random)
        if data and kind == "bytes" and self.random.integers(4) == 0:
            data = damages[list(damages)[self.random.integers(len(damages))]](data, self.random)
        mutate_tree.replace_file(place.file, data)
        return {self.name}


def _folders(files):
    return sorted({parent for file in files for parent in Path(file).parents if parent.name})
