"""The one way to write data down before it is hashed, so that equal things have equal hashes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Final

# `json.dumps` would make an encoder for each call.
_ENCODER: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical_json(data: object) -> bytes:
    """Return the one way to write `data`: sorted keys, no spaces, UTF-8, no NaN or infinity."""
    return _ENCODER.encode(data).encode()


def content_sha256(data: object) -> str:
    """Return the sha256 of the canonical JSON of `data`."""
    return hashlib.sha256(canonical_json(data)).hexdigest()


def keys_sha256(keys: Iterable[str]) -> str:
    """Return the sha256 of the sorted keys, one per line; it identifies a split whatever its order."""
    return hashlib.sha256(("\n".join(sorted(keys)) + "\n").encode()).hexdigest()
