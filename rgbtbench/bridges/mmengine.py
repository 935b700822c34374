"""Log-average miss rate for mmengine and what is built on it (MMDetection 3): import this module, and configs name it.

In a config: `custom_imports = dict(imports=["rgbtbench.bridges.mmengine"])`, then
`val_evaluator = dict(type="PedestrianMissRate", protocol="kaist/reasonable-all@improved", ground_truth=...)`.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from typing import Any

from rgbtbench.bridges.miss_rate import MissRate
from rgbtbench.errors import MissingExtraError

if importlib.util.find_spec("mmengine") is None:
    raise MissingExtraError("the bridge needs mmengine", remedy="pip install 'rgbtbench[mmseg]'")

from mmengine.evaluator import BaseMetric
from mmengine.registry import METRICS

__all__ = ["PedestrianMissRate"]


@METRICS.register_module()
class PedestrianMissRate(BaseMetric):  # type: ignore[misc]
    """MR^-2 of `pred_instances` (`bboxes` as corners, `scores`, `labels`) by `img_id`.

    `img_id` must be the image's number in the labels: that of `KAIST_annotation.json`, or `image_id` of prepared data.

    Args:
        protocol: id, one whose metric is the miss rate.
        data: prepared dataset.
        ground_truth: annotation files instead.
        label: which predicted label means a person; others are let be.
        collect_device: as for `BaseMetric`.
        prefix: of the metrics' names, `miss_rate` by default: `miss_rate/miss_rate`, `miss_rate/recall`.

    Raises:
        UserError, ShardError, LabelError: as `rgbtbench.bridges.miss_rate.MissRate`.
    """

    default_prefix = "miss_rate"

    def __init__(
        self,
        protocol: str,
        *,
        data: str | None = None,
        ground_truth: str | None = None,
        label: int = 0,
        collect_device: str = "cpu",
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self._metric = MissRate(protocol, data=data, ground_truth=ground_truth)
        self._label = label

    def process(self, data_batch: object, data_samples: Sequence[Mapping[str, Any]]) -> None:
        """Keep the persons of a batch."""
        for sample in data_samples:
            found = sample["pred_instances"]
            persons = found["labels"] == self._label
            boxes, scores = found["bboxes"][persons], found["scores"][persons]
            self.results.append((sample["img_id"], boxes.detach().cpu().numpy(), scores.detach().cpu().numpy()))

    def compute_metrics(self, results: list[tuple[Any, Any, Any]]) -> dict[str, float]:
        """Return all metrics of the protocol, in percent, of the detections of all processes."""
        self._metric.reset()
        for image, boxes, scores in results:
            self._metric.update([image], [boxes], [scores])
        return self._metric.compute_alone()  # mmengine has collected the others' results already
