"""Predictions of trained or converted weights as files, and finding those that were made before."""

from __future__ import annotations

from pathlib import Path

from rgbtbench.cards.catalog import protocol_prefix
from rgbtbench.cards.inference import PLAIN, Inference
from rgbtbench.cards.protocol import Protocol
from rgbtbench.conditions import NONE
from rgbtbench.errors import PredictionError, UserError
from rgbtbench.loading.label_space import NATIVE
from rgbtbench.loading.prepared import PreparedSplit, open_split
from rgbtbench.predictions.boxes import read_boxes
from rgbtbench.predictions.masks import mask_sha256, masks_sha256, read_masks
from rgbtbench.predictions.members import read_sidecar
from rgbtbench.predictions.saliency_maps import map_sha256, stored_maps
from rgbtbench.predictions.sidecar import INCOMPLETE, SIDECAR
from rgbtbench.progress import Progress, Silent
from rgbtbench.ranks import ALONE, Ranks
from rgbtbench.shards.manifest import read_manifest
from rgbtbench.zoo.spec import member_of
from rgbtbench.zoo.weights_info import WEIGHTS_FILE, WeightsInfo

_SILENT = Silent()


def predict_weights(
    weights: Path,
    data: Path,
    split: str,
    out: Path,
    *,
    condition: str = NONE,
    inference: Inference | None = None,
    batch_size: int = 8,
    workers: int = 0,
    device: str = "cpu",
    ranks: Ranks = ALONE,
    progress: Progress = _SILENT,
) -> Path:
    """Write the predictions of a split with trained or converted weights; needs no labels' protocol.

    Args:
        weights: run folder or safetensors file.
        data: prepared dataset.
        split: `train`, `val`, `test`, …
        out: folder for the predictions, new or empty.
        condition: what is done to the input.
        inference: views of each image that the answer is merged from; None for the image alone.
        batch_size: samples per forward pass.
        workers: processes that decode.
        device: `auto` (a GPU where there is one), `cpu` or `cuda`.
        ranks: processes that share the split; all call this.
        progress: is told of batches.

    Raises:
        WeightsError, RecipeError: the weights do not fit the data.
        PredictionError: `out` holds something else.
        ShardError: the data is damaged.
    """
    from rgbtbench.zoo.load import load_model
    from rgbtbench.zoo.predict import predict_split
    from rgbtbench.zoo.weights_info import read_info

    info = read_info(weights)
    label_space, label_set = _answers(info, read_manifest(data).dataset)
    label_sets = None if label_set is None else (label_set,)
    return predict_split(
        load_model(weights),
        open_split(data, split, label_space=label_space, label_sets=label_sets).under(condition),
        out,
        label_set=label_set,
        weights_sha256=info.sha256,
        inference=inference,
        batch_size=batch_size,
        workers=workers,
        device=torch_device(device),
        ranks=ranks,
        progress=progress,
    )


def _answers(info: WeightsInfo, dataset: str) -> tuple[str, str | None]:
    """Return label space and label set that weights predict for a dataset; None for its only set of the task's kind."""
    if info.model.members:
        return NATIVE, member_of(info.model, dataset).label_set
    return (info.training.label_space, info.training.label_set) if info.training else (NATIVE, None)


def predictions_folder(weights: Path, protocol: Protocol, seen: PreparedSplit, inference: Inference) -> Path:
    """Return where predictions go unless told otherwise: in the run folder or beside the weights, by data and input."""
    run = weights.parent if weights.name == WEIGHTS_FILE else weights
    below = run / "predictions" if run.is_dir() else weights.with_name(f"{weights.stem}-predictions")
    parts = [protocol_prefix(protocol.dataset, protocol.edition), seen.name, protocol.label_set]
    told = (protocol.label_space, seen.alteration.condition.slug, inference.slug)
    parts += [name for name in told if name not in (NATIVE, NONE, PLAIN)]
    return below / "-".join([*parts, seen.manifest.data_hash[:8]])


def holds_predictions(
    folder: Path, *, weights_sha256: str, truth: PreparedSplit, protocol: Protocol, inference: Inference
) -> bool:
    """Tell whether `folder` holds finished predictions of these weights on this data, as they were written.

    Raises:
        PredictionError: the predictions there are not those that their sidecar speaks of, or cannot be read.
    """
    if not (folder / SIDECAR).is_file() or (folder / INCOMPLETE).exists():
        return False
    found = read_sidecar(folder)
    if found is None or found.predictions_sha256 is None:
        return False
    same = (
        found.weights_sha256,
        found.data_hash,
        found.split,
        found.label_set,
        found.label_space,
        found.condition,
        found.test_time_augmentation,
    ) == (
        weights_sha256,
        truth.manifest.data_hash,
        truth.name,
        protocol.label_set,
        truth.label_space,
        truth.condition,
        inference.tag,
    )
    if same and found.predictions_sha256 != _content_sha256(folder, truth, protocol):
        raise PredictionError(
            "the predictions are not those that were written: their content does not match the hash in their sidecar",
            path=folder,
            remedy="remove the folder to predict again, or score these as somebody else's with `rgbtbench score`",
        )
    return same


def _content_sha256(folder: Path, truth: PreparedSplit, protocol: Protocol) -> str:
    """Return the hash of all predictions of a split; decoding masks costs a small part of predicting them."""
    if protocol.task == "detection":
        return read_boxes(folder, image_ids=truth.image_ids, classes=truth.classes(protocol.label_set)).sha256
    sizes = {key: truth.frame_size(position, protocol.label_set) for position, key in enumerate(truth.keys)}
    if protocol.task == "saliency":
        return masks_sha256({map_.key: map_sha256(map_.levels(sizes[map_.key])) for map_ in stored_maps(folder, sizes)})
    return masks_sha256({found.key: mask_sha256(found.mask) for found in read_masks(folder, sizes)})


def torch_device(name: str) -> str:
    """Return `cpu` or `cuda` for `auto`, `cpu` or `cuda`; raises `UserError` where there is no such device."""
    import torch

    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and not torch.cuda.is_available():
        raise UserError("no CUDA device on this machine", remedy="pass device cpu")
    return name
