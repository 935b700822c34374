"""Telling label versions apart that circulate in the same folders under the same names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from rgbtbench.cards.dataset import DatasetCard
from rgbtbench.errors import LayoutError, StoreError, UserError
from rgbtbench.formats.paths import is_there, read_bytes

#: In a dataset's root: the name of a label set, for trees that hold none of the fingerprint's ids.
VERSION_FILE = "label_version.txt"
_MAX_BYTES: Final = 64
#: The label set of boxes whose version cannot be told; no protocol takes it.
UNVERSIONED = "unversioned"


def label_version(root: Path, card: DatasetCard, count_boxes: Callable[[str], int]) -> str:
    """Return the name of the label set that a tree holds.

    The card states the number of boxes of some ids in each version. The version whose numbers agree for every id
    that is there is the answer; without any such id, the root's `label_version.txt` is; without that, or when no
    version agrees (edited labels, or two versions mixed), it is `UNVERSIONED`.

    Args:
        root: the dataset's folder.
        card: its label sets carry fingerprints.
        count_boxes: number of boxes of an official id; raises `UserError` when the tree does not hold it.

    Raises:
        LayoutError: the file names no version, or one that the fingerprint contradicts.
        InputFileError: the file is empty, too large, or a link out of the tree.
    """
    fingerprints = {name: facts.fingerprint for name, facts in card.label_sets.items() if facts.fingerprint}
    counts = {official_id: _count(count_boxes, official_id) for official_id in set().union(*fingerprints.values())}
    there = {official_id: count for official_id, count in counts.items() if count is not None}
    agreeing = [name for name, expected in fingerprints.items() if there and there.items() <= expected.items()]
    found = agreeing[0] if agreeing else UNVERSIONED
    stated = _stated(root)
    if stated is None:
        return found
    if stated not in fingerprints or (there and stated != found):
        raise LayoutError(
            f"says {stated!r}",
            expected=f"{found}, as the number of boxes of {len(there)} known images shows"
            if there
            else " or ".join(fingerprints),
            path=root / VERSION_FILE,
            remedy="correct the file or remove it",
        )
    return stated


def _count(count_boxes: Callable[[str], int], official_id: str) -> int | None:
    try:
        return count_boxes(official_id)
    except StoreError:
        raise
    except UserError:
        return None  # missing, or damaged: the latter is reported when the sample itself is opened


def _stated(root: Path) -> str | None:
    if not is_there(root, VERSION_FILE):
        return None
    return read_bytes(root, VERSION_FILE, max_bytes=_MAX_BYTES).decode("utf-8-sig", errors="replace").strip()
