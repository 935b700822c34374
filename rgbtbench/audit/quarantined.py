"""The samples that were set aside when a dataset was prepared: what is missing is a fault of the pair, too."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import ValidationError

from rgbtbench.audit.faults import Fault
from rgbtbench.errors import ShardError
from rgbtbench.shards.quarantine import QUARANTINE, Refusal
from rgbtbench.stored_files import file_bytes

#: How `formats.paths.require_twins` and `read_bytes` say that a file is not there.
_MISSING = re.compile(r"missing, while its twin|missing: none of the sample's files|no such file")


def quarantined(root: Path) -> list[tuple[Refusal, Fault]]:
    """Return the refused samples of a prepared dataset, each with its fault.

    Raises:
        ShardError: the list is missing or damaged.
        StoreError: it lies in a store that does not answer.
    """
    path = root / QUARANTINE
    try:
        refused = [Refusal.model_validate_json(line) for line in file_bytes(path).splitlines() if line.strip()]
    except (OSError, ValidationError) as error:
        raise ShardError("cannot be read", path=path, remedy="prepare the dataset again") from error
    return [(one, Fault(_kind(one.reason), one.error, one.reason)) for one in refused]


def _kind(reason: str) -> str:
    return "missing-twin" if _MISSING.search(reason) else "refused"
