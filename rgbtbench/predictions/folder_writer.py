"""A folder of predictions that is either finished, with a sidecar, or marked as unfinished."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Self

from rgbtbench.canonical import keys_sha256
from rgbtbench.errors import PredictionError
from rgbtbench.outputs import require_folder
from rgbtbench.pair import check_key
from rgbtbench.predictions.sidecar import INCOMPLETE, SIDECAR, Sidecar, sidecar_bytes


class FolderWriter(ABC):
    """What the writers of all kinds of predictions share.

    Args:
        folder: new, empty, or left by an interrupted run.
        sidecar: what the predictions are made from; its hashes of keys and predictions are filled in here.

    Raises:
        PredictionError: on entering, when the folder holds anything else.
        UserError: on entering, when the folder is a file.
    """

    def __init__(self, folder: Path, sidecar: Sidecar) -> None:
        self.folder = Path(folder)
        self._sidecar = sidecar
        self._keys: set[str] = set()

    def __enter__(self) -> Self:
        marker = self.folder / INCOMPLETE
        require_folder(self.folder)
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
        hashes = {"keys_sha256": keys_sha256(self._keys), "predictions_sha256": self._content_sha256()}
        sidecar = self._sidecar.model_copy(update=hashes)
        publish(self.folder / SIDECAR, sidecar_bytes(sidecar))
        (self.folder / INCOMPLETE).unlink()

    @abstractmethod
    def _content_sha256(self) -> str:
        """Return the hash of all predictions, as reading them back gives it."""

    def enter_key(self, key: str) -> None:
        """Note that a key is predicted; raises `PredictionError` when it was before."""
        if key in self._keys:
            raise PredictionError(f"{key} is predicted twice", path=self.folder, remedy="evaluate each image once")
        self._keys.add(check_key(key))


def publish(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(content)
    part.replace(path)
