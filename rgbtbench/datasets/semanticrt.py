"""SemanticRT (Ji et al., ACM MM 2023): RGB and thermal frames, most of them LLVIP's, with masks of twelve classes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from rgbtbench.cards.schema import AttributeValue
from rgbtbench.datasets.source import Layout
from rgbtbench.datasets.templates import TemplatedSource, template
from rgbtbench.formats.id_list import only_subset, read_id_list, read_subsets
from rgbtbench.pair import Entry

_TIMES = {"day": "test_day.txt", "night": "test_night.txt"}
#: Attribute to the list of the test images that have it; an image may be in several.
_FLAGS = {"mc": "test_mc.txt", "mo": "test_mo.txt", "hard": "test_hard.txt"}


class SemanticRT(TemplatedSource):
    """Splits come from lists, and so do the subsets of the test split, which become attributes."""

    name = "semanticrt"
    stem = re.compile(r"[A-Za-z0-9_-]+")
    layouts = (
        template(
            "official",
            {"rgb": "rgb/{stem}.jpg", "lwir": "thermal/{stem}.jpg", "semantic": "labels/{stem}.png"},
            splits={split: split for split in ("train", "val", "test")},
            lists="{split}.txt",
        ),
    )

    def entries(self, root: Path, layout: Layout) -> Iterator[Entry]:
        """Yield the samples of every split that has a list; raises `InputFileError`, `LayoutError`."""
        listed = list(super().entries(root, layout))
        test = {entry.official_id for entry in listed if entry.split == "test"}
        times = read_subsets(root, _TIMES, pattern=self.stem, of=test)
        flags = read_subsets(root, _FLAGS, pattern=self.stem, of=test)
        for entry in listed:
            known: dict[str, AttributeValue] = {"time_of_day": only_subset(root, times, entry.official_id)}
            if entry.split == "test":
                known |= {name: entry.official_id in stems for name, stems in flags.items()}
            yield replace(entry, attributes=dict.fromkeys(_FLAGS) | known)

    def fake(self, root: Path, layout: Layout, counts: Mapping[str, int], seed: int) -> None:
        """Write rendered scenes and the lists of the test split's subsets, which overlap except by day and night."""
        super().fake(root, layout, counts, seed)
        if counts.get("test"):
            test = read_id_list(root, "test.txt", pattern=self.stem)
            chosen = {"day": test[::2], "night": test[1::2], "mc": test, "mo": test[:1], "hard": test[:2]}
            for name, where in (_TIMES | _FLAGS).items():
                if chosen[name]:
                    (root / where).write_text("".join(f"{stem}\r\n" for stem in chosen[name]))

    def fake_stems(self, split: str, numbers: Iterator[int]) -> Iterator[str]:
        """Numbers above those of the 11,371 official pairs."""
        return (f"img_{90000 + number}" for number in numbers)


SOURCE = SemanticRT()
