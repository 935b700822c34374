"""Where tokens lie: tables of position embeddings, fixed or learned, for grids of any size."""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from rgbtbench.zoo.parts.mit import Grid

Axis = Literal["row", "column"]


def sin_cos_positions(grid: Grid, width: int, *, first: Axis = "row", temperature: float = 10_000.0) -> Tensor:
    """Return fixed embeddings of places: half of the channels tell the row and half the column.

    Each half is `[sin(p w), cos(p w)]` with `w_i = temperature ** (-i / (width / 4))`, as in Vaswani et al. 2017.

    Args:
        grid: rows and columns.
        width: channels, a multiple of 4.
        first: what the first half tells; the code of MAE (He et al. 2022) puts the column first, mmpretrain the row.
        temperature: of the frequencies.

    Returns:
        float32 (rows · columns, width), row by row.
    """
    if width % 4:
        raise ValueError(f"{width} channels; sine and cosine of two axes need a multiple of 4")
    frequencies = temperature ** (-torch.arange(width // 4, dtype=torch.float64) / (width / 4))
    rows, columns = (torch.arange(side, dtype=torch.float64) for side in grid)
    places = torch.cartesian_prod(rows, columns)
    angles = places[:, :, None] * frequencies
    halves = torch.cat((angles.sin(), angles.cos()), dim=2)
    ordered = halves if first == "row" else halves.flip(1)
    return ordered.flatten(1).float()


def resized_positions(table: Tensor, grid: Grid, *, known: Grid, prefix: int = 1, offset: float = 0.0) -> Tensor:
    """Return a table of position embeddings for another grid, by bicubic interpolation.

    Args:
        table: float (1, prefix + rows · columns, C) for the grid `known`.
        grid: rows and columns that are wanted.
        known: rows and columns of the table.
        prefix: leading rows that belong to no place, such as the class token's; they stay.
        offset: 0 interpolates to the wanted size, as BEiT and ViTDet do; DINOv2 scales by `(wanted + 0.1) / known`
            instead, its offset being 0.1.

    Returns:
        float (1, prefix + grid's rows · columns, C), the same type as `table`.
    """
    if grid == known:
        return table
    whole, places = table[:, :prefix], table[:, prefix:]
    image = places.float().transpose(1, 2).reshape(len(table), -1, *known)
    factors = [(wanted + offset) / had for wanted, had in zip(grid, known, strict=True)]
    resized = (
        F.interpolate(image, scale_factor=factors, mode="bicubic", align_corners=False)
        if offset
        else F.interpolate(image, grid, mode="bicubic", align_corners=False)
    )
    return torch.cat((whole, resized.flatten(2).transpose(1, 2).to(table.dtype)), dim=1)
