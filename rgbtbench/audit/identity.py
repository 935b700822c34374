"""Which image an id names: of its own set, and of the sets that the set is made of.

The rules are data (`datasets_cards/contamination.yaml`) and apply in a row: an id of IR-500K names an image of MSRS,
which names one of MFNet.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from rgbtbench.cards import catalog
from rgbtbench.cards.contamination import NameRule, Relation, Spelling, contaminations, loosest, without_extension
from rgbtbench.errors import UnknownNameError, UserError, did_you_mean

#: Longest row of rules from one set to another that it is made of.
_MAX_STEPS = 8


@dataclass(frozen=True, slots=True)
class Identity:
    """An image of a set, as an id names it.

    Attributes:
        dataset: the set.
        image: the canonical id in it.
        relation: how the id's own image and this one relate: never `same video`.
        video: the sequence or scene that the image belongs to; null where the set has none.
        frame: number of the image within it.
    """

    dataset: str
    image: str
    relation: Relation = "same image"
    video: str | None = None
    frame: int | None = None


def check_set(name: str) -> str:
    """Return the name of a dataset or training set when a card or a rule knows it.

    Raises:
        UnknownNameError: neither does; names the closest.
    """
    known = {*catalog.dataset_names(), *contaminations().sets}
    if name not in known:
        raise UnknownNameError(f"no set {name!r}", remedy=did_you_mean(name, known))
    return name


def comparable(one: str, other: str) -> bool:
    """Whether rules relate the ids of two sets: to each other, or both to a third set that they are made of."""
    spelled = set(contaminations().spellings)
    return bool(_made_of(one) & _made_of(other) & spelled)


def _made_of(name: str) -> set[str]:
    """Return a set and all those whose images its ids name."""
    found, pending = {name}, [name]
    while pending:
        current = pending.pop()
        named = {rule.images_of for rule in contaminations().names if rule.ids_of == current} - found
        found |= named
        pending += named
    return found


def identities(dataset: str, written: str, split: str | None) -> tuple[Identity, ...]:
    """Return every image that an id names, of its own set first.

    Args:
        dataset: the set that the id belongs to. A set without spellings is taken by its word: there an id names
            what is written, without extension.
        written: the id, in any spelling, with or without folders and extension.
        split: the split that it belongs to; None where nobody says.

    Returns:
        None at all when this is no id of the set.

    Raises:
        UserError: the set's ids repeat in each split, and the split is neither in the id nor stated.
    """
    return tuple(_named(dataset, without_extension(written), split, "same image", _MAX_STEPS))


def _named(dataset: str, stem: str, split: str | None, so_far: Relation, steps: int) -> Iterator[Identity]:
    own = _spelled(dataset, stem, split, so_far)
    if own is None:
        return
    yield own
    for rule in _rules_of(dataset) if steps else ():
        groups = rule.groups(stem)
        if groups is not None:
            filled = {"split": split or "", **groups}
            named_split = None if rule.split is None else rule.split.format_map(filled)
            relation = loosest((so_far, rule.relation))
            yield from _named(rule.images_of, rule.id.format_map(filled), named_split, relation, steps - 1)


@cache
def _rules_of(dataset: str) -> tuple[NameRule, ...]:
    return tuple(rule for rule in contaminations().names if rule.ids_of == dataset)


def _spelled(dataset: str, stem: str, split: str | None, relation: Relation) -> Identity | None:
    spellings = contaminations().spellings.get(dataset)
    if spellings is None:
        return Identity(dataset, stem, relation)
    for spelling in spellings:
        groups = spelling.groups(stem)
        if groups is None:
            continue
        filled = ({} if split is None else {"split": split}) | groups
        return Identity(
            dataset,
            _filled(spelling.image, filled, dataset, stem),
            relation,
            None if spelling.video is None else spelling.video.format_map(filled),
            _frame(spelling, filled),
        )
    return None


def _filled(template: str, groups: dict[str, str], dataset: str, stem: str) -> str:
    try:
        return template.format_map(groups)
    except KeyError as error:
        raise UserError(
            f"{dataset} counts its images anew in each split, and {stem!r} does not say which it is of",
            remedy=f"name the split: {dataset}/val=FILE",
        ) from error


def _frame(spelling: Spelling, groups: dict[str, str]) -> int | None:
    text = "" if spelling.frame is None else spelling.frame.format_map(groups)
    return int(text) if text.isdecimal() else None
