"""StitchFusion block by block, modality after modality; in the order of its paper, or in that of the authors' code."""

import itertools

import torch
import torch.nn.functional as F
from torch import nn

from benchmarks.literal.mit import Attention, Head, MixFfn, PatchEmbed, map_of, tokens_of
from rgbtbench.zoo.parts.mit import HEADS, LAYER_NORM_EPS, PATCHES, REDUCTIONS, MitSize

EPS = LAYER_NORM_EPS["deliver"]


class Adapter(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.adapter_down, self.adapter_mid, self.adapter_up = nn.Linear(width, 8), nn.Linear(8, 8), nn.Linear(8, width)

    def forward(self, tokens):
        return self.adapter_up(F.gelu(self.adapter_mid(self.adapter_down(tokens))))


class Block(nn.Module):
    def __init__(self, width, heads, reduction, adapters, modalities, alias):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width, eps=EPS.block), nn.LayerNorm(width, eps=EPS.block)
        self.attn, self.mlp = Attention(width, heads, reduction, EPS.reduction), MixFfn(width)
        self.adapters, self.alias = adapters, alias
        if adapters == "shared":
            self.adap_t, self.adap2_t = Adapter(width), Adapter(width)
        for source, target in itertools.permutations(range(1, 1 + modalities), 2):
            if adapters == "direction" or (adapters == "pair" and source < target):
                self.add_module(f"adap_t_att{source}{target}", Adapter(width))
                self.add_module(f"adap_t_mlp{source}{target}", Adapter(width))

    def adapter(self, phase, source, target):
        if self.adapters == "shared":
            return self.adap_t if phase == "att" else self.adap2_t
        ends = (source, target) if self.adapters == "direction" or source < target else (target, source)
        return self.get_submodule(f"adap_t_{phase}{1 + ends[0]}{1 + ends[1]}")

    def forward(self, streams, height, width):
        for phase, norm, branch in (("att", self.norm1, self.attn), ("mlp", self.norm2, self.mlp)):
            earlier = streams
            streams = [stream + branch(norm(stream), height, width) for stream in streams]
            if self.alias:
                earlier = streams
            if self.adapters != "none":
                for source in range(len(streams)):
                    for target in range(len(streams)):
                        if source != target:
                            adapter = self.adapter(phase, source, target)
                            streams[target] = streams[target] + adapter(norm(earlier[source]))
        return streams


class Pointwise(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.pwconv, self.bn = nn.Conv2d(width, width, 1), nn.BatchNorm2d(width)

    def forward(self, features):
        return self.bn(self.pwconv(features))


class Depthwise(nn.Module):
    def __init__(self, width, kernel):
        super().__init__()
        self.dwconv = nn.Conv2d(width, width, kernel, padding="same", groups=width)

    def forward(self, features):
        return self.dwconv(features)


class Mixer(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(width, width), nn.Linear(width, width)
        self.pwconv1, self.pwconv2 = Pointwise(width), Pointwise(width)
        self.dwconv3, self.dwconv5, self.dwconv7 = Depthwise(width, 3), Depthwise(width, 5), Depthwise(width, 7)

    def forward(self, tokens, height, width):
        features = self.pwconv1(map_of(self.fc1(tokens), height, width))
        around = features + self.dwconv3(features) + self.dwconv5(features) + self.dwconv7(features)
        return self.fc2(F.gelu(tokens_of(self.pwconv2(around))))


class Gate(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc = nn.Sequential(
            nn.Linear(width, width // 16, bias=False),
            nn.ReLU(),
            nn.Linear(width // 16, width, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, tokens):
        return tokens * self.fc(tokens.mean(dim=1))[:, None]


class FeatureCross(nn.Module):
    def __init__(self, widths, modalities):
        super().__init__()
        self.liner_fusion_layers = nn.ModuleList(nn.Linear(modalities * width, width) for width in widths)
        self.mix_ffn = nn.ModuleList(Mixer(width) for width in widths)
        self.channel_attns = nn.ModuleList(Gate(width) for width in widths)

    def forward(self, stage, maps):
        height, width = maps[0].shape[2:]
        joined = self.liner_fusion_layers[stage](tokens_of(torch.cat(maps, dim=1)))
        fused = self.mix_ffn[stage](joined, height, width) + self.channel_attns[stage](joined)
        return map_of(fused, height, width)


class Encoder(nn.Module):
    def __init__(self, size: MitSize, modalities, adapters, *, cross, alias):
        super().__init__()
        for stage, (width, depth) in enumerate(zip(size.widths, size.depths, strict=True)):
            inputs = size.widths[stage - 1] if stage else 3
            settings = (width, HEADS[stage], REDUCTIONS[stage], adapters[stage], modalities, alias)
            self.add_module(f"patch_embed{stage + 1}", PatchEmbed(inputs, width, *PATCHES[stage], EPS.patch_embed))
            self.add_module(f"block{stage + 1}", nn.ModuleList(Block(*settings) for _ in range(depth)))
            self.add_module(f"norm{stage + 1}", nn.LayerNorm(width, eps=EPS.stage))
        self.feature_cross = FeatureCross(size.widths, modalities) if cross else None

    def forward(self, images):
        maps, fused = list(images), []
        for stage in range(4):
            embedded = [self.get_submodule(f"patch_embed{stage + 1}")(features) for features in maps]
            streams, (height, width) = [tokens for tokens, _, _ in embedded], embedded[0][1:]
            for block in self.get_submodule(f"block{stage + 1}"):
                streams = block(streams, height, width)
            norm = self.get_submodule(f"norm{stage + 1}")
            maps = [map_of(norm(stream), height, width) for stream in streams]
            fused.append(
                torch.stack(maps).sum(dim=0) if self.feature_cross is None else self.feature_cross(stage, maps)
            )
        return fused


class StitchFusion(nn.Module):
    def __init__(self, size: MitSize, hidden, classes, *, extra=1, adapters=("pair",) * 4, cross=False, alias=False):
        super().__init__()
        self.backbone = Encoder(size, 1 + extra, adapters, cross=cross, alias=alias)
        self.decode_head = Head(size.widths, hidden, classes)

    def forward(self, *images):
        logits = self.decode_head(self.backbone(images))
        return F.interpolate(logits, images[0].shape[2:], mode="bilinear", align_corners=False)
