"""Mix Transformer (MiT), the encoder of SegFormer, CMX, CMNeXt, GeminiFusion and StitchFusion.

Xie, Wang, Yu, Anandkumar, Alvarez and Luo, "SegFormer: Simple and Efficient Design for Semantic Segmentation with
Transformers", NeurIPS 2021. Layers carry the names of the published ImageNet weights (`mit_b*.pth`).

Tokens are (B, H·W, C) together with their (H, W); maps are (B, C, H, W) and lie in memory as their tokens do
(channels last), so that going from one to the other moves nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import StochasticDepth

from rgbtbench.zoo.parts.initialisation import initialise

#: Height and width of a grid of tokens.
Grid = tuple[int, int]
MitName = Literal["b0", "b1", "b2", "b3", "b4", "b5"]

STAGES: Final = 4
HEADS: Final = (1, 2, 5, 8)
#: Side of the squares of tokens that one key and value stand for, by stage.
REDUCTIONS: Final = (8, 4, 2, 1)
#: Kernel and stride of each stage's patch embedding.
PATCHES: Final = ((7, 4), (3, 2), (3, 2), (3, 2))
#: The input's sides are padded to it wherever maps of several stages must meet.
STRIDE: Final = 32
_MLP_RATIO = 4


@dataclass(frozen=True, slots=True)
class MitSize:
    """Channels and number of blocks of each stage."""

    widths: tuple[int, int, int, int]
    depths: tuple[int, int, int, int]


_WIDE = (64, 128, 320, 512)
MIT_SIZES: Final[Mapping[MitName, MitSize]] = {
    "b0": MitSize((32, 64, 160, 256), (2, 2, 2, 2)),
    "b1": MitSize(_WIDE, (2, 2, 2, 2)),
    "b2": MitSize(_WIDE, (3, 4, 6, 3)),
    "b3": MitSize(_WIDE, (3, 4, 18, 3)),
    "b4": MitSize(_WIDE, (3, 8, 27, 3)),
    "b5": MitSize(_WIDE, (3, 6, 40, 3)),
}


@dataclass(frozen=True, slots=True)
class LayerNormEps:
    """What is added to the variance in the layer normalisations, which repositories choose differently."""

    patch_embed: float
    block: float
    reduction: float
    stage: float


LayerNormRule = Literal["segformer", "deliver", "geminifusion"]
LAYER_NORM_EPS: Final[Mapping[LayerNormRule, LayerNormEps]] = {
    "segformer": LayerNormEps(patch_embed=1e-5, block=1e-6, reduction=1e-5, stage=1e-6),
    "deliver": LayerNormEps(patch_embed=1e-5, block=1e-5, reduction=1e-5, stage=1e-5),
    "geminifusion": LayerNormEps(patch_embed=1e-6, block=1e-6, reduction=1e-6, stage=1e-6),
}


def to_map(tokens: Tensor, grid: Grid) -> Tensor:
    """Return tokens (B, H·W, C) as a map (B, C, H, W), without copying.

    Of a single image's map the strides are those of several: where the first one differs, PyTorch 2.15 computes wrong
    gradients of batch normalisation on processors, unless what comes back lies channels last too.
    """
    return tokens.view(tokens.shape[0], *grid, -1).permute(0, 3, 1, 2)


def to_tokens(features: Tensor) -> Tensor:
    """Return a map (B, C, H, W) as tokens (B, H·W, C), without copying where it lies channels last."""
    return features.flatten(2).transpose(1, 2)


class OverlapPatchEmbed(nn.Module):
    """Strided convolution and layer normalisation: from an image or map to tokens."""

    def __init__(self, inputs: int, outputs: int, *, kernel: int, stride: int, eps: float) -> None:
        super().__init__()
        self.proj = nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=kernel // 2)
        self.norm = nn.LayerNorm(outputs, eps=eps)

    def forward(self, features: Tensor) -> tuple[Tensor, Grid]:
        """Map (B, inputs, H, W) to tokens (B, h·w, outputs) and their grid (h, w)."""
        features = self.proj(features)
        return self.norm(to_tokens(features)), (features.shape[2], features.shape[3])


class EfficientAttention(nn.Module):
    """Self-attention whose keys and values come from squares of `reduction`² tokens."""

    def __init__(self, width: int, heads: int, reduction: int, *, eps: float) -> None:
        super().__init__()
        self.heads = heads
        self.q = nn.Linear(width, width)
        self.kv = nn.Linear(width, 2 * width)
        self.proj = nn.Linear(width, width)
        self.reduces = reduction > 1
        if self.reduces:
            self.sr = nn.Conv2d(width, width, reduction, stride=reduction)
            self.norm: nn.Module = nn.LayerNorm(width, eps=eps)

    def attend(self, tokens: Tensor, grid: Grid) -> Tensor:
        """Return what the queries find, (B, N, C), before the output projection."""
        source = self.norm(to_tokens(self.sr(to_map(tokens, grid)))) if self.reduces else tokens
        batch = tokens.shape[0]
        query = self.q(tokens).view(batch, tokens.shape[1], self.heads, -1).transpose(1, 2)
        key, value = self.kv(source).view(batch, source.shape[1], 2, self.heads, -1).permute(2, 0, 3, 1, 4)
        return F.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)

    def forward(self, tokens: Tensor, grid: Grid) -> Tensor:
        """Map (B, N, C) to (B, N, C)."""
        output: Tensor = self.proj(self.attend(tokens, grid))
        return output


class DepthwiseConv(nn.Module):
    """3×3 convolution of each channel by itself."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.dwconv = nn.Conv2d(width, width, 3, padding=1, groups=width)

    def forward(self, features: Tensor) -> Tensor:
        """Map (B, width, H, W) to the same shape."""
        output: Tensor = self.dwconv(features)
        return output


