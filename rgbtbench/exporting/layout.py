"""Where the files of an export lie: one folder per modality, and one for the labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from rgbtbench.errors import UnknownNameError, UserError, did_you_mean
from rgbtbench.pair import check_key

#: Role of the folder that holds the labels; every other role is a modality.
LABELS = "labels"


@dataclass(frozen=True, slots=True)
class Folders:
    """The folder of each role, in which `{modality}` and `{split}` stand for their names.

    Attributes:
        images: of every modality that `chosen` does not name.
        labels: of the labels.
        chosen: role to the folder that the user wants instead.
        splits: split to the name that the format has for it; its own otherwise.
        named_after: modality whose extension all images of a sample carry; None where each keeps its own.
    """

    images: str
    labels: str
    chosen: Mapping[str, str] = field(default_factory=dict)
    splits: Mapping[str, str] = field(default_factory=dict)
    named_after: str | None = None

    def split(self, name: str) -> str:
        """Return what the format calls a split."""
        return self.splits.get(name, name)

    def of(self, role: str, split: str, *, modality: str | None = None) -> str:
        """Return the folder of a modality's images, or of the labels that lie beside `modality`."""
        pattern = self.chosen.get(role, self.labels if role == LABELS else self.images)
        name = modality or role
        return pattern.replace("{modality}", name).replace("{split}", self.split(split))

    def path(self, role: str, split: str, key: str, extension: str, *, modality: str | None = None) -> str:
        """Return the path of one file; raises `InputFileError` for a key that is none."""
        return f"{self.of(role, split, modality=modality)}/{check_key(key)}.{extension}"


def chosen_folders(assignments: Iterable[str], modalities: Iterable[str]) -> dict[str, str]:
    """Return role to folder, from texts such as `rgb=visible/{split}`.

    Raises:
        UserError: no assignment, or a folder outside the export.
        UnknownNameError: a role that is neither a modality nor `labels`.
    """
    roles = {*modalities, LABELS}
    folders: dict[str, str] = {}
    for text in assignments:
        role, equals, folder = text.partition("=")
        name = PurePosixPath(folder)
        if not equals or not folder or name.is_absolute() or ".." in name.parts or "\\" in folder:
            raise UserError(f"{text!r} names no folder", expected="such as rgb=visible/{split}, below the output")
        if role not in roles:
            raise UnknownNameError(f"no modality {role!r} in this data", remedy=did_you_mean(role, roles))
        folders[role] = name.as_posix()
    return folders
