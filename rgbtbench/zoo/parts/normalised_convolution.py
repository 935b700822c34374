"""A convolution and the batch normalisation behind it as one convolution, wherever statistics are fixed.

Batch normalisation by running statistics multiplies and moves each channel, which weights and bias of the convolution
can do: Ioffe and Szegedy, "Batch Normalization", ICML 2015, section 3.1. They are multiplied at every call, which
costs little beside the convolution, so that whatever happens to the layers (loaded weights, another type, gradients,
export) needs nothing to be remembered or forgotten.
"""

from __future__ import annotations

from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


def normalised_convolution(convolution: nn.Conv2d | nn.ConvTranspose2d, norm: _BatchNorm, features: Tensor) -> Tensor:
    """Return `norm(convolution(features))`.

    Args:
        convolution: padded with zeros; a transposed one has no groups.
        norm: of its outputs.
        features: (B, C, H, W).
    """
    if norm.training or norm.running_var is None or norm.running_mean is None:
        output: Tensor = norm(convolution(features))
        return output
    # Half precision has too few digits for the product's factors.
    kind = torch.promote_types(norm.running_var.dtype, torch.float32)
    scale = torch.rsqrt(norm.running_var.to(kind) + norm.eps)
    if norm.weight is not None:
        scale = scale * norm.weight
    shift = -norm.running_mean * scale
    if convolution.bias is not None:
        shift = torch.addcmul(shift, convolution.bias, scale)
    if norm.bias is not None:
        shift = shift + norm.bias
    along_outputs = (1, -1, 1, 1) if isinstance(convolution, nn.ConvTranspose2d) else (-1, 1, 1, 1)
    weight = (convolution.weight * scale.view(along_outputs)).to(convolution.weight.dtype)
    shift = shift.to(weight.dtype)
    stride, padding, dilation = convolution.stride, convolution.padding, convolution.dilation
    if isinstance(convolution, nn.ConvTranspose2d):
        padding, grown = cast("tuple[int, ...]", padding), convolution.output_padding
        return F.conv_transpose2d(features, weight, shift, stride, padding, grown, dilation=dilation)
    return F.conv2d(features, weight, shift, stride, padding, dilation, convolution.groups)


def shortcut(layers: nn.Sequential | None, features: Tensor) -> Tensor:
    """Return what goes past the convolutions of a residual block.

    Args:
        layers: a convolution and its normalisation; None where features go past as they are.
        features: (B, C, H, W).
    """
    if layers is None:
        return features
    convolution, norm = layers.children()
    return normalised_convolution(
        cast("nn.Conv2d | nn.ConvTranspose2d", convolution), cast("_BatchNorm", norm), features
    )


def channels_last_on_processors(image: Tensor) -> Tensor:
    """Return images (B, C, H, W) with the channels of a pixel side by side in memory, unless they are on a GPU.

    Convolutions, poolings and normalisations of processors are faster so, and what they give keeps the order. On GPUs
    the recipe chooses.
    """
    # Images of one channel lie in both orders at once; a copy alone is marked as being in this one.
    return image.clone(memory_format=torch.channels_last) if image.device.type == "cpu" else image
