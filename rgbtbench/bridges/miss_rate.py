"""Log-average miss rate (MR^-2) inside a training loop: `update`, `compute`, `reset`, as torchmetrics names them.

The class needs neither torch nor torchmetrics, and is no `torchmetrics.Metric`: in Lightning, log what `compute`
returns (docs/interop.md). `rgbtbench.bridges.mmengine` has the same for mmengine.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.protocol import Protocol
from rgbtbench.cards.rules import MissRateRules
from rgbtbench.errors import PredictionError, UserError, did_you_mean
from rgbtbench.evaluation import open_truth, require_one_truth
from rgbtbench.locations import location
from rgbtbench.predictions.boxes import BoxTable, require_scorable, sorted_table
from rgbtbench.progress import Silent
from rgbtbench.scoring.family import Classes
from rgbtbench.scoring.ground_truth.open import file_protocol, open_ground_truth, protocol_of_files
from rgbtbench.scoring.miss_rate.labelled import labelled_images
from rgbtbench.scoring.score import scored_positions
from rgbtbench.scoring.truth import PreparedTruth, Truth

#: Boxes float64 (N, 4) as x, y, width, height, and scores float64 (N,), of one image.
Detections = tuple[NDArray[np.float64], NDArray[np.float64]]


class MissRate:
    """MR^-2 under a protocol, of detections that arrive image by image.

    The numbers are those of `rgbtbench score`, to the last bit. An image that never arrives has no detections, and
    its persons are missed; one that arrives twice, as samplers of several processes repeat images, counts once.

    Example:
        metric = MissRate("kaist/reasonable-all@improved", ground_truth="KAIST_annotation.json")
        for batch in loader:
            boxes, scores = model(batch)
            metric.update(batch.image_ids, boxes, scores)
        metric.compute()["miss_rate"]

    Args:
        protocol: id, one whose metric is the miss rate.
        data: prepared dataset.
        ground_truth: annotation files instead.

    Raises:
        UserError: not exactly one of `data` and `ground_truth`, or a protocol of another metric.
        ShardError, LabelError: the labels are missing or damaged.
    """

    def __init__(
        self, protocol: str, *, data: str | Path | None = None, ground_truth: str | Path | None = None
    ) -> None:
        require_one_truth(data, ground_truth)
        with _opened(protocol, data, ground_truth) as (self.protocol, truth):
            rules = self.protocol.rules
            if not isinstance(rules, MissRateRules):
                raise UserError(
                    f"{protocol} measures {rules.headline}", expected="a protocol whose metric is the miss rate"
                )
            positions = scored_positions(self.protocol, truth)
            self._labelled = labelled_images(rules, truth, positions, progress=Silent())
            self._numbers = dict(zip(truth.keys, truth.image_ids, strict=True))
            self._image_ids = frozenset(truth.image_ids)
        self._rules = rules
        self._found: dict[int, Detections] = {}

    def update(self, images: Iterable[Any], boxes_xyxy: Sequence[Any], scores: Sequence[Any]) -> None:
        """Take the detections of a batch; arrays or tensors, on any device.

        Args:
            images: one per image: its `image_id`, or its key.
            boxes_xyxy: (N, 4) per image, corners in pixels of the original image. Persons alone.
            scores: (N,) per image, higher is surer; any range.

        Raises:
            PredictionError: an unknown image, unequal lengths, a number that is not finite, or a box without area.
        """
        for image, boxes, own_scores in zip(images, boxes_xyxy, scores, strict=True):
            number = self._number(image)
            corners, surety = _array(boxes).reshape(-1, 4), _array(own_scores).reshape(-1)
            if len(corners) != len(surety):
                raise PredictionError(f"image {image}: {len(corners)} boxes and {len(surety)} scores")
            xywh = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)
            self._require_scorable(number, xywh, surety)
            self._found[number] = xywh, surety

    def compute(self) -> dict[str, float]:
        """Return all metrics of the protocol in percent: `miss_rate`, `recall`, `miss_rate_at_0.01` and so on.

        Where `torch.distributed` runs, every process must call it; each gets the numbers of all detections.
        """
        return self._metrics(_of_all_processes(self._found))

    def compute_alone(self) -> dict[str, float]:
        """Return the same of the detections that this process was given, whatever others do."""
        return self._metrics(self._found)

    def reset(self) -> None:
        """Forget all detections."""
        self._found = {}

    def _metrics(self, found: Mapping[int, Detections]) -> dict[str, float]:
        counts = self._labelled.counts(_table(found, self._rules.class_id))
        everything = np.ones(len(self._labelled.image_ids), np.bool_)
        measured = counts.measure(self._rules, Classes((), ()), everything)(everything[None].astype(np.float64), False)
        return {name: float(values[0]) for name, values in measured.items()}

    def _number(self, image: Any) -> int:
        number = self._numbers.get(image) if isinstance(image, str) else int(image)
        if number not in self._image_ids:
            raise PredictionError(
                f"{image!r} is no image of split {self.protocol.split}",
                remedy=did_you_mean(str(image), self._numbers),
            )
        return number

    def _require_scorable(self, number: int, xywh: NDArray[np.float64], scores: NDArray[np.float64]) -> None:
        require_scorable(
            _table({number: (xywh, scores)}, self._rules.class_id),
            path=None,
            image_ids=(number,),
            classes=(self._rules.class_id,),
            place=lambda row: f"image {number}, box {row}",
            remedy="remove such boxes in the model's post-processing",
        )


@contextmanager
def _opened(
    protocol_id: str, data: str | Path | None, ground_truth: str | Path | None
) -> Iterator[tuple[Protocol, Truth]]:
    if ground_truth is not None:
        asked = file_protocol(protocol_id)
        with open_ground_truth(asked, Path(ground_truth)) as truth:
            yield protocol_of_files(asked, truth), truth
    else:
        protocol, split = open_truth(location(data or ""), protocol_id)
        yield protocol, PreparedTruth(split, protocol.label_set)


def _array(values: Any) -> NDArray[np.float64]:
    on_cpu = values.detach().cpu() if hasattr(values, "detach") else values
    return np.asarray(on_cpu, np.float64)


def _table(found: Mapping[int, Detections], class_id: int) -> BoxTable:
    counts = [len(scores) for _, scores in found.values()]
    return sorted_table(
        BoxTable(
            image_ids=np.repeat(np.array(list(found), np.int64), counts),
            labels=np.full(sum(counts), class_id, np.int64),
            xywh=np.concatenate([np.zeros((0, 4)), *(xywh for xywh, _ in found.values())]),
            scores=np.concatenate([np.zeros(0), *(scores for _, scores in found.values())]),
        )
    )


def _of_all_processes(found: dict[int, Detections]) -> dict[int, Detections]:
    distributed = getattr(sys.modules.get("torch"), "distributed", None)
    if distributed is None or not distributed.is_available() or not distributed.is_initialized():
        return found
    gathered: list[dict[int, Detections]] = [{} for _ in range(distributed.get_world_size())]
    distributed.all_gather_object(gathered, found)
    return {number: detections for part in gathered for number, detections in part.items()}
