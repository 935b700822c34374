"""`layout.yaml`: the user's own words on where the files of a dataset lie. Specification: docs/formats/layout.md.

It describes one folder on one disk and no dataset, so that it is no card; only what it may name (cameras, label sets,
classes) comes from the card.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Final

from pydantic import Field

from rgbtbench.cards import dataset_card
from rgbtbench.cards.dataset import DatasetCard
from rgbtbench.cards.schema import Modality, Name, Strict
from rgbtbench.cards.yaml_file import Location, closest_line, read_yaml, validate
from rgbtbench.errors import CardError, did_you_mean
from rgbtbench.formats.paths import resolve_inside
from rgbtbench.stored_files import FileFacts, file_facts

LAYOUT_FILE: Final = "layout.yaml"
_ENDINGS: Final = (".txt", ".json", ".xml")
_REPEATED_GROUP = re.compile(r"(?<!\\)\)[*+{]")
_BRACES = re.compile(r"\{([^{}]*)\}|[{}]")


class LabelFiles(Strict):
    """Where the boxes of one label set lie, and what they call the classes."""

    files: str = Field(description="path: .txt is YOLO and .xml is VOC, a file per image; .json is COCO, one per split")
    classes: dict[int | str, str] = Field(
        default_factory=dict, description="class as the files write it (YOLO: its number) to its name in the card"
    )


class LayoutDescription(Strict):
    """What `layout.yaml` holds. Paths begin in its folder and hold `{split}`, `{stem}` and the stem's named groups."""

    modalities: dict[Modality, str] = Field(min_length=1, description="camera of the card to the path of its images")
    labels: dict[Name, LabelFiles] = Field(default_factory=dict, description="box set of the card to its files")
    splits: dict[Name, str] = Field(
        default_factory=lambda: {"train": "train"}, min_length=1, description="split to what `{split}` becomes"
    )
    lists: str | None = Field(None, description="path of each split's list of stems; null: the files decide")
    stem: str = Field("[A-Za-z0-9_-]+", description="regular expression of a whole stem, groups allowed")
    id: str = Field("{stem}", description="what a sample is called; hold `{split}` where stems repeat between splits")
    cluster: str | None = Field(None, description="what frames that belong together share: `{sequence}`")

    @property
    def led_by(self) -> str | None:
        """Path of the COCO file that says what a split holds; None where lists or files do."""
        return next((label.files for label in self.labels.values() if label.files.endswith(".json")), None)


def read_layout_file(root: Path, dataset: str) -> LayoutDescription:
    """Return the description in a dataset's folder, parsed once per process as long as its size and version stay.

    Raises:
        InputFileError: a symbolic link leads out of `root`.
        CardError: missing, no YAML, of another form, or it names what the card does not have; names the line.
    """
    path = resolve_inside(root, LAYOUT_FILE)
    return _read_as_of(path, dataset, file_facts(path))


@lru_cache(maxsize=4)
def _read_as_of(path: Path, dataset: str, _facts: FileFacts | None) -> LayoutDescription:
    data, lines = read_yaml(path)
    description = validate(data, LayoutDescription, path=path, lines=lines)
    for at, found, remedy in _faults(description, dataset_card(dataset)):
        field = ".".join(map(str, at))
        raise CardError(f"{field}: {found}", path=path, line=closest_line(at, lines), remedy=remedy)
    return description


_Fault = tuple[Location, str, str]


def _faults(said: LayoutDescription, card: DatasetCard) -> Iterator[_Fault]:
    """Yield what is wrong: where, what was found, what to do."""
    try:
        groups = set(re.compile(said.stem).groupindex)
    except re.error as error:
        yield ("stem",), f"no regular expression: {error}", "correct it"
        return
    if _REPEATED_GROUP.search(said.stem):
        yield ("stem",), "a group that repeats may search a name for ever", "repeat single characters or sets of them"
    words = {"stem", "split", *groups}
    for name, path in said.modalities.items():
        at: Location = ("modalities", name)
        if name not in card.modalities:
            yield at, f"no camera of {card.name}", did_you_mean(name, card.modalities)
        yield from _faults_of_path(at, path, words)
        if said.lists is None and said.led_by is None:
            yield from _faults_of_a_telling_path(at, path)
    for name, label in said.labels.items():
        yield from _faults_of_labels(("labels", name), label, said, card, words)
    for split, theirs in said.splits.items():
        yield from _faults_of_path(("splits", split), theirs, set())
    if said.lists is not None:
        yield from _faults_of_path(("lists",), said.lists, {"split"})
    for field, text in (("id", said.id), ("cluster", said.cluster)):
        yield from _faults_of_path((field,), text or "", words)
    deciding = [said.lists or said.led_by or path for path in said.modalities.values()]
    if len(said.splits) > 1 and not any("{split}" in path for path in deciding):
        yield ("splits",), "nothing tells the splits apart", "put {split} into the paths, or into that of the lists"


def _faults_of_path(at: Location, path: str, words: set[str]) -> Iterator[_Fault]:
    for found in _BRACES.finditer(path):
        if found[1] not in words:
            yield at, f"{found[0]!r} stands for nothing", did_you_mean(found[1] or "", words)
    name = PurePosixPath(path)
    if name.is_absolute() or ".." in name.parts or "\\" in path:
        yield at, f"{path!r} does not lie below the folder", "write a relative path with `/` and without `..`"


def _faults_of_a_telling_path(at: Location, path: str) -> Iterator[_Fault]:
    folder, _, file = path.rpartition("/")
    if "{stem}" not in file or _BRACES.sub("", folder.replace("{split}", "")) != folder.replace("{split}", ""):
        yield (
            at,
            f"{path!r} does not say which files there are",
            "put {stem} into the last part and nothing but {split} before it, or name the samples in `lists`",
        )


def _faults_of_labels(
    at: Location, label: LabelFiles, said: LayoutDescription, card: DatasetCard, words: set[str]
) -> Iterator[_Fault]:
    boxes = {name: facts for name, facts in card.label_sets.items() if facts.kind == "boxes"}
    facts = boxes.get(str(at[-1]))
    if facts is None:
        yield at, f"no box set of {card.name}", did_you_mean(str(at[-1]), boxes)
        return
    per_split = label.files.endswith(".json")
    yield from _faults_of_path((*at, "files"), label.files, {"split"} if per_split else words)
    if not label.files.endswith(_ENDINGS):
        yield (*at, "files"), f"{label.files!r} is of no known form", f"let it end in {', '.join(_ENDINGS)}"
    if not per_split and not any(word != "split" and f"{{{word}}}" in label.files for word in words):
        yield (*at, "files"), f"{label.files!r} is one file for all images", "put {stem} into it"
    if label.files.endswith(".txt") and not (label.classes and all(isinstance(key, int) for key in label.classes)):
        yield at, "YOLO files do not say which class a number is", "add `classes`: {0: name, 1: name, …}"
    names = {item.name for item in facts.classes}
    for theirs, ours in label.classes.items():
        if ours not in names:
            yield (*at, "classes", theirs), f"no class {ours!r} in the card", did_you_mean(ours, names)
    cameras: Mapping[str, bool] = {"rgb": "rgb" in said.modalities, "x": bool(set(said.modalities) - {"rgb"})}
    if not cameras.get(facts.frame, True):
        yield at, f"these boxes follow the camera {facts.frame}, which `modalities` lacks", "add its images"
