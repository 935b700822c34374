"""ViTDet's backbone: a plain Vision Transformer with windows, a few global blocks and relative positions.

Li, Mao, Girshick and He, "Exploring Plain Vision Transformer Backbones for Object Detection", ECCV 2022; relative
positions decomposed into rows and columns as in MViTv2 (Li et al., CVPR 2022). Names are those of the published code.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rgbtbench.zoo.parts.mit import Grid, drop_path_rates, to_map
from rgbtbench.zoo.parts.positions import resized_positions
from rgbtbench.zoo.parts.vit import Attention, Block, Mlp, PatchEmbed, VitSize, initialise_vit

#: Side of a window in tokens.
WINDOW: Final = 14
#: Rows and columns of the position table, that of pre-training at 224 × 224 pixels.
PRETRAINED_GRID: Final[Grid] = (14, 14)
#: Blocks whose attention is global, evenly spread, the last one being the last of all.
GLOBAL_BLOCKS: Final = 4
PATCH: Final = 16


class DecomposedAttention(Attention):
    """Self-attention that adds, for each pair of tokens, what the query says of their distance in rows and columns.

    The query, not yet divided by the root of its width, is multiplied with a vector per distance. These numbers are
    appended to the scaled query, and each key gets ones in the places of its row and column, so that one product of
    queries and keys gives the published sum and no table of all pairs is built.

    Args:
        width: channels of tokens.
        heads: of attention.
        side: rows and columns of the grid that the vectors are for; for others they are interpolated linearly.
        window: side of the squares that attention stays in; None for all tokens. Grids are padded below and to the
            right with zeros, which are attended to like any other token.
    """

    def __init__(self, width: int, heads: int, *, side: int, window: int | None = None) -> None:
        super().__init__(width, heads)
        self.window = window
        distances = 2 * (window or side) - 1
        self.rel_pos_h = nn.Parameter(torch.zeros(distances, width // heads))
        self.rel_pos_w = nn.Parameter(torch.zeros(distances, width // heads))

    def attend(self, query: Tensor, key: Tensor, value: Tensor, grid: Grid | None) -> Tensor:
        """Return what the queries find; see `Attention`."""
        if grid is None:
            raise ValueError("relative positions need whole grids")
        rows, columns = grid
        channels = query.shape[-1]
        placed = query.reshape(*query.shape[:2], rows, columns, channels)
        by_row = torch.einsum("bnhwc,hkc->bnhwk", placed, _vectors(self.rel_pos_h, rows).to(query.dtype))
        by_column = torch.einsum("bnhwc,wkc->bnhwk", placed, _vectors(self.rel_pos_w, columns).to(query.dtype))
        scaled = query / math.sqrt(channels)
        asked = torch.cat((scaled, by_row.flatten(2, 3), by_column.flatten(2, 3)), dim=-1)
        own_row = torch.eye(rows, dtype=key.dtype, device=key.device).repeat_interleave(columns, 0)
        own_column = torch.eye(columns, dtype=key.dtype, device=key.device).repeat(rows, 1)
        marks = torch.cat((own_row, own_column), dim=1).expand(*key.shape[:2], -1, -1)
        # Fused kernels want values as wide as keys.
        padded = F.pad(value, (0, rows + columns))
        found = F.scaled_dot_product_attention(asked, torch.cat((key, marks), dim=-1), padded, scale=1.0)
        return found[..., :channels]

    def forward(self, tokens: Tensor, grid: Grid | None = None) -> Tensor:
        """Map (B, H·W, C) to the same shape; `grid` is (H, W)."""
        if self.window is None or grid is None:
            return super().forward(tokens, grid)
        windows = to_windows(tokens, grid, self.window)
        return from_windows(super().forward(windows, (self.window, self.window)), grid, self.window)


class VitDet(nn.Module):
    """The backbone: no class token, no last normalisation.

    Args:
        size: of the network.
        side: rows and columns of the grid that the vectors of global blocks are for: the image's side over the patch's.
        patch: side of a patch in pixels.
        grid: rows and columns that the table of positions is for, those of pre-training.
        channels: of the image.
        eps: of the layer normalisations: 1e-6 in Detectron2, 1e-5 in mmdetection.
        drop_path: of the last block; rises linearly from 0.
        window: side in tokens of the squares that attention of the other blocks stays in.
        global_blocks: numbers of the blocks, from 0, whose attention is of all tokens; None for `GLOBAL_BLOCKS`.
    """

    def __init__(
        self,
        size: VitSize,
        *,
        side: int,
        patch: int = PATCH,
        grid: Grid = PRETRAINED_GRID,
        channels: int = 3,
        eps: float = 1e-6,
        drop_path: float = 0.0,
        window: int = WINDOW,
        global_blocks: Collection[int] | None = None,
    ) -> None:
        super().__init__()
        self.width, self.grid = size.width, grid
        self.patch_embed = PatchEmbed(channels, size.width, patch)
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + math.prod(grid), size.width))
        every = max(1, size.depth // GLOBAL_BLOCKS)
        whole = range(every - 1, size.depth, every) if global_blocks is None else global_blocks
        self.blocks = nn.ModuleList(
            Block(
                size.width,
                DecomposedAttention(size.width, size.heads, side=side, window=None if number in whole else window),
                Mlp(size.width, size.mlp_ratio * size.width),
                eps=eps,
                drop_path=rate,
            )
            for number, rate in enumerate(drop_path_rates((size.depth,), drop_path))
        )
        self.apply(initialise_vit)
        nn.init.trunc_normal_(self.pos_embed, std=0.02)

    def forward(self, image: Tensor) -> Tensor:
        """Map (B, channels, H, W), sides divisible by the patch's, to (B, width, H/patch, W/patch)."""
        tokens, grid = self.patch_embed(image)
        tokens = tokens + resized_positions(self.pos_embed, grid, known=self.grid)[:, 1:]
        for block in self.blocks:
            tokens = block(tokens, grid)
        return to_map(tokens, grid)


def to_windows(tokens: Tensor, grid: Grid, side: int) -> Tensor:
    """Cut (B, H·W, C) into squares (B · windows, side², C), with zeros below and to the right."""
    batch, _, channels = tokens.shape
    image = F.pad(tokens.reshape(batch, *grid, channels), (0, 0, 0, -grid[1] % side, 0, -grid[0] % side))
    squares = image.reshape(batch, image.shape[1] // side, side, image.shape[2] // side, side, channels)
    return squares.transpose(2, 3).reshape(-1, side * side, channels)


def from_windows(windows: Tensor, grid: Grid, side: int) -> Tensor:
    """Put squares of `to_windows` together again: (B, H·W, C), the padding left out."""
    down, right = (-(-length // side) for length in grid)
    channels = windows.shape[-1]
    squares = windows.reshape(-1, down, right, side, side, channels).transpose(2, 3)
    image = squares.reshape(-1, down * side, right * side, channels)
    return image[:, : grid[0], : grid[1]].flatten(1, 2)


def _vectors(table: Tensor, length: int) -> Tensor:
    """Return (length, length, C): the vector of each query's distance to each key along one axis."""
    wanted = 2 * length - 1
    if len(table) != wanted:
        table = F.interpolate(table.float().T[None], wanted, mode="linear")[0].T
    places = torch.arange(length, device=table.device)
    return table[places[:, None] - places[None] + length - 1]
