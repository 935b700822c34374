"""IR-TD (Cao et al., ICCV 2025): questions about infrared images, and answers; eight of nine files were released.

The files hold texts alone. Images come from the sets that they were taken from; see the card.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import count, islice
from pathlib import Path
from typing import Final, NamedTuple

from rgbtbench.canonical import canonical_json
from rgbtbench.datasets.irtd_targets import target_of
from rgbtbench.datasets.roles import RoleSource
from rgbtbench.datasets.source import Layout
from rgbtbench.errors import InputFileError, LabelError, LayoutError
from rgbtbench.formats.box_list import plain_boxes, raw_numbers
from rgbtbench.formats.instruction_json import Instruction, read_instructions_once
from rgbtbench.formats.paths import is_there
from rgbtbench.pair import Boxes, Entry, Mask, Pair, Text, check_key

#: The folder of all images, in the authors' paths and below the root.
IMAGES: Final = "Data4MLLM"
_FILE: Final = "json_sft/{name}.json"
#: Split to the name of its file and to the paper's name of the task.
FILES: Final = {
    "location": ("Location", "location"),
    "security": ("Security", "security"),
    "relationship": ("Relationship", "relationship"),
    "reid": ("ReID", "reid"),
    "recognition": ("Recognition", "recognition"),
    "detection": ("Detection", "grounding"),
    "pedestrian_counting": ("PedestrianCounting", "pedestrian_counting"),
    "aerial_counting": ("AerialCounting", "aerial_counting"),
    "scene": ("Scene", "scene"),  # not among the released files
}
_BELOW: Final = re.compile(r"[0-9]+-[A-Za-z0-9_-]+(?:/[A-Za-z0-9_][A-Za-z0-9_.-]*)+")


class _Box(NamedTuple):
    name: str
    numbers: tuple[float, float, float, float]


class IRTD(RoleSource):
    """A row is a sample, a file is a split, and rows about one image are a cluster."""

    name = "irtd"
    layouts = (
        Layout(
            "official",
            ("json_sft/*.json", IMAGES),
            f"json_sft/{{{','.join(name for name, _ in FILES.values())}}}.json and {IMAGES}/<number>-<source>/… with "
            "the images of at least one source, below it as the files name them",
        ),
    )

    def entries(self, root: Path, layout: Layout) -> Iterator[Entry]:
        """Yield the rows whose source is there, in the files' order; raises `InputFileError`, `LayoutError`."""
        sources = {path.name for path in (root / IMAGES).iterdir() if not path.is_file()}
        found = False
        for split, (name, task) in FILES.items():
            relative = _FILE.format(name=name)
            if not is_there(root, relative):
                continue
            rows = read_instructions_once(root, relative).items()
            images = ((row_id, image_of(row, row_id, root / relative)) for row_id, row in rows)
            present = ((row_id, image) for row_id, image in images if image.partition("/")[0] in sources)
            for order, (row_id, image) in enumerate(present):
                found = True
                yield Entry(
                    key=check_key(f"{name}/{row_id}"),
                    official_id=f"{name}/{row_id}/{image}",
                    split=split,
                    order=order,
                    files={"lwir": f"{IMAGES}/{image}", "rows": relative},
                    attributes={"task": task, "source": image.partition("/")[0]},
                    cluster=image.rpartition(".")[0],
                )
        if not found:
            raise LayoutError(
                f"holds the images of no source: {', '.join(sorted(sources)) or 'nothing'}",
                expected="folders such as 63-FLIR_ADAS, as the files name them",
                path=root / IMAGES,
                remedy="put the images of each set into a folder of the authors' name for it",
            )

    def pair(self, root: Path, layout: Layout, entry: Entry) -> Pair:
        """Open one row and its image; the box set goes with grounding alone. Raises `InputFileError`, `LabelError`."""
        image = super().pair(root, layout, entry).images["lwir"]
        row = read_instructions_once(root, entry.files["rows"])[entry.key.partition("/")[2]]
        try:
            target = target_of(str(entry.attributes["task"]), row, (image.width, image.height))
        except ValueError as error:
            raise LabelError(
                f"{entry.key}: {error}",
                path=root / entry.files["rows"],
                remedy="take the file and the image from the official sources",
            ) from error
        labels: dict[str, Boxes | Mask | Text] = {
            "question": Text((row.question,)),
            "answer": Text((row.answer,)),
            "target": Text((canonical_json(target).decode(),)),
        }
        if "boxes" in target:
            written = [_Box(target["label"], tuple(box)) for box in target["boxes"]]
            labels["boxes"] = plain_boxes(
                written,
                raw_numbers(written),
                self.card.label_sets["boxes"],
                convention="xyxy as written, half-open",
                path=root / entry.files["rows"],
            )
        return Pair(self.name, entry, {"lwir": image}, labels, {**entry.attributes, "label": target.get("label")})

    def fake(self, root: Path, layout: Layout, counts: Mapping[str, int], seed: int) -> None:
        """Write rendered scenes with questions about them; rows of `Detection` follow each other without a list."""
        from rgbtbench.datasets.irtd_fakes import write_fake

        numbers = count(90001)
        facts = self.card.label_sets["boxes"]
        for split, (name, _) in FILES.items():
            if rows := list(islice(numbers, counts.get(split, 0))):
                write_fake(root / _FILE.format(name=name), root / IMAGES, split, rows, facts, seed)


def image_of(row: Instruction, row_id: str, path: Path) -> str:
    """Return a row's image below the folder of all images; raises `InputFileError` when it is elsewhere."""
    image = row.image.partition(f"/{IMAGES}/")[2]
    if not _BELOW.fullmatch(image):
        raise InputFileError(
            f"the row with the id {row_id!r} names the image {row.image[:200]!r}",
            expected=f"a path with {IMAGES}/<number>-<source>/ in it",
            path=path,
            remedy="take the file from the official archive",
        )
    return image


SOURCE = IRTD()
