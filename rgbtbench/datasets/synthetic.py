"""The embedded dataset: rendered street scenes; see docs/synthetic.md and `rgbtbench.synthesis`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal, Self

import numpy as np
from pydantic import ConfigDict, Field, ValidationError, model_validator

from rgbtbench.cards import dataset_card
from rgbtbench.cards.schema import AttributeValue, Name, Strict
from rgbtbench.datasets.source import Layout
from rgbtbench.errors import InputFileError, LayoutError
from rgbtbench.formats.id_list import read_id_list
from rgbtbench.formats.image_file import read_image_file
from rgbtbench.formats.index_mask import read_index_mask, require_known_ids
from rgbtbench.formats.paths import is_there, read_bytes, require_twins, resolve_inside
from rgbtbench.labels import LabelMap
from rgbtbench.pair import Boxes, Entry, Mask, Pair, Text

_STEM = re.compile(r"[0-9a-f]{6}-\d{7}")
_SPLITS = ("train", "val", "test")
_MAX_BYTES: Final = 1024 * 1024
_OFFICIAL = Layout(
    "official",
    ("generator.json", "rgb", "lwir", "semantic", "annotations"),
    "generator.json, {rgb,lwir,semantic,visibility,saliency,annotations}/<split>/<stem>, train.txt, val.txt, test.txt",
)


class Synthetic:
    """Everything about a scene lies in files of its own; attributes come from its annotation."""

    name = "synthetic"
    layouts = (_OFFICIAL,)

    def entries(self, root: Path, layout: Layout) -> Iterator[Entry]:
        """Yield the samples of every list that is there; raises `InputFileError`, `LayoutError`."""
        from rgbtbench.synthesis.tree import FILES

        splits = [split for split in _SPLITS if is_there(root, f"{split}.txt")]
        if not splits:
            raise LayoutError("no list names the scenes", path=root, remedy="generate them again")
        for split in splits:
            for order, stem in enumerate(read_id_list(root, f"{split}.txt", pattern=_STEM)):
                files = {role: path.format(split=split, stem=stem) for role, path in FILES.items()}
                yield Entry(key=stem, official_id=stem, split=split, order=order, files=files)

    def pair(self, root: Path, layout: Layout, entry: Entry) -> Pair:
        """Open one scene. Raises `InputFileError`, `LabelError`."""
        require_twins(root, entry.files)
        card = dataset_card(self.name)
        record = _read_annotation(root, entry.files["annotations"])
        labels: dict[str, Boxes | Mask | Text] = {}
        for label_set, kind in (("semantic", "semantic"), ("visibility", "semantic"), ("saliency", "saliency")):
            mask = read_index_mask(root, entry.files[label_set], kind=kind, frame="rgb")  # type: ignore[arg-type]
            if kind == "semantic":
                known = LabelMap.of(card.label_sets[label_set])
                require_known_ids(mask, known, path=root / mask.source, card=self.name)
            labels[label_set] = mask
        labels["boxes"] = _boxes(record.objects)
        labels["captions"] = Text((record.caption,))
        images = {modality: read_image_file(root, entry.files[modality]) for modality in ("rgb", "lwir")}
        attributes: dict[str, AttributeValue] = {name: record.attributes.get(name) for name in card.attributes}
        return Pair(self.name, entry, images, labels, attributes)

    def fake(self, root: Path, layout: Layout, counts: Mapping[str, int], seed: int) -> None:
        """Write real scenes of the generator: this dataset has no other kind."""
        from rgbtbench.synthesis.tree import generate

        generate(root, counts, seed=seed)


class _Written(Strict):
    model_config = ConfigDict(allow_inf_nan=False, strict=True)


class _Contrast(_Written):
    rgb: float
    lwir: float


class _Thing(_Written):
    box: tuple[float, float, float, float]
    label: int = Field(ge=0, le=255)
    ignore: bool
    occlusion: int = Field(ge=0, le=2)
    contrast: _Contrast

    @model_validator(mode="after")
    def _has_extent(self) -> Self:
        left, top, right, bottom = self.box
        if right <= left or bottom <= top:
            raise ValueError("an empty box")
        return self


class _Annotation(_Written):
    version: Literal[1]
    attributes: dict[Name, AttributeValue]
    caption: str
    objects: tuple[_Thing, ...]


def _read_annotation(root: Path, relative: str) -> _Annotation:
    path = resolve_inside(root, relative)
    try:
        return _Annotation.model_validate_json(read_bytes(root, relative, max_bytes=_MAX_BYTES))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise InputFileError(
            f"no annotation of this dataset: {where}{': ' if where else ''}{first['msg']}"[:300],
            path=path,
            remedy="generate the scenes again",
        ) from error


def _boxes(objects: Sequence[_Thing]) -> Boxes:
    xyxy = np.array([thing.box for thing in objects], np.float64).reshape(-1, 4)
    return Boxes(
        frame="rgb",
        xyxy=xyxy,
        labels=np.array([thing.label for thing in objects], np.int64),
        ignore=np.array([thing.ignore for thing in objects], np.bool_),
        occlusion=np.array([thing.occlusion for thing in objects], np.int64),
        raw=xyxy,
        convention="xyxy-0-based-half-open",
        visibility={
            "rgb": np.array([thing.contrast.rgb for thing in objects], np.float64),
            "lwir": np.array([thing.contrast.lwir for thing in objects], np.float64),
        },
    )


SOURCE = Synthetic()
