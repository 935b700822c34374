"""Learned numbers for how two tokens lie to each other, and the attention that adds them, as BEiT has it.

Bao, Dong, Piao and Wei, "BEiT: BERT Pre-Training of Image Transformers", ICLR 2022.
"""

from __future__ import annotations

from typing import Any, Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd import Function

from rgbtbench.zoo.parts.mit import Grid
from rgbtbench.zoo.parts.vit import Attention

#: So many numbers of pairs of tokens are kept for the backward pass; where there are more, none is.
_KEPT_PAIRS: Final = 1 << 23
#: So many are computed again at once, which caches of processors hold, but those of one head at least.
_PAIRS_AT_ONCE: Final = 1 << 21


class BiasedAttention(Attention):
    """Self-attention of a class token and the tokens of one fixed grid.

    Args:
        width: channels of tokens.
        heads: of attention.
        grid: rows and columns.
    """

    def __init__(self, width: int, heads: int, grid: Grid) -> None:
        super().__init__(width, heads)
        self.grid = grid
        self.relative_position_bias_table = nn.Parameter(torch.zeros(table_length(grid), heads))

    def attend(self, query: Tensor, key: Tensor, value: Tensor, grid: Grid | None) -> Tensor:
        """Return what the queries find; see `Attention`."""
        if grid != self.grid:
            raise ValueError(f"tokens of {grid}, and the table is for {self.grid}")
        table = self.relative_position_bias_table.to(query.dtype)
        pairs = query.shape[0] * query.shape[1] * query.shape[2] ** 2
        # Graphics cards have a fused kernel with a gradient of the bias.
        if torch.is_grad_enabled() and table.requires_grad and not query.is_cuda and pairs > _KEPT_PAIRS:
            found: Tensor = _Recomputed.apply(query, key, value, table, self.grid)
            return found
        return attended(query, key, value, table, self.grid)


def attended(query: Tensor, key: Tensor, value: Tensor, table: Tensor, grid: Grid) -> Tensor:
    """Return what queries find with a table (L, heads); the others are (B, heads, 1 + N, C / heads)."""
    return F.scaled_dot_product_attention(query, key, value, attn_mask=bias_of_pairs(table, grid)[None])


class _Recomputed(Function):
    """`attended` that keeps no number of a pair of tokens: the backward pass computes them again, some heads at once.

    Where no fused kernel has a gradient of the bias, torch keeps (B, heads, 1 + N, 1 + N) otherwise, for ViT-B and two
    pairs of 768 × 768 pixels 973 MiB in each block.
    """

    @staticmethod
    def forward(context: Any, query: Tensor, key: Tensor, value: Tensor, table: Tensor, grid: Grid) -> Tensor:
        context.save_for_backward(query, key, value, table)
        context.grid = grid
        return attended(query, key, value, table, grid)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        saved = context.saved_tensors
        count, heads, tokens, _ = saved[0].shape
        step = max(1, _PAIRS_AT_ONCE // (count * tokens**2))
        found = []
        for first in range(0, heads, step):
            own = slice(first, first + step)
            asked, keys, values, numbers = (part[:, own].detach().requires_grad_() for part in saved)
            with torch.enable_grad():
                answer = attended(asked, keys, values, numbers, context.grid)
            found.append(torch.autograd.grad(answer, (asked, keys, values, numbers), gradient[:, own]))
        return (*(torch.cat(parts, dim=1) for parts in zip(*found, strict=True)), None)


def table_length(grid: Grid) -> int:
    """Return the number of rows of a table: all displacements, class to token, token to class, class to class."""
    return (2 * grid[0] - 1) * (2 * grid[1] - 1) + 3


def bias_of_pairs(table: Tensor, grid: Grid) -> Tensor:
    """Return (heads, 1 + N, 1 + N): for each query and key its number in a table (L, heads), L that of `table_length`.

    After the displacements come class to token, token to class, class to class.
    """
    heads, count = table.shape[1], grid[0] * grid[1]
    to_token, to_class, of_class = table[-3:].unsqueeze(2).unbind(0)
    bias = table.new_empty((heads, 1 + count, 1 + count))
    bias[:, 1:, 1:] = bias_of_places(table[:-3], grid)
    bias[:, 0, 1:], bias[:, 1:, 0], bias[:, 0, :1] = to_token, to_class, of_class
    return bias


def bias_of_places(table: Tensor, grid: Grid) -> Tensor:
    """Return (heads, N, N): for each query and key of a grid their displacement's number in a table.

    Displacements from key to query count from the most negative one, rows before columns. Along one axis those of a
    query are a stretch of the table that begins with the query's place and holds the keys backwards; so stretches are
    read, and not by an index of all pairs, which published files hold: 42 MB per block at 48 × 48 tokens.

    Args:
        table: ((2·rows - 1)·(2·columns - 1), heads).
        grid: rows and columns.
    """
    (rows, columns), heads, count = grid, table.shape[1], grid[0] * grid[1]
    displaced = table.view(2 * rows - 1, 2 * columns - 1, heads)
    stretches = displaced.unfold(0, rows, 1).unfold(1, columns, 1).flip(3, 4)
    return stretches.permute(2, 0, 1, 3, 4).reshape(heads, count, count)
