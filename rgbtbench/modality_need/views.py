"""The two cameras' pictures of a sample, as 8-bit grey."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rgbtbench.audit.pixels import Grey, grey8
from rgbtbench.errors import UserError
from rgbtbench.loading.prepared import PreparedSplit
from rgbtbench.loading.sample import Sample

_RGB: Final = "rgb"


@dataclass(frozen=True, slots=True)
class Modalities:
    """Names of the modalities that are called RGB and thermal here."""

    rgb: str
    thermal: str

    def views(self, sample: Sample) -> dict[str, Grey]:
        """Return `rgb` and `thermal` pictures, uint8 (H, W), each at its own size."""
        return {"rgb": grey8(sample.images[self.rgb]), "thermal": grey8(sample.images[self.thermal])}


def modalities_of(split: PreparedSplit) -> Modalities:
    """Return RGB and the first other modality of a split.

    Raises:
        UserError: it lacks one of them.
    """
    other = next((name for name in split.modalities if not name.startswith(_RGB)), None)
    if _RGB not in split.modalities or other is None:
        raise UserError(
            f"{split.manifest.dataset} has the modalities {', '.join(split.modalities)}",
            expected="rgb and another one",
            remedy="choose a dataset of pairs",
        )
    return Modalities(_RGB, other)
