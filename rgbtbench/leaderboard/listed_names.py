"""What published tables call methods and datasets: `leaderboards/names.yaml`, and the cards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

from rgbtbench.cards import catalog
from rgbtbench.cards.dataset import DatasetCard
from rgbtbench.cards.schema import Name, Strict
from rgbtbench.cards.yaml_file import load_card
from rgbtbench.errors import UnknownNameError, did_you_mean
from rgbtbench.leaderboard.published import UNKNOWN, PublishedRow
from rgbtbench.resources import data_root


class Names(Strict):
    """Names that need no card.

    Attributes:
        methods: name as the field writes it, to the slug of its folder in `models/`, whether or not it is there.
        datasets: file stem of a table whose dataset has no card, to its title.
    """

    methods: dict[str, Name]
    datasets: dict[Name, str]


@cache
def names() -> Names:
    """Return the names that travel with rgbtbench.

    Raises:
        CardError: the file is damaged.
    """
    return load_card(data_root() / "leaderboards" / "names.yaml", Names)


def dataset_title(name: str) -> str:
    """Return the title of a dataset's card or table; a name that nobody lists stands for itself."""
    if name in catalog.dataset_names():
        return catalog.dataset_card(name).title
    return names().datasets.get(name, name)


def known_methods() -> set[str]:
    """Return every name of a method that is listed, or that a card carries."""
    return set(_slugs())


def methods_of(row: PublishedRow) -> set[str]:
    """Return the slugs of a row's method, whether or not its folder is there; none of a name that nobody lists.

    A table may call several networks by one name, such as those that a pre-training gives for different tasks: then
    the row is of the pre-training, and of the network for the row's task.
    """
    listed = _slugs().get(row.method)
    others = (catalog.method_card(slug) for slug in catalog.method_names())
    of_task = {card.name for card in others if card.listed_as == row.method and set(card.tasks) & _tasks_of(row)}
    return of_task if listed is None else of_task | {listed}


def _tasks_of(row: PublishedRow) -> set[str]:
    """Return the task of a row's protocol; of an unknown one, those whose headline metrics the row has."""
    if row.protocol != UNKNOWN:
        return {catalog.protocol(row.protocol).task}
    if row.dataset not in catalog.dataset_names():
        return set()
    protocols = catalog.dataset_card(row.dataset).protocols.values()
    return {protocol.task for protocol in protocols if protocol.rules.headline in row.metrics}


@cache
def _slugs() -> dict[str, str]:
    """Return the slug of every method that is listed, or that a card carries, by its name."""
    return {catalog.method_card(slug).title: slug for slug in catalog.method_names()} | names().methods


def results_of(method: str, rows: Iterable[PublishedRow]) -> list[PublishedRow]:
    """Return what papers report of a method, by its slug, as it is: no ablations, and nothing done to the input."""
    return [row for row in rows if row.ablation is None and row.condition == "none" and method in methods_of(row)]


def find_unknown_names(rows: Iterable[PublishedRow]) -> list[tuple[PublishedRow, str]]:
    """Return what rows name and nobody lists: methods, datasets, protocols, classes, subsets; with what is closest."""
    return [(row, found) for row in rows for found in _unknown_names(row)]


def _unknown_names(row: PublishedRow) -> Iterator[str]:
    if row.method not in known_methods():
        yield f"method {row.method!r} is not listed; {did_you_mean(row.method, known_methods())}"
    if row.protocol != UNKNOWN:
        yield from _unknown_protocol(row)
    if row.dataset in catalog.dataset_names():
        yield from _unknown_parts(row, catalog.dataset_card(row.dataset))
    elif row.dataset not in names().datasets:
        listed = [*names().datasets, *catalog.dataset_names()]
        yield f"dataset {row.dataset!r} is not listed; {did_you_mean(row.dataset, listed)}"


def _unknown_protocol(row: PublishedRow) -> Iterator[str]:
    try:
        found = catalog.protocol(row.protocol)
    except UnknownNameError as error:
        yield f"{error.found}; {error.remedy}"
        return
    if (found.dataset, found.version) != (row.dataset, row.protocol_version):
        yield f"protocol {row.protocol} is version {found.version} and of dataset {found.dataset}"


def _unknown_parts(row: PublishedRow, card: DatasetCard) -> Iterator[str]:
    classes = {entry.name for labels in card.label_sets.values() for entry in labels.classes}
    for name in row.per_class:
        if name not in classes:
            yield f"class {name!r} is in no label set; {did_you_mean(name, classes)}"
    for subset in row.subsets:
        attribute, _, value = subset.partition("=")
        facts = card.attributes.get(attribute)
        if facts is None or (facts.values is not None and value not in facts.values):
            yield f"subset {subset!r} is no attribute and value of the card"
