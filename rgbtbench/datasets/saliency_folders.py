"""What the RGB-T saliency sets have in common: three folders, and file endings that differ between repacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from rgbtbench.datasets.source import Layout
from rgbtbench.datasets.templates import TemplatedLayout, TemplatedSource, template
from rgbtbench.errors import InputFileError
from rgbtbench.formats.attribute_table import ATTRIBUTE_TABLE, read_attribute_table
from rgbtbench.pair import Entry


def saliency_layout(
    name: str, *, thermal: str, truth: str, splits: Mapping[str, str], folder: str = "", thermal_folder: str = "T"
) -> TemplatedLayout:
    """Return the layout `RGB`, `T` and `GT` of one pair of file endings.

    Args:
        name: of the layout.
        thermal: ending of thermal images, without the dot.
        truth: ending of ground truth.
        splits: our name of a split to theirs.
        folder: what lies above the three folders, with a final `/`; may hold `{split}`.
        thermal_folder: name of the thermal images' folder.
    """
    files = {
        "rgb": f"{folder}RGB/{{stem}}.jpg",
        "lwir": f"{folder}{thermal_folder}/{{stem}}.{thermal}",
        "saliency": f"{folder}GT/{{stem}}.{truth}",
    }
    marks = tuple(path.replace("{split}", "*").replace("{stem}", "*") for path in files.values())
    return template(name, files, splits=splits, marks=marks)


class SaliencyFolders(TemplatedSource):
    """A saliency set; attributes come from a table beside the folders where there is one."""

    def entries(self, root: Path, layout: Layout) -> Iterator[Entry]:
        """Yield the samples of every split that is there, numbers in natural order; raises as the base class does."""
        table = read_attribute_table(root, self.card.attributes)
        strange = bool(table)
        for entry in super().entries(root, layout):
            strange = strange and entry.official_id not in table
            yield replace(entry, attributes=table.get(entry.official_id, {}))
        if strange:
            raise InputFileError(
                f"has rows such as {next(iter(table))!r}, and none of a sample that is here",
                expected=f"ids like {entry.official_id}",
                path=root / ATTRIBUTE_TABLE,
                remedy="correct the ids, or remove the table to do without attributes",
            )
