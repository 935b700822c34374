"""Fusion of the maps of several modalities by a convolutional mixer and a channel gate (StitchFusion, MMSFormer).

Reza, Prater-Bennette and Asif, "MMSFormer: Multimodal Transformer for Material and Semantic Segmentation", IEEE Open
Journal of Signal Processing 2024. Layers carry the published names, one spelling mistake included.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rgbtbench.zoo.parts.initialisation import initialise
from rgbtbench.zoo.parts.mit import to_map, to_tokens

_REDUCTION: Final = 16
_KERNELS: Final = (3, 5, 7)


class _PointwiseConv(nn.Module):
    """1×1 convolution with its normalisation."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.pwconv = nn.Conv2d(width, width, 1)
        self.bn = nn.BatchNorm2d(width)

    def forward(self, features: Tensor) -> Tensor:
        output: Tensor = self.bn(self.pwconv(features))
        return output


class _DepthwiseConv(nn.Module):
    """Holds a convolution of each channel by itself."""

    def __init__(self, width: int, kernel: int) -> None:
        super().__init__()
        self.dwconv = nn.Conv2d(width, width, kernel, padding=kernel // 2, groups=width)


class ScaleMixer(nn.Module):
    """Feed-forward network that looks at squares of several sizes.

    A map plus what convolutions of three sizes make of it is one convolution of the largest size, whose kernel is the
    sum of theirs and of the one that changes nothing.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, width)
        self.pwconv1 = _PointwiseConv(width)
        self.dwconv3, self.dwconv5, self.dwconv7 = (_DepthwiseConv(width, kernel) for kernel in _KERNELS)
        self.pwconv2 = _PointwiseConv(width)
        self.fc2 = nn.Linear(width, width)

    def forward(self, tokens: Tensor, grid: tuple[int, int]) -> Tensor:
        """Map (B, H·W, width) to the same shape."""
        features = self.pwconv1(to_map(self.fc1(tokens), grid))
        weight, bias = self._joint_kernel()
        around = F.conv2d(features, weight, bias, padding=_KERNELS[-1] // 2, groups=features.shape[1])
        output: Tensor = self.fc2(F.gelu(to_tokens(self.pwconv2(around))))
        return output

    def _joint_kernel(self) -> tuple[Tensor, Tensor]:
        layers = [module.dwconv for module in (self.dwconv3, self.dwconv5, self.dwconv7)]
        kernels = [layer.weight for layer in layers]
        kernels.append(torch.ones_like(kernels[0][..., :1, :1]))
        weight = sum(F.pad(kernel, [(_KERNELS[-1] - kernel.shape[-1]) // 2] * 4) for kernel in kernels)
        bias = sum(layer.bias for layer in layers if layer.bias is not None)
        return torch.as_tensor(weight), torch.as_tensor(bias)


class _ChannelGate(nn.Module):
    """A weight in [0, 1] for each channel, from its mean over the image."""

    def __init__(self, width: int) -> None:
        super().__init__()
        hidden = width // _REDUCTION
        self.fc = nn.Sequential(
            nn.Linear(width, hidden, bias=False), nn.ReLU(), nn.Linear(hidden, width, bias=False), nn.Sigmoid()
        )

    def forward(self, tokens: Tensor) -> Tensor:
        """Map tokens (B, N, width) to weights (B, 1, width)."""
        weights: Tensor = self.fc(tokens.mean(1, keepdim=True))
        return weights


class FeatureCross(nn.Module):
    """Fusion of all stages' maps.

    Args:
        widths: channels of the stages.
        modalities: number of maps that are fused in each.
    """

    def __init__(self, widths: Sequence[int], modalities: int) -> None:
        super().__init__()
        self.liner_fusion_layers = nn.ModuleList(nn.Linear(modalities * width, width) for width in widths)
        self.mix_ffn = nn.ModuleList(ScaleMixer(width) for width in widths)
        self.channel_attns = nn.ModuleList(_ChannelGate(width) for width in widths)
        self.apply(initialise)

    def forward(self, stage: int, maps: Sequence[Tensor]) -> Tensor:
        """Map one (B, C, H, W) of each modality to one of the same shape."""
        grid = (maps[0].shape[2], maps[0].shape[3])
        joined = self.liner_fusion_layers[stage](torch.cat([to_tokens(features) for features in maps], dim=2))
        mixed = self.mix_ffn[stage](joined, grid)
        return to_map(torch.addcmul(mixed, self.channel_attns[stage](joined), joined), grid)