class MixFfn(nn.Module):
    """Feed-forward network with a depth-wise convolution, which tells tokens where they are."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.dwconv = DepthwiseConv(hidden)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, tokens: Tensor, grid: Grid) -> Tensor:
        """Map (B, N, width) to (B, N, width)."""
        hidden = self.dwconv(to_map(self.fc1(tokens), grid))
        output: Tensor = self.fc2(F.gelu(to_tokens(hidden)))
        return output


class MitBlock(nn.Module):
    """Attention and feed-forward network, each after a normalisation and beside a shortcut.

    Args:
        stage: that the block is in, from 0.
        width: channels.
        eps: of the layer normalisations.
        drop_path: chance of leaving out a branch in training.
        attention: the kind of it.
    """

    def __init__(
        self,
        stage: int,
        width: int,
        *,
        eps: LayerNormEps,
        drop_path: float,
        attention: type[EfficientAttention] = EfficientAttention,
    ) -> None:
        super().__init__()
        self.norm1: nn.Module = nn.LayerNorm(width, eps=eps.block)
        self.attn = attention(width, HEADS[stage], REDUCTIONS[stage], eps=eps.reduction)
        self.norm2: nn.Module = nn.LayerNorm(width, eps=eps.block)
        self.mlp = MixFfn(width, _MLP_RATIO * width)
        self.drop_path = StochasticDepth(drop_path, "row")

    def forward(self, tokens: Tensor, grid: Grid) -> Tensor:
        """Map (B, N, C) to (B, N, C)."""
        tokens = tokens + self.drop_path(self.attn(self.norm1(tokens), grid))
        output: Tensor = tokens + self.drop_path(self.mlp(self.norm2(tokens), grid))
        return output


class BlockMaker(Protocol):
    """Makes the blocks of an encoder; `MitBlock` itself is one."""

    def __call__(self, stage: int, width: int, *, eps: LayerNormEps, drop_path: float) -> MitBlock:
        """Return a block with random weights."""


class Mit(nn.Module):
    """The encoder: four stages, each giving a normalised map at 1/4, 1/8, 1/16 and 1/32 of the image's size.

    Args:
        size: widths and depths.
        channels: of the image.
        eps: of the layer normalisations.
        drop_path: chance of leaving out a branch of the last block in training; rises linearly from 0 over all blocks.
        block: makes the blocks, of networks that add something to them.
    """

    def __init__(
        self,
        size: MitSize,
        *,
        channels: int = 3,
        eps: LayerNormEps,
        drop_path: float = 0.1,
        block: BlockMaker = MitBlock,
    ) -> None:
        super().__init__()
        rates = iter(drop_path_rates(size.depths, drop_path))
        inputs = (channels, *size.widths[:-1])
        for stage, (kernel, stride) in enumerate(PATCHES):
            width, number = size.widths[stage], stage + 1
            embed = OverlapPatchEmbed(inputs[stage], width, kernel=kernel, stride=stride, eps=eps.patch_embed)
            blocks = nn.ModuleList(
                block(stage, width, eps=eps, drop_path=next(rates)) for _ in range(size.depths[stage])
            )
            self.add_module(f"patch_embed{number}", embed)
            self.add_module(f"block{number}", blocks)
            self.add_module(f"norm{number}", nn.LayerNorm(width, eps=eps.stage))
        self.apply(initialise)

    def stage(self, index: int, features: Tensor) -> Tensor:
        """Run one stage.

        Args:
            index: from 0.
            features: the image (B, channels, H, W), or the map that goes into the stage.

        Returns:
            (B, widths[index], h, w).
        """
        return self.transformed(index, *self.embedded(index, features))

    def embedded(self, index: int, features: Tensor) -> tuple[Tensor, Grid]:
        """Return what a stage's blocks take: tokens (B, h·w, widths[index]) and their grid."""
        tokens, grid = self.get_submodule(f"patch_embed{index + 1}")(features)
        return tokens, grid

    def transformed(self, index: int, tokens: Tensor, grid: Grid) -> Tensor:
        """Return what a stage's blocks and normalisation make of tokens, as a map (B, widths[index], h, w)."""
        for block in self.get_submodule(f"block{index + 1}").children():
            tokens = block(tokens, grid)
        return to_map(self.get_submodule(f"norm{index + 1}")(tokens), grid)

    def forward(self, image: Tensor) -> list[Tensor]:
        """Map (B, channels, H, W) to the maps of the four stages, finest first."""
        maps = []
        for index in range(STAGES):
            image = self.stage(index, image)
            maps.append(image)
        return maps


def drop_path_rates(depths: Sequence[int], last: float) -> Iterator[float]:
    """Return the rate of each block, rising linearly from 0 to `last` over all stages."""
    return iter(torch.linspace(0, last, sum(depths), device="cpu").tolist())


def for_stacked_images(state: Mapping[str, Tensor], count: int) -> dict[str, Tensor]:
    """Return pre-trained weights for several images stacked as channels.

    The first convolution is repeated and divided by their number, so that `count` times the same image gives what one
    gave.
    """
    stem = "patch_embed1.proj.weight"
    return {**state, stem: state[stem].repeat(1, count, 1, 1) / count}
