"""CMNeXt after the formulas of its section 3."""

import torch
import torch.nn.functional as F
from torch import nn

from benchmarks.literal.cmx import Joined
from benchmarks.literal.mit import DepthwiseConv, Head
from rgbtbench.zoo.parts.mit import LAYER_NORM_EPS, PATCHES, MitSize


class ChannelNorm(nn.Module):
    """Layer normalisation over the channels of a map, written out."""

    def __init__(self, width):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))

    def forward(self, features):
        mean = features.mean(1, keepdim=True)
        variance = (features - mean).pow(2).mean(1, keepdim=True)
        normalised = (features - mean) / torch.sqrt(variance + 1e-6)
        return self.weight[:, None, None] * normalised + self.bias[:, None, None]


class Shared(nn.Module):
    def __init__(self, inputs, width, kernel, stride):
        super().__init__()
        self.module = nn.Conv2d(inputs, width, kernel, stride, kernel // 2)


class Embed(nn.Module):
    def __init__(self, inputs, width, kernel, stride, extra):
        super().__init__()
        self.proj = Shared(inputs, width, kernel, stride)
        self.norm = nn.ModuleDict({f"ln_{number}": ChannelNorm(width) for number in range(extra)})

    def forward(self, maps):
        return [norm(self.proj.module(features)) for norm, features in zip(self.norm.values(), maps, strict=True)]


class Hub(nn.Module):
    def __init__(self, width, extra):
        super().__init__()
        self.score_nets = nn.ModuleList(
            nn.Sequential(nn.Conv2d(width, width, 3, padding=1, groups=width), nn.Conv2d(width, 1, 1), nn.Sigmoid())
            for _ in range(extra)
        )

    def forward(self, maps):
        maps = [score(features) * features + features for score, features in zip(self.score_nets, maps, strict=True)]
        return maps, torch.stack(maps).max(dim=0).values


class Mixer(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv0 = nn.Conv2d(width, width, 7, padding=3, groups=width)
        self.conv4 = nn.Conv2d(width, width, 1)

    def forward(self, features):
        local = self.conv0(features)
        pools = [F.avg_pool2d(local, side, stride=1, padding=side // 2, count_include_pad=False) for side in (3, 7, 11)]
        return self.conv4(local + pools[0] + pools[1] + pools[2]).sigmoid() * features + features


class Mlp(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.fc1, self.dwconv, self.fc2 = (
            nn.Conv2d(width, hidden, 1),
            DepthwiseConv(hidden),
            nn.Conv2d(hidden, width, 1),
        )

    def forward(self, features):
        return self.fc2(F.gelu(self.dwconv(self.fc1(features))))


class MspaBlock(nn.Module):
    def __init__(self, width, ratio):
        super().__init__()
        self.norm1, self.norm2 = nn.BatchNorm2d(width), nn.BatchNorm2d(width)
        self.attn, self.mlp = Mixer(width), Mlp(width, ratio * width)
        self.layer_scale_1, self.layer_scale_2 = (nn.Parameter(torch.full((width,), 0.01)) for _ in range(2))
        self.c_nets = nn.Sequential(nn.Conv1d(1, 1, 3, padding=1, bias=False), nn.Sigmoid())

    def forward(self, features):
        features = features + self.layer_scale_1[:, None, None] * self.attn(self.norm1(features))
        pooled = F.adaptive_avg_pool2d(features, 1).flatten(1)[:, None]
        gated = self.c_nets(pooled)[:, 0, :, None, None] * features
        return gated + self.layer_scale_2[:, None, None] * self.mlp(self.norm2(features))


class CmNext(nn.Module):
    def __init__(self, size: MitSize, hidden: int, classes: int, *, extra: int):
        super().__init__()
        self.backbone = Joined()
        self.backbone.add_encoder(size, LAYER_NORM_EPS["deliver"])
        self.backbone.add_fusion(size)
        self.backbone.extra_downsample_layers = nn.ModuleList(
            Embed(size.widths[stage - 1] if stage else 3, width, *PATCHES[stage], extra)
            for stage, width in enumerate(size.widths)
        )
        if extra > 1:
            self.backbone.extra_score_predictor = nn.ModuleList(Hub(width, extra) for width in size.widths)
        for stage, (width, depth, ratio) in enumerate(zip(size.widths, size.depths, (8, 8, 4, 4), strict=True), 1):
            self.backbone.add_module(
                f"extra_block{stage}", nn.Sequential(*(MspaBlock(width, ratio) for _ in range(depth)))
            )
            self.backbone.add_module(f"extra_norm{stage}", ChannelNorm(width))
        self.extra = extra
        self.decode_head = Head(size.widths, hidden, classes)

    def forward(self, image, *others):
        rgb, fused = image, []
        for stage in range(4):
            rgb = self.backbone.run_stage(stage, rgb)
            others = self.backbone.extra_downsample_layers[stage](others)
            joined = others[0]
            if self.extra > 1:
                others, joined = self.backbone.extra_score_predictor[stage](others)
            joined = self.backbone.get_submodule(f"extra_block{stage + 1}")(joined)
            joined = self.backbone.get_submodule(f"extra_norm{stage + 1}")(joined)
            rgb, joined = self.backbone.FRMs[stage](rgb, joined)
            fused.append(self.backbone.FFMs[stage](rgb, joined))
            others = [features + joined for features in others] if self.extra > 1 else [joined]
        return F.interpolate(self.decode_head(fused), image.shape[2:], mode="bilinear", align_corners=False)
