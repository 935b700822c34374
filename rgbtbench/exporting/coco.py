"""COCO instances files (Lin et al., ECCV 2014): one JSON per split, image folders beside it.

Annotation ids count from 1: pycocotools takes a match with annotation 0 for no match. Image ids are those of the
records, so that results files that name them fit. What COCO has no field for stands in fields of our own, which its
tools pass over: `key`, `files`, `attributes`, `cluster` of an image and `occlusion` of an object.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any

import numpy as np

from rgbtbench.exporting.job import ExportedSample, Job
from rgbtbench.exporting.objects import WrittenObject, written_objects

IMAGES, LABELS = "images/{modality}/{split}", "annotations"


def write(job: Job) -> None:
    """Write `annotations/instances_<split>.json`; file names in it are relative to the folder of the labels' camera."""
    categories = _categories(job)
    for split in job.splits:
        name = job.folders.split(split)
        with tempfile.TemporaryFile() as images, tempfile.TemporaryFile() as annotations:
            _fill(job, split, categories, images, annotations)
            path = f"{job.folders.of('labels', split)}/instances_{name}.json"
            job.tree.write_parts(path, _document(job, categories, images, annotations))


def _categories(job: Job) -> dict[int, int]:
    """Return class id to category id; the same unless a class has id 0, which tools keep for the background."""
    shift = int(0 in job.classes)
    if shift:
        job.notes.add("category ids are class ids plus one, because one class has id 0", len(job.classes), "classes")
    return {number: number + shift for number in job.classes}


def _fill(job: Job, split: str, categories: Mapping[int, int], images: IO[bytes], annotations: IO[bytes]) -> None:
    numbers = job.splits[split].image_ids
    official = min(numbers) > 0 and len(set(numbers)) == len(numbers)
    if not official:
        job.notes.add("image ids count from 1, because those of the dataset cannot serve", len(numbers), "images")
    count = 0
    for sample in job.samples(split):
        number = int(sample.record["image_id"]) if official else sample.position + 1
        images.write(_line(_image(job, sample, number), first=sample.position == 0))
        for thing in written_objects(job, sample):
            # A region without a class hides detections of every class.
            for category in categories.values() if thing.classless else (categories[thing.label],):
                count += 1
                entry = {"id": count, "image_id": number, "category_id": category, **_object(thing)}
                annotations.write(_line(entry, first=count == 1))
            if thing.classless:
                job.notes.add("regions of no class are crowd regions of every class", 1, "boxes")
            job.notes.add("occlusion is in a field that COCO's tools pass over", thing.occlusion > 0, "boxes")


def _image(job: Job, sample: ExportedSample, number: int) -> dict[str, Any]:
    height, width = sample.size(job.label_set)
    folder = job.folders.of(job.frame, sample.split)
    return {
        "id": number,
        "file_name": sample.images[job.frame].removeprefix(f"{folder}/"),
        "width": width,
        "height": height,
        "key": sample.key,
        "files": dict(sample.images),
        "attributes": sample.record["attributes"],
        "cluster": sample.record["cluster"],
    }


def _object(thing: WrittenObject) -> dict[str, Any]:
    x1, y1, x2, y2 = thing.xyxy
    hidden = thing.ignore or thing.classless
    outline = {} if thing.corners is None else {"segmentation": [list(thing.corners)]}
    return {
        "bbox": [x1, y1, x2 - x1, y2 - y1],
        "area": (x2 - x1) * (y2 - y1) if thing.corners is None else _area(thing.corners),
        **outline,
        "iscrowd": int(hidden),
        "occlusion": thing.occlusion,
    }


def _area(corners: Sequence[float]) -> float:
    """Return the area of a polygon `x1 y1 x2 y2 …`, by the shoelace formula."""
    x, y = np.array(corners).reshape(-1, 2).T
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)


def _line(entry: Mapping[str, Any], *, first: bool) -> bytes:
    return (b"" if first else b",\n") + json.dumps(entry, ensure_ascii=False).encode()


def _document(job: Job, categories: Mapping[int, int], images: IO[bytes], annotations: IO[bytes]) -> Iterator[bytes]:
    named = [{"id": category, "name": job.classes[label]} for label, category in categories.items()]
    yield b'{"info": ' + json.dumps({"description": f"{job.dataset}, exported by rgbtbench"}).encode()
    yield b',\n"categories": ' + json.dumps(named, ensure_ascii=False).encode() + b',\n"images": [\n'
    yield from _content(images)
    yield b'\n],\n"annotations": [\n'
    yield from _content(annotations)
    yield b"\n]}\n"


def _content(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    while part := file.read(1 << 20):
        yield part
