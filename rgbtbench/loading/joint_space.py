"""One list of classes for several datasets: what each native id becomes there, and what each class is to each dataset.

Every class of a dataset takes its place in the unified tree. Joint classes are what the datasets' labels make of it:
the union over all of them, numbered without gaps. A dataset is evaluated in its own classes: an output counts as the
native class that it was learnt from, or as the nearest coarser one that the dataset has; outputs that the dataset
has no class for are left out, which is the `remap` of joint training (SegRGB-X, arXiv 2603.28023, equation 8).

Nothing is decided in silence: `merge` names the classes that take in their finer ones, and
`rgbtbench.loading.joint_report` says in words what is kept apart, merged and ignored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from rgbtbench.cards.catalog import dataset_card
from rgbtbench.errors import LabelError, RecipeError, UnknownNameError, did_you_mean
from rgbtbench.labels import IGNORE, LabelMap, LabelSpace, unified_space
from rgbtbench.loading.label_space import NATIVE, UNIFIED, LabelLookup, counterpart, unified_classes

#: Name of the label space that the union of the datasets' classes makes up.
JOINT = "joint"


@dataclass(frozen=True)
class MemberLabels:
    """One dataset's part in a joint label space.

    Attributes:
        native: native id to name.
        unified: native id to unified id, `IGNORE` for hidden classes, -1 for dropped ones.
        labels: native id to class id; classes that teach nothing are absent.
        answers: class id to the native id that an output counts as when this dataset is evaluated; outputs that it
            has no class for are absent.
    """

    native: Mapping[int, str]
    unified: Mapping[int, int]
    labels: Mapping[int, int]
    answers: Mapping[int, int]

    @property
    def coarsened(self) -> dict[int, int]:
        """The answers that are coarser than the class: the dataset labels nothing with the class itself."""
        return {number: native for number, native in self.answers.items() if number not in self.labels.values()}

    @property
    def ignored(self) -> dict[int, str]:
        """Native classes that teach nothing, with the reason."""
        reasons = {IGNORE: "hidden by its card", -1: "no object by its card"}
        return {
            number: reasons.get(self.unified[number], "no class of the label space")
            for number in self.native
            if number not in self.labels
        }

    @property
    def alike(self) -> dict[int, tuple[int, ...]]:
        """Class id to the native ids, two or more, that it stands for; outputs count as the first."""
        natives = {
            number: (answer, *(native for native, to in self.labels.items() if to == number and native != answer))
            for number, answer in self.answers.items()
            if number not in self.coarsened
        }
        return {number: ids for number, ids in natives.items() if len(ids) > 1}


@dataclass(frozen=True)
class JointSpace:
    """Classes that several datasets are trained in together.

    Attributes:
        name: `joint`, `native`, `unified`, or a dataset's.
        kind: of the label sets, `semantic` or `boxes`.
        classes: class id to name, ascending.
        places: class id to its id in the unified tree; classes without one are absent.
        members: dataset to its part.
        merge: unified names of classes that take in their finer ones.
    """

    name: str
    kind: str
    classes: Mapping[int, str]
    places: Mapping[int, int]
    members: Mapping[str, MemberLabels]
    merge: tuple[str, ...] = ()
    tree: LabelSpace = field(default_factory=unified_space, repr=False)

    def lookup(self, dataset: str) -> LabelLookup:
        """Return the look-up that turns a dataset's native labels into classes of this space."""
        member = self.members[dataset]
        table = np.full(256, IGNORE, np.uint8)
        for native, number in member.labels.items():
            table[native] = number
        removed = (
            () if self.name == NATIVE else tuple(sorted(n for n, unified in member.unified.items() if unified < 0))
        )
        return LabelLookup(self.classes, table, removed)

    def overlaps(self) -> Iterator[tuple[int, int, tuple[str, ...]]]:
        """Yield each class, a finer one beside it, and the datasets whose labels of the first may hold the second.

        A dataset that labels both has told them apart; one that labels the coarser class alone has not.
        """
        for fine, place in self.places.items():
            for coarse, other in self.places.items():
                if other in self.tree.ancestors(place):
                    undivided = tuple(name for name, member in self.members.items() if member.coarsened.get(fine) in {
                        native for native, number in member.labels.items() if number == coarse
                    })  # fmt: skip
                    if undivided:
                        yield coarse, fine, undivided


