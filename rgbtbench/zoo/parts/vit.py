"""Vision Transformer: patches, positions and blocks, as MAE, DINOv2, BEiT and ViTDet arrange them.

Dosovitskiy et al., "An Image is Worth 16x16 Words", ICLR 2021. Layers carry the names of timm and of the published
weights of MAE, DINOv2 and ViTDet (`blocks.0.attn.qkv.weight`). Tokens are (B, N, C), row by row, class token first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import StochasticDepth

from rgbtbench.zoo.parts.mit import Grid, drop_path_rates, to_tokens
from rgbtbench.zoo.parts.positions import resized_positions, sin_cos_positions

VitName = Literal["vit_s", "vit_b", "vit_l", "vit_h"]


@dataclass(frozen=True, slots=True)
class VitSize:
    """Channels of tokens, number of blocks, heads of attention, and how much wider feed-forward networks are inside."""

    width: int
    depth: int
    heads: int
    mlp_ratio: int = 4


VIT_SIZES: Final[Mapping[VitName, VitSize]] = {
    "vit_s": VitSize(384, 12, 6),
    "vit_b": VitSize(768, 12, 12),
    "vit_l": VitSize(1024, 24, 16),
    "vit_h": VitSize(1280, 32, 16),
}


class PatchEmbed(nn.Module):
    """One linear map of all patches."""

    def __init__(self, channels: int, width: int, patch: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(channels, width, patch, stride=patch)

    def forward(self, image: Tensor) -> tuple[Tensor, Grid]:
        """Map (B, channels, H, W) to tokens (B, h·w, width) and their grid (h, w); what fills no patch is left out."""
        features = self.proj(image)
        return to_tokens(features), (features.shape[2], features.shape[3])


class Attention(nn.Module):
    """Self-attention of all tokens; subclasses know where they lie."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def attend(self, query: Tensor, key: Tensor, value: Tensor, grid: Grid | None) -> Tensor:
        """Return what the queries find: all are (B, heads, N, C / heads)."""
        del grid
        return F.scaled_dot_product_attention(query, key, value)

    def forward(self, tokens: Tensor, grid: Grid | None = None) -> Tensor:
        """Map (B, N, C) to (B, N, C).

        Args:
            tokens: class token first, if there is one.
            grid: rows and columns of the others; None where some are left out, which no subclass can do without.
        """
        query, key, value = self.qkv(tokens).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        found = self.attend(query, key, value, grid).transpose(1, 2).flatten(2)
        output: Tensor = self.proj(found)
        return output


class Mlp(nn.Module):
    """Feed-forward network of each token by itself."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map (B, N, width) to (B, N, width)."""
        output: Tensor = self.fc2(F.gelu(self.fc1(tokens)))
        return output


class LayerScale(nn.Module):
    """A learned factor per channel (Touvron et al., ICCV 2021)."""

    def __init__(self, width: int, initial: float) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.full((width,), initial))

    def forward(self, tokens: Tensor) -> Tensor:
        """Map (..., width) to the same shape."""
        return tokens * self.gamma


class Block(nn.Module):
    """Attention and feed-forward network, each after a normalisation and beside a shortcut.

    Args:
        width: channels of tokens.
        attention: its first half.
        mlp: its second half.
        eps: of the layer normalisations; MAE, DINOv2 and BEiT have 1e-6, mmdetection's ViTDet 1e-5.
        drop_path: chance of leaving out a branch in training.
        layer_scale: first factor of each branch; None for no factors.
    """

    def __init__(
        self,
        width: int,
        attention: Attention,
        mlp: nn.Module,
        *,
        eps: float = 1e-6,
        drop_path: float = 0.0,
        layer_scale: float | None = None,
    ) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=eps)
        self.attn = attention
        self.norm2 = nn.LayerNorm(width, eps=eps)
        self.mlp = mlp
        self.ls1: nn.Module = nn.Identity() if layer_scale is None else LayerScale(width, layer_scale)
        self.ls2: nn.Module = nn.Identity() if layer_scale is None else LayerScale(width, layer_scale)
        self.drop_path = StochasticDepth(drop_path, "row")

    def forward(self, tokens: Tensor, grid: Grid | None = None) -> Tensor:
        """Map (B, N, C) to (B, N, C); arguments are those of `Attention`."""
        tokens = tokens + self.drop_path(self.ls1(self.attn(self.norm1(tokens), grid)))
        output: Tensor = tokens + self.drop_path(self.ls2(self.mlp(self.norm2(tokens))))
        return output


