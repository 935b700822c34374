"""Miss rate as a family of metrics."""

from typing import Final

from rgbtbench.scoring.family import Family
from rgbtbench.scoring.miss_rate.collect import collect
from rgbtbench.scoring.miss_rate.counts import MissRateCounts

FAMILY: Final = Family(collect=collect, counts=MissRateCounts)
