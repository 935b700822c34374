"""Prepared data as a grouped dataset in FiftyOne: one slice per camera, labels, predictions and attributes as fields.

Needs the extra `inspect` and a MongoDB: FiftyOne starts its own, or uses the one that `FIFTYONE_DATABASE_URI` names.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.conditions import NONE
from rgbtbench.errors import MissingExtraError
from rgbtbench.formats.image_file import encode_png
from rgbtbench.inspection.pictures import seen_picture
from rgbtbench.inspection.predicted import Predicted, read_predicted
from rgbtbench.loading.frames import frame_size
from rgbtbench.loading.prepared import PreparedSplit
from rgbtbench.loading.sample import Sample
from rgbtbench.outputs import claim_folder
from rgbtbench.pair import check_key
from rgbtbench.progress import Progress, Silent, track

#: Field that joins the slices of a sample.
GROUP: Final = "group"
_BATCH: Final = 200


def build_dataset(
    split: PreparedSplit,
    media: Path,
    *,
    name: str | None = None,
    predictions: Path | None = None,
    label_set: str | None = None,
    progress: Progress | None = None,
) -> Any:
    """Make a persistent FiftyOne dataset of a split; one of the same name is replaced.

    Every sample is a group with one slice per modality. Labels lie on the slices whose camera they follow. Images and
    masks are extracted from the shards to `media`, which must stay where it is.

    Args:
        split: the samples.
        media: folder for images and masks: new, empty, or written by this before.
        name: of the dataset; by default `rgbtbench-<dataset>-<split>`.
        predictions: folder, archive or results file; becomes the field `<label set>_predicted`.
        label_set: the set that the predictions answer to; found out by default, see `read_predicted`.
        progress: told about every sample.

    Returns:
        The `fiftyone.Dataset`.

    Raises:
        MissingExtraError: FiftyOne is not installed, or has no MongoDB to work with.
        PredictionError: a prediction is missing or damaged.
        UserError: `media` is a file, or holds other things; or the label set is unknown, or named without predictions.
    """
    fiftyone = _fiftyone()
    everything = range(len(split))
    predicted = read_predicted(predictions, split, everything, label_set=label_set)
    claim_folder(media, "inspect --app")
    slug = split.alteration.condition.slug
    own = "-".join(["rgbtbench", split.manifest.dataset, split.name, *([] if slug == NONE else [slug])])
    dataset = _new_dataset(fiftyone, name or own, split)
    export = _Export(fiftyone, split, predicted, media.resolve())
    tracked = track(everything, progress or Silent(), "extracting for FiftyOne", total=len(split), unit="samples")
    for positions in _batches(tracked):
        slices = [one for position in positions for one in export.slices(position)]
        dataset.add_samples(slices, progress=False)
    return dataset


def launch_app(dataset: Any) -> None:
    """Open the FiftyOne app on a dataset and wait until it is closed."""
    _fiftyone().launch_app(dataset).wait()


def _fiftyone() -> ModuleType:
    # Must be set before the first import; nothing is reported to anyone unless the user asks for it.
    os.environ.setdefault("FIFTYONE_DO_NOT_TRACK", "true")
    try:
        import fiftyone
    except ImportError as error:
        raise MissingExtraError(
            "FiftyOne is not installed", remedy="pip install 'rgbtbench[inspect]', or write the HTML viewer instead"
        ) from error
    try:
        fiftyone.list_datasets()
    except Exception as error:
        # FiftyOne and pymongo raise a dozen unrelated types when the database is absent, refuses or is too old.
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise MissingExtraError(
            f"FiftyOne has no database: {reason}",
            expected="a MongoDB that FiftyOne can start or reach",
            remedy="run `rgbtbench doctor`, or set FIFTYONE_DATABASE_URI, or write the HTML viewer instead",
        ) from error
    module: ModuleType = fiftyone
    return module


def _new_dataset(fiftyone: ModuleType, name: str, split: PreparedSplit) -> Any:
    dataset = fiftyone.Dataset(name, persistent=True, overwrite=True)
    dataset.add_group_field(GROUP, default=split.modalities[0])
    semantic = [name for name in split.label_sets if split.manifest.label_sets[name].kind == "semantic"]
    dataset.mask_targets = {field: split.classes(name) for name in semantic for field in (name, f"{name}_predicted")}
    dataset.info = {"dataset": split.manifest.dataset, "edition": split.manifest.edition, "split": split.name}
    dataset.info |= {"condition": split.condition}
    return dataset


def _batches(positions: Iterable[int]) -> Iterator[list[int]]:
    remaining = iter(positions)
    while batch := list(islice(remaining, _BATCH)):
        yield batch


@dataclass(frozen=True)
class _Export:
    """Turns samples of a split into FiftyOne's, writing their images and masks."""

    fiftyone: ModuleType
    split: PreparedSplit
    predicted: Predicted | None
    media: Path

    def slices(self, position: int) -> Iterator[Any]:
        """Yield one FiftyOne sample per modality."""
        sample = self.split[position]
        # The key becomes a path; prepared data may come from anywhere.
        key = check_key(sample.key)
        group = self.fiftyone.Group()
        labels = list(self._labels(sample))
        for modality in self.split.modalities:
            shown = seen_picture(self.split, position, sample, modality)
            yield self.fiftyone.Sample(
                filepath=self._write(f"{modality}/{key}.{shown.extension}", shown.data),
                group=group.element(modality),
                tags=[self.split.name],
                key=sample.key,
                captions=[caption for captions in sample.text.values() for caption in captions],
                **{name: value for name, value in sample.attributes.items() if value is not None},
                **{field: label.copy() for field, frame, label in labels if _lies_on(frame, modality)},
            )

    def _labels(self, sample: Sample) -> Iterator[tuple[str, str, Any]]:
        """Yield field, frame and label of everything that is known about a sample."""
        frames = {name: facts.frame for name, facts in self.split.manifest.label_sets.items()}
        for name, mask in sample.masks.items():
            path = self._write(f"{name}/{sample.key}.png", encode_png(mask))
            semantic = name in self.split.lookups
            label = self.fiftyone.Segmentation(mask_path=path) if semantic else self.fiftyone.Heatmap(map_path=path)
            yield name, frames[name], label
        for name, boxes in sample.boxes.items():
            facts = {"ignore": boxes.ignore.tolist(), "occlusion": boxes.occlusion.tolist()}
            yield name, boxes.frame, self._detections(sample, name, boxes.xyxy, boxes.labels, facts)
        if self.predicted is None:
            return
        name = self.predicted.label_set
        field = f"{name}_predicted"
        if sample.key in self.predicted.masks:
            path = self._write(f"{field}/{sample.key}.png", encode_png(self.predicted.masks[sample.key]))
            yield field, frames[name], self.fiftyone.Segmentation(mask_path=path)
        elif sample.key in self.predicted.maps:
            path = self._write(f"{field}/{sample.key}.png", encode_png(self.predicted.maps[sample.key]))
            yield field, frames[name], self.fiftyone.Heatmap(map_path=path)
        else:
            found = self.predicted.boxes[sample.key]
            facts = {"confidence": found.scores.tolist()}
            yield field, frames[name], self._detections(sample, name, found.boxes_xyxy, found.labels, facts)

    def _detections(
        self,
        sample: Sample,
        label_set: str,
        xyxy: NDArray[np.float64],
        labels: NDArray[np.int64],
        facts: Mapping[str, list[Any]],
    ) -> Any:
        """Return boxes as FiftyOne counts them: left, top, width and height as shares of the frame."""
        height, width = frame_size(sample.record, label_set, self.split.manifest.modalities)
        names = self.split.classes(label_set)
        left_top_size = np.concatenate([xyxy[:, :2], xyxy[:, 2:] - xyxy[:, :2]], axis=1)
        shares = left_top_size / np.array([width, height, width, height])
        detections = [
            self.fiftyone.Detection(
                label=names.get(label, "ignore"),
                bounding_box=share,
                **{fact: values[place] for fact, values in facts.items()},
            )
            for place, (share, label) in enumerate(zip(shares.tolist(), labels.tolist(), strict=True))
        ]
        return self.fiftyone.Detections(detections=detections)

    def _write(self, name: str, data: bytes) -> str:
        path = self.media / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return str(path)


def _lies_on(frame: str, modality: str) -> bool:
    return frame == "both" or (frame == "rgb") == (modality == "rgb")
