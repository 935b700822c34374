"""Swin Transformer: attention within windows, which every second block shifts by half of their side.

Liu, Lin, Cao, Hu, Wei, Zhang, Lin and Guo, "Swin Transformer: Hierarchical Vision Transformer using Shifted Windows",
ICCV 2021. Layers carry the names of the published ImageNet weights. Images that patches do not fill, maps that windows
do not fill and maps with an odd side that are halved get zeros on the right and at the bottom, which are tokens to
attend to, and windows are shifted also where one covers the whole map: as in the authors' code for segmentation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, Protocol, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import StochasticDepth

from rgbtbench.zoo.parts.initialisation import initialise
from rgbtbench.zoo.parts.mit import STAGES, Grid, drop_path_rates
from rgbtbench.zoo.parts.relative_bias import bias_of_places
from rgbtbench.zoo.parts.vit import Mlp, PatchEmbed

SwinName = Literal["swin_tiny", "swin_small", "swin_large", "swin_large_window12"]

_PATCH: Final = 4
_MLP_RATIO: Final = 4
#: Of the normalisations within stages.
_EPS: Final = 1e-5


@dataclass(frozen=True, slots=True)
class SwinSize:
    """Channels of the first stage, blocks and heads of each, and the side of windows in tokens."""

    width: int
    depths: tuple[int, int, int, int]
    heads: tuple[int, int, int, int]
    window: int = 7

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of the stages."""
        return tuple(self.width * 2**stage for stage in range(STAGES))


SWIN_SIZES: Final[Mapping[SwinName, SwinSize]] = {
    "swin_tiny": SwinSize(96, (2, 2, 6, 2), (3, 6, 12, 24)),
    "swin_small": SwinSize(96, (2, 2, 18, 2), (3, 6, 12, 24)),
    "swin_large": SwinSize(192, (2, 2, 18, 2), (6, 12, 24, 48)),
    "swin_large_window12": SwinSize(192, (2, 2, 18, 2), (6, 12, 24, 48), window=12),
}


class WindowAttention(nn.Module):
    """Self-attention within windows, with a learned number for every displacement.

    Args:
        width: channels of tokens.
        heads: of attention.
        window: side of a window in tokens.
        shift: by how many tokens windows lie further to the right and to the bottom; the map is joined at its edges,
            and tokens that meet only there do not see each other.
    """

    def __init__(self, width: int, heads: int, window: int, *, shift: int) -> None:
        super().__init__()
        self.heads, self.window, self.shift = heads, window, shift
        self.relative_position_bias_table = nn.Parameter(torch.empty((2 * window - 1) ** 2, heads))
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        nn.init.trunc_normal_(self.relative_position_bias_table, std=0.02)

    def forward(self, tokens: Tensor, grid: Grid) -> Tensor:
        """Map (B, H·W, C) to the same shape."""
        batch, _, width = tokens.shape
        (height, length), window = grid, self.window
        features = F.pad(tokens.view(batch, *grid, width), (0, 0, 0, -length % window, 0, -height % window))
        whole = (features.shape[1], features.shape[2])
        if self.shift:
            features = features.roll((-self.shift, -self.shift), (1, 2))
        rows, columns = whole[0] // window, whole[1] // window
        windows = features.view(batch, rows, window, columns, window, width).transpose(2, 3)
        found = self.proj(self._attend(windows.reshape(batch, rows * columns, window**2, width), whole))
        features = found.view(batch, rows, columns, window, window, width).transpose(2, 3).reshape(features.shape)
        if self.shift:
            features = features.roll((self.shift, self.shift), (1, 2))
        output: Tensor = features[:, :height, :length].reshape(tokens.shape)
        return output

    def _attend(self, windows: Tensor, whole: Grid) -> Tensor:
        """Return what queries find in their window: (B, number, N, C) to the same shape.

        Without a shift the numbers of displacements are those of every window. With one, windows count as heads, so
        that each has its own and a batch shares them.
        """
        batch, number, count, _ = windows.shape
        parts = self.qkv(windows).view(batch, number, count, 3, self.heads, -1).permute(3, 0, 1, 4, 2, 5)
        bias = bias_of_places(self.relative_position_bias_table.to(parts.dtype), (self.window, self.window))
        if self.shift:
            apart = _apart(whole, self.window, self.shift, device=windows.device)
            bias = bias.masked_fill(apart[:, None], float("-inf")).flatten(0, 1)
            query, key, value = parts.flatten(2, 3)
        else:
            query, key, value = parts.flatten(1, 2)
        found = F.scaled_dot_product_attention(query, key, value, attn_mask=bias[None])
        return found.view(batch, number, self.heads, count, -1).transpose(2, 3).reshape(windows.shape)


def _apart(whole: Grid, window: int, shift: int, *, device: torch.device) -> Tensor:
    """Return bool (windows, N, N): whether two tokens of a window meet only where a map's edges were joined."""
    last = [torch.arange(side, device=device) >= side - shift for side in whole]
    region = 2 * last[0][:, None] + last[1].long()
    rows, columns = whole[0] // window, whole[1] // window
    regions = region.view(rows, window, columns, window).transpose(1, 2).reshape(rows * columns, -1)
    return regions[:, :, None] != regions[:, None]


