"""Writing boxes in the formats that official trees use, for trees of rendered scenes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

#: Class name and half-open `x1 y1 x2 y2`.
NamedBox = tuple[str, tuple[float, float, float, float]]

_SIZED_OBJECT = (
    "  <object><name>{}</name><bndbox><x>{:g}</x><y>{:g}</y><w>{:g}</w><h>{:g}</h></bndbox>"
    "<truncated>0</truncated><difficult>0</difficult><occlusion>0</occlusion></object>\n"
)
_OBJECT = (
    "  <object><name>{}</name><difficult>0</difficult><bndbox>"
    "<xmin>{:g}</xmin><ymin>{:g}</ymin><xmax>{:g}</xmax><ymax>{:g}</ymax></bndbox></object>\n"
)


def write_voc(path: Path, *, size: tuple[int, int], boxes: Sequence[NamedBox]) -> None:
    """Write a PASCAL VOC annotation file and the folders above it.

    Args:
        path: ends in `.xml`.
        size: width and height of the image.
        boxes: written without offset, xmin to ymax.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    width, height = size
    objects = "".join(_OBJECT.format(escape(name), *numbers) for name, numbers in boxes)
    path.write_text(
        f"<annotation>\n  <size><width>{width}</width><height>{height}</height></size>\n{objects}</annotation>\n"
    )


def write_polygons(path: Path, objects: Sequence[tuple[str, Sequence[float]]]) -> None:
    """Write an annotation file of quadrilaterals and the folders above it.

    Args:
        path: ends in `.xml`.
        objects: class name and `x1 y1 … x4 y4`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    places = [f"{axis}{corner}" for corner in range(1, 5) for axis in "xy"]
    items = (
        f"  <object><name>{escape(name)}</name><polygon>"
        + "".join(f"<{place}>{value:g}</{place}>" for place, value in zip(places, numbers, strict=True))
        + "</polygon></object>\n"
        for name, numbers in objects
    )
    path.write_text(f"<annotation>\n{''.join(items)}</annotation>\n")


def write_kaist_xml(path: Path, *, frame: str, boxes: Sequence[NamedBox]) -> None:
    """Write an annotation file of the KAIST pedestrian benchmark and the folders above it.

    Args:
        path: ends in `.xml`.
        frame: `set06/V000/I00019`.
        boxes: written as `x y w h`, not occluded.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    objects = "".join(_SIZED_OBJECT.format(escape(name), *_sized(box)) for name, box in boxes)
    path.write_text(f"<annotation>\n  <filename>{frame}</filename>\n{objects}</annotation>\n")


def write_bbgt(path: Path, *, boxes: Sequence[NamedBox]) -> None:
    """Write a bbGt text file, version 3, and the folders above it; boxes as `x y w h`, neither occluded nor ignored."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ["{} {:g} {:g} {:g} {:g} 0 0 0 0 0 0 0\n".format(name, *_sized(box)) for name, box in boxes]
    path.write_text("".join(["% bbGt version=3\n", *lines]))


def write_cvc_text(path: Path, *, boxes: Sequence[NamedBox]) -> None:
    """Write a CVC text file and the folders above it; boxes as centre and size, each of a track of its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    centred = [((x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1) for _, (x1, y1, x2, y2) in boxes]
    path.write_text("".join(f"{x:g} {y:g} {w:g} {h:g} 1 0 0 0 0 {n} 0\n" for n, (x, y, w, h) in enumerate(centred, 1)))


def _sized(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = box
    return x1, y1, x2 - x1, y2 - y1


def write_coco(
    path: Path, *, size: tuple[int, int], boxes: Mapping[str, Sequence[NamedBox]], file_key: str = "file_name"
) -> None:
    """Write a COCO instances file and the folders above it.

    Args:
        path: ends in `.json`.
        size: width and height of all images.
        boxes: file name to its boxes, written as `x y width height`.
        file_key: what the file calls `file_name`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    width, height = size
    names = sorted({name for of_image in boxes.values() for name, _ in of_image})
    flat = [(image, *box) for image, of_image in enumerate(boxes.values()) for box in of_image]
    content = {
        "images": [
            {"id": number, file_key: file, "width": width, "height": height} for number, file in enumerate(boxes)
        ],
        "annotations": [
            {
                "id": number,
                "image_id": image,
                "category_id": names.index(name) + 1,
                "bbox": [x1, y1, x2 - x1, y2 - y1],
                "area": (x2 - x1) * (y2 - y1),
                "iscrowd": 0,
            }
            for number, (image, name, (x1, y1, x2, y2)) in enumerate(flat, 1)
        ],
        "categories": [{"id": number, "name": name} for number, name in enumerate(names, 1)],
    }
    path.write_text(json.dumps(content))


def write_yolo(path: Path, *, size: tuple[int, int], boxes: Sequence[NamedBox], ids: Mapping[str, int]) -> None:
    """Write a YOLO label file and the folders above it.

    Args:
        path: ends in `.txt`.
        size: width and height of the image.
        boxes: written in parts of it, with six digits behind the point as YOLO's tools do.
        ids: class name to the id that stands for it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    width, height = size
    lines = (
        f"{ids[name]} {(x1 + x2) / 2 / width:.6f} {(y1 + y2) / 2 / height:.6f} "
        f"{(x2 - x1) / width:.6f} {(y2 - y1) / height:.6f}\n"
        for name, (x1, y1, x2, y2) in boxes
    )
    path.write_text("".join(lines))


def write_flir_categories(path: Path, ids: Mapping[str, int]) -> None:
    """Write `catids.json` of FLIR ADAS and the folders above it; `ids` is class name to id."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([{"id": number, "name": name} for name, number in ids.items()]))


def write_flir_annotation(path: Path, *, boxes: Sequence[NamedBox], ids: Mapping[str, int]) -> None:
    """Write the annotation file of one FLIR ADAS image and the folders above it.

    Args:
        path: ends in `.json`.
        boxes: written as `x y width height`.
        ids: class name to id; written as text, which readers of the release convert.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    items = [
        {
            "area": str((x2 - x1) * (y2 - y1)),
            "bbox": [x1, y1, x2 - x1, y2 - y1],
            "category_id": str(ids[name]),
            "id": str(number),
            "image_id": "0",
            "iscrowd": 0,
            "segmentation": [[x1, y1, x1, y2, x2, y2, x2, y1]],
        }
        for number, (name, (x1, y1, x2, y2)) in enumerate(boxes, 1)
    ]
    path.write_text(json.dumps({"annotation": items, "image": {"file_name": path.stem, "id": "0"}}))
