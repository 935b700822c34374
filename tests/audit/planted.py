"""A dataset of drawn scenes in which every fault that the audit knows was planted, and what was planted where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from rgbtbench.cards.dataset import DatasetCard
from rgbtbench.datasets.source import Layout
from rgbtbench.formats.image_file import encode_png
from rgbtbench.formats.image_header import png_chunks, png_file
from rgbtbench.formats.paths import require_twins
from rgbtbench.pair import Boxes, Entry, Image, Mask, Pair
from rgbtbench.shards.build import prepare
from rgbtbench.shards.plan import Options

WIDTH, HEIGHT = 160, 120
#: The thermal image of sample `shifted` lies this far beside the visible one, right and down.
SHIFT = (7, -4)
#: The sound samples of each split; every other sample has a planted property of its name.
SOUND = {"test": [f"sound{number}" for number in range(4)], "train": [f"sound{number}" for number in range(4, 12)]}
PLANTED = {
    "train": [
        "same-file", "same-pixels", "same-picture", "equal-channels", "colourless", "black", "constant", "saturated",
        "size-mismatch", "shifted", "bad-boxes", "damaged", "absent",
    ],
    "test": ["copy-of-sound4", "like-sound5", "rgb-of-sound6"],
}  # fmt: skip
#: Kind and place of the fault of each planted sample.
FAULTS = {
    "same-file": {("same-file", "rgb+lwir")},
    "same-pixels": {("same-pixels", "rgb+lwir")},
    "same-picture": {("same-picture", "rgb+lwir")},
    "equal-channels": {("equal-channels", "lwir")},
    "colourless": {("colourless", "rgb")},
    "black": {("black", "lwir")},
    "constant": {("constant", "lwir")},
    "saturated": {("saturated", "lwir")},
    "size-mismatch": {("size-mismatch", "rgb+lwir"), ("unexpected-size", "lwir")},
    "shifted": {("misregistered", "rgb+lwir")},
    "bad-boxes": {
        ("box-degenerate", "things"),
        ("box-outside", "things"),
        ("box-over-edge", "things"),
        ("box-tiny", "things"),
        ("box-repeated", "things"),
    },
    "damaged": {("damaged", "rgb")},
}
#: Boxes of every sound sample, and of `bad-boxes`: without width, outside, over the edge, tiny, and one of them twice.
BOXES = ((20.0, 30.0, 60.0, 90.0), (100.0, 40.0, 120.0, 60.0))
BAD_BOXES = (
    (30.0, 30.0, 30.0, 50.0), (170.0, 10.0, 200.0, 40.0), (150.0, 10.0, 165.0, 40.0), (40.0, 40.0, 43.0, 60.0),
    (10.0, 10.0, 40.0, 50.0), (10.0, 10.0, 40.0, 50.0),
)  # fmt: skip

CARD = DatasetCard.model_validate(
    {
        "name": "planted",
        "title": "Planted",
        "summary": "made for tests",
        "tasks": ("semantic", "detection"),
        "source": {"access": "generated"},
        "licence": {"name": "none", "commercial_use": "yes", "verified": True},
        "citation": {"text": "none"},
        "modalities": {
            "rgb": {"sensor": "camera", "channels": 3, "bit_depth": 8, "size": (WIDTH, HEIGHT)},
            "lwir": {"sensor": "bolometer", "channels": 1, "bit_depth": 8, "size": (WIDTH, HEIGHT)},
        },
        "label_sets": {
            "semantic": {
                "kind": "semantic",
                "frame": "rgb",
                "classes": (
                    {"id": 0, "name": "background", "unified": "unlabeled"},
                    {"id": 1, "name": "thing", "unified": "object"},
                ),
            },
            "things": {"kind": "boxes", "frame": "rgb", "classes": ({"id": 1, "name": "thing", "unified": "object"},)},
        },
        "editions": {"official": {"splits": {"train": {"count": None}, "test": {"count": None}}}},
        "attributes": {"time_of_day": {"values": ("day", "night"), "source": "made up"}},
        "allowed_faulty": 1,
        "verified": True,
    }
)


def scene(number: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw rectangles that both cameras see with values of their own: rgb uint8 (H, W, 3) and lwir uint8 (H, W)."""
    rng = np.random.default_rng([number, 7])
    rgb = np.full((HEIGHT, WIDTH, 3), rng.integers(60, 120, 3), np.uint8)
    lwir = np.full((HEIGHT, WIDTH), rng.integers(80, 140), np.uint8)
    for _ in range(40):
        x, y = int(rng.integers(-20, WIDTH - 5)), int(rng.integers(-20, HEIGHT - 5))
        w, h = int(rng.integers(10, 50)), int(rng.integers(10, 50))
        colour, heat = rng.integers(0, 255, 3).tolist(), int(rng.integers(0, 255))
        cv2.rectangle(rgb, (x, y), (x + w, y + h), colour, -1)
        cv2.rectangle(lwir, (x, y), (x + w, y + h), heat, -1)
    noise = rng.normal(0, 3, (HEIGHT, WIDTH, 4))
    rgb = (rgb + noise[..., :3]).clip(0, 255).astype(np.uint8)
    return rgb, (lwir + noise[..., 3]).clip(0, 255).astype(np.uint8)


