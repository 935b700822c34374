"""What can be laid over the photographs of a sample: labels, predictions, errors; as images or as boxes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.schema import Frame
from rgbtbench.inspection.palette import (
    UNSCORED,
    WRONG,
    Colour,
    class_colours,
    error_map,
    hex_colour,
    overlay,
    saliency_error_map,
    saliency_overlay,
)
from rgbtbench.inspection.predicted import Predicted
from rgbtbench.labels import IGNORE
from rgbtbench.loading.prepared import PreparedSplit
from rgbtbench.loading.sample import Sample
from rgbtbench.pair import Boxes
from rgbtbench.predictions.kinds import BoxPrediction

#: Name and colour, as legends show them.
Legend = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Layer:
    """Something to lay over a photograph.

    Attributes:
        name: short and unique within the sample; also part of a file name.
        title: for people.
        frame: the camera whose pixels it follows.
        legend: names and colours of what occurs.
        image: uint8 (H, W, 4), RGBA; null for boxes.
        boxes: plain data per box: `xyxy`, `label`, `colour`, `ignore`, `occlusion`, `score`; null for images.
    """

    name: str
    title: str
    frame: Frame
    legend: Legend
    image: NDArray[np.uint8] | None = None
    boxes: list[dict[str, Any]] | None = None


class Layers:
    """Makes the layers of the samples of one split; colours and names are looked up once."""

    def __init__(self, split: PreparedSplit, predicted: Predicted | None = None) -> None:
        self._frames = {name: facts.frame for name, facts in split.manifest.label_sets.items()}
        self._names = {name: dict(split.classes(name)) for name in split.lookups}
        self._colours = {name: class_colours(split, name) for name in split.lookups}
        self._predicted = predicted

    def of(self, sample: Sample) -> Iterator[Layer]:
        """Yield the layers of a sample: each label set, followed by what was predicted for it."""
        for name, mask in sample.masks.items():
            if name not in self._names:
                yield from self._saliency_layers(name, mask, self._predictions(name, "maps").get(sample.key))
                continue
            yield self._mask_layer(name, "", mask)
            prediction = self._predictions(name, "masks").get(sample.key)
            if prediction is not None:
                yield self._mask_layer(name, " predicted", prediction)
                legend = [("wrong", hex_colour(WRONG)), ("not scored", hex_colour(UNSCORED))]
                yield Layer(
                    f"{name}-errors", f"{name} errors", self._frames[name], legend, image=error_map(mask, prediction)
                )
        for name, boxes in sample.boxes.items():
            yield self._box_layer(name, "", boxes.frame, _labelled(boxes))
            found = self._predictions(name, "boxes").get(sample.key)
            if found is not None:
                yield self._box_layer(name, " predicted", boxes.frame, _scored(found))

    def _saliency_layers(
        self, label_set: str, mask: NDArray[np.uint8], prediction: NDArray[np.uint8] | None
    ) -> Iterator[Layer]:
        frame = self._frames[label_set]
        yield Layer(label_set, label_set, frame, [], image=saliency_overlay(mask))
        if prediction is not None:
            predicted = saliency_overlay(prediction)
            yield Layer(f"{label_set}-predicted", f"{label_set} predicted", frame, [], image=predicted)
            legend = [("wrong", hex_colour(WRONG))]
            errors = saliency_error_map(mask, prediction)
            yield Layer(f"{label_set}-errors", f"{label_set} errors", frame, legend, image=errors)

    def _predictions(self, label_set: str, kind: str) -> Mapping[str, Any]:
        if self._predicted is None or self._predicted.label_set != label_set:
            return {}
        found: Mapping[str, Any] = getattr(self._predicted, kind)
        return found

    def _mask_layer(self, label_set: str, suffix: str, mask: NDArray[np.uint8]) -> Layer:
        present = [int(value) for value in np.unique(mask) if value != IGNORE]
        return Layer(
            f"{label_set}{suffix.replace(' ', '-')}",
            f"{label_set}{suffix}",
            self._frames[label_set],
            self._legend(label_set, present),
            image=overlay(mask, self._colours[label_set]),
        )

    def _box_layer(self, label_set: str, suffix: str, frame: Frame, boxes: list[dict[str, Any]]) -> Layer:
        present = sorted({int(box["label"]) for box in boxes if box["label"] != IGNORE})
        named = [
            {
                **box,
                "label": self._name(label_set, box["label"]),
                "colour": hex_colour(self._colour(label_set, box["label"])),
            }
            for box in boxes
        ]
        return Layer(
            f"{label_set}{suffix.replace(' ', '-')}",
            f"{label_set}{suffix}",
            frame,
            self._legend(label_set, present),
            boxes=named,
        )

    def _legend(self, label_set: str, present: list[int]) -> Legend:
        return [(self._name(label_set, number), hex_colour(self._colour(label_set, number))) for number in present]

    def _name(self, label_set: str, number: int) -> str:
        return self._names[label_set].get(number, "ignore" if number == IGNORE else str(number))

    def _colour(self, label_set: str, number: int) -> Colour:
        return self._colours[label_set].get(number, UNSCORED)


def _labelled(boxes: Boxes) -> list[dict[str, Any]]:
    return [
        {"xyxy": xyxy, "label": label, "ignore": ignore, "occlusion": occlusion, "score": None}
        for xyxy, label, ignore, occlusion in zip(
            boxes.xyxy.tolist(), boxes.labels.tolist(), boxes.ignore.tolist(), boxes.occlusion.tolist(), strict=True
        )
    ]


def _scored(boxes: BoxPrediction) -> list[dict[str, Any]]:
    return [
        {"xyxy": xyxy, "label": label, "ignore": False, "occlusion": -1, "score": score}
        for xyxy, label, score in zip(
            boxes.boxes_xyxy.tolist(), boxes.labels.tolist(), boxes.scores.tolist(), strict=True
        )
    ]
