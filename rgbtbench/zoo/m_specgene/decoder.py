"""The decoder of one modality: visible tokens and mask tokens, one look at the other modality, blocks, pixels."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rgbtbench.zoo.parts.mit import Grid
from rgbtbench.zoo.parts.positions import sin_cos_positions
from rgbtbench.zoo.parts.vit import Attention, Block, Mlp, VitSize


class CrossAttention(nn.Module):
    """Attention of one sequence to another, without a bias of the keys."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q = nn.Linear(width, width)
        self.k = nn.Linear(width, width, bias=False)
        self.v = nn.Linear(width, width)
        self.proj = nn.Linear(width, width)

    def forward(self, tokens: Tensor, others: Tensor) -> Tensor:
        """Map (B, N, width) to the same shape; both sequences are normalised."""
        query, key, value = (
            layer(sequence).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for layer, sequence in ((self.q, tokens), (self.k, others), (self.v, others))
        )
        mixed = F.scaled_dot_product_attention(query, key, value)
        output: Tensor = self.proj(mixed.transpose(1, 2).flatten(2))
        return output


class CrossBlock(nn.Module):
    """Cross-attention and an MLP; one normalisation serves queries, keys and values."""

    def __init__(self, size: VitSize, *, eps: float) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(size.width, eps=eps)
        self.attn = CrossAttention(size.width, size.heads)
        self.norm2 = nn.LayerNorm(size.width, eps=eps)
        self.mlp = Mlp(size.width, size.mlp_ratio * size.width)

    def forward(self, tokens: Tensor, others: Tensor) -> Tensor:
        """Map (B, N, width) to the same shape."""
        tokens = tokens + self.attn(self.norm1(tokens), self.norm1(others))
        output: Tensor = tokens + self.mlp(self.norm2(tokens))
        return output


class DecoderBranch(nn.Module):
    """One modality's decoder; its last normalisation belongs to both and lies with the model.

    Args:
        size: of the decoder.
        encoded: channels of the encoder's tokens.
        grid: rows and columns of patches.
        pixels: numbers that are predicted of each patch.
        crosses: whether it looks at the other modality.
        eps: of the normalisations.
    """

    def __init__(self, size: VitSize, *, encoded: int, grid: Grid, pixels: int, crosses: bool, eps: float) -> None:
        super().__init__()
        self.embed = nn.Linear(encoded, size.width)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, size.width))
        places = sin_cos_positions(grid, size.width)
        self.pos_embed = nn.Parameter(torch.cat((torch.zeros_like(places[:1]), places))[None], requires_grad=False)
        self.cross = CrossBlock(size, eps=eps) if crosses else None
        self.blocks = nn.ModuleList(
            Block(size.width, Attention(size.width, size.heads), Mlp(size.width, size.mlp_ratio * size.width), eps=eps)
            for _ in range(size.depth)
        )
        self.pred = nn.Linear(size.width, pixels)

    def begin(self, encoded: Tensor, visible: Tensor) -> Tensor:
        """Put tokens at their places, and the mask token at all others.

        Args:
            encoded: (B, 1 + N, encoded), the class token first.
            visible: int64 (B, N), places of the others.

        Returns:
            (B, 1 + L, width).
        """
        tokens: Tensor = self.embed(encoded)
        first, seen = tokens[:, :1], tokens[:, 1:]
        patches = self.mask_token.to(seen.dtype).expand(len(seen), self.pos_embed.shape[1] - 1, -1)
        whole = patches.scatter(1, visible[:, :, None].expand_as(seen), seen)
        return torch.cat((first, whole), dim=1) + self.pos_embed

    def finish(self, tokens: Tensor, others: Tensor, norm: nn.Module) -> Tensor:
        """Map tokens as `begin` gave them, and the other modality's, to pixels of each patch (B, L, pixels)."""
        if self.cross is not None:
            tokens = self.cross(tokens, others)
        for block in self.blocks:
            tokens = block(tokens)
        pixels: Tensor = self.pred(norm(tokens))
        return pixels[:, 1:]
