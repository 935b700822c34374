"""Detections as a parquet table: the columns of COCO results."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.errors import PredictionError
from rgbtbench.predictions.boxes import BoxTable, upright_around

#: More rows than 300 boxes in each of 100,000 images.
MAX_ROWS: Final = 50_000_000
_REMEDY: Final = "write the columns image_id, category_id, score and bbox (lists of x, y, width, height) or polygon"


def boxes_of_parquet(file: Path) -> BoxTable:
    """Return the rows of a table in their order, before anything but their form is checked.

    Raises:
        PredictionError: no parquet, too many rows, a column that is missing or of another type, an empty value, or a
            box with more or fewer numbers.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    try:
        found = pq.ParquetFile(file)
        names = set(found.schema_arrow.names)
        if found.metadata.num_rows > MAX_ROWS:
            raise PredictionError(f"has {found.metadata.num_rows} rows", expected=f"at most {MAX_ROWS}", path=file)
        place = "polygon" if "polygon" in names else "bbox"
        wanted = ["image_id", "category_id", "score", place]
        missing = [name for name in wanted if name not in names]
        if missing:
            raise PredictionError(f"has no column {missing[0]}", path=file, remedy=_REMEDY)
        table = found.read(columns=wanted)
        numbers = table.column(place).combine_chunks()
        if any(table.column(name).null_count for name in wanted) or not pa.types.is_nested(numbers.type):
            raise PredictionError("has empty values, or a column of another type", path=file, remedy=_REMEDY)
        lengths = pc.list_value_length(numbers).to_numpy(zero_copy_only=False)
        flat = numbers.flatten().to_numpy(zero_copy_only=False).astype(np.float64)
        image_ids, labels = _whole(table.column("image_id"), file), _whole(table.column("category_id"), file)
        scores = table.column("score").to_numpy().astype(np.float64)
    except (pa.ArrowException, OSError, ValueError, TypeError) as error:
        raise PredictionError(f"is no table of boxes: {error}", path=file, remedy=_REMEDY) from error
    each = 8 if place == "polygon" else 4
    if len(flat) != each * len(scores) or (lengths != each).any():
        raise PredictionError(f"has a {place} of another length", expected=f"{each} numbers", path=file, remedy=_REMEDY)
    corners = flat.reshape(-1, 4, 2) if place == "polygon" else None
    xywh = flat.reshape(-1, 4) if corners is None else upright_around(corners)
    return BoxTable(image_ids, labels, xywh, scores, corners)


def _whole(column: object, file: Path) -> NDArray[np.int64]:
    values = np.asarray(column)
    if not np.issubdtype(values.dtype, np.integer):
        raise PredictionError("has ids that are no whole numbers", path=file, remedy=_REMEDY)
    return values.astype(np.int64)
