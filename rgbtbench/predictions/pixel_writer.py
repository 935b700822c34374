"""A folder of predictions with one PNG file per image."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rgbtbench.formats.image_file import Levels
from rgbtbench.predictions.folder_writer import FolderWriter, publish
from rgbtbench.predictions.masks import masks_sha256
from rgbtbench.predictions.sidecar import Sidecar
from rgbtbench.ranks import ALONE, Ranks


class PixelWriter(FolderWriter):
    """What writers of `<key>.png` share; arguments and errors are those of `FolderWriter`."""

    def __init__(self, folder: Path, sidecar: Sidecar, *, ranks: Ranks = ALONE) -> None:
        super().__init__(folder, sidecar, ranks=ranks)
        self._digests: dict[str, str] = {}

    def write_levels(self, key: str, levels: Levels, sha256: str) -> None:
        """Write the file of one image, whole or not at all.

        Args:
            key: of the image.
            levels: uint8 or uint16 (H, W).
            sha256: of the decoded content, as reading it back gives it.

        Raises:
            PredictionError: the key was written before.
        """
        from rgbtbench.formats.image_file import encode_png

        self.enter_key(key)
        self._digests[key] = sha256
        path = self.folder / f"{key}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        publish(path, encode_png(levels))

    def _share(self) -> dict[str, str]:
        return self._digests

    def _finished(self, shares: Sequence[dict[str, str]]) -> str:
        return masks_sha256({key: digest for share in shares for key, digest in share.items()})