class Vit(nn.Module):
    """The encoder.

    Args:
        size: of the network.
        grid: rows and columns that the table of positions is for; images of other sizes get an interpolated one.
        patch: side of a patch in pixels.
        channels: of the image.
        eps, drop_path, layer_scale: see `Block`; the chance rises linearly from 0 over the blocks.
        positions: learned, or fixed sines and cosines, which are a parameter without gradients as in MAE.
        offset: of the interpolation, see `resized_positions`.
        attention: returns that of a block, by its number; None for plain attention.
        final_norm: whether `forward` ends in a layer normalisation.
    """

    def __init__(
        self,
        size: VitSize,
        *,
        grid: Grid,
        patch: int = 16,
        channels: int = 3,
        eps: float = 1e-6,
        drop_path: float = 0.0,
        layer_scale: float | None = None,
        positions: Literal["learned", "sin_cos"] = "learned",
        offset: float = 0.0,
        attention: Callable[[int], Attention] | None = None,
        final_norm: bool = True,
    ) -> None:
        super().__init__()
        self.grid, self.offset = grid, offset
        self.patch_embed = PatchEmbed(channels, size.width, patch)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, size.width))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + math.prod(grid), size.width), positions == "learned")
        self.blocks = nn.ModuleList(
            Block(
                size.width,
                attention(number) if attention is not None else Attention(size.width, size.heads),
                Mlp(size.width, size.mlp_ratio * size.width),
                eps=eps,
                drop_path=rate,
                layer_scale=layer_scale,
            )
            for number, rate in enumerate(drop_path_rates((size.depth,), drop_path))
        )
        self.norm: nn.Module = nn.LayerNorm(size.width, eps=eps) if final_norm else nn.Identity()
        self.apply(initialise_vit)
        nn.init.trunc_normal_(self.cls_token, std=0.02)
        if positions == "learned":
            nn.init.trunc_normal_(self.pos_embed, std=0.02)
        else:
            with torch.no_grad():
                self.pos_embed[0, 1:] = sin_cos_positions(grid, size.width)

    def positions(self, grid: Grid) -> Tensor:
        """Return (1, 1 + rows · columns, C), the embeddings of the class token and of all places of a grid."""
        return resized_positions(self.pos_embed, grid, known=self.grid, offset=self.offset)

    def patches(self, image: Tensor) -> tuple[Tensor, Grid]:
        """Map (B, channels, H, W) to tokens (B, h·w, C) that know their place, without the class token, and (h, w)."""
        tokens, grid = self.patch_embed(image)
        return tokens + self.positions(grid)[:, 1:], grid

    def with_class_token(self, tokens: Tensor) -> Tensor:
        """Map (B, N, C), all or some of an image's tokens, to (B, 1 + N, C)."""
        first = self.cls_token + self.pos_embed[:, :1]
        return torch.cat((first.expand(tokens.shape[0], -1, -1), tokens), dim=1)

    def encode(self, tokens: Tensor, grid: Grid | None = None) -> Tensor:
        """Run blocks and the last normalisation on (B, 1 + N, C); `grid` is None where tokens are left out."""
        for block in self.blocks:
            tokens = block(tokens, grid)
        output: Tensor = self.norm(tokens)
        return output

    def taps(self, image: Tensor, numbers: Collection[int]) -> tuple[list[Tensor], Grid]:
        """Return the tokens (B, 1 + h·w, C) that come out of some blocks, without normalisation, and (h, w)."""
        tokens, grid = self.patches(image)
        tokens = self.with_class_token(tokens)
        found = []
        for number, block in enumerate(self.blocks):
            tokens = block(tokens, grid)
            if number in numbers:
                found.append(tokens)
        return found, grid

    def forward(self, image: Tensor) -> tuple[Tensor, Grid]:
        """Map (B, channels, H, W) to tokens (B, 1 + h·w, C) and (h, w)."""
        tokens, grid = self.patches(image)
        return self.encode(self.with_class_token(tokens), grid), grid


def initialise_vit(module: nn.Module) -> None:
    """Initialise a layer as MAE does: weights by Glorot and Bengio's uniform distribution, biases 0.

    The patch embedding counts as one linear map of a patch.
    """
    if isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, PatchEmbed):
        weight = module.proj.weight
        nn.init.xavier_uniform_(weight.view(len(weight), -1))
        if module.proj.bias is not None:
            nn.init.zeros_(module.proj.bias)


def vit_layers(encoder: str, depth: int) -> Sequence[Sequence[str]]:
    """Return the layers of an encoder for `Model.layers`: embeddings, then one block after the other.

    Args:
        encoder: name of the module, or a pattern such as `encoders.*` for several that count alike.
        depth: number of blocks.
    """
    embeddings = tuple(f"{encoder}.{part}" for part in ("patch_embed", "pos_embed", "cls_token"))
    return (embeddings, *((f"{encoder}.blocks.{number}",) for number in range(depth)))
