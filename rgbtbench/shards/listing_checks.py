"""Which splits are taken, and whether their samples can be told apart; decided from what is listed alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from rgbtbench.cards.dataset import DatasetCard
from rgbtbench.errors import InputFileError, LayoutError, UnknownNameError, did_you_mean
from rgbtbench.pair import Entry, check_key
from rgbtbench.shards.listing import Listing, common, repeated

_SPLIT = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
# webdataset takes a first folder of this form for metadata of its own and skips it silently.
_SKIPPED_BY_WEBDATASET = re.compile(r"__[^/]*__/")


def chosen_splits(found: Iterable[str], asked: Sequence[str] | None, card: DatasetCard, root: Path) -> list[str]:
    """Return the splits to take, in alphabetical order.

    Args:
        found: those that are listed.
        asked: those that the user named; None for all but those that the card has prepared on request.
        card: the dataset's card.
        root: named in errors.

    Raises:
        LayoutError: there is none, or one that the card knows is not among the files.
        UnknownNameError: nobody knows one.
    """
    if not found:
        raise LayoutError(
            "lists no samples", path=root, remedy="unpack the list files again, or check that the lists are not empty"
        )
    if asked is None:
        return _wanted_by_default(found, card, root)
    in_card = {split for edition in card.editions.values() for split in edition.splits}
    for split in asked:
        if split in found:
            continue
        if split in in_card:
            raise LayoutError(
                f"holds no samples of split {split!r}",
                path=root,
                remedy=f"add the files of {split}, or choose among {', '.join(sorted(found))}",
            )
        raise UnknownNameError(f"{card.name} has no split {split!r}", remedy=did_you_mean(split, found))
    if not asked:
        raise LayoutError("no split was chosen", path=root, remedy=f"choose among {', '.join(sorted(found))}")
    return sorted(set(asked))


def _wanted_by_default(found: Iterable[str], card: DatasetCard, root: Path) -> list[str]:
    on_request = {
        split for edition in card.editions.values() for split, facts in edition.splits.items() if facts.on_request
    }
    wanted = sorted(set(found) - on_request)
    if not wanted:
        raise LayoutError(
            f"holds only splits that are prepared when named: {', '.join(sorted(found))}",
            path=root,
            remedy="name one with --split",
        )
    return wanted


def check_split(split: str, listing: Listing, root: Path) -> None:
    """Make sure that a split has a name and its samples keys that can be stored, and that no two are confused.

    Raises:
        InputFileError: they have not, or two samples share a key, a place in the order or an image id; names both.
    """
    if not _SPLIT.fullmatch(split):
        raise InputFileError(
            f"split name {split!r}",
            expected="lower-case letters, digits, `_` and `-`",
            path=root,
            remedy="rename the split in the dataset's module",
        )
    for entry in listing:
        if _SKIPPED_BY_WEBDATASET.match(check_key(entry.key)):
            raise InputFileError(
                f"webdataset would skip the key {entry.key!r}", path=root, remedy="map it to another key"
            )
    numbers = {"key": listing.keys, "order": listing.orders, "image_id": listing.image_ids}
    for what in [name for name, column in numbers.items() if repeated(column)]:
        owners: dict[object, str] = {}
        for entry in listing:
            value = getattr(entry, what)
            if value is not None and value in owners:
                raise InputFileError(
                    f"{owners[value]!r} and {entry.official_id!r} in split {split} share the {what} {value!r}",
                    path=root,
                    remedy="correct the list, or the dataset's module",
                )
            owners[value] = entry.official_id


def check_keys_between_splits(listed: Mapping[str, Listing], root: Path) -> None:
    """Make sure that a key means one sample in all splits.

    Official lists may overlap (train and trainval), and a split may add labels.

    Raises:
        InputFileError: two different samples share a key; names both.
    """
    in_several = common(listing.keys for listing in listed.values())
    owners: dict[str, Entry] = {}
    for listing in listed.values() if in_several else ():
        for entry in listing:
            if hash(entry.key) not in in_several:
                continue
            other = owners.setdefault(entry.key, entry)
            shared = other.files.keys() & entry.files.keys()
            if other.official_id != entry.official_id or any(other.files[it] != entry.files[it] for it in shared):
                raise InputFileError(
                    f"{other.official_id!r} in split {other.split} and {entry.official_id!r} in split {entry.split} "
                    f"share the key {entry.key!r}",
                    path=root,
                    remedy="correct the lists, or give them different keys in the dataset's module",
                )
