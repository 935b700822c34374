"""Test-time augmentation of segmentation: several scales, mirror images and sliding windows, merged into one answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from rgbtbench.cards.inference import PLAIN, Inference
from rgbtbench.errors import PredictionError, RecipeError
from rgbtbench.loading.batch import Batch, content_sizes
from rgbtbench.loading.one_size import parts_of_one_size
from rgbtbench.predictions.kinds import MaskPrediction, Prediction
from rgbtbench.zoo.masks import masks_of_scores
from rgbtbench.zoo.model import Model
from rgbtbench.zoo.preprocess import network_inputs, pad_to_multiple
from rgbtbench.zoo.segmentation import SegmentationModel
from rgbtbench.zoo.windows import Images, summed_windows


def predictor(model: Model, inference: Inference, *, per_pass: int) -> Callable[[Batch], Sequence[Prediction]]:
    """Return what predicts a batch: the model itself, or its answers over several views.

    Args:
        model: in evaluation mode.
        inference: the views.
        per_pass: windows per forward pass, but at least one of each sample.

    Raises:
        RecipeError: the model gives no class logits, so that its answers cannot be merged.
    """
    if inference.tag == PLAIN:
        return model.predict
    if not isinstance(model, SegmentationModel):
        raise RecipeError(
            f"{inference.tag}: {model.spec.method} ({model.spec.task}) gives no class logits for pixels, which scales, "
            "mirror images and windows are merged by",
            remedy="predict without them, or with a method for segmentation",
        )
    return Augmented(model, inference, per_pass)


@dataclass(frozen=True, slots=True)
class Augmented:
    """A segmentation network that answers from several views of each image.

    Views are made as by mmsegmentation and by CMX's code: bilinear without anti-aliasing, at `int(side * scale + 0.5)`
    pixels, from what `Preprocess.size` asks for. They are brought back to the original frame before scales are merged.
    Two things differ from CMX's code: images are resized as floats and not as rounded pixels, and one that is smaller
    than the window is seen as it is, and not amid zeros. A part of the input that `zero_norm` takes away is drawn anew
    for the pixels of each scale.
    """

    model: SegmentationModel
    inference: Inference
    per_pass: int

    def __call__(self, batch: Batch) -> list[MaskPrediction]:
        """Return one mask of class ids per valid sample, at its original size.

        Raises:
            PredictionError: the logits are too large for `sum_exp`, or are no numbers.
        """
        return [
            prediction
            for part in parts_of_one_size(batch)
            for prediction in masks_of_scores(self.scores(part), part, self.model.class_ids)
        ]

    def scores(self, batch: Batch) -> Tensor:
        """Return the logarithm of the summed scores, float (B, classes, H, W), in the original frame.

        Args:
            batch: samples of one size, without padding.
        """
        height, width = batch.sizes[0].tolist()
        merge = self._mean_softmax if self.inference.merge == "mean_softmax" else self._sum_exp
        total = torch.stack([merge(images, (height, width)) for images in self._scaled(batch)]).sum(dim=0)
        if not bool(total.isfinite().all()):
            raise PredictionError(
                f"{self.model.spec.method}: the merged scores of {batch.keys[0]} are not finite",
                remedy="look at the weights; sum_exp needs logits below 350",
            )
        return total.log()

    def _scaled(self, batch: Batch) -> Iterator[Images]:
        model = self.model
        content = content_sizes(batch)[0].tolist()
        height, width = model.preprocess.size_of((content[0], content[1]))
        unpadded = model.preprocess.model_copy(
            update={"multiple_of": 1, "fit": None, "edges": None, "size": (height, width)}
        )
        for scale in self.inference.scales:
            size = max(int(height * scale + 0.5), 1), max(int(width * scale + 0.5), 1)
            yield network_inputs(
                batch, unpadded, inputs=model.inputs_for(batch), channels=model.channels, scaled_to=size
            )

    def _logits(self, images: Images) -> Tensor:
        height, width = next(iter(images.values())).shape[-2:]
        multiple = self.model.preprocess.multiple_of
        padded = {slot: pad_to_multiple(image, multiple) for slot, image in images.items()}
        return self.model.logits(padded)[..., :height, :width].float()

    def _mean_softmax(self, images: Images, frame: tuple[int, int]) -> Tensor:
        """Return the sum of probabilities over an image and its mirror image; windows share a pixel by mean logits."""
        total, covered = self._windows(self._logits, images)
        probabilities = _resized(total / covered, frame).softmax(dim=1)
        if self.inference.flip:
            total, covered = self._windows(self._logits, _mirrored(images))
            probabilities += _resized((total / covered).flip(-1), frame).softmax(dim=1)
        return probabilities

    def _sum_exp(self, images: Images, frame: tuple[int, int]) -> Tensor:
        """Return the sum over windows of exp(logits); those of a window and of its mirror image are summed before."""

        def scores(crops: Images) -> Tensor:
            logits = self._logits(crops)
            if self.inference.flip:
                logits = logits + self._logits(_mirrored(crops)).flip(-1)
            return logits.double().exp()

        return _resized(self._windows(scores, images)[0], frame)

    def _windows(self, scores: Callable[[Images], Tensor], images: Images) -> tuple[Tensor, Tensor]:
        chosen = self.inference
        return summed_windows(scores, images, window=chosen.window, stride=chosen.stride, per_pass=self.per_pass)


def _mirrored(images: Images) -> Images:
    return {slot: image.flip(-1) for slot, image in images.items()}


def _resized(scores: Tensor, frame: tuple[int, int]) -> Tensor:
    if tuple(scores.shape[-2:]) == frame:
        return scores
    return F.interpolate(scores, frame, mode="bilinear", align_corners=False)
