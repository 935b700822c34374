"""Schema of `datasets_cards/contamination.yaml`: which training sets hold images that others are evaluated on.

Two kinds of fact. Rules say how the ids of one set name images of another, so that id lists can be compared where
only those are to be had (`rgbtbench.audit.identity` applies them). Known contaminations say what such a comparison,
or a set's own source, has found; `rgbtbench.leaderboard.contamination` marks every row trained on such a set.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from string import Formatter
from typing import Literal, Self

from pydantic import Field, model_validator

from rgbtbench.cards import catalog
from rgbtbench.cards.schema import Name, Strict
from rgbtbench.cards.yaml_file import load_card

#: From the closest to the loosest: the pixels of the evaluated image, possibly coded again; an image made from them
#: (cropped, warped, enhanced); another frame of the same video or fixed camera.
Relation = Literal["same image", "derived from", "same video"]
RELATIONS: tuple[Relation, ...] = ("same image", "derived from", "same video")
Evidence = Literal["counted by id list", "counted by image hash", "stated by source"]

FILE = "contamination.yaml"
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,5}$")


def without_extension(written: str) -> str:
    """Return an id without the extension of the file that it names."""
    return _EXTENSION.sub("", written.strip())


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?:.*?/)??(?:{pattern})")


class _Rule(Strict):
    """A pattern of an id, and what its named groups say."""

    pattern: str = Field(description="of the whole id without folders before it and without extension")

    def groups(self, stem: str) -> dict[str, str] | None:
        """Return the named groups of an id; null when it is no such id.

        Args:
            stem: the id as somebody writes it, after `without_extension`.
        """
        found = _compiled(self.pattern).fullmatch(stem)
        return None if found is None else {name: text for name, text in found.groupdict().items() if text is not None}

    @model_validator(mode="after")
    def _is_a_regular_expression_that_names_its_templates(self) -> Self:
        try:
            named = set(re.compile(self.pattern).groupindex) | {"split"}
        except re.error as error:
            raise ValueError(f"pattern: {error}") from error
        for name in ("image", "video", "frame", "id", "split"):
            template = getattr(self, name, None)
            for _, field, _, _ in Formatter().parse(template or ""):
                if field is not None and field not in named:
                    raise ValueError(f"{name}: the pattern has no group {field!r}")
        return self


class Spelling(_Rule):
    """One way in which the ids of a set are written, and which image that is.

    `{split}` in a template is a group of that name, or else the split that the reader of the list names.
    """

    image: str = Field(description="template of the id in its one canonical form")
    video: str | None = Field(None, description="template of the sequence or scene that the image belongs to")
    frame: str | None = Field(None, description="template of the number of the image within it")


class NameRule(_Rule):
    """How an id of one set names an image of another."""

    ids_of: Name
    images_of: Name
    id: str = Field(description="template of an id in any spelling of `images_of`")
    split: str | None = Field(None, description="template of its split, where the ids repeat in each split")
    relation: Relation = "same image"
    verified: bool = True
    note: str | None = None


class TrainingSet(Strict):
    """Data that networks are trained on."""

    dataset: Name
    splits: tuple[Name, ...] | None = Field(None, description="those concerned; null: all, or a set without splits")


class EvaluatedSet(Strict):
    """Data that results are reported on, and how much of it a training set holds."""

    dataset: Name
    splits: tuple[Name, ...] = Field(min_length=1)
    editions: tuple[Name, ...] | None = Field(None, description="null: all")
    images: int | None = Field(None, ge=1, description="evaluated images concerned; null where nobody has counted")
    of: int | None = Field(None, ge=1, description="evaluated images in all")
    note: str | None = None

    @property
    def share(self) -> float | None:
        """Share of the images that is concerned, from 0 to 1; null where nobody has counted."""
        return None if self.images is None or self.of is None else self.images / self.of

    @model_validator(mode="after")
    def _a_part_of_all(self) -> Self:
        if (self.images is None) != (self.of is None):
            raise ValueError("state both `images` and `of`, or neither")
        if self.images is not None and self.of is not None and self.images > self.of:
            raise ValueError(f"{self.images} of {self.of} images is more than all")
        return self


class Contamination(Strict):
    """A training set that holds images of evaluated splits."""

    training: TrainingSet
    evaluated: tuple[EvaluatedSet, ...] = Field(min_length=1)
    relation: Relation
    evidence: Evidence
    source: str = Field(min_length=1)
    verified: bool = Field(True, description="false: likely by what the source says, and not established")
    note: str | None = None

    @model_validator(mode="after")
    def _what_was_counted_has_numbers(self) -> Self:
        if self.evidence != "stated by source" and any(one.images is None for one in self.evaluated):
            raise ValueError(f"evidence is {self.evidence!r}: state `images` and `of`")
        return self


class Contaminations(Strict):
    """The whole file."""

    version: Literal[1]
    titles: dict[Name, str] = Field(
        default_factory=dict, description="what people call a set that networks are trained on, with or without a card"
    )
    spellings: dict[Name, tuple[Spelling, ...]] = Field(default_factory=dict)
    names: tuple[NameRule, ...] = ()
    known: tuple[Contamination, ...] = ()

    @model_validator(mode="after")
    def _names_lead_to_spelled_ids(self) -> Self:
        for rule in self.names:
            for name in (rule.ids_of, rule.images_of):
                if name not in self.spellings:
                    raise ValueError(f"names: {name!r} has no spelling")
        return self

    @property
    def sets(self) -> frozenset[str]:
        """Every set that the file mentions."""
        mentioned = [name for rule in self.names for name in (rule.ids_of, rule.images_of)]
        trained = [entry.training.dataset for entry in self.known]
        evaluated = [one.dataset for entry in self.known for one in entry.evaluated]
        return frozenset({*self.titles, *self.spellings, *mentioned, *trained, *evaluated})


@cache
def contaminations() -> Contaminations:
    """Return everything that is known, from rgbtbench and from plugins, as one.

    Raises:
        CardError: a file breaks the schema.
    """
    files = [load_card(path, Contaminations) for path in catalog.shared_files(FILE)]
    return Contaminations(
        version=1,
        titles={name: title for file in files for name, title in file.titles.items()},
        spellings={name: spellings for file in files for name, spellings in file.spellings.items()},
        names=tuple(rule for file in files for rule in file.names),
        known=tuple(entry for file in files for entry in file.known),
    )


def contaminations_of(
    dataset: str, split: str | None, edition: str | None
) -> tuple[tuple[Contamination, EvaluatedSet], ...]:
    """Return the training sets that are known to hold images of an evaluated split, and how much of it.

    Args:
        dataset: evaluated.
        split: evaluated; None where nobody states it, which lets every split through.
        edition: of the dataset; None where nobody states it.
    """
    return tuple(
        (entry, one)
        for entry in contaminations().known
        for one in entry.evaluated
        if one.dataset == dataset
        and (split is None or split in one.splits)
        and (edition is None or one.editions is None or edition in one.editions)
    )


def in_words(entry: Contamination, held: EvaluatedSet) -> str:
    """Return a contamination in words: `ir500k holds 3,463 of 3,463 images of llvip/test (same image; counted …)`."""
    title = contaminations().titles.get(entry.training.dataset, entry.training.dataset)
    part = "" if entry.training.splits is None else f"/{'+'.join(entry.training.splits)}"
    amount = "images" if held.images is None else f"{held.images:,} of {held.of:,} images"
    holds = "holds" if entry.verified else "probably holds"
    notes = "".join(f" {note}" for note in (held.note, entry.note) if note)
    return (
        f"{title}{part} {holds} {amount} of {held.dataset}/{'+'.join(held.splits)} "
        f"({entry.relation}; {entry.evidence}: {entry.source}).{notes}"
    )


def loosest(relations: Iterable[Relation]) -> Relation:
    """Return what several relations in a row come to: an image derived from the same image is a derived one."""
    return max(relations, key=RELATIONS.index, default="same image")
