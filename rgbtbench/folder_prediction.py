"""Predicting images that lie in folders, one folder per modality, with pictures of what was found."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.atomic_file import atomic_file
from rgbtbench.errors import InputFileError, RecipeError, did_you_mean
from rgbtbench.formats.write_image import write_image
from rgbtbench.inspection.overlay import laid_over
from rgbtbench.inspection.palette import BLACK, Colour, hex_colour, spread_colour
from rgbtbench.outputs import claim_folder
from rgbtbench.prediction import torch_device
from rgbtbench.predictions.kinds import BoxPrediction, MaskPrediction, Prediction, SaliencyPrediction
from rgbtbench.progress import Progress, Silent, track

if TYPE_CHECKING:
    from rgbtbench.zoo.ready import ReadyModel

_SILENT = Silent()
_ENDINGS: Final = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".npy", ".pgm", ".ppm")
#: Classes that are drawn as nothing.
_NOTHING: Final = ("unlabeled", "background")


@dataclass(frozen=True, slots=True)
class FolderSummary:
    """What was predicted.

    Attributes:
        images: how many.
        without: modality to the number of images that lacked it.
    """

    images: int
    without: dict[str, int]


def predict_folder(
    weights: Path,
    folder: Path,
    out: Path,
    *,
    names: Mapping[str, str] | None = None,
    device: str = "auto",
    progress: Progress = _SILENT,
) -> FolderSummary:
    """Predict every image in `<folder>/<modality>/`, those of the same stem together.

    Written are `masks/<stem>.png` of class ids, `saliency/<stem>.png` or `detections.json`, `classes.json`, and
    `overlays/<stem>.png`.

    Args:
        weights: run folder or safetensors file.
        folder: with a folder per modality; images may have any size, and some may lack modalities.
        out: new, empty, or written by this function.
        names: modality to the name of its folder, where it is another one.
        device: `auto` (a GPU where there is one), `cpu` or `cuda`.
        progress: told about every image, and of modalities that are not given.

    Raises:
        WeightsError: nothing of the kind lies there.
        RecipeError: `names` names a modality that the model is not fed.
        InputFileError: there is no image, two have one name, or one is damaged.
        UserError: `out` holds something else.
    """
    from rgbtbench.zoo.load import load_model
    from rgbtbench.zoo.ready import ReadyModel, pixels_of

    model = ReadyModel(load_model(weights), device=torch_device(device))
    files = _files(folder, model.modalities, names or {})
    claim_folder(out, "predict")
    without = Counter(name for found in files.values() for name in model.modalities if name not in found)
    for name, count in without.items():
        progress.say(f"{model.without(name)} ({count} of {len(files)} images)")
    colours = _colours(model)
    rows: list[dict[str, Any]] = []
    for key, found in track(files.items(), progress, "predict", total=len(files), unit="images"):
        pixels = {name: pixels_of(path, name) for name, path in found.items()}
        prediction = model(key=key, **pixels)
        rows += _written(prediction, out, model.classes)
        write_image(
            out / "overlays" / f"{key}.png", laid_over(next(iter(pixels.values())), prediction, colours, model.classes)
        )
    _write_json(
        out / "classes.json",
        {number: {"name": name, "colour": hex_colour(colours[number])} for number, name in model.classes.items()},
    )
    if model.model.spec.task == "detection":
        _write_json(out / "detections.json", rows)
    return FolderSummary(len(files), dict(without))


def _files(folder: Path, modalities: tuple[str, ...], names: Mapping[str, str]) -> dict[str, dict[str, Path]]:
    """Return stem to modality to file, both in order."""
    for name in names:
        if name not in modalities:
            raise RecipeError(
                f"the model is fed {', '.join(modalities)}, and not {name}", remedy=did_you_mean(name, modalities)
            )
    found: dict[str, dict[str, Path]] = {}
    for modality in modalities:
        place = folder / names.get(modality, modality)
        for path in sorted(place.iterdir()) if place.is_dir() else ():
            if path.suffix.lower() not in _ENDINGS or path.name.startswith("."):
                continue
            known = found.setdefault(path.stem, {})
            if modality in known:
                raise InputFileError(
                    f"{known[modality].name} has the same name", path=path, remedy="rename one of them"
                )
            known[modality] = path
    if not found:
        there = sorted(entry.name for entry in folder.iterdir())[:6] if folder.is_dir() else []
        raise InputFileError(
            f"no images; it holds {', '.join(there)}" if there else "no images",
            path=folder,
            expected=" or ".join(f"{names.get(modality, modality)}/" for modality in modalities) + " with images in it",
            remedy="name other folders with --folder, such as --folder rgb=visible",
        )
    return dict(sorted(found.items()))


def _colours(model: ReadyModel) -> dict[int, Colour]:
    return {
        number: BLACK if name in _NOTHING else spread_colour(place)
        for place, (number, name) in enumerate(sorted(model.classes.items()))
    }


def _written(prediction: Prediction, out: Path, classes: Mapping[int, str]) -> list[dict[str, Any]]:
    """Write masks and saliency maps; return boxes as plain rows."""
    match prediction:
        case MaskPrediction():
            write_image(out / "masks" / f"{prediction.key}.png", prediction.mask)
        case SaliencyPrediction():
            levels: NDArray[np.uint8] = np.rint(prediction.saliency.clip(0, 1) * 255).astype(np.uint8)
            write_image(out / "saliency" / f"{prediction.key}.png", levels)
        case BoxPrediction():
            return [
                {
                    "image": prediction.key,
                    "category_id": label,
                    "category": classes[label],
                    "bbox": [left, top, right - left, bottom - top],
                    "score": score,
                }
                for (left, top, right, bottom), label, score in zip(
                    prediction.boxes_xyxy.tolist(), prediction.labels.tolist(), prediction.scores.tolist(), strict=True
                )
            ]
        case _:
            raise RecipeError(f"{type(prediction).__name__} cannot be drawn", remedy="predict prepared data (--data)")
    return []


def _write_json(path: Path, content: object) -> None:
    with atomic_file(path) as file:
        file.write((json.dumps(content, indent=1) + "\n").encode())