class Planted:
    name = "planted"
    layouts = (Layout("official", ("notes",), "notes/<name>.txt"),)

    def entries(self, root: Path, layout: Layout) -> Iterator[Entry]:
        for split in ("train", "test"):
            for order, name in enumerate([*SOUND[split], *PLANTED[split]]):
                yield Entry(
                    key=name,
                    official_id=name,
                    split=split,
                    order=order,
                    files={"rgb": f"notes/{name}.txt", "lwir": f"notes/{name}.lwir.txt"},
                    attributes={"time_of_day": "night" if order % 2 else "day"},
                )

    def pair(self, root: Path, layout: Layout, entry: Entry) -> Pair:
        require_twins(root, entry.files)
        rgb, lwir = _images(entry.key)
        boxes = BAD_BOXES if entry.key == "bad-boxes" else () if entry.key == "sound11" else BOXES
        return Pair(
            dataset=self.name,
            entry=entry,
            images={"rgb": _image(rgb), "lwir": _image(lwir)},
            labels={"semantic": _mask(entry.key), "things": _boxes(boxes)},
            attributes=entry.attributes,
        )

    def fake(self, root: Path, layout: Layout, counts: Mapping[str, int], seed: int) -> None:
        (root / "notes").mkdir()
        for split in SOUND:
            for name in [*SOUND[split], *PLANTED[split]]:
                (root / "notes" / f"{name}.txt").write_text("ten bytes\n")
                if name != "absent":
                    (root / "notes" / f"{name}.lwir.txt").write_text("ten bytes\n")


def prepare_planted(folder: Path) -> Path:
    """Prepare the dataset below `folder` in shards of a few samples, and return where."""
    raw, out = folder / "raw", folder / "planted"
    raw.mkdir()
    Planted().fake(raw, Planted.layouts[0], {}, 0)
    prepare(Planted(), CARD, raw, out, options=Options(shard_bytes=100), workers=1)
    return out


def _images(name: str) -> tuple[bytes, bytes]:
    """Return the two files of a sample, with what its name says done to them."""
    names = [*SOUND["test"], *SOUND["train"], *PLANTED["train"]]
    # What is made from another sample begins as that one.
    number = {"copy-of-sound4": 4, "like-sound5": 5, "rgb-of-sound6": 6}.get(name)
    rgb, lwir = scene(names.index(name) if number is None else number)
    match name:
        case "same-file":
            return encode_png(rgb), encode_png(rgb)
        case "same-pixels":
            return encode_png(rgb), bytes(cv2.imencode(".png", rgb[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 9])[1])
        case "same-picture":
            lwir = 255 - cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
        case "equal-channels":
            lwir = np.repeat(lwir[..., None], 3, axis=2)
        case "colourless":
            rgb = np.repeat(rgb[..., :1], 3, axis=2)
        case "black":
            lwir = (lwir > 254).astype(np.uint8)
        case "constant":
            lwir = np.full_like(lwir, 37)
        case "saturated":
            lwir = np.where(lwir > 60, np.uint8(255), lwir)
        case "size-mismatch":
            lwir = cv2.resize(lwir, (WIDTH // 2, HEIGHT // 2), interpolation=cv2.INTER_AREA)
        case "shifted":
            lwir = np.roll(lwir, SHIFT[::-1], axis=(0, 1))
        case "like-sound5":
            rgb, lwir = _worsened(rgb), _worsened(lwir)
        case "rgb-of-sound6":
            lwir = scene(1000)[1]
        case "damaged":
            return _damaged(encode_png(rgb)), encode_png(lwir)
    return encode_png(rgb), encode_png(lwir)


def _worsened(image: np.ndarray) -> np.ndarray:
    """Brighten an image and code it as a poor JPEG: another file and other pixels of the same picture."""
    brighter = (image * 0.9 + 20).astype(np.uint8)
    return cv2.imdecode(cv2.imencode(".jpg", brighter, [cv2.IMWRITE_JPEG_QUALITY, 40])[1], cv2.IMREAD_UNCHANGED)


def _damaged(png: bytes) -> bytes:
    """Replace the compressed pixels by nonsense under a checksum that is right: only decoding shows it."""
    return png_file([(name, b"nonsense" if name == b"IDAT" else body) for name, body in png_chunks(png)])


def _image(data: bytes) -> Image:
    from rgbtbench.formats.image_file import probe

    header = probe(data)
    return Image(data, "png", header.width, header.height, header.channels, 8, "notes")


def _mask(name: str) -> Mask:
    values = np.zeros((HEIGHT, WIDTH), np.uint8)
    if name != "sound10":
        values[30:90, 20:60] = 1
    present = tuple(np.unique(values).tolist())
    return Mask("semantic", "rgb", encode_png(values), WIDTH, HEIGHT, present, "notes")


def _boxes(corners: Any) -> Boxes:
    xyxy = np.array(corners, np.float64).reshape(-1, 4)
    return Boxes(
        frame="rgb",
        xyxy=xyxy,
        labels=np.ones(len(xyxy), np.int64),
        ignore=np.zeros(len(xyxy), np.bool_),
        occlusion=np.zeros(len(xyxy), np.int64),
        raw=xyxy,
        convention="xyxy-0-based",
    )
