"""Facts of a dataset card in words: where the files are, on which terms, how many samples."""

from __future__ import annotations

from typing import Final

from rgbtbench.cards.dataset import (
    Alignment,
    ClassFacts,
    DatasetCard,
    Edition,
    LabelSetFacts,
    Licence,
    Link,
    ModalityFacts,
    SplitFacts,
)
from rgbtbench.cards.schema import Frame, LabelKind, Use
from rgbtbench.labels import DROP, HIDE

#: What a dataset is made for, in the field's words.
USE_IN_WORDS: Final[dict[Use, str]] = {
    "semantic": "semantic segmentation",
    "detection": "object detection",
    "saliency": "salient object detection",
    "language": "vision and language",
    "pretraining": "pre-training on pairs without labels",
}
#: More views of one kind than these are shown as a number.
_SHOWN_VIEWS: Final = 4
_ACCESS: Final = {
    "open": "open, without a form",
    "registration": "after registration",
    "request": "on request to the authors",
    "generated": "generated on your own machine",
}
_COMMERCIAL: Final = {
    "yes": "commercial use allowed",
    "no": "no commercial use",
    "unknown": "commercial use not stated",
}


_ALIGNMENT: Final[dict[Alignment, str]] = {
    "registered": "The modalities are registered: the same pixel shows the same point.",
    "approximate": "The modalities are roughly registered: they show the same field of view.",
    "unregistered": "The modalities are not registered: their images were only taken at the same moment.",
}
_LABELS: Final[dict[LabelKind, str]] = {
    "semantic": "A class id per pixel",
    "boxes": "Boxes of objects",
    "saliency": "How salient each pixel is",
    "text": "Texts",
}
_FRAMES: Final[dict[Frame, str]] = {
    "rgb": "in the frame of the visible image",
    "x": "in the frame of the other modality",
    "both": "in the frame that the modalities share",
}


def access_in_words(card: DatasetCard) -> str:
    """Return how the files are given out."""
    return _ACCESS[card.source.access]


def link_in_words(link: Link) -> str:
    """Return an address with the code that it asks for, what lies there, and whose copy it is."""
    code = link.code and f"code {link.code}"
    copy = None if link.official else "a copy by third parties"
    first, *others = [part for part in (link.url, code, link.holds, copy) if part]
    return first + (f" ({', '.join(others)})" if others else "")


def terms_in_words(licence: Licence) -> str:
    """Return the licence with what is known of it; one that nobody checked says so."""
    parts = [licence.name, _COMMERCIAL[licence.commercial_use], *([] if licence.verified else ["not verified"])]
    return ", ".join(parts)


def counts_in_words(edition: Edition) -> str:
    """Return the splits of an edition with their expected counts: `train 784 (not verified), test 393`."""
    return ", ".join(f"{name} {_count(facts)}" for name, facts in edition.splits.items())


def first_edition(card: DatasetCard) -> Edition:
    """Return the official edition, or the first one of a card without."""
    return card.editions.get("official") or next(iter(card.editions.values()))


def alignment_in_words(card: DatasetCard) -> str:
    """Return how the pixels of the modalities correspond."""
    return _ALIGNMENT[card.alignment]


def size_in_words(facts: ModalityFacts) -> str:
    """Return width and height of a modality's images, in pixels."""
    return "varies" if facts.size is None else f"{facts.size[0]} x {facts.size[1]}"


def label_set_in_words(facts: LabelSetFacts) -> str:
    """Return what kind of labels these are, and what else is known of them."""
    version = [f"version: {facts.version}"] if facts.version else []
    ignored = [f"ids that are not scored: {', '.join(map(str, facts.ignore_ids))}"] if facts.ignore_ids else []
    return "; ".join([f"{_LABELS[facts.kind]}, {_FRAMES[facts.frame]}", *version, *ignored]) + "."


def unified_in_words(entry: ClassFacts) -> str:
    """Return the place of a class in the unified label space."""
    return {DROP: "none: no object", HIDE: "none: not scored"}.get(entry.unified, entry.unified)


def split_note(facts: SplitFacts) -> str:
    """Return what there is to say about a split beside its count."""
    repeats = ["Repeats samples of other splits; prepared only when named."] if facts.on_request else []
    return " ".join([*repeats, *([facts.note] if facts.note else [])])


def counts_statement(card: DatasetCard) -> str:
    """Return how far the counts of the card can be trusted."""
    verified = {facts.verified for edition in card.editions.values() for facts in edition.splits.values()}
    if verified == {True}:
        return "All counts of splits were verified."
    if verified == {False}:
        return "All counts are expected values from the source: nobody has verified them."
    return "Counts are expected values from the source, except where a split is marked as verified."


def modalities_in_short(card: DatasetCard) -> str:
    """Return the modalities, many views of one kind together: `rgb+lwir+lwir_raw`, `rgb+lightfield x80`."""
    return "+".join(
        "+".join(names) if len(names) <= _SHOWN_VIEWS else f"{kind} x{len(names)}"
        for kind, names in _views_by_kind(card).items()
    )


def modalities_shown(card: DatasetCard) -> dict[str, ModalityFacts]:
    """Return the modalities with their facts; of many views of one kind the first stands for all."""
    shown: dict[str, ModalityFacts] = {}
    for names in _views_by_kind(card).values():
        if len(names) <= _SHOWN_VIEWS:
            shown |= {name: card.modalities[name] for name in names}
        else:
            shown[f"{names[0]} and {len(names) - 1} more"] = card.modalities[names[0]]
    return shown


def _views_by_kind(card: DatasetCard) -> dict[str, list[str]]:
    kinds: dict[str, list[str]] = {}
    for name in card.modalities:
        kinds.setdefault(name.partition("_")[0], []).append(name)
    return kinds


def modality_in_words(facts: ModalityFacts) -> str:
    """Return what a modality's files hold: `uncooled thermal camera, 1 x 8 bit, 640 x 480`."""
    size = [size_in_words(facts)] if facts.size else []
    return ", ".join([facts.sensor, f"{facts.channels} x {facts.bit_depth} bit", *size])


def expected_pairs(card: DatasetCard) -> int | None:
    """Return the expected number of pairs of the official edition; None where the card lacks that of a split.

    Splits that repeat samples of others are left out.
    """
    counts = [facts.count for facts in first_edition(card).splits.values() if not facts.on_request]
    return None if None in counts else sum(count for count in counts if count is not None)


def _count(facts: SplitFacts) -> str:
    if facts.count is None:
        return "of unknown size"
    return f"{facts.count:,}" + ("" if facts.verified else " (not verified)")
