"""A network without batches: from images in [0, 1] to tensors, as other programs can hold it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from rgbtbench.zoo.preprocess import Preprocess, in_order, normalised

#: Padded images by slot, and the height and width without padding, to tensors by name.
Outputs = Callable[[Mapping[str, Tensor], tuple[int, int]], dict[str, Tensor]]


@dataclass(frozen=True, slots=True)
class Plain:
    """What a model is without batches.

    Attributes:
        channels: slot to the channels that it takes, in the order of the inputs.
        rules: how its images are prepared.
        outputs: what it says, in the frame of the images.
        names: of the outputs, in order.
        ranked: whether rows of the outputs, (B, L, …), are chosen and ranked by what the network says, so that a
            rounding may exchange them.
    """

    channels: Mapping[str, int]
    rules: Preprocess
    outputs: Outputs
    names: tuple[str, ...]
    ranked: bool = False


class Graph(nn.Module):
    """Maps one image per slot, float32 (B, C, H, W) in [0, 1], to the outputs.

    Args:
        model: whose weights are used; in evaluation mode.
        plain: what it is without batches.
    """

    def __init__(self, model: nn.Module, plain: Plain) -> None:
        super().__init__()
        self.model, self.plain = model, plain

    def forward(self, *images: Tensor) -> tuple[Tensor, ...]:
        """Prepare the images as the model's rules say, and run the network."""
        height, width = images[0].shape[-2:]
        ready = {slot: self._prepared(image, slot) for slot, image in zip(self.plain.channels, images, strict=True)}
        found = self.plain.outputs(ready, (height, width))
        return tuple(found[name] for name in self.plain.names)

    def _prepared(self, image: Tensor, slot: str) -> Tensor:
        rules = self.plain.rules
        image = in_order(image, rules.channel_order.get(slot), slot=slot, modality=slot)
        if rules.fill is not None:
            image = self._padded(image, rules.fill)
        if (rule := rules.normalisation.get(slot)) is not None:
            image = normalised(image, rule, slot)
        return image if rules.fill is not None else self._padded(image, 0.0)

    def _padded(self, image: Tensor, level: float) -> Tensor:
        """Pad, even by nothing: a graph that is to take any size cannot ask."""
        multiple = self.plain.rules.multiple_of
        height, width = image.shape[-2:]
        # Written as a division, it shows the exporter that sides are multiples, and halves its time. ONNX divides
        # towards 0, so that nothing here may be negative.
        right, below = ((side + multiple - 1) // multiple * multiple - side for side in (width, height))
        return F.pad(image, (0, right, 0, below), value=level)
