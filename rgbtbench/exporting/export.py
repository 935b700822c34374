"""`export`: a prepared dataset in a format that other tools read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from rgbtbench.errors import ShardError, did_you_mean
from rgbtbench.exporting.folder import whole_folder
from rgbtbench.exporting.formats import ExportFormat, export_format
from rgbtbench.exporting.job import Job
from rgbtbench.exporting.layout import Folders, chosen_folders
from rgbtbench.exporting.summary import SUMMARY, Notes, Summary
from rgbtbench.loading.label_space import NATIVE
from rgbtbench.loading.prepared import PreparedSplit, open_split
from rgbtbench.progress import Progress, Silent
from rgbtbench.shards.manifest import Manifest, pretty_json, read_manifest


def export(
    data: Path,
    out: Path,
    *,
    format_name: str,
    splits: Sequence[str] | None = None,
    label_set: str | None = None,
    label_space: str = NATIVE,
    modalities: Sequence[str] | None = None,
    folders: Iterable[str] = (),
    progress: Progress | None = None,
) -> Summary:
    """Write a prepared dataset in another format. Images keep the bytes that they are stored with.

    The folder takes its name when everything is in it; whatever ends an export before leaves nothing behind.

    Args:
        data: prepared dataset.
        out: new or empty folder.
        format_name: one of `FORMATS`.
        splits: those to write; all by default.
        label_set: the labels to write; by default the only set that the format holds.
        label_space: ids of the labels: `native`, `unified`, or the name of another dataset.
        modalities: those to write; all by default.
        folders: folders other than the format's own, such as `rgb=visible/{split}`.
        progress: is told of samples.

    Returns:
        What was written, and what the format cannot hold; `export.json` in the folder says the same.

    Raises:
        UnknownNameError: no such format, label space or modality.
        ShardError: the data is damaged or lacks a split, a modality or labels for the format.
        UserError: `out` holds something or cannot be written, or the format has no place for what was chosen.
    """
    chosen = export_format(format_name)
    manifest = read_manifest(data)
    names = tuple(dict.fromkeys(splits)) if splits else tuple(manifest.splits)
    labels = _label_set(manifest, chosen, format_name, label_set, data)
    opened = {
        name: open_split(data, name, label_space=label_space, modalities=modalities, label_sets=(labels,))
        for name in names
    }
    for split in opened.values():
        _require_labels(split, labels, data)
    reporting = progress or Silent()
    some = next(iter(opened.values()))
    with whole_folder(out) as tree:
        job = Job(
            splits=opened,
            label_set=labels,
            classes=dict(sorted(some.classes(labels).items())) if labels in some.lookups else {},
            folders=Folders(
                images=chosen.images,
                labels=chosen.labels,
                chosen={**chosen.folders, **chosen_folders(folders, some.modalities)},
                splits=chosen.split_names(names),
                named_after=chosen.named_after,
            ),
            tree=tree,
            notes=Notes(),
            progress=reporting,
        )
        reporting.start(f"export {manifest.dataset}", sum(map(len, opened.values())), "samples")
        try:
            chosen.write(job)
        finally:
            reporting.finish()
        _note_the_rest(job, manifest, keeps_attributes=chosen.keeps_attributes)
        summary = Summary(
            format=format_name,
            dataset=manifest.dataset,
            edition=manifest.edition,
            data_hash=manifest.data_hash,
            labels_hash=manifest.labels_hash,
            label_set=labels,
            label_space=label_space,
            classes=job.classes,
            splits={name: len(split) for name, split in opened.items()},
            modalities=job.modalities,
            files=tree.files,
            bytes=tree.bytes,
            notes=job.notes.all(),
        )
        tree.write(SUMMARY, pretty_json(summary.to_json()))
    return summary


def _label_set(manifest: Manifest, chosen: ExportFormat, format_name: str, wanted: str | None, data: Path) -> str:
    fitting = [name for name, facts in manifest.label_sets.items() if facts.kind in chosen.kinds]
    if wanted in fitting or (wanted is None and len(fitting) == 1):
        return wanted or fitting[0]
    holds = f"{format_name} holds labels of kind {' or '.join(chosen.kinds)}"
    if wanted is not None:
        facts = manifest.label_sets.get(wanted)
        found = f"no label set {wanted!r}" if facts is None else f"the label set {wanted} is of kind {facts.kind}"
        raise ShardError(f"{found}; {holds}", remedy=did_you_mean(wanted, fitting), path=data)
    raise ShardError(
        f"{len(fitting)} label sets for this format: {holds}",
        expected="one",
        remedy=f"name one with --label-set: {', '.join(fitting)}" if fitting else "choose another format",
        path=data,
    )


def _require_labels(split: PreparedSplit, label_set: str, data: Path) -> None:
    record = split.record(0)
    if label_set not in record["boxes"] and label_set not in record["masks"]:
        raise ShardError(
            f"split {split.name} has no labels {label_set}",
            remedy="leave it out: name the others with --split",
            path=data,
        )


def _note_the_rest(job: Job, manifest: Manifest, *, keeps_attributes: bool) -> None:
    samples = sum(map(len, job.splits.values()))
    others = [name for name in manifest.label_sets if name != job.label_set]
    if others:
        job.notes.add(f"other labels are left out: {', '.join(others)}", samples, "samples")
    if manifest.attributes and not keeps_attributes:
        job.notes.add(f"attributes are left out: {', '.join(manifest.attributes)}", samples, "samples")
