"""How the released checkpoints of M-SpecGene name their tensors: pre-training, and blocks of the tasks."""

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


def _of_block(ours: str, theirs: str) -> dict[str, str]:
    return {ours + own: theirs + other for own, other in _INSIDE.items()}


def names_of_blocks(ours: str, theirs: str) -> dict[str, str]:
    """Return how names in our blocks begin to how they begin in theirs; the number of a block follows the prefixes."""
    return {
        own: other
        for number in range(_BLOCKS)
        for own, other in _of_block(f"{ours}{number}.", f"{theirs}{number}.").items()
    }


def _of_branch(slot: str, suffix: str) -> dict[str, str]:
    ours = f"decoders.{slot}."
    return {
        f"{ours}embed.": f"neck.decoder_embed{suffix}.",
        f"{ours}mask_token": f"neck.mask_token{suffix}",
        f"{ours}pos_embed": f"neck.decoder_pos_embed{suffix}",
        f"{ours}pred.": f"neck.decoder_pred{suffix}.",
        **_of_block(f"{ours}cross.", f"neck.cross_attention{suffix}."),
        **names_of_blocks(f"{ours}blocks.", f"neck.decoder_blocks{suffix}."),
    }


#: Beginnings of our names to beginnings of theirs; what bears no number there is of thermal.
PUBLISHED_KEYS: Final[Mapping[str, str]] = {
    "encoder.patch_embed.proj.": "backbone.patch_embed.projection.",
    "encoder.norm.": "backbone.ln1.",
    **names_of_blocks("encoder.blocks.", "backbone.layers."),
    "encoder.": "backbone.",
    **_of_branch("thermal", ""),
    **_of_branch("rgb", "2"),
    "decoder_norm.": "neck.ln1.",
}
