"""What operators of our own are in ONNX."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import torch
from onnxscript import opset20

from rgbtbench.zoo.parts import fixed_proposals  # noqa: F401  # its operator is registered by this

#: Its annotations know no Python numbers, which it takes.
_OP: Final[Any] = opset20
_ALL: Final = 2**63 - 1


def _survivors(boxes: Any, scores: Any, overlap: float) -> Any:
    # Rows of image, class and box.
    chosen = _OP.NonMaxSuppression(boxes, _OP.Unsqueeze(scores, [1]), [_ALL], [overlap])
    places = _OP.Gather(chosen, [0, 2], axis=1)
    true = _OP.Expand(True, _OP.Shape(places, end=1))
    return _OP.ScatterND(_OP.Expand(False, _OP.Shape(scores)), places, true)


#: Operator to what builds it.
TRANSLATIONS: Final[Mapping[Callable[..., Any], Callable[..., Any]]] = {
    torch.ops.rgbtbench.survivors.default: _survivors
}
