"""Predictions of some samples, in the label space in which the samples are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.schema import LabelKind
from rgbtbench.errors import PredictionError, UnknownNameError, UserError, did_you_mean
from rgbtbench.formats.grey_map import as_8_bits
from rgbtbench.loading.prepared import PreparedSplit
from rgbtbench.predictions.boxes import read_boxes
from rgbtbench.predictions.kinds import BoxPrediction, MaskPrediction
from rgbtbench.predictions.masks import read_masks
from rgbtbench.predictions.members import read_sidecar
from rgbtbench.predictions.saliency_maps import stored_maps
from rgbtbench.scoring.saliency.resize import resized


@dataclass(frozen=True, slots=True)
class Predicted:
    """Predictions by key.

    Attributes:
        label_set: the set that they answer to.
        masks: uint8 (H, W) per key, for a semantic set.
        boxes: boxes per key, for a set of boxes; every key is there.
        maps: uint8 (H, W) per key, for a saliency set; 255 where a map of any depth means 1.
    """

    label_set: str
    masks: Mapping[str, NDArray[np.uint8]] = field(default_factory=dict)
    boxes: Mapping[str, BoxPrediction] = field(default_factory=dict)
    maps: Mapping[str, NDArray[np.uint8]] = field(default_factory=dict)


def read_predicted(
    path: Path | None, split: PreparedSplit, positions: Sequence[int], *, label_set: str | None = None
) -> Predicted | None:
    """Read the predictions of some samples.

    Args:
        path: as `rgbtbench score` takes it: folder or archive of masks or maps, or COCO results; None where there are
            none.
        split: the samples; predictions are in native ids and are translated to its label space.
        positions: samples wanted.
        label_set: the set that they answer to; by default the sidecar says it, and without one it is the only set of
            boxes for a JSON file and, for anything else, the only semantic set, or the only saliency set of data
            without semantic ones.

    Raises:
        PredictionError: a wanted prediction is missing or damaged, or something is unknown.
        ShardError: the data has no, or several, label sets that such predictions could answer to.
        UserError: the label set is unknown, holds text, or is named without predictions.
    """
    if label_set is not None:
        _require_answerable(label_set, split)
    if path is None:
        if label_set is None:
            return None
        raise UserError(
            f"label set {label_set} is named, and no predictions that answer to it",
            remedy="pass the predictions too, or leave the label set out: all label sets are shown",
        )
    if not path.exists():
        raise PredictionError("no such file or folder", path=path)
    label_set = label_set or _label_set(path, split)
    match split.manifest.label_sets[label_set].kind:
        case "boxes":
            return Predicted(label_set, boxes=_boxes(path, split, label_set, positions))
        case "saliency":
            return Predicted(label_set, maps=_maps(path, split, label_set, positions))
    return Predicted(label_set, masks=_masks(path, split, label_set, positions))


def _label_set(path: Path, split: PreparedSplit) -> str:
    sidecar = read_sidecar(path)
    if sidecar is None:
        kinds = {facts.kind for facts in split.manifest.label_sets.values()}
        of_pixels: LabelKind = "saliency" if "saliency" in kinds and "semantic" not in kinds else "semantic"
        return split.label_set_of("boxes" if _holds_boxes(path) else of_pixels)
    if sidecar.label_set not in split.manifest.label_sets:
        raise PredictionError(
            f"made for label set {sidecar.label_set!r}",
            expected=f"one of {', '.join(split.manifest.label_sets)}",
            path=path,
            remedy="inspect the data that the predictions were made for",
        )
    return sidecar.label_set


def _require_answerable(label_set: str, split: PreparedSplit) -> None:
    known = {name: facts.kind for name, facts in split.manifest.label_sets.items()}
    answerable = [name for name, kind in known.items() if kind != "text"]
    if label_set not in known:
        raise UnknownNameError(
            f"{split.manifest.dataset} has no label set {label_set!r}", remedy=did_you_mean(label_set, answerable)
        )
    if label_set not in answerable:
        raise UserError(
            f"label set {label_set} holds {known[label_set]}, to which no prediction files answer yet",
            expected=" or ".join(answerable),
        )


def _holds_boxes(path: Path) -> bool:
    return path.suffix == ".json" or (path.is_dir() and any(path.glob("*.json")))


def _masks(path: Path, split: PreparedSplit, label_set: str, positions: Sequence[int]) -> dict[str, NDArray[np.uint8]]:
    sizes = {split.keys[position]: split.frame_size(position, label_set) for position in positions}
    found: Sequence[MaskPrediction] = list(read_masks(path, sizes, others=split.keys))
    return {prediction.key: split.lookups[label_set].masks(prediction.mask) for prediction in found}


def _maps(path: Path, split: PreparedSplit, label_set: str, positions: Sequence[int]) -> dict[str, NDArray[np.uint8]]:
    """Return maps in 8 bits and at the size of their masks, as protocols resize them that allow any size."""
    sizes = {split.keys[position]: split.frame_size(position, label_set) for position in positions}
    stored = stored_maps(path, dict.fromkeys(sizes), others=split.keys)
    return {one.key: as_8_bits(resized(one.levels(None), sizes[one.key])) for one in stored}


def _boxes(path: Path, split: PreparedSplit, label_set: str, positions: Sequence[int]) -> dict[str, BoxPrediction]:
    native = split.label_map(label_set).native
    table = read_boxes(path, image_ids=split.image_ids, classes=native)
    labels = split.lookups[label_set].table[table.labels].astype(np.int64)
    xyxy = np.concatenate([table.xywh[:, :2], table.xywh[:, :2] + table.xywh[:, 2:]], axis=1)
    predictions = {}
    for position in positions:
        rows = table.image_ids == split.image_ids[position]
        key = split.keys[position]
        predictions[key] = BoxPrediction(key, xyxy[rows], table.scores[rows], labels[rows])
    return predictions
