"""Prepared datasets for mmsegmentation 1.2: import this module, and its configs can name them.

In a config: `custom_imports = dict(imports=["rgbtbench.bridges.mmseg"])`, then `PreparedDataset` as the dataset's type
and `LoadPreparedImages`, `LoadPreparedMask` as the first steps of a pipeline. docs/interop.md has a whole example.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgbtbench.bridges.mmcv_ops import require_mmsegmentation
from rgbtbench.cards.catalog import dataset_card, dataset_names
from rgbtbench.errors import UserError
from rgbtbench.formats.image_file import decode_image, encode_png, probe
from rgbtbench.labels import IGNORE
from rgbtbench.loading.item import Item, planes
from rgbtbench.loading.label_space import NATIVE
from rgbtbench.loading.prepared import PreparedSplit, open_split
from rgbtbench.loading.transforms import as_stored
from rgbtbench.predictions.kinds import MaskPrediction
from rgbtbench.predictions.sidecar import Sidecar
from rgbtbench.predictions.write import MaskWriter

require_mmsegmentation()

from mmcv.transforms import BaseTransform  # noqa: E402  (the stand-in comes first)
from mmengine.evaluator import BaseMetric  # noqa: E402
from mmseg.datasets import BaseSegDataset  # noqa: E402
from mmseg.registry import DATASETS, METRICS, TRANSFORMS  # noqa: E402

__all__ = ["LoadPreparedImages", "LoadPreparedMask", "PreparedDataset", "WritePredictions"]


@dataclass(frozen=True, slots=True)
class _Source:
    """Where the steps of a pipeline find samples.

    Attributes:
        images, masks: the split, for one and for the other.
        label_set: whose frame is the pixel grid.
        indices: uint8 (256,), class id to mmsegmentation's index, 255 for what is ignored.
    """

    images: PreparedSplit
    masks: PreparedSplit
    label_set: str
    indices: NDArray[np.uint8]


@DATASETS.register_module()
class PreparedDataset(BaseSegDataset):  # type: ignore[misc]
    """One split of a prepared dataset. Building it opens no shard.

    mmsegmentation counts classes from 0 without gaps; `metainfo["class_ids"]` tells which id each index stands for.
    Ignored pixels are 255, and no label is reduced.

    Args:
        data_root: folder that `rgbtbench prepare` wrote.
        split: `train`, `val`, `test`, …
        modalities: those that become the channels of `img`, in this order; all by default.
        label_set: the masks to learn; the only semantic set by default.
        label_space: ids of the masks: `native`, `unified`, or the name of another dataset.
        pipeline: beginning with `LoadPreparedImages` and `LoadPreparedMask`.
        test_mode, indices, serialize_data, lazy_init, max_refetch: as for `BaseSegDataset`.

    Raises:
        ShardError: the folder is not prepared, or lacks the split, a modality or the label set.
        UnknownNameError: no such label space.
    """

    def __init__(
        self,
        data_root: str,
        split: str,
        *,
        modalities: Sequence[str] | None = None,
        label_set: str | None = None,
        label_space: str = NATIVE,
        pipeline: Sequence[Mapping[str, Any] | Callable[..., Any]] = (),
        test_mode: bool = False,
        indices: int | Sequence[int] | None = None,
        serialize_data: bool = True,
        lazy_init: bool = False,
        max_refetch: int = 1000,
    ) -> None:
        labels = label_set or open_split(data_root, split).label_set_of("semantic")
        opened = open_split(
            data_root, split, label_space=label_space, modalities=modalities, label_sets=(labels,)
        )  # fmt: skip
        classes = dict(sorted(opened.classes(labels).items()))
        table = np.full(256, IGNORE, np.uint8)
        table[list(classes)] = np.arange(len(classes), dtype=np.uint8)
        self.prepared = _Source(opened.only(label_sets=()), opened.only(modalities=()), labels, table)
        super().__init__(
            metainfo={
                "classes": tuple(classes.values()),
                "palette": _palette(opened, labels, classes),
                "class_ids": tuple(classes),
                "modalities": opened.modalities,
                "prepared": _identity(opened, labels),
            },
            pipeline=list(pipeline),
            test_mode=test_mode,
            indices=indices,
            serialize_data=serialize_data,
            lazy_init=lazy_init,
            max_refetch=max_refetch,
            ignore_index=IGNORE,
            reduce_zero_label=False,
        )

    def load_data_list(self) -> list[dict[str, Any]]:
        """Return one entry per sample; `img_path` is its key."""
        return [
            {
                "img_path": key,
                "position": position,
                "label_map": None,
                "reduce_zero_label": False,
                "seg_fields": [],
            }
            for position, key in enumerate(self.prepared.images.keys)
        ]

    def get_data_info(self, idx: int) -> dict[str, Any]:
        """Return the entry of a sample, with the split that the pipeline reads it from."""
        return {**super().get_data_info(idx), "prepared": self.prepared}


@TRANSFORMS.register_module()
class LoadPreparedImages(BaseTransform):  # type: ignore[misc]
    """Puts the modalities of a sample one behind the other as `img` (H, W, C), on the pixel grid of the labels.

    A modality of another size is resampled as rgbtbench's own loader does. Channels keep their stored order, RGB and
    not BGR, so that `bgr_to_rgb` of the data preprocessor stays False. `img` is uint8, or float32 with the stored
    values where a modality has more than 8 bits.
    """

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Add `img`, `img_shape` and `ori_shape`."""
        source: _Source = results["prepared"]
        sample = source.images[results["position"]]
        size = source.images.frame_size(results["position"], source.label_set)
        item = Item(key=sample.key, images={name: planes(pixels) for name, pixels in sample.images.items()}, size=size)
        images = as_stored(item).images.values()
        kind = np.uint8 if all(image.dtype == np.uint8 for image in images) else np.float32
        stacked = np.concatenate([image.astype(kind, copy=False) for image in images])
        results["img"] = np.ascontiguousarray(stacked.transpose(1, 2, 0))
        results["img_shape"] = results["ori_shape"] = size
        return results


