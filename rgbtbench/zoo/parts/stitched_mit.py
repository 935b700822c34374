"""A Mix Transformer that any number of modalities share, with adapters between them in every block (StitchFusion).

Li, Zhang, Zhao, Gao and Li, "StitchFusion: Weaving Any Visual Modalities to Enhance Multimodal Semantic Segmentation",
arXiv 2408.01343, 2024. Layers carry the published names. The modalities lie one after the other along the batch, so
that shared layers see them at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final, Literal, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rgbtbench.zoo.parts.mit import STAGES, Grid, LayerNormEps, Mit, MitBlock, MitSize

#: Whether blocks have none, one for all modalities, one per pair of them, or one per pair and direction.
Adapters = Literal["none", "shared", "pair", "direction"]
AdaptersOfStages = tuple[Adapters, Adapters, Adapters, Adapters]

_HIDDEN: Final = 8
_DROPOUT: Final = 0.1
#: What the names of adapters after attention and after the feed-forward network begin with, shared and not.
_AFTER_ATTENTION: Final = ("adap_t", "adap_t_att")
_AFTER_FFN: Final = ("adap2_t", "adap_t_mlp")


class MultiAdapter(nn.Module):
    """What one modality hands to another: through a few channels and back."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.adapter_down = nn.Linear(width, _HIDDEN)
        self.adapter_mid = nn.Linear(_HIDDEN, _HIDDEN)
        self.adapter_up = nn.Linear(_HIDDEN, width)
        self.dropout = nn.Dropout(_DROPOUT)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map (B, N, width) to the same shape."""
        output: Tensor = self.adapter_up(self.dropout(F.gelu(self.adapter_mid(self.adapter_down(tokens)))))
        return output


class StitchedBlock(MitBlock):
    """A block for several modalities; after attention and after the feed-forward network each hands on to all others.

    What is handed on is made of a modality as it was before attention, or before the feed-forward network.

    Args:
        stage: that the block is in, from 0.
        width: channels.
        eps: of the layer normalisations.
        drop_path: chance of leaving out a branch in training.
        adapters: how many there are.
        modalities: number of them.
        alias_order: what is handed on is made of a modality as it is by then: with what attention found, and with what
            earlier modalities handed to it.
    """

    def __init__(
        self,
        stage: int,
        width: int,
        *,
        eps: LayerNormEps,
        drop_path: float,
        adapters: Adapters,
        modalities: int,
        alias_order: bool,
    ) -> None:
        super().__init__(stage, width, eps=eps, drop_path=drop_path)
        self.adapters, self.modalities, self.alias_order = adapters, modalities, alias_order
        for names in (_AFTER_ATTENTION, _AFTER_FFN):
            for name in dict.fromkeys(self._name(names, *ends) for ends in self._ends()):
                self.add_module(name, MultiAdapter(width))

    def forward(self, tokens: Tensor, grid: Grid) -> Tensor:
        """Map (modalities·B, N, width) to the same shape."""
        normed = self.norm1(tokens)
        tokens = self._handed_on(
            tokens + self.drop_path(self.attn(normed, grid)), normed, norm=self.norm1, names=_AFTER_ATTENTION
        )
        normed = self.norm2(tokens)
        return self._handed_on(
            tokens + self.drop_path(self.mlp(normed, grid)), normed, norm=self.norm2, names=_AFTER_FFN
        )

    def _handed_on(self, tokens: Tensor, before: Tensor, *, norm: nn.Module, names: tuple[str, str]) -> Tensor:
        """Add to each modality what the others hand on; `before` is normalised, from before the branch."""
        if self.adapters == "none":
            return tokens
        found, sources = list(tokens.chunk(self.modalities)), before.chunk(self.modalities)
        for source in range(self.modalities):
            given = norm(found[source]) if self.alias_order else sources[source]
            for target in range(self.modalities):
                if target != source:
                    adapter = cast("MultiAdapter", self.get_submodule(self._name(names, source, target)))
                    found[target] = found[target] + self.drop_path(adapter(given))
        return torch.cat(found)

    def _ends(self) -> Iterator[tuple[int, int]]:
        """Yield every source with every target, where there are adapters at all."""
        if self.adapters != "none":
            for source in range(self.modalities):
                yield from ((source, target) for target in range(self.modalities) if target != source)

    def _name(self, names: tuple[str, str], source: int, target: int) -> str:
        shared, between = names
        if self.adapters == "shared":
            return shared
        ends = (source, target) if self.adapters == "direction" else sorted((source, target))
        return between + "".join(str(1 + end) for end in ends)


class StitchedMit(Mit):
    """The encoder of StitchFusion.

    Args:
        size: widths and depths.
        modalities: number of them, colour included, from 2.
        adapters: of each stage's blocks.
        alias_order: see `StitchedBlock`.
        eps: of the layer normalisations.
        drop_path: chance of leaving out a branch of the deepest blocks.
    """

    def __init__(
        self,
        size: MitSize,
        *,
        modalities: int,
        adapters: AdaptersOfStages,
        alias_order: bool,
        eps: LayerNormEps,
        drop_path: float,
    ) -> None:
        def block(stage: int, width: int, *, eps: LayerNormEps, drop_path: float) -> StitchedBlock:
            make = partial(StitchedBlock, modalities=modalities, alias_order=alias_order)
            return make(stage, width, eps=eps, drop_path=drop_path, adapters=adapters[stage])

        super().__init__(size, eps=eps, drop_path=drop_path, block=block)

    def maps(self, images: Sequence[Tensor]) -> list[tuple[Tensor, ...]]:
        """Map images (B, 3, H, W) to the maps of each stage, finest first, one (B, C, h, w) for each image."""
        features, result = torch.cat(list(images)), []
        for stage in range(STAGES):
            features = self.stage(stage, features)
            result.append(features.chunk(len(images)))
        return result
