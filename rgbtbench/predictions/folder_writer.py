"""A folder of predictions that is either finished, with a sidecar, or marked as unfinished."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from rgbtbench.canonical import keys_sha256
from rgbtbench.errors import PredictionError
from rgbtbench.outputs import require_folder
from rgbtbench.pair import check_key
from rgbtbench.predictions.sidecar import INCOMPLETE, SIDECAR, Sidecar, sidecar_bytes
from rgbtbench.ranks import ALONE, Ranks

T = TypeVar("T")
_NOTHING: Final = object()


class FolderWriter(ABC):
    """What the writers of all kinds of predictions share.

    Several processes may fill one folder, each with the samples of its own. All have to enter and to leave; the first
    then writes what is written once, and nobody returns before that is done.

    Args:
        folder: new, empty, or left by an interrupted run.
        sidecar: what the predictions are made from; its hashes of keys and predictions are filled in here.
        ranks: the processes that fill the folder.

    Raises:
        PredictionError: on entering, when the folder holds anything else; on leaving, when another process failed or
            predicted the same sample.
        UserError: on entering, when the folder is a file.
    """

    def __init__(self, folder: Path, sidecar: Sidecar, *, ranks: Ranks = ALONE) -> None:
        self.folder = Path(folder)
        self._ranks = ranks
        self._sidecar = sidecar
        self._keys: set[str] = set()

    def __enter__(self) -> Self:
        self._ranks.first(self._claim)
        return self

    def _claim(self) -> None:
        marker = self.folder / INCOMPLETE
        require_folder(self.folder)
        if self.folder.is_dir() and any(self.folder.iterdir()) and not marker.exists():
            raise PredictionError(
                "the folder is not empty", path=self.folder, remedy="name a new folder, or remove this one first"
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        marker.touch()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shares = self._ranks.gathered(None if kind is not None else (self._keys, self._share()))
        if kind is not None:
            return
        whole = [share for share in shares if share is not None]
        if len(whole) < len(shares):
            raise PredictionError("another process failed: the predictions are not finished", path=self.folder)
        self._ranks.first(lambda: self._finish([keys for keys, _ in whole], [share for _, share in whole]))

    def _finish(self, keys: Sequence[Collection[str]], shares: Sequence[Any]) -> None:
        every = set().union(*keys)
        if len(every) < sum(map(len, keys)):
            raise PredictionError("two processes predict the same image", path=self.folder)
        hashes = {"keys_sha256": keys_sha256(every), "predictions_sha256": self._finished(shares)}
        publish(self.folder / SIDECAR, sidecar_bytes(self._sidecar.model_copy(update=hashes)))
        (self.folder / INCOMPLETE).unlink()

    @abstractmethod
    def _share(self) -> Any:
        """Return what this process has to tell the first of its predictions."""

    @abstractmethod
    def _finished(self, shares: Sequence[Any]) -> str:
        """Write what is written once; return the hash of all predictions, as reading them back gives it.

        Args:
            shares: of every process, in the order of ranks.
        """

    def enter_key(self, key: str) -> None:
        """Note that a key is predicted; raises `PredictionError` when it was before."""
        if key in self._keys:
            raise PredictionError(f"{key} is predicted twice", path=self.folder, remedy="evaluate each image once")
        self._keys.add(check_key(key))


def in_turn(shares: Sequence[Sequence[T]]) -> Iterator[T]:
    """Yield the first of every share, then the second of every share: the official order, which is dealt out so."""
    for turn in zip_longest(*shares, fillvalue=_NOTHING):
        yield from (one for one in turn if one is not _NOTHING)  # type: ignore[misc]  # what is left are T


def publish(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(content)
    part.replace(path)
