"""Labels of IR-TD: the released JSON files of questions and answers; no image is needed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rgbtbench.canonical import canonical_json
from rgbtbench.cards.catalog import dataset_card
from rgbtbench.cards.protocol import Protocol
from rgbtbench.datasets.irtd import FILES, image_of
from rgbtbench.datasets.irtd_targets import BOX_IMAGE, target_of
from rgbtbench.errors import InputFileError, LabelError
from rgbtbench.formats.instruction_json import MAX_JSON_BYTES, Instruction, read_instructions
from rgbtbench.predictions.members import is_archive, open_members
from rgbtbench.scoring.ground_truth.file_truth import FileTruth


@contextmanager
def read(protocol: Protocol, path: Path) -> Iterator[TextTruth]:
    """Open the rows that a protocol asks about.

    Args:
        protocol: one of IR-TD.
        path: file of the protocol's one split, whatever its name, or a folder, `.zip` or `.tar` with the official
            names, such as `Location.json`, in it or in one folder below.

    Raises:
        LabelError: a file is missing, or a row is not of its task's form.
        InputFileError: a file is damaged.
        PredictionError: neither a file, a folder nor a readable archive.
    """
    with tempfile.TemporaryDirectory() as scratch:
        files = _files(protocol, path, Path(scratch))
        yield TextTruth(protocol, {split: _rows(file, path) for split, file in files.items()}, path)


class TextTruth(FileTruth):
    """Rows of some splits.

    Args:
        protocol: names the label set: `answer` as written, or `target`, what it states.
        rows: split to its rows by id, in the order of the protocol's splits.
        path: named in errors.
    """

    def __init__(self, protocol: Protocol, rows: Mapping[str, Mapping[str, Instruction]], path: Path) -> None:
        flat = [(*FILES[split], row_id, row) for split, of_split in rows.items() for row_id, row in of_split.items()]
        images = [image_of(row, row_id, path) for _, _, row_id, row in flat]
        super().__init__(
            [f"{name}/{row_id}" for name, _, row_id, _ in flat],
            clusters=[image.rpartition(".")[0] for image in images],
            split_keys={
                split: [f"{FILES[split][0]}/{row_id}" for row_id in of_split] for split, of_split in rows.items()
            },
            attributes={
                "task": [task for _, task, _, _ in flat],
                "source": [image.partition("/")[0] for image in images],
            },
        )
        self._rows = [(task, row) for _, task, _, row in flat]
        self._label_set, self._path = protocol.label_set, path

    def text(self, position: int) -> str:
        """See `Truth`; raises `LabelError` when the row is not of its task's form."""
        task, row = self._rows[position]
        if self._label_set == "answer":
            return row.answer
        try:
            # Boxes are in pixels of images of this size; what is judged of points is in thousandths anyway.
            return canonical_json(target_of(task, row, BOX_IMAGE)).decode()
        except ValueError as error:
            raise LabelError(
                f"{self.keys[position]}: {error}", path=self._path, remedy="take the file from the official archive"
            ) from error


def _files(protocol: Protocol, path: Path, scratch: Path) -> dict[str, Path]:
    """Return the file of each split; those in an archive are unpacked first."""
    if path.is_file() and not is_archive(path):
        if len(protocol.splits) > 1:
            raise LabelError(
                f"{protocol.id} needs several files",
                expected=", ".join(f"{FILES[split][0]}.json" for split in protocol.splits),
                path=path,
                remedy="name the folder that holds them",
            )
        return {protocol.split: path}
    files: dict[str, Path] = {}
    with open_members(path) as members:
        for split in protocol.splits:
            name = f"{FILES[split][0]}.json"
            found = [member for member in members.sizes if member.rpartition("/")[2] == name]
            if len(found) != 1:
                facts = dataset_card(protocol.dataset).editions[protocol.edition].splits[split]
                unseen = facts.note if facts.count is None else None
                raise LabelError(
                    f"holds {len(found)} files {name}",
                    expected="one",
                    path=path,
                    remedy=unseen or "name the folder json_sft",
                )
            if path.is_dir():
                files[split] = path / found[0]
                continue
            if members.sizes[found[0]] > MAX_JSON_BYTES:
                raise LabelError(f"{name} has {members.sizes[found[0]]} bytes", path=path, remedy="check what it is")
            files[split] = scratch / name
            files[split].write_bytes(members.read(found[0]))
    return files


def _rows(file: Path, path: Path) -> Mapping[str, Instruction]:
    try:
        return read_instructions(file.parent, file.name)
    except InputFileError as error:
        raise InputFileError(
            error.found, expected=error.expected, remedy=error.remedy, path=f"{path}: {file.name}", line=error.line
        ) from error
