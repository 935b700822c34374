"""Segmentation as a family of metrics."""

from __future__ import annotations

from rgbtbench.scoring.family import Family
from rgbtbench.scoring.segmentation.collect import collect
from rgbtbench.scoring.segmentation.counts import Confusions

FAMILY = Family(collect=collect, counts=Confusions)
