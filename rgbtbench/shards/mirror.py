"""Input files of a store, copied to the local disk before a dataset's module opens them.

One shard's files are fetched at a time and many at once, so that the wait for a store is paid once and not per file,
and so that a store which fails is never mistaken for a faulty file.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from rgbtbench.errors import StoreError
from rgbtbench.locations import filesystem, is_remote, store_errors, store_path
from rgbtbench.scratch import scratch_folder
from rgbtbench.shards.fingerprint import MISSING, QUESTIONS_AT_ONCE, InputFile, InputListing
from rgbtbench.stored_files import file_facts

#: In hexadecimal digits, or in base 64.
_MD5: Final = re.compile("[0-9a-f]{32}|[A-Za-z0-9+/]{22}==")
#: Of this process, by the address of the official files.
_mirrors: dict[tuple[int, str], Mirror] = {}


def on_disk(root: Path, files: Sequence[InputFile]) -> Path:
    """Return a folder on disk with these official files below it: `root` itself, or a copy of them alone.

    Args:
        root: folder of the official files.
        files: as the plan describes them; those that are missing stay missing.

    Raises:
        StoreError: a file cannot be fetched, or is no longer what the plan saw.
    """
    if not is_remote(root):
        return root
    return _mirrors.setdefault((os.getpid(), str(root)), Mirror(root)).hold(files)


class Mirror:
    """Copies of some files of a store.

    Files that the next shard needs too, such as the annotations of a whole split, are kept and not fetched again.

    Args:
        root: folder of the official files in the store.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folder: Path | None = None
        self._held: dict[str, InputFile] = {}

    def hold(self, files: Sequence[InputFile]) -> Path:
        """Fetch what is missing, drop what is not asked for, and return the folder; raises as `on_disk` does."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="official-", dir=scratch_folder()))
        folder = self._folder
        wanted = {file.path: file for file in files if file.size != MISSING}
        for path in [path for path, file in self._held.items() if wanted.get(path) != file]:
            (folder / path).unlink(missing_ok=True)
            del self._held[path]
        missing = [file for path, file in wanted.items() if path not in self._held]
        self._fetch(missing, folder)
        for file in missing:
            if (folder / file.path).stat().st_size != file.size:
                raise self._changed(file)
        self._require_unchanged([file for file in missing if not _is_md5(file.version, folder / file.path)])
        self._held |= {file.path: file for file in missing}
        return folder

    def _require_unchanged(self, files: Sequence[InputFile]) -> None:
        """Make sure that the store still has what the plan saw: another content may well have the same size."""
        with ThreadPoolExecutor(QUESTIONS_AT_ONCE) as pool:
            now = list(pool.map(lambda file: file_facts(self._root / file.path), files))
        differ = [
            file
            for file, facts in zip(files, now, strict=True)
            if facts is None or file.version not in ("", facts.version)
        ]
        # Some stores answer about one object in other words than in a listing, from which the plan is.
        listed = InputListing(self._root).describe(file.path for file in differ)
        for file, found in zip(differ, listed, strict=True):
            if found != file:
                raise self._changed(file)

    def _changed(self, file: InputFile) -> StoreError:
        return StoreError(
            "changed while it was read", path=self._root / file.path, remedy="run again when nothing writes there"
        )

    def _fetch(self, files: Sequence[InputFile], folder: Path) -> None:
        if not files:
            return
        copies = [folder / file.path for file in files]
        with store_errors(self._root):
            for parent in {copy.parent for copy in copies}:
                parent.mkdir(parents=True, exist_ok=True)
            names = [store_path(self._root / file.path) for file in files]
            filesystem(self._root).get(names, [str(copy) for copy in copies])


def _is_md5(tag: int | str, copy: Path) -> bool:
    """Return whether an object's tag is the MD5 of its copy, as S3 and Google mostly have it: then nobody is asked."""
    text = str(tag).strip('"')
    if not _MD5.fullmatch(text):
        return False
    with copy.open("rb") as file:
        digest = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False))
    return text in (digest.hexdigest(), base64.b64encode(digest.digest()).decode())
