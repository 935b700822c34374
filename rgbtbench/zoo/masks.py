"""From logits to masks of class ids in the original frame."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from rgbtbench.loading.batch import Batch, content_sizes
from rgbtbench.predictions.kinds import MaskPrediction
from rgbtbench.zoo.answers import answered_logits
from rgbtbench.zoo.preprocess import in_original_frame


def mask_predictions(logits: Tensor, batch: Batch, class_ids: Tensor) -> list[MaskPrediction]:
    """Return the most likely class of every pixel, for valid samples only.

    Args:
        logits: (B, C, H, W) at the size of the batch's tensors.
        batch: keys, validity and original sizes.
        class_ids: int64 (C,), the label id of each output; see `rgbtbench.zoo.answers` for outputs without one.
    """
    logits, class_ids = answered_logits(logits, class_ids, dim=1)
    contents = content_sizes(batch).tolist()
    predictions = []
    for index in _valid(batch):
        height, width = batch.sizes[index].tolist()
        sample = in_original_frame(logits[index].float(), content=tuple(contents[index]), size=(height, width))
        predictions.append(_prediction(batch.keys[index], sample, class_ids))
    return predictions


def masks_of_scores(logits: Tensor, batch: Batch, class_ids: Tensor) -> list[MaskPrediction]:
    """Return the most likely class of every pixel, for valid samples only.

    Args:
        logits: (B, C, H, W) in the original frame, which all samples share.
        batch: keys and validity.
        class_ids: as for `mask_predictions`.
    """
    logits, class_ids = answered_logits(logits, class_ids, dim=1)
    return [_prediction(batch.keys[index], logits[index], class_ids) for index in _valid(batch)]


def _valid(batch: Batch) -> list[int]:
    return [index for index, valid in enumerate(batch.valid.tolist()) if valid]


def _prediction(key: str, logits: Tensor, class_ids: Tensor) -> MaskPrediction:
    return MaskPrediction(key, class_ids[logits.argmax(dim=0)].cpu().numpy().astype(np.uint8))
