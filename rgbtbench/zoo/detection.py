"""What detectors share: from a batch to the network's frame, and from there to boxes in the original frame."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping

import torch
from pydantic import Field
from torch import Tensor

from rgbtbench.cards.schema import Strict
from rgbtbench.loading.batch import Batch, BoxTargets, content_sizes
from rgbtbench.loading.one_size import parts_of_one_size
from rgbtbench.predictions.kinds import BoxPrediction
from rgbtbench.zoo.graph import Plain
from rgbtbench.zoo.model import Model
from rgbtbench.zoo.parts.detector import Detections, Detector, Limits, Targets
from rgbtbench.zoo.preprocess import Preprocess, network_inputs
from rgbtbench.zoo.spec import ModelSpec


class KeptDetections(Strict):
    """Which detections are kept, as a method's configuration says it."""

    score_threshold: float = Field(0.05, ge=0, lt=1, description="detections must be surer")
    nms_threshold: float = Field(0.5, gt=0, le=1, description="IoU above which the weaker one of a class goes")
    detections_per_image: int = Field(100, ge=1, description="at most so many are kept")

    @property
    def limits(self) -> Limits:
        """The same for a detector."""
        return Limits(self.score_threshold, self.nms_threshold, self.detections_per_image)


class DetectionModel(Model):
    """A network that gives the levels of a feature pyramid, and a detector on them.

    Boxes without an area, which cropping may leave, teach nothing. Ignored boxes, and those of classes that the model
    does not know, are neither to be found nor background.

    Args:
        spec: of the model.
        detector: the heads.
        limits: which detections are kept.
        preprocess: how pixels become the network's input.
        channels: slot to the number of channels that the network takes there.
    """

    def __init__(
        self,
        spec: ModelSpec,
        detector: Detector,
        *,
        limits: Limits,
        preprocess: Preprocess,
        channels: Mapping[str, int],
    ) -> None:
        super().__init__(spec)
        self.detector = detector
        self.limits, self.preprocess, self.channels = limits, preprocess, channels

    @abstractmethod
    def levels(self, images: Mapping[str, Tensor]) -> list[Tensor]:
        """Return the levels that the detector takes of images: slot to float (B, C, H, W)."""

    def plain(self) -> Plain:
        """Return the network without batches, up to clipping and suppressing boxes, which are the caller's.

        `boxes` are (B, L, 4) as x1 y1 x2 y2 at every place, or (B, L, classes, 4); `scores` (B, L, classes) are from 0
        to 1, in the order of `ModelSpec.class_ids`. See `Detector.everywhere`.
        """

        def outputs(images: Mapping[str, Tensor], size: tuple[int, int]) -> dict[str, Tensor]:
            boxes, scores = self.detector.everywhere(self.levels(images), size)
            return {"boxes": boxes, "scores": scores}

        channels = {slot: self.channels[slot] for slot in self.spec.inputs}
        return Plain(channels, self.preprocess, outputs, ("boxes", "scores"), ranked=self.detector.ranked)

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """Return the detector's losses."""
        if batch.boxes is None:
            raise ValueError("the batch holds no boxes")
        targets = [self._targets(boxes, batch) for boxes in batch.boxes]
        return self.detector.losses(
            self._levels(batch), targets, extents=self._extents(batch), valid=batch.valid.to(self.class_ids.device)
        )

    def predict(self, batch: Batch) -> list[BoxPrediction]:
        """Return the detections of each valid sample in its original frame, surest first.

        Samples of other sizes in the batch change nothing: none is padded to the size of another.
        """
        return [prediction for part in parts_of_one_size(batch) for prediction in self._predictions(part)]

    def _predictions(self, batch: Batch) -> list[BoxPrediction]:
        extents = self._extents(batch)
        found = self.detector.detections(
            self._levels(batch), extents=extents, class_ids=self.class_ids, limits=self.limits
        )
        rows = zip(batch.keys, batch.valid.tolist(), batch.sizes.tolist(), extents, found, strict=True)
        return [
            _in_original_frame(key, detections, size=(height / extent[0], width / extent[1]))
            for key, valid, (height, width), extent, detections in rows
            if valid
        ]

    def _levels(self, batch: Batch) -> list[Tensor]:
        return self.levels(
            network_inputs(batch, self.preprocess, inputs=self.inputs_for(batch), channels=self.channels)
        )

    def _extents(self, batch: Batch) -> list[tuple[float, float]]:
        x, y = self._scale(batch)
        return [(height * y, width * x) for height, width in content_sizes(batch).tolist()]

    def _scale(self, batch: Batch) -> tuple[float, float]:
        """Return how many pixels of the network's input one pixel of the batch makes, along x and y."""
        height, width = batch.pixel_mask.shape[-2:]
        size = self.preprocess.size_of((height, width))
        return size[1] / width, size[0] / height

    def _targets(self, boxes: BoxTargets, batch: Batch) -> Targets:
        x, y = self._scale(batch)
        scaled = boxes.boxes_xyxy * boxes.boxes_xyxy.new_tensor((x, y, x, y))
        solid = (scaled[:, 2:] > scaled[:, :2]).all(dim=1)
        labels = boxes.labels[solid]
        return Targets(
            boxes=scaled[solid],
            classes=torch.searchsorted(self.class_ids, labels).clamp(max=len(self.class_ids) - 1),
            ignore=boxes.ignore[solid] | ~torch.isin(labels, self.class_ids),
        )


def _in_original_frame(key: str, found: Detections, *, size: tuple[float, float]) -> BoxPrediction:
    """Return detections whose boxes are enlarged by `size`, along y and x."""
    factor = torch.tensor((size[1], size[0]), dtype=torch.float64)
    return BoxPrediction(
        key,
        boxes_xyxy=(found.boxes.cpu().double().view(-1, 2, 2) * factor).view(-1, 4).numpy(),
        scores=found.scores.cpu().double().numpy(),
        labels=found.labels.cpu().numpy(),
    )
