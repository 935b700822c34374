"""The manifest: what makes a folder a prepared dataset. Specification: docs/formats/shards.md."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import Field, ValidationError

from rgbtbench.canonical import content_sha256
from rgbtbench.cards.schema import Frame, LabelKind, Modality, Name, Sha256, Strict
from rgbtbench.errors import ShardError, did_you_mean
from rgbtbench.stored_files import file_bytes

FORMAT: Final = "rgbtbench-shards"
VERSION: Final = 1
MANIFEST: Final = "manifest.json"

Check = Literal["none", "probe", "full"]


class Shard(Strict):
    """One tar file."""

    file: str = Field(pattern=r"^shards/[a-z0-9][a-z0-9_-]*-[0-9]{6}\.tar$", description="path in the folder")
    samples: int = Field(ge=1)
    bytes: int = Field(ge=1)
    sha256: Sha256
    first_key: str
    last_key: str


class Split(Strict):
    """One split: its shards in order and what every sample of it holds."""

    samples: int = Field(ge=1)
    keys_sha256: Sha256 = Field(description="see `rgbtbench.canonical.keys_sha256`")
    members: tuple[str, ...] = Field(description="extensions of the members that every sample has, sorted")
    shards: tuple[Shard, ...]


class LabelSet(Strict):
    """One set of labels in the shards, and its total map to the unified label space."""

    kind: LabelKind
    frame: Frame
    version: str | None
    map: dict[str, Any] = Field(description="`LabelMap.to_json`")
    map_sha256: Sha256


class PlanFacts(Strict):
    """The choices that decide which samples lie in which shard."""

    shard_bytes: int = Field(ge=1, description="input bytes per shard that were aimed at")
    limit: int | None = Field(ge=1, description="samples taken per split; null for all")
    splits: tuple[Name, ...]
    check: Check


class Difference(Strict):
    """One number of the card that the files do not have, prepared all the same because the user said so."""

    edition: Name = Field(description="edition of the card that was compared with")
    split: Name
    what: str = Field(description="pairs, keys, a class of a label set, a value of an attribute")
    expected: str
    found: str


class Manifest(Strict):
    """A prepared dataset."""

    format: Literal["rgbtbench-shards"] = FORMAT
    version: Literal[1] = VERSION
    dataset: Name
    edition: str = Field(description="edition of the card that the keys equal, or `unlisted`")
    layout: str
    rgbtbench: str = Field(description="version that wrote it")
    modalities: tuple[Modality, ...]
    attributes: tuple[Name, ...]
    label_sets: dict[Name, LabelSet]
    splits: dict[Name, Split]
    plan: PlanFacts
    quarantined: int = Field(ge=0)
    differences: tuple[Difference, ...] = Field(description="from the card's counts; none unless they were allowed")
    data_hash: Sha256
    labels_hash: Sha256
    protocol_hash: Sha256

    def split(self, name: str) -> Split:
        """Return the facts of one split.

        Raises:
            ShardError: no such split; names those there are.
        """
        if name not in self.splits:
            raise ShardError(f"no split {name!r} in this {self.dataset}", remedy=did_you_mean(name, self.splits))
        return self.splits[name]


def pretty_json(data: object) -> bytes:
    """Return `data` as indented JSON with sorted keys and a final line feed: for files that people open."""
    return json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def manifest_bytes(manifest: Manifest) -> bytes:
    """Return the file's content: the fields and, as `self_sha256`, a hash over their canonical JSON."""
    fields = manifest.model_dump(mode="json")
    sealed = {**fields, "self_sha256": content_sha256(fields)}
    return pretty_json(sealed)


def read_manifest(root: Path) -> Manifest:
    """Return the manifest of a prepared dataset.

    Raises:
        ShardError: the folder is missing or not prepared, or the manifest is damaged, edited or of another version.
        StoreError: it lies in a store that does not answer.
    """
    path = root / MANIFEST
    try:
        data = json.loads(file_bytes(path))
    except FileNotFoundError as error:
        raise ShardError(*_not_prepared(root), path=root, remedy="run `rgbtbench prepare` for it") from error
    except OSError as error:
        raise ShardError(
            f"cannot be read: {error.strerror}", path=path, remedy="check what it is, and its permissions"
        ) from error
    except (ValueError, RecursionError) as error:
        raise ShardError("is not JSON", path=path, remedy="prepare the dataset again") from error
    _check_format(data, path)
    seal = data.pop("self_sha256", None)
    try:
        manifest = Manifest.model_validate(data)
        intact = seal == content_sha256(data)
    except (ValidationError, ValueError) as error:
        raise ShardError("breaks the format", path=path, remedy="prepare the dataset again") from error
    if not intact:
        raise ShardError("was edited or damaged", path=path, remedy="prepare the dataset again")
    return manifest


def prepared_folder(path: Path) -> Path | None:
    """Return the prepared dataset that a path names by its folder or its manifest; None for another `.json` file."""
    if path.name == MANIFEST:
        return path.parent
    return None if path.suffix == ".json" else path


def _not_prepared(root: Path) -> tuple[str]:
    if not root.is_dir():
        return ("no such folder",)
    return (f"is no prepared dataset: it has no {MANIFEST}",)


def _check_format(data: object, path: Path) -> None:
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ShardError(f"is not of the format {FORMAT}", path=path, remedy="pass a folder that `prepare` wrote")
    if data.get("version") != VERSION:
        raise ShardError(
            f"has format version {data.get('version')!r}",
            expected=f"{VERSION}",
            path=path,
            remedy="prepare the dataset again, or use the rgbtbench that wrote it",
        )
