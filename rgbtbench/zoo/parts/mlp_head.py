"""The all-MLP head of SegFormer: every scale to one width, all brought to the finest, mixed, classified.

Xie et al., "SegFormer", NeurIPS 2021, section 3.2. A 1×1 convolution and bilinear enlargement can change places, and
two linear maps in a row are one. So the layers that unify the widths and the one that mixes them are multiplied
first, each scale is mixed at its own size, and enlarged maps are added: the same function as concatenating enlarged
maps of the unified width (what the papers write), with a fraction of the work and of the memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Self, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rgbtbench.zoo.parts.initialisation import initialise
from rgbtbench.zoo.parts.resizing import bilinear


class _Projection(nn.Module):
    """Holds a linear layer under its published name."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.proj = nn.Linear(inputs, outputs)


class _Mixing(nn.Module):
    """Holds a convolution and its normalisation under their published names."""

    def __init__(self, inputs: int, outputs: int, *, bias: bool, eps: float) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 1, bias=bias)
        self.bn = nn.BatchNorm2d(outputs, eps=eps)


class MlpHead(nn.Module):
    """From the maps of an encoder's stages to class logits at the finest map's size.

    Args:
        widths: channels of the maps, finest first.
        hidden: the unified width, E in the papers.
        classes: number of outputs.
        fuse_bias: the mixing convolution has a bias, as in CMX's code.
        eps: of the batch normalisation.
        eps_in_training: another one in training mode, as CMX's authors trained; None for the same.
        dropout: chance of a channel being left out in training.
    """

    def __init__(
        self,
        widths: Sequence[int],
        hidden: int,
        classes: int,
        *,
        fuse_bias: bool = False,
        eps: float = 1e-5,
        eps_in_training: float | None = None,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.scales = len(widths)
        self.eps, self.eps_in_training = eps, eps if eps_in_training is None else eps_in_training
        for number, width in enumerate(widths, start=1):
            self.add_module(f"linear_c{number}", _Projection(width, hidden))
        self.linear_fuse = _Mixing(hidden * self.scales, hidden, bias=fuse_bias, eps=self.eps_in_training)
        self.dropout = nn.Dropout2d(dropout)
        self.linear_pred = nn.Conv2d(hidden, classes, 1)
        self.apply(initialise)

    def train(self, mode: bool = True) -> Self:
        """Set training or evaluation mode, with the batch normalisation's eps for it."""
        self.linear_fuse.bn.eps = self.eps_in_training if mode else self.eps
        return super().train(mode)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Return logits (B, classes, H, W).

        Args:
            maps: (B, widths[i], H_i, W_i), finest first; H and W are those of the first.
        """
        size = maps[0].shape[2:]
        total, *coarse = (F.conv2d(features, *self._kernel(index)) for index, features in enumerate(maps))
        for mixed in coarse:
            total = total + bilinear(mixed, size)
        features = F.relu(self.linear_fuse.bn(total))
        logits: Tensor = self.linear_pred(self.dropout(features))
        return logits

    def _kernel(self, index: int) -> tuple[Tensor, Tensor]:
        """Return weight (E, widths[index], 1, 1) and bias (E,) of the two linear maps that a scale passes."""
        layer = cast("_Projection", self.get_submodule(f"linear_c{index + 1}")).proj
        fuse = self.linear_fuse.conv
        # Published weights concatenate the coarsest scale first.
        mixing = fuse.weight.flatten(1).chunk(self.scales, dim=1)[self.scales - 1 - index]
        with _full_precision(mixing.device.type):
            weight, bias = mixing @ layer.weight, mixing @ layer.bias
        if index == 0 and fuse.bias is not None:
            bias = bias + fuse.bias
        return weight[..., None, None], bias


def _full_precision(device: str) -> AbstractContextManager[None]:
    # On the meta device, where shapes and costs are counted, there is no precision to choose.
    return torch.autocast(device, enabled=False) if torch.amp.is_autocast_available(device) else nullcontext()


def enlarged(logits: Tensor, image: Tensor) -> Tensor:
    """Return logits (B, classes, h, w) at the size of an image (B, C, H, W)."""
    return bilinear(logits, image.shape[2:])
