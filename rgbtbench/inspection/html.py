"""A static viewer of prepared data: one page and a folder of images, opened from disk without any server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rgbtbench.atomic_file import atomic_file
from rgbtbench.conditions import NONE
from rgbtbench.formats.image_file import encode_png
from rgbtbench.inspection.choice import spread_positions
from rgbtbench.inspection.layers import Layer, Layers
from rgbtbench.inspection.pictures import seen_picture, thumbnail
from rgbtbench.inspection.predicted import read_predicted
from rgbtbench.loading.prepared import PreparedSplit
from rgbtbench.outputs import claim_folder
from rgbtbench.pair import check_key
from rgbtbench.progress import Progress, Silent, track
from rgbtbench.webpage import json_block, render_page


@dataclass(frozen=True, slots=True)
class _Shown:
    """A sample as the page shows it.

    Attributes:
        key: its key.
        summary: its attributes in a few words.
        thumbnails: modality and address.
        facts: everything else, as plain data for the script.
    """

    key: str
    summary: str
    thumbnails: list[tuple[str, str]]
    facts: dict[str, Any]


def write_viewer(
    split: PreparedSplit,
    out: Path,
    *,
    samples: int = 48,
    seed: int = 0,
    predictions: Path | None = None,
    label_set: str | None = None,
    progress: Progress | None = None,
) -> Path:
    """Write a viewer of some samples of a split.

    `out` gets `index.html` and `images/`; photographs that a browser can show are the official bytes. The folder can
    be moved, zipped or served.

    Args:
        split: the samples.
        out: folder to write: new, empty, or written by this before.
        samples: how many are shown, spread evenly over the split.
        seed: of the choice within each stretch of the split.
        predictions: folder, archive or results file to show beside the labels.
        label_set: the set that the predictions answer to; found out by default, see `read_predicted`.
        progress: told about every sample.

    Returns:
        The page.

    Raises:
        PredictionError: a prediction of a sample that is shown is missing or damaged.
        UserError: `out` is a file, or holds other things; or the label set is unknown, or named without predictions.
    """
    positions = spread_positions(len(split), samples, seed=seed)
    predicted = read_predicted(predictions, split, positions, label_set=label_set)
    claim_folder(out, "inspect")
    layers = Layers(split, predicted)
    tracked = track(positions, progress or Silent(), "writing the viewer", total=len(positions), unit="samples")
    shown = [_shown(split, position, layers, out) for position in tracked]
    page = render_page(
        "rgbtbench.inspection",
        "viewer.html.j2",
        images=True,
        title=f"{split.manifest.dataset} {split.name}" + ("" if split.condition == NONE else f", {split.condition}"),
        edition=split.manifest.edition,
        total=len(split),
        shown=shown,
        data=json_block([one.facts for one in shown]),
        scored=any(layer["scored"] for one in shown for layer in one.facts["layers"]),
    )
    with atomic_file(out / "index.html") as file:
        file.write(page.encode())
    return out / "index.html"


def _shown(split: PreparedSplit, position: int, layers: Layers, out: Path) -> _Shown:
    sample = split[position]
    # The key becomes a path; prepared data may come from anywhere.
    stem = f"images/{check_key(sample.key)}"
    images, thumbnails = [], []
    for modality in split.modalities:
        facts = sample.record["images"][modality]
        shown = seen_picture(split, position, sample, modality)
        images.append(
            {
                "modality": modality,
                "source": _write(out, f"{stem}.{modality}.{shown.extension}", shown.data),
                "note": shown.note,
                "width": facts["width"],
                "height": facts["height"],
            }
        )
        thumbnails.append((modality, _write(out, f"{stem}.{modality}.small.jpg", thumbnail(shown))))
    attributes = [
        (name.replace("_", " "), str(value)) for name, value in sample.attributes.items() if value is not None
    ]
    origin = [("official id", sample.record["official_id"]), ("cluster", sample.record["cluster"])]
    facts = {
        "key": sample.key,
        "attributes": [*attributes, *((label, value) for label, value in origin if value not in (None, sample.key))],
        "captions": [caption for captions in sample.text.values() for caption in captions],
        "images": images,
        "layers": [_layer(layer, stem, split.modalities, out) for layer in layers.of(sample)],
    }
    return _Shown(sample.key, ", ".join(value for _, value in attributes), thumbnails, facts)


def _layer(layer: Layer, stem: str, modalities: Sequence[str], out: Path) -> dict[str, Any]:
    source = None if layer.image is None else _write(out, f"{stem}.{layer.name}.png", encode_png(layer.image))
    others = [modality for modality in modalities if modality != "rgb"]
    follows = others[0] if layer.frame == "x" and others else modalities[0]
    return {
        "name": layer.name,
        "title": layer.title,
        "follows": follows,
        "legend": layer.legend,
        "source": source,
        "boxes": layer.boxes,
        "scored": any(box["score"] is not None for box in layer.boxes or ()),
    }


def _write(out: Path, name: str, data: bytes) -> str:
    """Write an image and return its address relative to the page."""
    path = out / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return name
