"""Writing saliency maps, one image at a time; an interrupted run never looks finished."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.errors import PredictionError
from rgbtbench.predictions.kinds import SaliencyPrediction
from rgbtbench.predictions.pixel_writer import PixelWriter
from rgbtbench.predictions.saliency_maps import map_sha256

_TOP: Final = 65535


class SaliencyWriter(PixelWriter):
    """Writes `<key>.png`, 16-bit grey, and the sidecar at the end; arguments are those of `FolderWriter`."""

    def write(self, prediction: SaliencyPrediction) -> None:
        """Write one map, whole or not at all, rounded to the nearest of 65,536 levels.

        Raises:
            PredictionError: the map is not floating-point (H, W) from 0 to 1, or the key was written before.
        """
        saliency = prediction.saliency
        if saliency.ndim != 2 or not np.issubdtype(saliency.dtype, np.floating):
            raise PredictionError(
                f"{prediction.key}: map of {saliency.dtype} {saliency.shape}",
                expected="floating-point (H, W) from 0 to 1",
            )
        if not bool(((saliency >= 0) & (saliency <= 1)).all()):
            raise PredictionError(
                f"{prediction.key}: map from {saliency.min():g} to {saliency.max():g}",
                expected="finite numbers from 0 to 1",
                remedy="apply the sigmoid to the logits",
            )
        levels = stored_levels(saliency)
        self.write_levels(prediction.key, levels, map_sha256(levels))


def stored_levels(saliency: NDArray[np.floating[Any]]) -> NDArray[np.uint16]:
    """Return a map from 0 to 1 as it is stored: rounded to the nearest of 65,536 levels."""
    return np.rint(saliency.astype(np.float64) * _TOP).astype(np.uint16)
