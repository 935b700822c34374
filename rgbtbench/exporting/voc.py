"""PASCAL VOC trees (Everingham et al., IJCV 2010): one XML per image, lists of names per split.

VOC counts from 1 and includes the last pixel. Where the source is a VOC file itself its own numbers are written, so
that the tree equals the official one to whatever convention its readers follow.
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape

from rgbtbench.exporting.job import ExportedSample, Job
from rgbtbench.exporting.objects import WrittenObject, decimal, written_objects

IMAGES, LABELS = "JPEGImages/{modality}", "Annotations"

#: Name of objects that are only regions to pass over.
IGNORED = "ignore"
#: Conventions of sources that write `xmin ymin xmax ymax` as VOC does.
_VOC_SOURCE = "voc-xyxy"


def write(job: Job) -> None:
    """Write `Annotations/<key>.xml` and `ImageSets/Main/<split>.txt`."""
    for split in job.splits:
        keys = []
        for sample in job.samples(split):
            path = job.folders.path("labels", split, sample.key, "xml")
            job.tree.write(path, _annotation(job, sample).encode())
            keys.append(sample.key)
        name = job.folders.split(split)
        job.tree.write(f"ImageSets/Main/{name}.txt", "".join(f"{key}\n" for key in keys).encode())


def _annotation(job: Job, sample: ExportedSample) -> str:
    height, width = sample.size(job.label_set)
    image = sample.images[job.frame]
    folder = job.folders.of(job.frame, sample.split)
    source = sample.record["boxes"][job.label_set]["convention"].startswith(_VOC_SOURCE)
    objects = "".join(_object(job, thing, own_numbers=source) for thing in written_objects(job, sample))
    convention = "as the source's own VOC files" if source else "from 1, the last pixel included"
    job.notes.add(f"coordinates count {convention}", 1, "samples")
    return (
        "<annotation>\n"
        f"  <folder>{escape(folder)}</folder>\n"
        f"  <filename>{escape(image.removeprefix(folder + '/'))}</filename>\n"
        f"  <source><database>{escape(job.dataset)}</database></source>\n"
        f"  <size><width>{width}</width><height>{height}</height>"
        f"<depth>{sample.record['images'][job.frame]['channels']}</depth></size>\n"
        f"  <segmented>0</segmented>\n{objects}</annotation>\n"
    )


def _object(job: Job, thing: WrittenObject, *, own_numbers: bool) -> str:
    x1, y1, x2, y2 = thing.xyxy
    numbers = thing.raw if own_numbers and len(thing.raw) == 4 else (x1 + 1, y1 + 1, x2, y2)
    name = IGNORED if thing.classless else job.classes[thing.label]
    difficult = thing.ignore or thing.classless
    job.notes.add("regions to pass over are marked `difficult`", difficult, "boxes")
    job.notes.add(f"regions of no class are named {IGNORED!r}", thing.classless, "boxes")
    job.notes.add("oriented boxes are written as the upright boxes around them", thing.corners is not None, "boxes")
    job.notes.add("heavy and partial occlusion are both `occluded`", thing.occlusion > 0, "boxes")
    fractions = not all(number.is_integer() for number in numbers)
    job.notes.add("coordinates have fractions, which readers of whole numbers refuse", fractions, "boxes")
    occluded = "" if thing.occlusion < 0 else f"<occluded>{int(thing.occlusion > 0)}</occluded>"
    edges = zip(("xmin", "ymin", "xmax", "ymax"), numbers, strict=True)
    return (
        f"  <object><name>{escape(name)}</name><difficult>{int(difficult)}</difficult>{occluded}"
        f"<bndbox>{_elements(edges)}</bndbox></object>\n"
    )


def _elements(edges: Iterable[tuple[str, float]]) -> str:
    return "".join(f"<{edge}>{decimal(number)}</{edge}>" for edge, number in edges)
