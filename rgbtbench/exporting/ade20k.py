"""The pair of ADE20K-style roots that M-SpecGene's fine-tuning code reads.

Its loader (CalayZhou/M-SpecGene, `LoadRGBTImageFromFile`) finds the second image by replacing `ADEChallengeData2016` by
`ADEChallengeData2016_T` in the path of the first, so both roots carry that name, and both images the same one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from rgbtbench.errors import UserError
from rgbtbench.exporting.job import ExportedSample, Job
from rgbtbench.exporting.masks import translated_mask
from rgbtbench.formats.image_file import encode_png

_ROOT = "ADEChallengeData2016"
FIRST = "rgb"
IMAGES, LABELS = f"{_ROOT}_T/images/{{split}}", f"{_ROOT}/annotations/{{split}}"
FOLDERS = {FIRST: f"{_ROOT}/images/{{split}}"}

#: Levels of saliency from here on are the salient class.
_SALIENT = 128


def split_names(splits: Collection[str]) -> Mapping[str, str]:
    """Return what the format calls some splits; `test` is its validation where there is no `val`.

    Raises:
        UserError: a split that it has no name for.
    """
    names = {"train": "training", "val": "validation", "test": "testing" if "val" in splits else "validation"}
    for split in splits:
        if split not in names:
            raise UserError(
                f"ADE20K's tree has no place for split {split!r}", remedy="choose train, val or test with --split"
            )
    return {split: names[split] for split in splits}


def write(job: Job) -> None:
    """Write `{images,annotations}/{training,validation}` and the second root; class ids stay, 255 is ignored.

    Raises:
        UserError: not exactly two modalities, or none of them is `rgb`.
    """
    if len(job.modalities) != 2 or FIRST not in job.modalities:
        raise UserError(
            f"ADE20K's pair of roots holds {FIRST} and one other modality, not {', '.join(job.modalities)}",
            remedy=f"choose two: --modality {FIRST} --modality lwir",
        )
    if list(job.classes) != list(range(len(job.classes))):
        job.notes.add("class ids are not 0, 1, 2 …, as mmsegmentation expects", len(job.classes), "classes")
    for split in job.splits:
        for sample in job.samples(split):
            mask = translated_mask(job, sample) if job.classes else _salient(job, sample)
            job.tree.write(job.folders.path("labels", split, sample.key, "png"), mask)


def _salient(job: Job, sample: ExportedSample) -> bytes:
    """Return the saliency as two classes, which is how that code learns it."""
    levels = sample.labels[sample.position].masks[job.label_set]
    job.notes.add(f"saliency is written as 0 and 1, 1 from level {_SALIENT} on", 1, "masks")
    between = not set(sample.record["masks"][job.label_set]["values"]) <= {0, 255}
    job.notes.add("levels of saliency between 0 and 255 are lost", between, "masks")
    return encode_png((levels >= _SALIENT).astype(np.uint8))
