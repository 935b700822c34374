"""A joint label space in words and rows: what is learnt together, what is kept apart, and what is left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from rgbtbench.loading.joint_space import JointSpace

#: Name in the unified space of what a dataset has no class for.
_BACKGROUND: Final = "unlabeled"
_SHOWN: Final = 8


def joint_rows(space: JointSpace) -> list[dict[str, Any]]:
    """Return one row per class: `id`, `class`, and per dataset the native classes that it is learnt from.

    A dataset's entry stands in brackets where it labels nothing with the class, and outputs of it count as that
    coarser native class in its evaluation.
    """
    rows = []
    for number, name in space.classes.items():
        row: dict[str, Any] = {"id": number, "class": name}
        for dataset, member in space.members.items():
            learnt = [native for native, to in member.labels.items() if to == number]
            counted = member.coarsened.get(number)
            cell = ", ".join(f"{native} {member.native[native]}" for native in learnt)
            row[dataset] = cell or ("" if counted is None else f"({counted} {member.native[counted]})")
        rows.append(row)
    return rows


def joint_remarks(space: JointSpace) -> list[str]:
    """Return what a reader of numbers must know about the classes, one sentence each."""
    background = _unlabeled_objects if space.kind == "boxes" else _undivided_background
    parts = (_overlapping, _divided, _merged, _alike, _ignored, background)
    return [remark for part in parts for remark in part(space)]


def joint_json(space: JointSpace) -> dict[str, Any]:
    """Return everything as plain data."""
    return {
        "label_space": space.name,
        "merge": list(space.merge),
        "classes": _texts(space.classes),
        "members": {
            name: {
                "classes": _texts(member.native),
                "labels": _texts(member.labels),
                "answers": _texts(member.answers),
                "coarsened": _texts(member.coarsened),
                "ignored": _texts(member.ignored),
                "alike": {str(number): list(ids) for number, ids in member.alike.items()},
            }
            for name, member in space.members.items()
        },
        "overlaps": [
            {"coarse": coarse, "fine": fine, "undivided": list(names)} for coarse, fine, names in space.overlaps()
        ],
        "remarks": joint_remarks(space),
    }


def _overlapping(space: JointSpace) -> Iterator[str]:
    for coarse, fine, names in space.overlaps():
        above, below = space.classes[coarse], space.classes[fine]
        for name in names:
            member = space.members[name]
            native = member.native[member.answers[fine]]
            yield (
                f"{above} and its finer {below} are classes of their own: {name} labels both as {native}, which "
                f"teaches {above}, and in its evaluation {below} counts as {native}; merge {above} to make them one"
            )


def _divided(space: JointSpace) -> Iterator[str]:
    for dataset, member in space.members.items():
        for number, place in space.places.items():
            taught = set(member.labels.values()) & set(space.places)
            finer = [to for to in sorted(taught) if place in space.tree.ancestors(space.places[to])]
            if finer and number not in member.answers:
                names = ", ".join(space.classes[to] for to in finer)
                yield (
                    f"{space.classes[number]} is coarser than the {names} of {dataset}: in its evaluation outputs "
                    f"{space.classes[number]} are left out"
                )


def _merged(space: JointSpace) -> Iterator[str]:
    for number in space.places if space.merge else ():
        finer = [
            f"{member.native[native]} of {dataset}"
            for dataset, member in space.members.items()
            for native, to in member.labels.items()
            if to == number and space.places[number] in space.tree.ancestors(member.unified[native])
        ]
        if finer:
            yield f"{space.classes[number]} takes in {', '.join(finer)}"


def _alike(space: JointSpace) -> Iterator[str]:
    for dataset, member in space.members.items():
        for number, natives in member.alike.items():
            first, *others = (member.native[native] for native in natives)
            yield (
                f"{space.classes[number]} stands for {first}, {', '.join(others)} of {dataset}: outputs count as "
                f"{first}, the others are never predicted"
            )


def _ignored(space: JointSpace) -> Iterator[str]:
    for dataset, member in space.members.items():
        for native, reason in member.ignored.items():
            yield f"{member.native[native]} of {dataset} teaches nothing: {reason}"


def _undivided_background(space: JointSpace) -> Iterator[str]:
    background = next((number for number, name in space.classes.items() if name == _BACKGROUND), None)
    for dataset, member in space.members.items():
        foreign = _foreign(space, dataset)
        if background is not None and background in member.answers and foreign:
            yield (
                f"{member.native[member.answers[background]]} of {dataset} may hold what others label {foreign}; in "
                f"its evaluation these outputs are left out"
            )


def _unlabeled_objects(space: JointSpace) -> Iterator[str]:
    for dataset in space.members:
        if foreign := _foreign(space, dataset):
            yield (
                f"{dataset} has no boxes of {foreign}: where its images show them, they teach background; in its "
                f"evaluation these outputs are left out"
            )


def _foreign(space: JointSpace, dataset: str) -> str:
    """Return the classes that a dataset has nothing for, in words; empty where there are none."""
    names = [name for number, name in space.classes.items() if number not in space.members[dataset].answers]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _texts(values: Mapping[int, Any]) -> dict[str, Any]:
    return {str(key): value for key, value in values.items()}
