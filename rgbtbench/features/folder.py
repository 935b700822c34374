"""A folder of dense features: `<modality>/<key>.npy` and what they were made from, in `features.json`.

Specification: docs/matching.md. Nothing in such a file can run.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError

from rgbtbench.canonical import keys_sha256
from rgbtbench.cards.schema import Modality, Name, Sha256, Strict
from rgbtbench.errors import InputFileError, PredictionError
from rgbtbench.formats.npy_header import read_npy_header
from rgbtbench.outputs import require_folder
from rgbtbench.pair import check_key
from rgbtbench.predictions.folder_writer import publish
from rgbtbench.predictions.members import open_members
from rgbtbench.predictions.named_files import files_by_key
from rgbtbench.predictions.sidecar import INCOMPLETE

DESCRIPTION: Final = "features.json"
_ENDING: Final = "npy"
_MAX_DESCRIPTION_BYTES: Final = 1 << 20
_MAX_FILE_BYTES: Final = 1 << 28
_AXES: Final = 3
_AGAIN: Final = "write the features again"

#: Descriptors (D, rows, columns) of a grid of equal cells that covers the frame.
Grid = NDArray[np.floating[Any]]


class FeaturesInfo(Strict):
    """What features were made from.

    Attributes:
        dataset, edition, split, data_hash: of the prepared data.
        keys_sha256: of all keys, filled in at the end.
        modalities: those that have features.
        source: method or baseline.
        weights_sha256: of a network's weights.
        input_size: height and width that a network saw; null: those of the frame.
        protocol, protocol_sha256: the protocol of matching that moved the images; null: they are as they are.
    """

    format: Literal["rgbtbench-features"] = "rgbtbench-features"
    version: Literal[1] = 1
    dataset: Name
    edition: str
    split: str
    data_hash: Sha256
    keys_sha256: Sha256 | None = None
    modalities: tuple[Modality, ...] = Field(min_length=1)
    source: str
    weights_sha256: Sha256 | None = None
    input_size: tuple[int, int] | None = None
    protocol: str | None = None
    protocol_sha256: Sha256 | None = None


class FeatureWriter:
    """Writes features one image at a time; an interrupted run never looks finished.

    Args:
        folder: new, empty, or left by an interrupted run.
        info: what they are made from.

    Raises:
        PredictionError: on entering, when the folder holds anything else.
        UserError: on entering, when the folder is a file.
    """

    def __init__(self, folder: Path, info: FeaturesInfo) -> None:
        self.folder = folder
        self._info = info
        self._keys: list[str] = []

    def __enter__(self) -> Self:
        require_folder(self.folder)
        marker = self.folder / INCOMPLETE
        if self.folder.is_dir() and any(self.folder.iterdir()) and not marker.exists():
            raise PredictionError(
                "the folder is not empty", path=self.folder, remedy="name a new folder, or remove this one first"
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        marker.touch()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            return
        content = self._info.model_copy(update={"keys_sha256": keys_sha256(self._keys)}).model_dump(mode="json")
        publish(self.folder / DESCRIPTION, json.dumps(content, indent=1, sort_keys=True).encode() + b"\n")
        (self.folder / INCOMPLETE).unlink()

    def write(self, key: str, features: Mapping[str, Grid]) -> None:
        """Write the features of one sample as float16, file by file, each whole or not at all.

        Args:
            key: of the sample.
            features: modality to floats (D, rows, columns).

        Raises:
            PredictionError: a modality is missing, or values are not finite or too large for 16 bits.
        """
        if set(features) != set(self._info.modalities):
            raise PredictionError(
                f"{key}: features of {', '.join(features)}", expected=" and ".join(self._info.modalities)
            )
        for modality, grid in features.items():
            with np.errstate(over="ignore"):
                stored = np.ascontiguousarray(grid, np.float16)
            if stored.ndim != _AXES or not np.isfinite(stored).all():
                raise PredictionError(
                    f"{key}: {modality} features of shape {stored.shape} that are not finite, or beyond 65504",
                    expected="finite values (D, rows, columns)",
                    remedy="let features end in a normalisation",
                )
            path = self.folder / modality / f"{check_key(key)}.{_ENDING}"
            path.parent.mkdir(parents=True, exist_ok=True)
            buffer = io.BytesIO()
            np.save(buffer, stored, allow_pickle=False)
            publish(path, buffer.getvalue())
        self._keys.append(key)


class FeatureFolder:
    """Finished features, of rgbtbench or of anyone.

    Args:
        folder: that `FeatureWriter` wrote, or another tool in the same format.
        keys: all samples that must be there, and no others.

    Raises:
        PredictionError: it is unfinished, its description is missing or damaged, or an image is missing or unknown.
    """

    def __init__(self, folder: Path, keys: Sequence[str]) -> None:
        self.folder = folder
        self.info = read_description(folder)
        self._files: dict[str, dict[str, str]] = {}
        for modality in self.info.modalities:
            with open_members(folder / modality) as members:
                self._files[modality] = files_by_key(members, keys, folder / modality, endings=(_ENDING,))

    def read(self, key: str, modality: str) -> NDArray[np.float32]:
        """Return the features of one image, float32 (D, rows, columns).

        Raises:
            PredictionError: the modality has none, or the file is damaged or holds anything else.
        """
        if modality not in self._files:
            raise PredictionError(
                f"no features of {modality}", expected=" and ".join(self._files), path=self.folder, remedy=_AGAIN
            )
        path = self.folder / modality / self._files[modality][key]
        if path.stat().st_size > _MAX_FILE_BYTES:
            raise PredictionError(f"larger than {_MAX_FILE_BYTES} bytes", path=path, remedy="write fewer features")
        data = path.read_bytes()
        try:
            header = read_npy_header(data, path=path)
        except InputFileError as error:
            raise PredictionError(error.found, expected=error.expected, path=path, remedy=_AGAIN) from error
        if len(header.shape) != _AXES or np.dtype(header.dtype).kind != "f":
            raise PredictionError(
                f"an array of {header.dtype} {header.shape}",
                expected="floats (D, rows, columns)",
                path=path,
                remedy=_AGAIN,
            )
        order: Literal["F", "C"] = "F" if header.fortran_order else "C"
        values = np.frombuffer(data, np.dtype(header.dtype), offset=header.offset).reshape(header.shape, order=order)
        if not np.isfinite(values).all():
            raise PredictionError("holds values that are no numbers", path=path, remedy=_AGAIN)
        return values.astype(np.float32)


def read_description(folder: Path) -> FeaturesInfo:
    """Return what features were made from.

    Raises:
        PredictionError: as `FeatureFolder`.
    """
    path = folder / DESCRIPTION
    if (folder / INCOMPLETE).exists():
        raise PredictionError("the features were never finished", path=folder, remedy=_AGAIN)
    if not path.is_file():
        raise PredictionError(
            f"no {DESCRIPTION} in this folder", path=folder, remedy="give a folder that `rgbtbench features` wrote"
        )
    try:
        with path.open("rb") as file:
            return FeaturesInfo.model_validate(json.loads(file.read(_MAX_DESCRIPTION_BYTES)))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise PredictionError(f"{where}: {first['msg']}", path=path, remedy=_AGAIN) from error
    except (ValueError, RecursionError) as error:
        raise PredictionError("is not JSON", path=path, remedy=_AGAIN) from error
