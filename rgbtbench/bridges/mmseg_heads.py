"""mmsegmentation's heads on encoders of the zoo: UPerNet, and FCN beside it.

Xiao, Liu, Zhou, Jiang and Sun, "Unified Perceptual Parsing for Scene Understanding", ECCV 2018; Long, Shelhamer and
Darrell, "Fully Convolutional Networks for Semantic Segmentation", CVPR 2015. The modules are mmsegmentation's own, so
their layers carry the names that its checkpoints have under `decode_head.` and `auxiliary_head.`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any, Final, cast

from torch import Tensor, nn

from rgbtbench.bridges.mmcv_ops import require_mmsegmentation
from rgbtbench.zoo.parts.resizing import bilinear

require_mmsegmentation()

# The stand-in comes first. What mmcv warns of here is what the stand-in is for.
with warnings.catch_warnings(action="ignore"):
    from mmseg.models.decode_heads import FCNHead, UPerHead
    from mmseg.models.decode_heads import psp_head as psp_module
    from mmseg.models.decode_heads import uper_head as uper_module


_resize: Final = psp_module.resize


def _resized(input: Tensor, size: Sequence[int] | None = None, **options: Any) -> Tensor:
    """Stand in for mmsegmentation's function, whose gradients cost much where they have to be repeatable.

    What heads here do not ask for, and others in the same process may, is left to it.
    """
    if size is None or options != {"mode": "bilinear", "align_corners": False}:
        return cast("Tensor", _resize(input, size, **options))
    return bilinear(input, size)


psp_module.resize = uper_module.resize = _resized

#: Sides of the grids that the coarsest map is pooled to.
POOL_SCALES: Final = (1, 2, 3, 6)


def uper_head(widths: Sequence[int], hidden: int, classes: int) -> nn.Module:
    """Return UPerNet's head.

    Args:
        widths: channels of the encoder's maps, finest first.
        hidden: channels of its own maps.
        classes: number of outputs.

    Returns:
        A module from a list of maps, finest first, to logits (B, classes, H, W) at the finest map's size.
    """
    return _built(
        UPerHead,
        classes,
        in_channels=list(widths),
        in_index=list(range(len(widths))),
        pool_scales=POOL_SCALES,
        channels=hidden,
    )


def fcn_head(widths: Sequence[int], hidden: int, classes: int, *, level: int) -> nn.Module:
    """Return a head of one convolution on one of the maps, as UPerNet has beside its own.

    Arguments and returns are those of `uper_head`; logits have the size of map `level`, counted from 0.
    """
    return _built(
        FCNHead,
        classes,
        in_channels=widths[level],
        in_index=level,
        channels=hidden,
        num_convs=1,
        concat_input=False,
    )


def _built(kind: Callable[..., Any], classes: int, **arguments: Any) -> nn.Module:
    # Every head makes a loss of its own, which nobody uses here, and warns of its defaults.
    with warnings.catch_warnings(action="ignore"):
        head = kind(num_classes=classes, dropout_ratio=0.1, norm_cfg={"type": "BN"}, align_corners=False, **arguments)
    return cast("nn.Module", head)
