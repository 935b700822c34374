"""ViTDet's backbone after its paper and the published formula of decomposed relative positions."""

import torch
import torch.nn.functional as F
from torch import nn

from rgbtbench.zoo.parts.vit import VitSize
from rgbtbench.zoo.parts.vitdet import GLOBAL_BLOCKS, PATCH, PRETRAINED_GRID, WINDOW


class Attention(nn.Module):
    def __init__(self, width, heads, side):
        super().__init__()
        self.heads = heads
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.rel_pos_h = nn.Parameter(torch.zeros(2 * side - 1, width // heads))
        self.rel_pos_w = nn.Parameter(torch.zeros(2 * side - 1, width // heads))

    def vectors(self, table, side):
        if len(table) != 2 * side - 1:
            table = F.interpolate(table.T[None], size=2 * side - 1, mode="linear")[0].T
        places = torch.arange(side)
        return table[places[:, None] - places[None] + side - 1]

    def forward(self, image):
        batch, height, width, channels = image.shape
        qkv = self.qkv(image).reshape(batch, height * width, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        query, key, value = qkv.reshape(3, batch * self.heads, height * width, -1)
        scores = (query * query.shape[-1] ** -0.5) @ key.transpose(1, 2)
        placed = query.reshape(batch * self.heads, height, width, -1)
        by_row = torch.einsum("bhwc,hkc->bhwk", placed, self.vectors(self.rel_pos_h, height))
        by_column = torch.einsum("bhwc,wkc->bhwk", placed, self.vectors(self.rel_pos_w, width))
        scores = scores.view(-1, height, width, height, width) + by_row[..., None] + by_column[:, :, :, None]
        found = scores.view(-1, height * width, height * width).softmax(dim=2) @ value
        found = found.view(batch, self.heads, height, width, -1).permute(0, 2, 3, 1, 4)
        return self.proj(found.reshape(batch, height, width, channels))


class Mlp(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def forward(self, image):
        return self.fc2(F.gelu(self.fc1(image)))


class Block(nn.Module):
    def __init__(self, size, side, window):
        super().__init__()
        self.window = window
        self.norm1, self.norm2 = nn.LayerNorm(size.width, eps=1e-6), nn.LayerNorm(size.width, eps=1e-6)
        self.attn = Attention(size.width, size.heads, window or side)
        self.mlp = Mlp(size.width, size.mlp_ratio * size.width)

    def attended(self, image):
        if not self.window:
            return self.attn(image)
        batch, height, width, channels = image.shape
        down, right = (-(-side // self.window) for side in (height, width))
        padded = F.pad(image, (0, 0, 0, right * self.window - width, 0, down * self.window - height))
        windows = padded.view(batch, down, self.window, right, self.window, channels).permute(0, 1, 3, 2, 4, 5)
        found = self.attn(windows.reshape(-1, self.window, self.window, channels))
        found = found.view(batch, down, right, self.window, self.window, channels).permute(0, 1, 3, 2, 4, 5)
        return found.reshape(padded.shape)[:, :height, :width]

    def forward(self, image):
        image = image + self.attended(self.norm1(image))
        return image + self.mlp(self.norm2(image))


class PatchEmbed(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.proj = nn.Conv2d(3, width, PATCH, stride=PATCH)

    def forward(self, image):
        return self.proj(image).permute(0, 2, 3, 1)


class VitDet(nn.Module):
    def __init__(self, size: VitSize, *, side: int):
        super().__init__()
        self.patch_embed = PatchEmbed(size.width)
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + PRETRAINED_GRID[0] * PRETRAINED_GRID[1], size.width))
        every = size.depth // GLOBAL_BLOCKS
        self.blocks = nn.ModuleList(
            Block(size, side, 0 if (number + 1) % every == 0 else WINDOW) for number in range(size.depth)
        )

    def forward(self, image):
        image = self.patch_embed(image)
        known = self.pos_embed[:, 1:].reshape(1, *PRETRAINED_GRID, -1).permute(0, 3, 1, 2)
        places = F.interpolate(known, size=image.shape[1:3], mode="bicubic", align_corners=False)
        image = image + places.permute(0, 2, 3, 1)
        for block in self.blocks:
            image = block(image)
        return image.permute(0, 3, 1, 2)
