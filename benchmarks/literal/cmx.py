"""CMX after its equations 1 to 9, and SegFormer beside it."""

import torch
import torch.nn.functional as F
from torch import nn

from benchmarks.literal.mit import Head, Stages, map_of, tokens_of
from rgbtbench.zoo.parts.mit import HEADS, LAYER_NORM_EPS, MitSize


class ChannelWeights(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(4 * width, 4 * width), nn.ReLU(), nn.Linear(4 * width, 2 * width))

    def forward(self, both):
        pooled = torch.cat((F.adaptive_avg_pool2d(both, 1), F.adaptive_max_pool2d(both, 1)), dim=1)
        return self.mlp(pooled.flatten(1)).sigmoid().reshape(len(both), 2, -1, 1, 1).unbind(1)


class SpatialWeights(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.mlp = nn.Sequential(nn.Conv2d(2 * width, width, 1), nn.ReLU(), nn.Conv2d(width, 2, 1))

    def forward(self, both):
        return self.mlp(both).sigmoid().chunk(2, dim=1)


class Rectification(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.channel_weights, self.spatial_weights = ChannelWeights(width), SpatialWeights(width)

    def forward(self, first, second):
        both = torch.cat((first, second), dim=1)
        channels, places = self.channel_weights(both), self.spatial_weights(both)
        return (
            first + 0.5 * channels[1] * second + 0.5 * places[1] * second,
            second + 0.5 * channels[0] * first + 0.5 * places[0] * first,
        )


class CrossAttention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.kv1, self.kv2 = nn.Linear(width, 2 * width, bias=False), nn.Linear(width, 2 * width, bias=False)

    def context(self, tokens, layer):
        batch, count, width = tokens.shape
        key, value = layer(tokens).reshape(batch, count, 2, self.heads, -1).permute(2, 0, 3, 1, 4).contiguous()
        return ((key.transpose(2, 3) @ value) * (width // self.heads) ** -0.5).softmax(dim=2)

    def queried(self, tokens, context):
        batch, count, width = tokens.shape
        query = tokens.reshape(batch, count, self.heads, -1).permute(0, 2, 1, 3).contiguous()
        return (query @ context).permute(0, 2, 1, 3).reshape(batch, count, width)

    def forward(self, first, second):
        of_first, of_second = self.context(first, self.kv1), self.context(second, self.kv2)
        return self.queried(first, of_second), self.queried(second, of_first)


class CrossPath(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.channel_proj1, self.channel_proj2 = nn.Linear(width, 2 * width), nn.Linear(width, 2 * width)
        self.cross_attn = CrossAttention(width, heads)
        self.end_proj1, self.end_proj2 = nn.Linear(2 * width, width), nn.Linear(2 * width, width)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)

    def forward(self, first, second):
        residual1, query1 = F.relu(self.channel_proj1(first)).chunk(2, dim=2)
        residual2, query2 = F.relu(self.channel_proj2(second)).chunk(2, dim=2)
        attended1, attended2 = self.cross_attn(query1, query2)
        first = first + self.end_proj1(torch.cat((residual1, attended1), dim=2))
        second = second + self.end_proj2(torch.cat((residual2, attended2), dim=2))
        return self.norm1(first), self.norm2(second)


class ChannelEmbedding(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.residual = nn.Conv2d(2 * width, width, 1, bias=False)
        self.channel_embed = nn.Sequential(
            nn.Conv2d(2 * width, width, 1),
            nn.Conv2d(width, width, 3, padding=1, groups=width),
            nn.ReLU(),
            nn.Conv2d(width, width, 1),
            nn.BatchNorm2d(width),
        )
        self.norm = nn.BatchNorm2d(width)

    def forward(self, both):
        return self.norm(self.residual(both) + self.channel_embed(both))


class Fusion(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.cross, self.channel_emb = CrossPath(width, heads), ChannelEmbedding(width)

    def forward(self, first, second):
        merged = torch.cat(self.cross(tokens_of(first), tokens_of(second)), dim=2)
        return self.channel_emb(map_of(merged, *first.shape[2:]))


class Joined(Stages):
    """Holds rectification and fusion of all stages."""

    def add_fusion(self, size: MitSize):
        self.FRMs = nn.ModuleList(Rectification(width) for width in size.widths)
        self.FFMs = nn.ModuleList(Fusion(width, heads) for width, heads in zip(size.widths, HEADS, strict=True))


class Cmx(nn.Module):
    def __init__(self, size: MitSize, hidden: int, classes: int):
        super().__init__()
        self.backbone = Joined()
        for prefix in ("", "extra_"):
            self.backbone.add_encoder(size, LAYER_NORM_EPS["segformer"], prefix)
        self.backbone.add_fusion(size)
        self.decode_head = Head(size.widths, hidden, classes, bias=True)

    def forward(self, image, x):
        rgb, fused = image, []
        for stage in range(4):
            rgb, x = self.backbone.run_stage(stage, rgb), self.backbone.run_stage(stage, x, "extra_")
            rgb, x = self.backbone.FRMs[stage](rgb, x)
            fused.append(self.backbone.FFMs[stage](rgb, x))
        return F.interpolate(self.decode_head(fused), image.shape[2:], mode="bilinear", align_corners=False)


class SegFormer(nn.Module):
    def __init__(self, size: MitSize, hidden: int, classes: int):
        super().__init__()
        self.backbone = Stages()
        self.backbone.add_encoder(size, LAYER_NORM_EPS["segformer"])
        self.decode_head = Head(size.widths, hidden, classes)

    def forward(self, image):
        features, maps = image, []
        for stage in range(4):
            features = self.backbone.run_stage(stage, features)
            maps.append(features)
        return F.interpolate(self.decode_head(maps), image.shape[2:], mode="bilinear", align_corners=False)
