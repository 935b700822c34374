"""A stand-in for `mmcv.ops`, so that mmsegmentation imports where mmcv has no compiled operators.

mmcv 2.1.0, the newest that mmsegmentation 1.2.2 accepts, does not build against torch 2.13 and later; `mmcv-lite` is
the same library without its operators. Some modules of mmsegmentation import two of them unconditionally:
`point_sample` (mask classification) and `sigmoid_focal_loss`. Both exist in torch and torchvision. Every other operator
stays missing, and whatever needs it says so: mmsegmentation guards those imports by `except ModuleNotFoundError`.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from types import ModuleType
from typing import Any, NoReturn

from torch import Tensor

from rgbtbench.errors import MissingExtraError

_NAME = "mmcv.ops"
_NEEDED = ("mmcv", "mmengine", "mmseg", "ftfy", "regex")


def require_mmsegmentation() -> None:
    """Make sure that mmsegmentation can be imported, with the stand-in where it is needed.

    Raises:
        MissingExtraError: it, or what it needs, is not installed.
    """
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingExtraError(f"the bridge needs {', '.join(missing)}", remedy="pip install 'rgbtbench[mmseg]'")
    provide_mmcv_ops()


def provide_mmcv_ops() -> None:
    """Register the stand-in as `mmcv.ops`; does nothing where mmcv has its compiled operators.

    Call it before mmsegmentation is imported. `mmcv` itself must be installed.
    """
    if importlib.util.find_spec("mmcv._ext") is not None or _NAME in sys.modules:
        return
    module = _StandIn(_NAME, __doc__)
    sys.modules[_NAME] = module
    setattr(importlib.import_module("mmcv"), "ops", module)  # noqa: B010  (no attribute that mypy knows)


class _StandIn(ModuleType):
    """The module object."""

    @staticmethod
    def point_sample(input: Tensor, points: Tensor, align_corners: bool = False, **options: Any) -> Tensor:
        """Sample feature maps at points (Kirillov et al., PointRend, CVPR 2020).

        Args:
            input: (B, C, H, W).
            points: (B, P, 2) or (B, H', W', 2), `x y` in [0, 1] across the map.
            align_corners: as for `torch.nn.functional.grid_sample`.
            options: passed on to it.

        Returns:
            (B, C, P) or (B, C, H', W').
        """
        from torch.nn.functional import grid_sample

        listed = points.dim() == 3
        grid = (points.unsqueeze(2) if listed else points) * 2 - 1
        sampled = grid_sample(input, grid, align_corners=align_corners, **options)
        return sampled.squeeze(3) if listed else sampled

    @staticmethod
    def sigmoid_focal_loss(
        input: Tensor,
        target: Tensor,
        gamma: float = 2.0,
        alpha: float = 0.25,
        weight: None = None,
        reduction: str = "mean",
    ) -> Tensor:
        """Return the focal loss (Lin et al., ICCV 2017) of N samples over C classes.

        Args:
            input: logits (N, C).
            target: int64 (N,), class indices; an index outside 0 to C - 1 is no class.
            gamma: exponent of the modulating factor.
            alpha: weight of the positive class.
            weight: per-class weights, which this stand-in does not have.
            reduction: `none` gives (N, C); `sum`; `mean` divides the sum by N, as mmcv does.

        Raises:
            NotImplementedError: with per-class weights.
        """
        from torchvision.ops import sigmoid_focal_loss

        if weight is not None:
            raise NotImplementedError("per-class weights need the compiled operators of mmcv")
        classes = input.new_tensor(range(input.size(1)))
        positive = (target[:, None] == classes).to(input.dtype)
        losses: Tensor = sigmoid_focal_loss(input, positive, alpha=alpha, gamma=gamma, reduction="none")
        if reduction == "none":
            return losses
        return losses.sum() / input.size(0) if reduction == "mean" else losses.sum()

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):  # `inspect` asks every module for `__file__` and takes no for an answer
            raise AttributeError(name)
        raise ModuleNotFoundError(f"mmcv-lite has no operator {name}; it needs mmcv with compiled operators")
