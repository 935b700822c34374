"""IR-500K (Ran et al., 2025), the set of DiffV2IR: infrared images collected from many sets, a part with RGB twins.

How the part without twins lies is not verified: a tree of it says so by `layout.yaml`.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import accumulate
from pathlib import Path
from typing import Final

from rgbtbench.datasets.described import DescribedSource, described
from rgbtbench.datasets.format_splits import split_by_format
from rgbtbench.datasets.roles import RoleSource
from rgbtbench.datasets.source import Layout
from rgbtbench.errors import InputFileError
from rgbtbench.formats.json_file import read_json
from rgbtbench.formats.write_image import write_image
from rgbtbench.pair import Entry, check_key

EXAMPLE: Final = """\
modalities: {lwir: "{split}/{stem}.jpg"}
splits: {unpaired: infrared}
"""
SEEDS: Final = "paired/seeds.json"
_FILES: Final = {"rgb": "paired/rgb/{name}", "lwir": "paired/ir/{name}"}
_PARTS: Final = ("train", "val", "test")
_NAME = re.compile(r"(?P<stem>(?P<source>[A-Za-z0-9]+)_[A-Za-z0-9_-]+)\.(?:jpg|png)")


class _Paired(RoleSource):
    """The list decides order and splits; both images of a pair have its name."""

    name = "ir500k"
    layouts = (
        Layout("official", ("paired/rgb", "paired/ir", SEEDS), "paired with rgb/<name>, ir/<name> and seeds.json"),
    )

    def entries(self, root: Path, layout: Layout) -> Iterator[Entry]:
        """Yield the listed pairs in their order; raises `InputFileError`."""
        names = _listed(root)
        ends = self._ends(len(names))
        seen: Counter[str] = Counter()
        for place, found in enumerate(names):
            part = next(part for part, end in ends.items() if place < end)
            split = split_by_format(part, found.string)
            yield Entry(
                key=check_key(found["stem"]),
                official_id=found["stem"],
                split=split,
                order=seen[split],
                files={role: path.format(name=found.string) for role, path in _FILES.items()},
                attributes={"source": found["source"]},
            )
            seen[split] += 1

    def _ends(self, listed: int) -> dict[str, int]:
        """Return where each part of the list ends; a list of another length than the official one is for training."""
        counts = self.card.editions["official"].splits
        sizes = (sum(facts.count or 0 for name, facts in counts.items() if name.startswith(part)) for part in _PARTS)
        ends = dict(zip(_PARTS, accumulate(sizes), strict=True))
        return ends if ends["test"] == listed else {"train": listed}

    def fake(self, root: Path, layout: Layout, counts: Mapping[str, int], seed: int) -> None:
        """Write pairs of two sources, one in JPEG and one in PNG, which are too few for more than training."""
        from rgbtbench.datasets.fakes import pixels_of
        from rgbtbench.synthesis.render import render

        names = [f"kaist_set90_V000_I{number:05d}.jpg" for number in range(counts.get("train", 0))]
        names += [f"MSRS_{90000 + number:05d}D.png" for number in range(counts.get("train_png", 0))]
        for number, name in enumerate(names):
            scene = render(seed, number, width=160, height=120)
            for role, path in _FILES.items():
                write_image(root / path.format(name=name), pixels_of(scene, role, self.card))
        (root / SEEDS).parent.mkdir(parents=True, exist_ok=True)
        (root / SEEDS).write_text(json.dumps([[name] for name in names]))


class IR500K(DescribedSource):
    """The paired part as it circulates, or a described tree."""

    name = "ir500k"
    own = _Paired()
    layouts = (described(EXAMPLE), *own.layouts)


def _listed(root: Path) -> list[re.Match[str]]:
    content, names = read_json(root, SEEDS), dict[str, re.Match[str]]()
    for number, item in enumerate(content if isinstance(content, list) else [None], 1):
        found = (
            _NAME.fullmatch(item[0]) if isinstance(item, list) and len(item) == 1 and isinstance(item[0], str) else None
        )
        if found is None or found.string in names:
            fault = "is no list with the name of one pair" if found is None else "was named before"
            raise InputFileError(
                f"entry {number}, {json.dumps(item)[:80]}, {fault}",
                expected='["<source>_<stem>.jpg"] or .png, every name once',
                path=root / SEEDS,
                remedy="take the list from the authors' repository",
            )
        names[found.string] = found
    return list(names.values())


SOURCE = IR500K()
