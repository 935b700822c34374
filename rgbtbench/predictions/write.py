"""Writing predictions, one image at a time; an interrupted run never looks finished."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from rgbtbench.errors import PredictionError
from rgbtbench.predictions.boxes import BoxTable, sorted_table
from rgbtbench.predictions.folder_writer import FolderWriter, publish
from rgbtbench.predictions.kinds import BoxPrediction, MaskPrediction
from rgbtbench.predictions.masks import mask_sha256, masks_sha256
from rgbtbench.predictions.sidecar import DETECTIONS, Sidecar


class MaskWriter(FolderWriter):
    """Writes `<key>.png`, 8-bit grey native ids, and the sidecar at the end.

    Example:
        with MaskWriter(folder, sidecar) as writer:
            for prediction in model.predict(batch):
                writer.write(prediction)

    Args:
        folder: new, empty, or left by an interrupted run.
        sidecar: what the predictions are made from; its hashes of keys and predictions are filled in here.

    Raises:
        PredictionError: on entering, when the folder holds anything else.
        UserError: on entering, when the folder is a file.
    """

    def __init__(self, folder: Path, sidecar: Sidecar) -> None:
        super().__init__(folder, sidecar)
        self._digests: dict[str, str] = {}

    def write(self, prediction: MaskPrediction) -> None:
        """Write one mask, whole or not at all.

        Raises:
            PredictionError: the mask is not uint8 (H, W), or the key was written before.
        """
        from rgbtbench.formats.image_file import encode_png

        mask = prediction.mask
        if mask.dtype != np.uint8 or mask.ndim != 2:
            raise PredictionError(
                f"{prediction.key}: mask of {mask.dtype} {mask.shape}", expected="uint8 (H, W) of native class ids"
            )
        self.enter_key(prediction.key)
        self._digests[prediction.key] = mask_sha256(mask)
        path = self.folder / f"{prediction.key}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        publish(path, encode_png(mask))

    def _content_sha256(self) -> str:
        return masks_sha256(self._digests)


class BoxWriter(FolderWriter):
    """Writes all boxes as one COCO results file, `detections.json`, and the sidecar at the end.

    Args:
        folder: new, empty, or left by an interrupted run.
        sidecar: as for `MaskWriter`.
        image_ids: key to the `image_id` of the sample's record.

    Raises:
        PredictionError: on entering, when the folder holds anything else.
        UserError: on entering, when the folder is a file.
    """

    def __init__(self, folder: Path, sidecar: Sidecar, *, image_ids: Mapping[str, int]) -> None:
        super().__init__(folder, sidecar)
        self._image_ids = image_ids
        self._parts: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]] = []

    def __enter__(self) -> Self:
        super().__enter__()
        self._file = (self.folder / f".{DETECTIONS}").open("w", encoding="utf-8")
        self._file.write("[")
        self._separator = "\n"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._file as file:
            file.write("\n]\n")
        if kind is None:
            (self.folder / f".{DETECTIONS}").replace(self.folder / DETECTIONS)
        super().__exit__(kind, error, trace)

    def write(self, prediction: BoxPrediction) -> None:
        """Write the boxes of one image; none at all is a prediction too.

        Raises:
            PredictionError: unknown key, key written before, unequal lengths, a value that is not finite, or a box
                without area.
        """
        count = len(prediction.scores)
        if prediction.boxes_xyxy.shape != (count, 4) or prediction.labels.shape != (count,):
            raise PredictionError(
                f"{prediction.key}: boxes {prediction.boxes_xyxy.shape}, scores {prediction.scores.shape} and "
                f"labels {prediction.labels.shape} do not belong together",
                expected="(N, 4), (N,) and (N,)",
            )
        if prediction.key not in self._image_ids:
            raise PredictionError(f"{prediction.key} is no image of the split", path=self.folder)
        corners = prediction.boxes_xyxy.astype(np.float64)
        boxes = np.column_stack([corners[:, :2], corners[:, 2:] - corners[:, :2]])
        if not (np.isfinite(boxes).all() and np.isfinite(prediction.scores).all() and (boxes[:, 2:] > 0).all()):
            raise PredictionError(
                f"{prediction.key}: a score or box is not finite, or a box has no area",
                remedy="remove such boxes in the model's post-processing",
            )
        self.enter_key(prediction.key)
        ids = np.full(count, self._image_ids[prediction.key], np.int64)
        self._parts.append((ids, prediction.labels.astype(np.int64), boxes, prediction.scores.astype(np.float64)))
        for box, score, label in zip(boxes.tolist(), prediction.scores, prediction.labels, strict=True):
            row = {
                "image_id": self._image_ids[prediction.key],
                "category_id": int(label),
                "bbox": box,
                "score": float(score),
            }
            self._file.write(self._separator + json.dumps(row))
            self._separator = ",\n"

    def _content_sha256(self) -> str:
        if not self._parts:
            nothing = np.zeros(0, np.int64)
            return BoxTable(nothing, nothing, np.zeros((0, 4)), np.zeros(0)).sha256
        image_ids, labels, boxes, scores = (np.concatenate(column) for column in zip(*self._parts, strict=True))
        return sorted_table(BoxTable(image_ids, labels, boxes, scores)).sha256
