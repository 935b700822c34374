"""How mmpretrain names the tensors of a ViT's blocks, which M-SpecGene's released files do too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

#: More blocks than any network has.
_BLOCKS: Final = 48
#: Of a block, ours and theirs.
_INSIDE: Final[Mapping[str, str]] = {
    "norm1.": "ln1.",
    "norm2.": "ln2.",
    "ls1.gamma": "gamma_1",
    "ls2.gamma": "gamma_2",
    "mlp.fc1.": "ffn.layers.0.0.",
    "mlp.fc2.": "ffn.layers.1.",
    "attn.q.bias": "attn.q_bias",
    "attn.v.bias": "attn.v_bias",
    "attn.": "attn.",
}


def names_of_block(ours: str, theirs: str) -> dict[str, str]:
    """Return how names in one block of ours begin to how they begin in theirs, behind these prefixes."""
    return {ours + own: theirs + other for own, other in _INSIDE.items()}


def names_of_blocks(ours: str, theirs: str) -> dict[str, str]:
    """Return how names in our blocks begin to how they begin in theirs; the number of a block follows the prefixes."""
    return {
        own: other
        for number in range(_BLOCKS)
        for own, other in names_of_block(f"{ours}{number}.", f"{theirs}{number}.").items()
    }


#: Beginnings of names in `Vit` to beginnings of those in mmpretrain's; all others are the same.
MMPRETRAIN_NAMES: Final[Mapping[str, str]] = {
    "patch_embed.proj.": "patch_embed.projection.",
    **names_of_blocks("blocks.", "layers."),
}
