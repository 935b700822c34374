"""From logits to masks of class ids in the original frame."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from rgbtbench.loading.batch import Batch
from rgbtbench.predictions.kinds import MaskPrediction
from rgbtbench.zoo.answers import answered_logits
from rgbtbench.zoo.preprocess import content_sizes, in_original_frame


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
    for index, (key, valid) in enumerate(zip(batch.keys, batch.valid.tolist(), strict=True)):
        if not valid:
            continue
        height, width = batch.sizes[index].tolist()
        sample = in_original_frame(logits[index].float(), content=tuple(contents[index]), size=(height, width))
        mask = class_ids[sample.argmax(dim=0)]
        predictions.append(MaskPrediction(key, mask.cpu().numpy().astype(np.uint8)))
    return predictions
