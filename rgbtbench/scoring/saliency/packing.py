"""Whole numbers in few bytes: how many binary digits each has, and the digits themselves.

Histograms of soft maps hold small numbers without a pattern. Kept so, they take a third less than in a fixed number of
bytes, and compression finds what pattern there is in the lengths.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

#: Numbers whose digits are looked at together: one digit takes dozens of bytes meanwhile.
_AT_ONCE: Final = 2**16


def pack(numbers: NDArray[np.int64]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Pack numbers from 0 to 2**53, up to which floating-point numbers tell lengths exactly.

    Args:
        numbers: (n,).

    Returns:
        Length of each in binary digits, 0 for 0, uint8 (n,); and all digits but the leading 1 of each, packed into
        bytes, the last of which is filled up with 0.
    """
    lengths = np.frexp(numbers.astype(np.float64))[1].astype(np.uint8)
    bits = [np.zeros(0, np.bool_)]
    for start in range(0, len(numbers), _AT_ONCE):
        owners, weights = _digits(lengths[start : start + _AT_ONCE])
        bits.append((numbers[start + owners] >> weights & 1).astype(np.bool_))
    return lengths, np.packbits(np.concatenate(bits))


def unpack(lengths: NDArray[np.uint8], digits: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return what `pack` took.

    Raises:
        ValueError: there are fewer or more digits than the lengths say.
    """
    count = int(np.maximum(lengths.astype(np.int64) - 1, 0).sum())
    if lengths.max(initial=0) > 63 or len(digits) != (count + 7) // 8:
        raise ValueError(f"{8 * len(digits)} binary digits instead of {count}")
    bits = np.unpackbits(digits, count=count)
    numbers = np.where(lengths > 0, np.left_shift(1, np.maximum(lengths, 1).astype(np.int64) - 1), 0)
    read = 0
    for start in range(0, len(numbers), _AT_ONCE):
        owners, weights = _digits(lengths[start : start + _AT_ONCE])
        np.add.at(numbers, start + owners, bits[read : read + len(owners)].astype(np.int64) << weights)
        read += len(owners)
    return numbers


def _digits(lengths: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return to which number each digit behind a leading 1 belongs, and the power of two that it stands for."""
    behind = np.maximum(lengths.astype(np.int64) - 1, 0)
    owners = np.repeat(np.arange(len(lengths)), behind)
    ends = np.cumsum(behind)
    return owners, ends[owners] - 1 - np.arange(len(owners))
