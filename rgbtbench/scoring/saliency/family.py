"""Salient object detection as a family of metrics."""

from __future__ import annotations

from rgbtbench.scoring.family import Family
from rgbtbench.scoring.saliency.collect import collect
from rgbtbench.scoring.saliency.counts import SaliencyCounts

FAMILY = Family(collect=collect, counts=SaliencyCounts)
