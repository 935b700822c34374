"""Schema of an evaluation protocol: everything that can change a number, and nothing else."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from rgbtbench.cards.schema import AttributeValue, Name, Strict, Task


class SegmentationRules(Strict):
    """How a confusion matrix becomes mIoU, mAcc and the others.

    `background` follows the four rules that give four numbers: `included` counts class 0 like any other,
    `mean_excluded` leaves it out of the means only, `ignored` drops pixels labelled 0 but still punishes
    predictions of 0 elsewhere, `deleted` removes both row and column.
    `absent` says what a class does that does not occur: `gt_present` leaves out classes without labels,
    `union` leaves out classes that are in neither labels nor predictions (nanmean), `zero` counts 0.
    """

    metric: Literal["segmentation"] = "segmentation"
    classes: tuple[int, ...] | None = Field(None, description="native ids in the means; null: all of the card")
    ignore_ids: tuple[int, ...] = (255,)
    background: Literal["included", "mean_excluded", "ignored", "deleted"] = "included"
    absent: Literal["gt_present", "union", "zero"] = "gt_present"
    strata: Name | None = Field(
        None, description="semantic label set whose ids divide the pixels; class recall is reported in each"
    )
    headline: Literal["miou"] = "miou"


class CocoRules(Strict):
    """COCO average precision as pycocotools computes it."""

    metric: Literal["coco_ap"] = "coco_ap"
    max_detections: tuple[int, int, int] = (1, 10, 100)
    ignore_as_crowd: bool = Field(True, description="boxes marked ignore become crowd regions")
    headline: Literal["ap", "ap50", "ap75"] = "ap"


class IntervalRules(Strict):
    """Percentile bootstrap of the metric over clusters of images."""

    unit: Literal["cluster", "image"] = Field("cluster", description="cluster: the card's clusters")
    resamples: int = Field(2000, ge=100, le=100_000)
    level: float = Field(0.95, gt=0.5, lt=1.0)
    seed: int = 0


class _Conventions(Strict):
    """What a protocol fixes, whichever edition of the data it is applied to."""

    version: int = Field(1, ge=1, description="raised when a rule changes; old records keep theirs")
    summary: str
    task: Task
    split: Name
    label_set: Name
    label_space: Literal["native", "unified"] = "native"
    where: dict[Name, AttributeValue] = Field(default_factory=dict, description="only samples with these attributes")
    rules: Annotated[SegmentationRules | CocoRules, Field(discriminator="metric")]
    report_by: tuple[Name, ...] = Field((), description="attributes whose values become subsets of the result")
    intervals: IntervalRules = IntervalRules()
    source: str | None = Field(None, description="paper or tool that the rules follow")


class ProtocolBlock(_Conventions):
    """A protocol as written in a dataset's card: one block, and one protocol for each edition it names."""

    editions: tuple[Name, ...] = Field(("official",), min_length=1)


class Protocol(_Conventions):
    """A protocol of one edition, with the id that it is known by: `<dataset>[-<edition>]/<name>`."""

    id: str
    dataset: Name
    edition: Name
