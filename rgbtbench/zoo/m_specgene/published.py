"""How the released checkpoint of M-SpecGene's pre-training names its tensors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rgbtbench.zoo.parts.vit_names import names_of_block, names_of_blocks


def _of_branch(slot: str, suffix: str) -> dict[str, str]:
    ours = f"decoders.{slot}."
    return {
        f"{ours}embed.": f"neck.decoder_embed{suffix}.",
        f"{ours}mask_token": f"neck.mask_token{suffix}",
        f"{ours}pos_embed": f"neck.decoder_pos_embed{suffix}",
        f"{ours}pred.": f"neck.decoder_pred{suffix}.",
        **names_of_block(f"{ours}cross.", f"neck.cross_attention{suffix}."),
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
