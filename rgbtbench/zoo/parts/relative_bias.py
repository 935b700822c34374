"""Attention that adds a learned number for how two tokens lie to each other, as BEiT has it.

Bao, Dong, Piao and Wei, "BEiT: BERT Pre-Training of Image Transformers", ICLR 2022.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rgbtbench.zoo.parts.mit import Grid
from rgbtbench.zoo.parts.vit import Attention


class BiasedAttention(Attention):
    """Self-attention of a class token and the tokens of one fixed grid.

    Args:
        width: channels of tokens.
        heads: of attention.
        grid: rows and columns.
    """

    index: Tensor

    def __init__(self, width: int, heads: int, grid: Grid) -> None:
        super().__init__(width, heads)
        self.grid = grid
        self.relative_position_bias_table = nn.Parameter(torch.zeros(table_length(grid), heads))
        # Published files hold this index; it follows from the grid, so that ours need not.
        self.register_buffer("index", relative_index(grid), persistent=False)

    def attend(self, query: Tensor, key: Tensor, value: Tensor, grid: Grid | None) -> Tensor:
        """Return what the queries find; see `Attention`."""
        if grid != self.grid:
            raise ValueError(f"tokens of {grid}, and the table is for {self.grid}")
        count = query.shape[2]
        bias = self.relative_position_bias_table[self.index].view(count, count, -1).permute(2, 0, 1)[None]
        return F.scaled_dot_product_attention(query, key, value, attn_mask=bias.to(query.dtype))


def table_length(grid: Grid) -> int:
    """Return the number of rows of a table: all displacements, class to token, token to class, class to class."""
    return (2 * grid[0] - 1) * (2 * grid[1] - 1) + 3


def relative_index(grid: Grid) -> Tensor:
    """Return int64 ((1 + N)²,): for each pair of tokens, query by query, its row of the table.

    Displacements from query to key count from the most negative one, rows before columns; the three last rows of the
    table are those of `table_length`, in that order.
    """
    rows, columns = grid
    last = table_length(grid)
    row, column = torch.cartesian_prod(torch.arange(rows), torch.arange(columns)).unbind(1)
    down = row[:, None] - row[None] + rows - 1
    right = column[:, None] - column[None] + columns - 1
    index = torch.empty((1 + rows * columns,) * 2, dtype=torch.int64)
    index[1:, 1:] = down * (2 * columns - 1) + right
    index[0, :], index[:, 0], index[0, 0] = last - 3, last - 2, last - 1
    return index.flatten()