def joint_space(
    maps: Mapping[str, LabelMap],
    *,
    kind: str,
    label_set: str,
    space: str = JOINT,
    merge: Sequence[str] = (),
    tree: LabelSpace | None = None,
) -> JointSpace:
    """Return the classes that datasets share in a label space.

    Args:
        maps: dataset to the total map of its label set.
        kind: `semantic` or `boxes`.
        label_set: of the first dataset; another dataset's set of the same name is preferred as label space.
        space: `joint`, the union of all classes, numbered without gaps in the order of the tree; `unified`, the same
            with the ids of the tree; a dataset, whose classes the others are looked up in; or `native`, the ids that
            all datasets have in common.
        merge: unified names of classes that take in every finer one.
        tree: the unified label space; None for the one that ships.

    Raises:
        LabelError: `merge` names no class, or nothing is left of the classes.
        RecipeError: `native`, and the datasets have different classes.
        UnknownNameError: no such label space.
    """
    tree = tree or unified_space()
    wanted = {tree.id_of(name) for name in merge}
    placed = {name: _placed(source, wanted, tree) for name, source in maps.items()}
    if space == NATIVE:
        if merge:
            raise RecipeError("merge changes classes, and label_space native keeps them", remedy="choose joint")
        places, classes = _common(maps)
    elif space in (JOINT, UNIFIED):
        union = sorted({place for natives in placed.values() for place in natives.values()})
        places = dict(enumerate(union)) if space == JOINT else {place: place for place in union}
        classes = {number: tree.names[place] for number, place in places.items()}
    else:
        target = LabelMap.of(counterpart(label_set, kind, space), tree)
        classes = dict(target.native)
        places = {number: target.unified[number] for number in classes if 0 <= target.unified[number] != IGNORE}
    members = {
        name: _member(source, placed[name], places, tree, same_ids=space == NATIVE) for name, source in maps.items()
    }
    if not any(member.labels for member in members.values()):
        raise LabelError(f"no class of {', '.join(maps)} has a place in label space {space}")
    return JointSpace(space, kind, dict(sorted(classes.items())), places, members, tuple(merge), tree)


def joint_space_of_cards(
    names: Sequence[str], *, task: str, space: str = JOINT, merge: Sequence[str] = ()
) -> JointSpace:
    """Return the classes that datasets share, by their cards.

    Args:
        names: `<dataset>` or `<dataset>:<label set>`.
        task: semantic or detection.
        space: as in `joint_space`.
        merge: as in `joint_space`.

    Raises:
        UnknownNameError: no such task, dataset or label set.
        LabelError: a dataset has several label sets of the task's kind, or none; or as `joint_space`.
    """
    kinds = {"semantic": "semantic", "detection": "boxes"}
    if task not in kinds:
        raise UnknownNameError(f"no classes in task {task!r}", remedy=did_you_mean(task, kinds))
    maps: dict[str, LabelMap] = {}
    for name in names:
        dataset, _, label_set = name.partition(":")
        known = [other for other, facts in dataset_card(dataset).label_sets.items() if facts.kind == kinds[task]]
        if label_set and label_set not in known:
            raise UnknownNameError(
                f"{dataset} has no {kinds[task]} set {label_set!r}", remedy=did_you_mean(label_set, known)
            )
        if not label_set and len(known) != 1:
            raise LabelError(
                f"{dataset} has {len(known)} label sets of kind {kinds[task]}",
                remedy=f"name one: {', '.join(f'{dataset}:{other}' for other in known)}"
                if known
                else "leave it out, or choose another task",
            )
        maps[dataset] = LabelMap.of(dataset_card(dataset).label_sets[label_set or known[0]])
    first = names[0].partition(":")[2]
    return joint_space(maps, kind=kinds[task], label_set=first, space=space, merge=merge)


def _placed(source: LabelMap, wanted: set[int], tree: LabelSpace) -> dict[int, int]:
    """Return native id to its place in the tree: its own, or that of the coarsest class that takes it in."""
    known = unified_classes(source, tree)
    natives = {native: unified for native, unified in source.unified.items() if unified in known}
    return {native: ([unified] + [up for up in tree.ancestors(unified) if up in wanted])[-1]
            for native, unified in natives.items()}  # fmt: skip


def _common(maps: Mapping[str, LabelMap]) -> tuple[dict[int, int], dict[int, str]]:
    (first, source), *others = maps.items()
    for name, other in others:
        if dict(other.native) != dict(source.native):
            raise RecipeError(
                f"label_space native: {first} and {name} have different classes",
                expected="members of one dataset, or of datasets with the same ids and names",
                remedy=f"set data.mixing.label_space to joint, or to {first}",
            )
    places = {native: unified for native, unified in source.unified.items() if 0 <= unified != IGNORE}
    return places, dict(source.native)


def _member(
    source: LabelMap, placed: Mapping[int, int], places: Mapping[int, int], tree: LabelSpace, *, same_ids: bool
) -> MemberLabels:
    by_place: dict[int, int] = {}
    for number, place in sorted(places.items()):
        by_place.setdefault(place, number)
    # A class of the space itself comes before the coarser one that would take it in.
    found = {
        native: by_place.get(source.unified[native], by_place.get(place)) for native, place in sorted(placed.items())
    }
    labels = {native: number for native, number in found.items() if number is not None}
    if same_ids:
        labels = {native: native for native in source.native}
    # Of several native classes the one that is the class itself answers for it, else the first.
    ordered = sorted(labels.items(), reverse=True)
    answers = {number: native for native, number in ordered}
    answers |= {number: native for native, number in ordered if source.unified[native] == places.get(number)}
    own = {unified: native for native, unified in sorted(source.unified.items(), reverse=True)}
    for number, place in places.items():
        coarser = [own[up] for up in tree.ancestors(place) if up in own]
        if number not in answers and coarser:
            answers[number] = coarser[0]
    return MemberLabels(source.native, source.unified, labels, dict(sorted(answers.items())))
