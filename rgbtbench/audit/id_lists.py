"""Lists of ids as people publish them: text, JSON in any of its customary shapes, COCO files, JSON lines."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from rgbtbench.errors import InputFileError
from rgbtbench.formats.json_file import require_few_values
from rgbtbench.formats.json_sequence import json_sequence
from rgbtbench.stored_files import file_bytes

MAX_LIST_BYTES: Final = 128 * 1024 * 1024
_MAX_DEPTH: Final = 4
#: Fields of a JSON object that name an image, in the order in which they are looked for.
_FIELDS: Final = ("file_name", "filename", "im_name", "image", "images", "rgb", "id")


def read_ids(path: Path) -> list[str]:
    """Return the ids that a file lists, each once, in its order.

    A `.txt` or `.csv` file has one id per line; further columns, split by a tab, comma or space, are other files of
    the same sample and left out. JSON may hold texts, lists of texts, objects with a field such as `file_name` or
    `image`, a COCO file with its `images`, or any number of these one after another.

    Raises:
        InputFileError: missing, too large, not UTF-8, not JSON although it is called so, or without ids.
    """
    try:
        size = path.stat().st_size
        if size > MAX_LIST_BYTES:
            raise InputFileError(
                f"{size} bytes", expected=f"a list of at most {MAX_LIST_BYTES}", path=path, remedy="check what it is"
            )
        data = file_bytes(path)
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise InputFileError(f"cannot be read: {error.strerror}", path=path, remedy="check the path") from error
    except UnicodeDecodeError as error:
        raise InputFileError(
            "not UTF-8 text", expected="a list of ids: text or JSON", path=path, remedy="save the list as UTF-8"
        ) from error
    if path.suffix.lower() in (".json", ".jsonl"):
        require_few_values(data, path)
        ids = [name for value in json_sequence(text, path) for name in _ids_of(value, _MAX_DEPTH)]
    else:
        ids = [columns[0] for line in io.StringIO(text, newline=None) if (columns := _columns(line))]
    if not ids:
        raise InputFileError(
            "names no image",
            expected=f"texts, or objects with a field {', '.join(_FIELDS)}",
            path=path,
            remedy="check that this is the list",
        )
    return list(dict.fromkeys(ids))


def _columns(line: str) -> list[str]:
    return line.replace(",", " ").split()


def _ids_of(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list) and depth:
        for item in value:
            yield from _ids_of(item, depth - 1)
    elif isinstance(value, dict) and depth:
        coco = value.get("images")
        if isinstance(coco, list):
            yield from _ids_of(coco, depth - 1)
            return
        for field in _FIELDS:
            if isinstance(value.get(field), str | list):
                yield from _ids_of(value[field], depth - 1)
                return