@TRANSFORMS.register_module()
class LoadPreparedMask(BaseTransform):  # type: ignore[misc]
    """Adds the mask of a sample as `gt_seg_map`, uint8 (H, W): mmsegmentation's class indices, 255 ignored."""

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Add `gt_seg_map`."""
        source: _Source = results["prepared"]
        mask = source.masks[results["position"]].masks[source.label_set]
        results["gt_seg_map"] = source.indices.take(mask)
        results["seg_fields"].append("gt_seg_map")
        return results


@METRICS.register_module()
class WritePredictions(BaseMetric):  # type: ignore[misc]
    """Writes predictions of a `PreparedDataset` as `rgbtbench score` reads them; for the test loop.

    Args:
        out: new or empty folder.
        collect_device: as for `BaseMetric`.

    Raises:
        PredictionError: at the end, when `out` holds something already.
        UserError: at the end, when the dataset was opened in another dataset's label space.
    """

    default_prefix = "predictions"

    def __init__(self, out: str, collect_device: str = "cpu") -> None:
        super().__init__(collect_device=collect_device)
        self.out = Path(out)

    def process(self, data_batch: object, data_samples: Sequence[Mapping[str, Any]]) -> None:
        """Keep the predictions of a batch, compressed, in class ids."""
        ids = np.array(self.dataset_meta["class_ids"], np.uint8)
        for sample in data_samples:
            indices = sample["pred_sem_seg"]["data"].squeeze(0).cpu().numpy()
            self.results.append((sample["img_path"], encode_png(ids[indices])))

    def compute_metrics(self, results: list[tuple[str, bytes]]) -> dict[str, int]:
        """Write the predictions of all processes, and return how many there are."""
        facts = self.dataset_meta["prepared"]
        if facts["label_space"] not in ("native", "unified"):
            raise UserError(
                f"predictions in the label space of {facts['label_space']}",
                expected="native or unified",
                remedy="open the dataset that is tested in the label space of a protocol",
            )
        with MaskWriter(self.out, Sidecar(task="semantic", **facts)) as writer:
            for key, mask in results:
                writer.write(MaskPrediction(key, np.asarray(decode_image(mask, probe(mask)), np.uint8)))
        return {"images": len(results)}


def _palette(split: PreparedSplit, label_set: str, classes: Mapping[int, str]) -> list[tuple[int, int, int]]:
    """Return the card's colour of each class, or nothing, for which mmsegmentation draws colours."""
    name = split.manifest.dataset if split.label_space == NATIVE else split.label_space
    sets = dataset_card(name).label_sets if name in dataset_names() else {}
    colours = {entry.id: entry.colour for entry in sets[label_set].classes} if label_set in sets else {}
    found = [colours.get(number) for number in classes]
    return [] if None in found else [colour for colour in found if colour is not None]


def _identity(split: PreparedSplit, label_set: str) -> dict[str, str]:
    """Return what a sidecar says about the data."""
    manifest = split.manifest
    return {
        "dataset": manifest.dataset,
        "edition": manifest.edition,
        "split": split.name,
        "label_set": label_set,
        "label_space": split.label_space,
        "data_hash": manifest.data_hash,
    }
