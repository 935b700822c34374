"""What the networks for M-SpecGene's tasks take: RGB first and thermal second, other than in pre-training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rgbtbench.zoo.spec import Wiring

#: Slot to its channels; grey thermal images are repeated.
CHANNELS: Final[Mapping[str, int]] = {"rgb": 3, "thermal": 3}
#: Slot to the modality that feeds it unless a recipe says otherwise.
FED_BY: Final[Wiring] = {"rgb": "rgb", "thermal": "lwir"}
