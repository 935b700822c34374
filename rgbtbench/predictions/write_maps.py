"""Writing saliency maps, one image at a time; an interrupted run never looks finished."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from rgbtbench.errors import PredictionError
from rgbtbench.predictions.folder_writer import FolderWriter, publish
from rgbtbench.predictions.kinds import SaliencyPrediction
from rgbtbench.predictions.masks import masks_sha256
from rgbtbench.predictions.saliency_maps import map_sha256
from rgbtbench.predictions.sidecar import Sidecar
from rgbtbench.ranks import ALONE, Ranks

_TOP: Final = 65535


class SaliencyWriter(FolderWriter):
    """Writes `<key>.png`, 16-bit grey, and the sidecar at the end.

    Args:
        folder: new, empty, or left by an interrupted run.
        sidecar: what the predictions are made from; its hashes of keys and predictions are filled in here.
        ranks: the processes that fill the folder.

    Raises:
        PredictionError: on entering, when the folder holds anything else.
        UserError: on entering, when the folder is a file.
    """

    def __init__(self, folder: Path, sidecar: Sidecar, *, ranks: Ranks = ALONE) -> None:
        super().__init__(folder, sidecar, ranks=ranks)
        self._digests: dict[str, str] = {}

    def write(self, prediction: SaliencyPrediction) -> None:
        """Write one map, whole or not at all, rounded to the nearest of 65,536 levels.

        Raises:
            PredictionError: the map is not floating-point (H, W) from 0 to 1, or the key was written before.
        """
        from rgbtbench.formats.image_file import encode_png

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
        self.enter_key(prediction.key)
        levels = np.rint(saliency.astype(np.float64) * _TOP).astype(np.uint16)
        self._digests[prediction.key] = map_sha256(levels)
        path = self.folder / f"{prediction.key}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        publish(path, encode_png(levels))

    def _share(self) -> dict[str, str]:
        return self._digests

    def _finished(self, shares: Sequence[dict[str, str]]) -> str:
        return masks_sha256({key: digest for share in shares for key, digest in share.items()})
