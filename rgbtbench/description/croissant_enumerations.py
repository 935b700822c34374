"""The splits and classes of a dataset as Croissant enumerations, which stand in the description itself."""

from __future__ import annotations

from typing import Final

from rgbtbench.cards.dataset import DatasetCard, LabelSetFacts
from rgbtbench.description.croissant_nodes import Json, enumeration
from rgbtbench.description.wording import first_edition
from rgbtbench.shards.manifest import Manifest

_KINDS: Final = {"train": "cr:TrainingSplit", "val": "cr:ValidationSplit", "test": "cr:TestSplit"}


def expected_splits(card: DatasetCard) -> Json:
    """Return the splits of the official edition with the counts that the card expects."""
    rows = [
        {"name": name, "url": _kind(name), "pairs": facts.count, "verified": facts.verified}
        for name, facts in first_edition(card).splits.items()
    ]
    types = {"name": "sc:Text", "url": "sc:URL", "pairs": "sc:Integer", "verified": "sc:Boolean"}
    return enumeration("splits", "cr:Split", "Expected pairs, and whether somebody counted them.", types, rows)


def prepared_splits(manifest: Manifest) -> Json:
    """Return the splits of prepared data with their counts."""
    rows = [{"name": name, "url": _kind(name), "pairs": facts.samples} for name, facts in manifest.splits.items()]
    types = {"name": "sc:Text", "url": "sc:URL", "pairs": "sc:Integer"}
    return enumeration("splits", "cr:Split", f"Edition {manifest.edition}, as prepared.", types, rows)


def classes(label_set: str, facts: LabelSetFacts) -> Json:
    """Return the classes of a label set: native ids and names, and names in the unified label space."""
    rows = [{"id": entry.id, "name": entry.name, "unified": entry.unified} for entry in facts.classes]
    types = {"id": "sc:Integer", "name": "sc:Text", "unified": "sc:Text"}
    about = "Native ids, native names, and names in rgbtbench's unified label space (`ignore`, `drop`: in none)."
    return enumeration(f"classes-{label_set}", "sc:Enumeration", about, types, rows)


def _kind(split: str) -> str | None:
    return next((kind for start, kind in _KINDS.items() if split.startswith(start)), None)
