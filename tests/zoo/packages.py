"""Packages that some methods need beside torch, and may be absent."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable

import pytest

needs_mmsegmentation = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("mmcv", "mmengine", "mmseg", "ftfy", "regex")),
    reason="mmsegmentation is not installed (pip install 'rgbtbench[mmseg]')",
)
#: Methods that cannot be built without it.
_WITH_MMSEGMENTATION = ("m_specgene_saliency", "m_specgene_segmentation")


def marks_of(method: str):
    """Marks of a test that builds a method."""
    return needs_mmsegmentation if method in _WITH_MMSEGMENTATION else ()


def buildable(methods: Iterable[str]):
    """Parameters of a test that builds each method."""
    return [pytest.param(name, marks=marks_of(name)) for name in methods]
