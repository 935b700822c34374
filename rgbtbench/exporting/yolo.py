"""YOLO trees as Ultralytics' trainers read them: `images/` and `labels/` with the same names below, one `data.yaml`.

A label file lies where its image does, with `labels` for `images`, so each camera that the boxes follow gets label
files of its own and its own `data_<modality>.yaml`.
"""

from __future__ import annotations

import yaml

from rgbtbench.exporting.job import ExportedSample, Job
from rgbtbench.exporting.objects import WrittenObject, written_objects

IMAGES, LABELS = "images/{modality}/{split}", "labels/{modality}/{split}"


def write(job: Job) -> None:
    """Write one line `class cx cy width height` per object, as shares of the image, and a description per camera."""
    numbers = {label: number for number, label in enumerate(job.classes)}
    if list(numbers) != list(numbers.values()):
        job.notes.add("classes are numbered from 0, in the order of their ids", len(numbers), "classes")
    cameras = _cameras(job)
    for split in job.splits:
        for sample in job.samples(split):
            text = "".join(_lines(job, sample, numbers)).encode()
            for modality in cameras:
                path = job.folders.path("labels", split, sample.key, "txt", modality=modality)
                job.tree.write(path, text)
    for modality in cameras:
        description = {
            **{job.folders.split(split): job.folders.of(modality, split) for split in job.splits},
            "names": {number: job.classes[label] for label, number in numbers.items()},
        }
        written = yaml.safe_dump(description, sort_keys=False, allow_unicode=True)
        job.tree.write(f"data_{modality}.yaml", written.encode())


def _cameras(job: Job) -> tuple[str, ...]:
    frame = next(iter(job.splits.values())).manifest.label_sets[job.label_set].frame
    cameras = job.modalities if frame == "both" else (job.frame,)
    for modality in job.modalities:
        if modality not in cameras:
            pairs = sum(map(len, job.splits.values()))
            job.notes.add(f"{modality} has no label files: the labels follow {job.frame}", pairs, "images")
    return cameras


def _lines(job: Job, sample: ExportedSample, numbers: dict[int, int]) -> list[str]:
    height, width = sample.size(job.label_set)
    lines = []
    for thing in written_objects(job, sample):
        if thing.ignore or thing.classless:
            job.notes.add("regions to pass over are left out", 1, "boxes")
            continue
        job.notes.add("oriented boxes are written as the upright boxes around them", thing.corners is not None, "boxes")
        job.notes.add("occlusion is left out", thing.occlusion > 0, "boxes")
        x1, y1, x2, y2 = _clipped(job, thing, width, height)
        if x2 <= x1 or y2 <= y1:
            job.notes.add("boxes without area inside the image are left out", 1, "boxes")
            continue
        shares = ((x1 + x2) / 2 / width, (y1 + y2) / 2 / height, (x2 - x1) / width, (y2 - y1) / height)
        lines.append(" ".join([str(numbers[thing.label]), *(f"{share:.9f}" for share in shares)]) + "\n")
    return lines


def _clipped(job: Job, thing: WrittenObject, width: int, height: int) -> tuple[float, float, float, float]:
    """Return the part inside the image: trainers refuse an image whose labels reach outside."""
    x1, y1, x2, y2 = thing.xyxy
    inside = (max(x1, 0.0), max(y1, 0.0), min(x2, float(width)), min(y2, float(height)))
    job.notes.add("boxes are cut at the border of the image", inside != thing.xyxy, "boxes")
    return inside
