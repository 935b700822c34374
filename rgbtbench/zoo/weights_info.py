"""What lies beside a weights file: `weights.json`, which says what the numbers in `weights.safetensors` are for."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field, JsonValue, TypeAdapter, ValidationError

from rgbtbench.cards.schema import Name, Sha256, Strict
from rgbtbench.errors import WeightsError
from rgbtbench.zoo.spec import ModelSpec

WEIGHTS_FORMAT: Final = "rgbtbench-weights"
WEIGHTS_VERSION: Final = 1
#: Name of the weights inside a run folder.
WEIGHTS_FILE = "weights.safetensors"


class MemberFacts(Strict):
    """One of several datasets that weights were trained on."""

    dataset: Name
    edition: str
    split: Name
    pairs: int
    weight: float | None = Field(description="as the recipe says; null: by the number of pairs, or in turn")
    data_hash: Sha256
    labels_hash: Sha256


class TrainingFacts(Strict):
    """How trained weights came to be; the first fields are those of a record's `training`."""

    recipe: str | None
    recipe_sha256: Sha256
    data: tuple[str, ...]
    selection: Literal["last", "val", "test"]
    initial_weights: str
    pretraining: tuple[str, ...] = Field((), description="data that the initial weights had seen, as far as is known")
    seed: int
    seed_group: str
    wall_seconds: float
    members: tuple[MemberFacts, ...] = Field((), description="of a training on several datasets")
    dataset: Name | None = Field(description="null: several, see members")
    data_hash: Sha256 = Field(description="of several datasets: over those of all members")
    labels_hash: Sha256 = Field(description="likewise")
    label_set: Name | None = Field(description="null: each dataset's own, see the model's members")
    label_space: str
    condition: str
    step: int = Field(description="of the optimiser, at which these weights were taken")
    steps: int = Field(description="of the whole training")
    averaged: bool
    metrics: dict[str, float | None] = Field(description="of the last validation of these weights; empty without")


class Conversion(Strict):
    """Where converted weights come from, and what had to be done to them."""

    source: str = Field(description="file name")
    source_sha256: Sha256
    classes: tuple[str, ...] = Field((), description="in the order of the source's outputs; empty: by their ids")
    options: dict[str, JsonValue] = Field(
        default_factory=dict,
        description="of the model's configuration, set because weights of the authors' code need them",
    )
    renamed: dict[str, str] = Field(default_factory=dict, description="key here to key in the source, where changed")
    completed: tuple[str, ...] = Field((), description="batch counters that the source lacks, set to 0")
    dropped: tuple[str, ...] = Field((), description="keys of the source that the model has no layer for")


class WeightsInfo(Strict):
    """Content of `weights.json`."""

    format: Literal["rgbtbench-weights"] = WEIGHTS_FORMAT
    version: Literal[1] = WEIGHTS_VERSION
    model: ModelSpec
    sha256: Sha256 = Field(description="of the safetensors file")
    parameters: int
    training: TrainingFacts | None = None
    conversion: Conversion | None = None


class EncoderInfo(Strict):
    """What `weights.json` holds beside pre-trained weights of an encoder, which several methods start from."""

    format: Literal["rgbtbench-encoder"] = "rgbtbench-encoder"
    version: Literal[1] = WEIGHTS_VERSION
    encoder: Name
    sha256: Sha256 = Field(description="of the safetensors file")
    parameters: int
    conversion: Conversion


_INFO: TypeAdapter[WeightsInfo | EncoderInfo] = TypeAdapter(
    Annotated[WeightsInfo | EncoderInfo, Field(discriminator="format")]
)


def weights_path(path: Path) -> Path:
    """Return the safetensors file of a run folder, or `path` itself when it is such a file.

    Raises:
        WeightsError: nothing of the kind lies there.
    """
    if path.is_dir():
        file = path / WEIGHTS_FILE
        if not file.is_file():
            unfinished = (path / "checkpoints").is_dir()
            raise WeightsError(
                f"holds no {WEIGHTS_FILE}",
                path=path,
                remedy="finish the training with --resume"
                if unfinished
                else "pass a run folder or a .safetensors file",
            )
        return file
    if not path.is_file():
        raise WeightsError("no such file", path=path, expected="a run folder or a .safetensors file")
    if path.suffix != ".safetensors":
        raise WeightsError(
            f"is a {path.suffix or 'nameless'} file",
            path=path,
            expected="a run folder or a .safetensors file",
            remedy="convert it with `rgbtbench weights convert`",
        )
    return path


def info_path(weights: Path) -> Path:
    """Return the description that belongs to a safetensors file."""
    return weights.with_suffix(".json")


def read_info(path: Path) -> WeightsInfo:
    """Read the description of a run folder's or file's weights.

    Raises:
        WeightsError: it is missing or damaged, or is that of an encoder alone.
    """
    info = read_initial_info(path)
    if isinstance(info, EncoderInfo):
        raise WeightsError(
            f"holds an encoder alone ({info.encoder})",
            path=weights_path(path),
            expected="weights of a whole model",
            remedy="start a training from it with initial_weights",
        )
    return info


def read_initial_info(path: Path) -> WeightsInfo | EncoderInfo:
    """Read the description of weights that a training may start from: a model's, or an encoder's.

    Raises:
        WeightsError: it is missing or damaged.
    """
    file = info_path(weights_path(path))
    if not file.is_file():
        raise WeightsError("the description of the weights is missing", path=file, remedy="keep the two files together")
    try:
        return _INFO.validate_json(file.read_bytes())
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        # The kind of description, which pydantic puts first, is no field of the file.
        field = ".".join(str(part) for part in first["loc"][1:])
        raise WeightsError(f"{field or 'content'}: {first['msg']}", path=file) from error


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def require_sha256(weights: Path, expected: str) -> None:
    """Make sure that a safetensors file is the one that its description speaks of.

    Raises:
        WeightsError: it is another one.
    """
    found = file_sha256(weights)
    if found != expected:
        raise WeightsError(
            f"sha256 {found[:12]}… instead of {expected[:12]}…, as its description says",
            path=weights,
            remedy="restore the two files together",
        )
