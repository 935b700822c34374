"""Which file of a submission is the prediction of which image: every key once, nothing else, nothing missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Final

from rgbtbench.errors import PredictionError
from rgbtbench.predictions.members import Members, top_folder

_SHOWN: Final = 3


def files_by_key(
    members: Members, keys: Sequence[str], path: Path, *, endings: Sequence[str], others: Collection[str] = ()
) -> dict[str, str]:
    """Return the file of every key.

    One folder around all files is looked through. Where no key fits even so, files are known by their last name alone,
    as people pass on the maps of one split, if that tells all keys apart.

    Args:
        members: of the submission; files with other endings may lie beside the predictions.
        keys: all that must be there.
        path: named in errors.
        endings: of predictions, without the dot.
        others: further keys that may be there, such as those of images that the protocol leaves out.

    Returns:
        Key to member name.

    Raises:
        PredictionError: a key is missing, unknown, or there twice.
    """
    known = {*keys, *others}
    files = _by_stem(members, path, endings)
    if not files.keys() & known:
        around = top_folder(members)
        files = {stem.removeprefix(around): name for stem, name in files.items()}
    if not files.keys() & known:
        files = _by_last_name(files, known)
    unknown = sorted(files.keys() - known)
    if unknown and files.keys() & known:
        raise PredictionError(
            f"holds {_listed(unknown)} that the split does not have",
            path=path,
            remedy="predict the split that the protocol names, and remove other files",
        )
    _require_all(files, keys, members, path, endings)
    return files


def _by_stem(members: Members, path: Path, endings: Sequence[str]) -> dict[str, str]:
    files: dict[str, str] = {}
    for name in members.sizes:
        stem, _, ending = name.rpartition(".")
        if ending.lower() not in endings:
            continue
        if stem in files:
            raise PredictionError(
                f"holds {files[stem]} and {name}", expected="one file per key", path=path, remedy="remove one of them"
            )
        files[stem] = name
    return files


def _by_last_name(files: Mapping[str, str], known: Collection[str]) -> dict[str, str]:
    """Return the files by full keys where last names tell all of both apart, else as they are."""
    keys = {_last(key): key for key in known}
    stems = Counter(_last(stem) for stem in files)
    if len(keys) < len(known) or any(count > 1 for count in stems.values()):
        return dict(files)
    return {keys.get(_last(stem), stem): name for stem, name in files.items()}


def _last(name: str) -> str:
    return name.rpartition("/")[2]


def _require_all(
    files: Mapping[str, str], keys: Sequence[str], members: Members, path: Path, endings: Sequence[str]
) -> None:
    missing = [key for key in keys if key not in files]
    if not missing:
        return
    seen = sorted(members.sizes)[:_SHOWN]
    holds = f"it holds {', '.join(seen)}, …" if seen else "it is empty"
    raise PredictionError(
        f"{_listed(missing)} of {len(keys)} missing" + (f"; {holds}" if len(missing) == len(keys) else ""),
        expected=" or ".join(f"`<key>.{ending}`" for ending in endings) + " for every image",
        path=path,
        remedy="predict all images; a missing one would make the task easier",
    )


def _listed(keys: Sequence[str]) -> str:
    shown = ", ".join(keys[:_SHOWN])
    return f"{len(keys)} image{'s' if len(keys) > 1 else ''} ({shown}{', …' if len(keys) > _SHOWN else ''})"
