"""Answers in words as a family of metrics."""

from __future__ import annotations

from rgbtbench.scoring.family import Family
from rgbtbench.scoring.language.collect import collect
from rgbtbench.scoring.language.counts import Answers

FAMILY = Family(collect=collect, counts=Answers)
