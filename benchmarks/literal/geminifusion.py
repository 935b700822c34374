"""GeminiFusion after its section 3: two streams side by side, and the two keys of every token written out."""

import torch
import torch.nn.functional as F
from torch import nn

from benchmarks.literal.mit import DepthwiseConv, Head, map_of, tokens_of
from rgbtbench.zoo.parts.mit import HEADS, PATCHES, REDUCTIONS, MitSize

EPS = 1e-6
CROSS_HEADS = 8


class Parallel(nn.Module):
    """One layer for all streams."""

    def __init__(self, module):
        super().__init__()
        self.module = module

    def forward(self, streams):
        return [self.module(stream) for stream in streams]


class ParallelNorm(nn.Module):
    """A layer normalisation for each stream."""

    def __init__(self, width, streams=2):
        super().__init__()
        for number in range(streams):
            self.add_module(f"ln_{number}", nn.LayerNorm(width, eps=EPS))

    def forward(self, streams):
        return [norm(stream) for norm, stream in zip(self.children(), streams, strict=True)]


class PatchEmbed(nn.Module):
    def __init__(self, inputs, width, kernel, stride, streams):
        super().__init__()
        self.proj, self.norm = (
            Parallel(nn.Conv2d(inputs, width, kernel, stride, kernel // 2)),
            ParallelNorm(width, streams),
        )

    def forward(self, images):
        maps = self.proj(images)
        return self.norm([tokens_of(features) for features in maps]), *maps[0].shape[2:]


class Judge(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(2 * width, width), nn.Linear(width, width)

    def forward(self, tokens):
        return self.fc2(F.gelu(self.fc1(tokens)))


class Attention(nn.Module):
    def __init__(self, width, heads, reduction):
        super().__init__()
        self.heads, self.reduction = heads, reduction
        self.q, self.kv = Parallel(nn.Linear(width, width)), Parallel(nn.Linear(width, 2 * width))
        self.proj = Parallel(nn.Linear(width, width))
        if reduction > 1:
            self.sr, self.norm = Parallel(nn.Conv2d(width, width, reduction, reduction)), ParallelNorm(width)
        self.cross_attn_0_to_1 = nn.MultiheadAttention(width, CROSS_HEADS)
        self.cross_attn_1_to_0 = nn.MultiheadAttention(width, CROSS_HEADS)
        self.relation_judger = nn.Sequential(Judge(width), nn.Softmax(dim=-1))
        self.k_noise, self.v_noise = nn.Embedding(2, width), nn.Embedding(2, width)

    def within(self, streams, height, width):
        batch, count, channels = streams[0].shape
        depth = channels // self.heads
        sources = streams
        if self.reduction > 1:
            maps = self.sr([map_of(stream, height, width) for stream in streams])
            sources = self.norm([tokens_of(features) for features in maps])
        results = []
        for query, both in zip(self.q(streams), self.kv(sources), strict=True):
            query = query.reshape(batch, count, self.heads, depth).permute(0, 2, 1, 3)
            key, value = both.reshape(batch, -1, 2, self.heads, depth).permute(2, 0, 3, 1, 4)
            weights = ((query @ key.transpose(2, 3)) * depth**-0.5).softmax(dim=3)
            results.append((weights @ value).transpose(1, 2).reshape(batch, count, channels))
        return results

    def across(self, stream, own, other):
        """One image after the other, its tokens being the batch of an attention of one query to two keys."""
        attention = (self.cross_attn_0_to_1, self.cross_attn_1_to_0)[stream]
        results = []
        for image, twin in zip(own, other, strict=True):
            query = image[None]
            score = self.relation_judger(torch.cat((query, twin[None]), dim=2))
            keys = torch.cat((self.k_noise.weight[stream] + query, query * score))
            values = torch.cat((self.v_noise.weight[stream] + query, twin[None]))
            results.append(image + attention(query, keys, values)[0][0])
        return torch.stack(results)

    def forward(self, streams, height, width):
        first, second = self.within(streams, height, width)
        return self.proj([self.across(0, first, second), self.across(1, second, first)])


class MixFfn(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc1, self.fc2 = Parallel(nn.Linear(width, 4 * width)), Parallel(nn.Linear(4 * width, width))
        self.dwconv = DepthwiseConv(4 * width)

    def forward(self, streams, height, width):
        hidden = [self.dwconv(map_of(stream, height, width)) for stream in self.fc1(streams)]
        return self.fc2([F.gelu(tokens_of(features)) for features in hidden])


class Block(nn.Module):
    def __init__(self, width, heads, reduction):
        super().__init__()
        self.norm1, self.norm2 = ParallelNorm(width), ParallelNorm(width)
        self.attn, self.mlp = Attention(width, heads, reduction), MixFfn(width)

    def forward(self, streams, height, width):
        for norm, branch in ((self.norm1, self.attn), (self.norm2, self.mlp)):
            added = branch(norm(streams), height, width)
            streams = [stream + more for stream, more in zip(streams, added, strict=True)]
        return streams


class ScoreNets(nn.Module):
    def __init__(self, width, count):
        super().__init__()
        self.score_nets = nn.ModuleList(
            nn.Sequential(nn.Conv2d(width, width, 3, padding=1, groups=width), nn.Conv2d(width, 1, 1), nn.Sigmoid())
            for _ in range(count)
        )


class Encoder(nn.Module):
    def __init__(self, size: MitSize, extra: int):
        super().__init__()
        for stage, (width, depth) in enumerate(zip(size.widths, size.depths, strict=True)):
            inputs = size.widths[stage - 1] if stage else 3
            blocks = [Block(width, HEADS[stage], REDUCTIONS[stage]) for _ in range(depth)]
            self.add_module(f"patch_embed{stage + 1}", PatchEmbed(inputs, width, *PATCHES[stage], 1 + extra))
            self.add_module(f"block{stage + 1}", nn.ModuleList(blocks))
            self.add_module(f"norm{stage + 1}", ParallelNorm(width))
        if extra > 1:
            self.extra_score_predictor = nn.ModuleList(ScoreNets(width, extra) for width in size.widths)

    def forward(self, images):
        maps, result = list(images), []
        for stage in range(4):
            streams, height, width = self.get_submodule(f"patch_embed{stage + 1}")(maps)
            strengthened = None
            if len(streams) > 2:
                nets = self.extra_score_predictor[stage].score_nets
                others = [map_of(stream, height, width) for stream in streams[1:]]
                strengthened = [net(features) * features + features for net, features in zip(nets, others, strict=True)]
                streams = [streams[0], tokens_of(torch.stack(strengthened).amax(dim=0))]
            for block in self.get_submodule(f"block{stage + 1}"):
                streams = block(streams, height, width)
            normed = self.get_submodule(f"norm{stage + 1}")(streams)
            first, second = (map_of(stream, height, width) for stream in normed)
            result.append((first, second))
            maps = [first, second] if strengthened is None else [first, *(own + second for own in strengthened)]
        return result


class GeminiFusion(nn.Module):
    def __init__(self, size: MitSize, hidden: int, classes: int, *, extra: int = 1):
        super().__init__()
        self.backbone, self.decode_head = Encoder(size, extra), Head(size.widths, hidden, classes)
        self.alpha = nn.Parameter(torch.ones(2))

    def forward(self, *images):
        streams = zip(*self.backbone(images), strict=True)
        first, second = (self.decode_head(list(maps)) for maps in streams)
        shares = self.alpha.softmax(dim=0)
        average = shares[0] * first + shares[1] * second
        return F.interpolate(average, images[0].shape[2:], mode="bilinear", align_corners=False)
