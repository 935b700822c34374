"""A file and the sha256 of what is written into it."""

from __future__ import annotations

import hashlib
from typing import BinaryIO


class HashedFile:
    """Passes on what is written, and hashes it while it is in the processor's cache.

    Args:
        file: open for writing, empty.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._hash = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """Hash of the bytes written so far."""
        return self._hash.hexdigest()

    def write(self, content: bytes) -> int:
        """Append `content`; returns its length."""
        count = self._file.write(content)
        self._hash.update(content)
        return count
