"""Mix Transformer and all-MLP head after SegFormer's equations 1 to 4."""

import torch
import torch.nn.functional as F
from torch import nn

from rgbtbench.zoo.parts.mit import HEADS, PATCHES, REDUCTIONS, LayerNormEps, MitSize


def map_of(tokens, height, width):
    return tokens.transpose(1, 2).reshape(len(tokens), -1, height, width).contiguous()


def tokens_of(features):
    return features.flatten(2).transpose(1, 2).contiguous()


class PatchEmbed(nn.Module):
    def __init__(self, inputs, width, kernel, stride, eps):
        super().__init__()
        self.proj = nn.Conv2d(inputs, width, kernel, stride, kernel // 2)
        self.norm = nn.LayerNorm(width, eps=eps)

    def forward(self, image):
        features = self.proj(image)
        return self.norm(tokens_of(features)), *features.shape[2:]


class Attention(nn.Module):
    def __init__(self, width, heads, reduction, eps):
        super().__init__()
        self.heads, self.reduction = heads, reduction
        self.q, self.kv, self.proj = nn.Linear(width, width), nn.Linear(width, 2 * width), nn.Linear(width, width)
        if reduction > 1:
            self.sr = nn.Conv2d(width, width, reduction, reduction)
            self.norm = nn.LayerNorm(width, eps=eps)

    def forward(self, tokens, height, width):
        batch, count, channels = tokens.shape
        depth = channels // self.heads
        query = self.q(tokens).reshape(batch, count, self.heads, depth).permute(0, 2, 1, 3)
        source = tokens
        if self.reduction > 1:
            source = self.norm(tokens_of(self.sr(map_of(tokens, height, width))))
        key, value = self.kv(source).reshape(batch, -1, 2, self.heads, depth).permute(2, 0, 3, 1, 4)
        weights = ((query @ key.transpose(2, 3)) * depth**-0.5).softmax(dim=3)
        return self.proj((weights @ value).transpose(1, 2).reshape(batch, count, channels))


class DepthwiseConv(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.dwconv = nn.Conv2d(width, width, 3, padding=1, groups=width)

    def forward(self, features):
        return self.dwconv(features)


class MixFfn(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc1, self.dwconv, self.fc2 = (
            nn.Linear(width, 4 * width),
            DepthwiseConv(4 * width),
            nn.Linear(4 * width, width),
        )

    def forward(self, tokens, height, width):
        return self.fc2(F.gelu(tokens_of(self.dwconv(map_of(self.fc1(tokens), height, width)))))


class Block(nn.Module):
    def __init__(self, width, heads, reduction, eps: LayerNormEps):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width, eps=eps.block), nn.LayerNorm(width, eps=eps.block)
        self.attn, self.mlp = Attention(width, heads, reduction, eps.reduction), MixFfn(width)

    def forward(self, tokens, height, width):
        tokens = tokens + self.attn(self.norm1(tokens), height, width)
        return tokens + self.mlp(self.norm2(tokens), height, width)


class Stages(nn.Module):
    """Holds encoders' stages under `prefix`, as published networks with two of them do."""

    def add_encoder(self, size: MitSize, eps: LayerNormEps, prefix="", channels=3):
        for stage, (width, depth) in enumerate(zip(size.widths, size.depths, strict=True)):
            inputs = size.widths[stage - 1] if stage else channels
            embed = PatchEmbed(inputs, width, *PATCHES[stage], eps.patch_embed)
            blocks = [Block(width, HEADS[stage], REDUCTIONS[stage], eps) for _ in range(depth)]
            self.add_module(f"{prefix}patch_embed{stage + 1}", embed)
            self.add_module(f"{prefix}block{stage + 1}", nn.ModuleList(blocks))
            self.add_module(f"{prefix}norm{stage + 1}", nn.LayerNorm(width, eps=eps.stage))

    def run_stage(self, stage, features, prefix=""):
        tokens, height, width = self.get_submodule(f"{prefix}patch_embed{stage + 1}")(features)
        for block in self.get_submodule(f"{prefix}block{stage + 1}"):
            tokens = block(tokens, height, width)
        return map_of(self.get_submodule(f"{prefix}norm{stage + 1}")(tokens), height, width)


class Projection(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.proj = nn.Linear(inputs, outputs)

    def forward(self, features):
        return map_of(self.proj(tokens_of(features)), *features.shape[2:])


class Mixing(nn.Module):
    def __init__(self, inputs, outputs, bias):
        super().__init__()
        self.conv, self.bn = nn.Conv2d(inputs, outputs, 1, bias=bias), nn.BatchNorm2d(outputs)

    def forward(self, features):
        return F.relu(self.bn(self.conv(features)))


class Head(nn.Module):
    def __init__(self, widths, hidden, classes, *, bias=False):
        super().__init__()
        self.linear_c1, self.linear_c2, self.linear_c3, self.linear_c4 = (Projection(w, hidden) for w in widths)
        self.linear_fuse = Mixing(4 * hidden, hidden, bias)
        self.linear_pred = nn.Conv2d(hidden, classes, 1)

    def forward(self, maps):
        layers = (self.linear_c1, self.linear_c2, self.linear_c3, self.linear_c4)
        unified = [
            F.interpolate(layer(features), maps[0].shape[2:], mode="bilinear", align_corners=False)
            for layer, features in zip(layers, maps, strict=True)
        ]
        return self.linear_pred(self.linear_fuse(torch.cat(unified[::-1], dim=1)))
