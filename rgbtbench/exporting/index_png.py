"""Trees of index PNG: a folder per modality, one of labels, and lists of names per split.

Most code for RGB-thermal segmentation reads this shape, each under folder names of its own: CMX wants `RGB`, `Modal`
and `Label`, MRFS `visible`, `infrared` and `label`.
"""

from __future__ import annotations

from rgbtbench.exporting.job import Job
from rgbtbench.exporting.masks import mask_in_space

IMAGES, LABELS = "{modality}", "labels"


def write(job: Job) -> None:
    """Write masks to `labels/<key>.png`, the lists `<split>.txt`, and `classes.txt` with one `id name` per line."""
    for split in job.splits:
        keys = []
        for sample in job.samples(split):
            job.tree.write(job.folders.path("labels", split, sample.key, "png"), mask_in_space(job, sample))
            keys.append(sample.key)
        name = job.folders.split(split)
        job.tree.write(f"{name}.txt", "".join(f"{key}\n" for key in keys).encode())
    if job.classes:
        named = "".join(f"{number} {name}\n" for number, name in job.classes.items())
        job.tree.write("classes.txt", named.encode())
