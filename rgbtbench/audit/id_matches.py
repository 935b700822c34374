"""Which images of an evaluated split a training set names, by ids alone."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rgbtbench.audit.identity import Identity, identities
from rgbtbench.cards.contamination import RELATIONS, Relation, loosest
from rgbtbench.errors import InputFileError

_Image = tuple[str, str]


@dataclass(frozen=True, slots=True)
class NamedSet:
    """The ids of one split, or of a set without splits.

    Attributes:
        dataset: the set.
        split: its split; None for a set without, or where nobody says.
        ids: as they are written.
        source: where they were read, for errors and reports.
    """

    dataset: str
    split: str | None
    ids: Sequence[str]
    source: str

    @property
    def title(self) -> str:
        """Set and split: `kaist/test`."""
        return self.dataset if self.split is None else f"{self.dataset}/{self.split}"


@dataclass(frozen=True, slots=True)
class IdMatch:
    """One evaluated image, and what the training set holds of it.

    Attributes:
        evaluated, training: the ids as written.
        relation: the closest that was found.
        through: set in which the two ids meet.
        frames_apart: for `same video` the distance to the nearest frame; null where frames have no numbers.
    """

    evaluated: str
    training: str
    relation: Relation
    through: str
    frames_apart: int | None = None


@dataclass(frozen=True, slots=True)
class IdComparison:
    """An evaluated split against a training set.

    Attributes:
        evaluated, training: the two.
        matches: one per evaluated image that is concerned, in the order of its list.
        training_images: relation to the number of training images concerned, each counted under its closest.
    """

    evaluated: NamedSet
    training: NamedSet
    matches: tuple[IdMatch, ...]
    training_images: Mapping[Relation, int]

    def count(self, relation: Relation) -> int:
        """Number of evaluated images whose closest relation is this one."""
        return sum(match.relation == relation for match in self.matches)


@dataclass(slots=True)
class _Named:
    """What a set names, ready for look-up: images, and the frames of each video by number."""

    images: dict[_Image, tuple[str, Relation]] = field(default_factory=dict)
    videos: dict[_Image, list[tuple[int, str]]] = field(default_factory=dict)


def compare_ids(evaluated: NamedSet, training: NamedSet) -> IdComparison:
    """Find every image of an evaluated split that a training set names, or shares a video with.

    Raises:
        InputFileError: none of the ids of a list is one of its set.
        UserError: a set's ids repeat in each split, and no split is stated.
    """
    asked, given = _read(evaluated), _read(training)
    known = _indexed(given)
    matches = [match for written, images in asked if (match := _match(written, images, known)) is not None]
    return IdComparison(evaluated, training, tuple(matches), _training_images(given, _indexed(asked)))


def _read(named: NamedSet) -> list[tuple[str, tuple[Identity, ...]]]:
    read = [(written, identities(named.dataset, written, named.split)) for written in named.ids]
    understood = [(written, images) for written, images in read if images]
    if read and not understood:
        raise InputFileError(
            f"{named.ids[0]!r} and all others are no ids of {named.dataset}",
            path=named.source,
            remedy="name the set that the list is of",
        )
    return understood


def _indexed(read: Iterable[tuple[str, tuple[Identity, ...]]]) -> _Named:
    known = _Named()
    for written, images in read:
        for image in images:
            key = (image.dataset, image.image)
            held = known.images.get(key)
            if held is None or RELATIONS.index(image.relation) < RELATIONS.index(held[1]):
                known.images[key] = (written, image.relation)
            if image.video is not None:
                frames = known.videos.setdefault((image.dataset, image.video), [])
                frames.append((-1 if image.frame is None else image.frame, written))
    for frames in known.videos.values():
        frames.sort()
    return known


def _match(written: str, images: Sequence[Identity], known: _Named) -> IdMatch | None:
    found = []
    for image in images:
        held = known.images.get((image.dataset, image.image))
        if held is not None:
            found.append(IdMatch(written, held[0], loosest((image.relation, held[1])), image.dataset))
    if found:
        return min(found, key=lambda match: RELATIONS.index(match.relation))
    for image in images:
        frames = None if image.video is None else known.videos.get((image.dataset, image.video))
        if frames:
            apart, nearest = _nearest(frames, image.frame)
            return IdMatch(written, nearest, "same video", image.dataset, apart)
    return None


def _nearest(frames: Sequence[tuple[int, str]], number: int | None) -> tuple[int | None, str]:
    if number is None or frames[0][0] < 0:
        return None, frames[0][1]
    at = bisect_left(frames, (number, ""))
    beside = frames[max(at - 1, 0) : at + 1]
    return min((abs(frame - number), name) for frame, name in beside)


def _training_images(given: Iterable[tuple[str, tuple[Identity, ...]]], asked: _Named) -> dict[Relation, int]:
    matches = [match.relation for written, images in given if (match := _match(written, images, asked)) is not None]
    counted = Counter(matches)
    return {relation: counted[relation] for relation in RELATIONS if counted[relation]}
