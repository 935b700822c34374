"""Networks for semantic segmentation that are an encoder with maps of several sizes, and one of several heads."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Annotated, Final, Literal, cast

from pydantic import Field
from torch import Tensor, nn

from rgbtbench.zoo.parts.mlp_head import MlpHead, enlarged
from rgbtbench.zoo.segmentation import SegmentationModel

#: The all-MLP head, or mmsegmentation's UPerNet with an FCN head beside it.
Head = Annotated[Literal["mlp", "upernet"], Field(exclude_if=lambda head: head == "mlp")]
#: Which map the head beside UPerNet sees, counted from the finest, as in mmsegmentation's configurations.
AUXILIARY_LEVEL: Final = 2


class HeadedModel(SegmentationModel):
    """An encoder and a head, and in training perhaps a second head on one of the maps.

    Attributes:
        decode_head: gives the answer.
        auxiliary_head: gives the map of logits called `auxiliary`, which is learnt from too; or None.
    """

    decode_head: nn.Module
    auxiliary_head: nn.Module | None

    @abstractmethod
    def maps(self, images: Mapping[str, Tensor]) -> Sequence[Tensor]:
        """Return the maps that the head takes, finest first, of images: slot to float (B, C, H, W)."""

    def use_mlp_head(self, head: MlpHead) -> None:
        """Take this head, and none beside it."""
        self.decode_head, self.auxiliary_head = head, None

    def use_upernet(self, widths: Sequence[int], hidden: int) -> None:
        """Take UPerNet's head, and an FCN head of half its width beside it.

        Args:
            widths: channels of the maps, finest first.
            hidden: channels inside the head.

        Raises:
            MissingExtraError: mmsegmentation is not installed.
        """
        from rgbtbench.bridges.mmseg_heads import fcn_head, uper_head

        classes = len(self.spec.classes)
        self.decode_head = uper_head(widths, hidden, classes)
        self.auxiliary_head = fcn_head(widths, hidden // 2, classes, level=AUXILIARY_LEVEL)

    def logits(self, images: Mapping[str, Tensor]) -> Tensor:
        """Return class logits.

        Args:
            images: slot to float (B, 3, H, W), normalised.

        Returns:
            float (B, classes, H, W).
        """
        return self._enlarged(self.decode_head, self.maps(images), images)

    def trained_logits(self, images: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the logits of each head; those of the second are called `auxiliary`."""
        maps = self.maps(images)
        found = {"": self._enlarged(self.decode_head, maps, images)}
        if self.auxiliary_head is not None:
            found["auxiliary"] = self._enlarged(self.auxiliary_head, maps, images)
        return found

    def _enlarged(self, head: nn.Module, maps: Sequence[Tensor], images: Mapping[str, Tensor]) -> Tensor:
        return enlarged(cast("Tensor", head(maps)), next(iter(images.values())))
