"""Lists of Python values as Arrow columns, put together from buffers.

`pyarrow.array` would do the same and import pandas for it, which takes a second and 50 MB.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow


def arrow_column(values: Sequence[Any], kind: str) -> pyarrow.Array:
    """Return a column; None stands for a value that is missing.

    Args:
        values: all of one kind.
        kind: `bool`, `int64`, `float64` or `string`.
    """
    import pyarrow as pa

    there = [value is not None for value in values]
    present = None if all(there) else _bits(there)
    if kind == "string":
        texts = [b"" if value is None else value.encode() for value in values]
        ends = np.cumsum([0, *map(len, texts)], dtype=np.int32)
        buffers = [present, ends, b"".join(texts)]
    elif kind == "bool":
        buffers = [present, _bits([bool(value) for value in values])]
    else:
        buffers = [present, np.array([0 if value is None else value for value in values], kind)]
    return pa.Array.from_buffers(
        pa.type_for_alias(kind), len(values), [None if buffer is None else pa.py_buffer(buffer) for buffer in buffers]
    )


def _bits(flags: Sequence[bool]) -> NDArray[np.uint8]:
    return np.packbits(np.array(flags, np.bool_), bitorder="little")
