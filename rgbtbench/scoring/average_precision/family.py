"""Average precision as a family of metrics."""

from __future__ import annotations

from rgbtbench.scoring.average_precision.collect import collect
from rgbtbench.scoring.average_precision.counts import CocoCounts
from rgbtbench.scoring.family import Family

FAMILY = Family(collect=collect, counts=CocoCounts)
