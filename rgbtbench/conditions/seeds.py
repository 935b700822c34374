"""Random numbers that belong to one sample and one step, whatever is done before, beside or after it."""

from __future__ import annotations

import hashlib

import numpy as np


def seed_of(key: str, step: str) -> int:
    """Return 0 to 2^128 - 1 for a sample and a step: the first half of sha256 over both, a line feed between.

    Args:
        key: of the sample.
        step: its id, such as `corrupt:rgb/fog/3`.
    """
    return int.from_bytes(hashlib.sha256(f"{key}\n{step}".encode()).digest()[:16], "big")


def generator_of(key: str, step: str) -> np.random.Generator:
    """Return the generator of every random choice in a step that changes a sample; arguments are those of `seed_of`."""
    return np.random.Generator(np.random.Philox(key=seed_of(key, step)))