class SwinBlock(nn.Module):
    """Attention and feed-forward network, each after a normalisation and beside a shortcut.

    Args:
        width: channels of tokens.
        heads: of attention.
        window: side of a window in tokens.
        shift: of the windows.
        drop_path: chance of leaving out a branch in training.
    """

    def __init__(self, width: int, heads: int, window: int, *, shift: int, drop_path: float) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=_EPS)
        self.attn = WindowAttention(width, heads, window, shift=shift)
        self.norm2 = nn.LayerNorm(width, eps=_EPS)
        self.mlp = Mlp(width, _MLP_RATIO * width)
        self.drop_path = StochasticDepth(drop_path, "row")

    def mixed(self, tokens: Tensor, grid: Grid) -> Tensor:
        """Return what normalised tokens (B, N, C) find in each other."""
        output: Tensor = self.attn(tokens, grid)
        return output

    def forward(self, tokens: Tensor, grid: Grid) -> Tensor:
        """Map (B, N, C) to (B, N, C)."""
        tokens = tokens + self.drop_path(self.mixed(self.norm1(tokens), grid))
        output: Tensor = tokens + self.drop_path(self.mlp(self.norm2(tokens)))
        return output


class BlockMaker(Protocol):
    """Makes the blocks of an encoder; `SwinBlock` itself is one."""

    def __call__(self, width: int, heads: int, window: int, *, shift: int, drop_path: float) -> SwinBlock:
        """Return a block with random weights."""


class NormedPatchEmbed(PatchEmbed):
    """One linear map of all patches, and a normalisation."""

    def __init__(self, width: int) -> None:
        super().__init__(3, width, _PATCH)
        self.norm: nn.Module = nn.LayerNorm(width, eps=_EPS)

    def forward(self, image: Tensor) -> tuple[Tensor, Grid]:
        """Map (B, 3, H, W) to tokens (B, h·w, width) and their grid (h, w), sides rounded up."""
        tokens, grid = super().forward(F.pad(image, (0, -image.shape[3] % _PATCH, 0, -image.shape[2] % _PATCH)))
        return self.norm(tokens), grid


class PatchMerging(nn.Module):
    """Squares of four tokens become one of twice the width."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.reduction = nn.Linear(4 * width, 2 * width, bias=False)
        self.norm = nn.LayerNorm(4 * width, eps=_EPS)

    def forward(self, tokens: Tensor, grid: Grid) -> tuple[Tensor, Grid]:
        """Map (B, H·W, C) to (B, h·w, 2·C) and (h, w), half the sides rounded up."""
        batch, _, width = tokens.shape
        features = F.pad(tokens.view(batch, *grid, width), (0, 0, 0, grid[1] % 2, 0, grid[0] % 2))
        rows, columns = features.shape[1] // 2, features.shape[2] // 2
        squares = features.view(batch, rows, 2, columns, 2, width)
        # Down the columns first.
        output = self.reduction(self.norm(squares.permute(0, 1, 3, 4, 2, 5).reshape(batch, -1, 4 * width)))
        return output, (rows, columns)


class _Stage(nn.Module):
    """Blocks, and what leads to the next stage."""

    def __init__(self, blocks: Iterator[SwinBlock], merging: PatchMerging | None) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        self.downsample = merging


class Swin(nn.Module):
    """The encoder, as it was trained to classify, without its last normalisation.

    Args:
        size: widths, depths, heads and windows.
        drop_path: chance of leaving out a branch of the last block in training; rises linearly from 0 over all blocks.
        block: makes the blocks, of networks that add something to them.
    """

    def __init__(self, size: SwinSize, *, drop_path: float = 0.2, block: BlockMaker = SwinBlock) -> None:
        super().__init__()
        rates = drop_path_rates(size.depths, drop_path)
        self.patch_embed = NormedPatchEmbed(size.width)
        self.layers = nn.ModuleList(
            _Stage(
                (
                    block(
                        width,
                        size.heads[stage],
                        size.window,
                        shift=number % 2 * (size.window // 2),
                        drop_path=next(rates),
                    )
                    for number in range(size.depths[stage])
                ),
                PatchMerging(width) if stage < STAGES - 1 else None,
            )
            for stage, width in enumerate(size.widths)
        )
        self.apply(initialise)

    def stages(self, image: Tensor) -> Iterator[tuple[Tensor, Grid]]:
        """Yield tokens (B, h·w, C) and (h, w) as they come out of each stage, finest first.

        Args:
            image: (B, 3, H, W).
        """
        tokens, grid = self.patch_embed(image)
        for stage in cast("Iterator[_Stage]", iter(self.layers)):
            for block in stage.blocks:
                tokens = block(tokens, grid)
            yield tokens, grid
            if stage.downsample is not None:
                tokens, grid = stage.downsample(tokens, grid)
