"""The masks of a sample, as formats write them."""

from __future__ import annotations

from rgbtbench.exporting.job import ExportedSample, Job
from rgbtbench.formats.image_file import encode_png
from rgbtbench.loading.label_space import NATIVE


def stored_mask(job: Job, sample: ExportedSample) -> bytes:
    """Return the stored PNG: native ids, ignored ones included, or levels of saliency."""
    return sample.labels.member(sample.position, sample.record["masks"][job.label_set]["file"])


def translated_mask(job: Job, sample: ExportedSample) -> bytes:
    """Return the mask in the label space, 255 where nothing counts; the stored PNG where that changes no pixel."""
    lookup = sample.labels.lookups.get(job.label_set)
    facts = sample.record["masks"][job.label_set]
    if lookup is None or lookup.keeps(facts["values"]):
        return stored_mask(job, sample)
    job.notes.add("masks are translated to the label space, 255 where nothing counts", 1, "masks")
    hidden = [value for value in facts["values"] if value in lookup.removed]
    job.notes.add("pixels of classes that the label space does not have are 255", bool(hidden), "masks")
    return encode_png(sample.labels[sample.position].masks[job.label_set])


def mask_in_space(job: Job, sample: ExportedSample) -> bytes:
    """Return the stored PNG in native space, else the translated one."""
    return stored_mask(job, sample) if sample.labels.label_space == NATIVE else translated_mask(job, sample)
