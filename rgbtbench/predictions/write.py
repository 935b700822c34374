"""Writing predictions, one image at a time; an interrupted run never looks finished."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rgbtbench.atomic_file import atomic_file
from rgbtbench.errors import PredictionError
from rgbtbench.predictions.boxes import BoxTable, sorted_table
from rgbtbench.predictions.folder_writer import FolderWriter, in_turn
from rgbtbench.predictions.kinds import BoxPrediction, MaskPrediction
from rgbtbench.predictions.masks import mask_sha256
from rgbtbench.predictions.pixel_writer import PixelWriter
from rgbtbench.predictions.sidecar import DETECTIONS, Sidecar
from rgbtbench.ranks import ALONE, Ranks

#: Image ids, labels, boxes (left, top, width, height) and scores of one image.
_Columns = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]


class MaskWriter(PixelWriter):
    """Writes `<key>.png`, 8-bit grey native ids, and the sidecar at the end; arguments are those of `FolderWriter`.

    Example:
        with MaskWriter(folder, sidecar) as writer:
            for prediction in model.predict(batch):
                writer.write(prediction)
    """

    def write(self, prediction: MaskPrediction) -> None:
        """Write one mask, whole or not at all.

        Raises:
            PredictionError: the mask is not uint8 (H, W), or the key was written before.
        """
        mask = prediction.mask
        if mask.dtype != np.uint8 or mask.ndim != 2:
            raise PredictionError(
                f"{prediction.key}: mask of {mask.dtype} {mask.shape}", expected="uint8 (H, W) of native class ids"
            )
        self.write_levels(prediction.key, mask, mask_sha256(mask))


class BoxWriter(FolderWriter):
    """Writes all boxes as one COCO results file, `detections.json`, and the sidecar, at the end.

    Args:
        folder, sidecar, ranks: as for `FolderWriter`.
        image_ids: key to the `image_id` of the sample's record.
    """

    def __init__(self, folder: Path, sidecar: Sidecar, *, image_ids: Mapping[str, int], ranks: Ranks = ALONE) -> None:
        super().__init__(folder, sidecar, ranks=ranks)
        self._image_ids = image_ids
        self._images: list[_Columns] = []

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
        self._images.append((ids, prediction.labels.astype(np.int64), boxes, prediction.scores.astype(np.float64)))

    def _share(self) -> list[_Columns]:
        return self._images

    def _finished(self, shares: Sequence[list[_Columns]]) -> str:
        nothing = np.zeros(0, np.int64)
        images = [(nothing, nothing, np.zeros((0, 4)), np.zeros(0)), *in_turn(shares)]
        image_ids, labels, boxes, scores = (np.concatenate(column) for column in zip(*images, strict=True))
        with atomic_file(self.folder / DETECTIONS) as file:
            file.write(b"[")
            separator = b"\n"
            for image_id, label, box, score in zip(image_ids, labels, boxes, scores, strict=True):
                row = {
                    "image_id": int(image_id),
                    "category_id": int(label),
                    "bbox": box.tolist(),
                    "score": float(score),
                }
                file.write(separator + json.dumps(row, allow_nan=False).encode())
                separator = b",\n"
            file.write(b"\n]\n")
        return sorted_table(BoxTable(image_ids, labels, boxes, scores)).sha256
