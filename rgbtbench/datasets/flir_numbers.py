"""What the numbers in the ids of FLIR's images tell: split and neighbourhood."""

from __future__ import annotations

from rgbtbench.cards.dataset import DatasetCard

#: Consecutive frames are alike; results are resampled in blocks of this many numbers (see the card).
FRAMES_PER_CLUSTER = 50


def block_of(number: int) -> str:
    """Return the block of neighbouring frames that a number lies in."""
    return f"{number // FRAMES_PER_CLUSTER:03d}"


def numbers_of(card: DatasetCard, split: str) -> tuple[int, int]:
    """Return the first and the last number of a split: what the card states, or any of five digits."""
    return card.editions["official"].splits[split].numbers or (0, 99_999)
