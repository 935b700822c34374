"""Feature pyramid of the maps of several stages, with coarser levels as detectors add them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final, Literal

from torch import Tensor, nn
from torchvision.ops import FeaturePyramidNetwork
from torchvision.ops.feature_pyramid_network import ExtraFPNBlock, LastLevelMaxPool, LastLevelP6P7

#: What is coarser than the encoder's last map: nothing; every second place of the last level, as in Faster R-CNN; or
#: two levels by strided convolutions, as in FCOS.
Coarser = Literal["none", "pool", "convolutions"]
#: Number of levels that each adds.
_ADDED: Final[dict[Coarser, int]] = {"none": 0, "pool": 1, "convolutions": 2}


class Pyramid(nn.Module):
    """Feature pyramid network (Lin et al., CVPR 2017) of the maps of several stages.

    Args:
        widths: channels of the maps, finest first.
        strides: of the maps; `strides` afterwards are those of the levels.
        outputs: channels of every level.
        coarser: levels that are added.
    """

    def __init__(
        self, widths: Sequence[int], strides: Sequence[int], outputs: int, *, coarser: Coarser = "none"
    ) -> None:
        super().__init__()
        added: dict[Coarser, ExtraFPNBlock | None] = {
            "none": None,
            "pool": LastLevelMaxPool(),
            "convolutions": LastLevelP6P7(outputs, outputs),
        }
        self.fpn = FeaturePyramidNetwork(list(widths), outputs, added[coarser])
        self.strides: tuple[float, ...] = (*strides, *(strides[-1] << n for n in range(1, _ADDED[coarser] + 1)))

    def forward(self, maps: Sequence[Tensor]) -> list[Tensor]:
        """Map maps (B, width, h, w) to levels (B, outputs, h, w), finest first."""
        named = OrderedDict((str(number), features) for number, features in enumerate(maps))
        return list(self.fpn(named).values())
