"""All cards, protocols and recipes by name: those that ship with rgbtbench and those of plugins.

Third parties add a folder of cards through the entry-point group `rgbtbench.cards`: the entry point names
a package that contains `datasets_cards/` and `models/`.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from importlib import metadata, resources
from pathlib import Path
from typing import get_args

from rgbtbench.canonical import content_sha256
from rgbtbench.cards.dataset import DatasetCard
from rgbtbench.cards.method import MethodCard
from rgbtbench.cards.protocol import GenericBlock, GenericProtocols, Protocol, ProtocolBlock
from rgbtbench.cards.schema import MODALITY_KINDS, Use
from rgbtbench.cards.yaml_file import load_card
from rgbtbench.errors import CardError, UnknownNameError, did_you_mean
from rgbtbench.resources import data_root

_NOT_CARDS = {"label_space.yaml", "contamination.yaml", "generic.yaml", "matching.yaml"}
#: Marks the edition of prepared data that equals no edition of the card; its protocols are its own.
UNLISTED = "unlisted"
#: Takes the place of a dataset's name where a protocol has none.
GENERIC = "generic"


@cache
def _roots() -> tuple[Path, ...]:
    plugins = [
        Path(str(resources.files(entry.value))) for entry in sorted(metadata.entry_points(group="rgbtbench.cards"))
    ]
    return (data_root(), *plugins)


def shared_files(name: str) -> list[Path]:
    """Return the files `datasets_cards/<name>` that are no card: rgbtbench's own first, then those of plugins."""
    return [path for root in _roots() if (path := root / "datasets_cards" / name).is_file()]


@cache
def _dataset_files() -> dict[str, Path]:
    files: dict[str, Path] = {}
    for root in _roots():
        for path in sorted((root / "datasets_cards").glob("*.yaml")):
            if path.name not in _NOT_CARDS:
                files.setdefault(path.stem, path)
    return files


def dataset_names() -> list[str]:
    """Names of all datasets that have a card, sorted."""
    return sorted(_dataset_files())


@cache
def dataset_card(name: str) -> DatasetCard:
    """Return the card of dataset `name`.

    Raises:
        UnknownNameError: no such card; names the closest.
        CardError: the card breaks its schema.
    """
    path = _dataset_files().get(name)
    if path is None:
        raise UnknownNameError(f"no dataset {name!r}", remedy=did_you_mean(name, dataset_names()))
    card = load_card(path, DatasetCard)
    if card.name != path.stem:
        raise CardError(f"name: {card.name!r} differs from the file's name", path=path, line=1)
    return card


def select_datasets(*, task: str | None = None, modalities: Collection[str] = ()) -> list[DatasetCard]:
    """Return the cards of datasets that serve a task and have all of some modalities, sorted by name.

    Raises:
        UnknownNameError: no such task or modality; names the closest.
    """
    if task is not None and task not in get_args(Use):
        # Few names are shown whole: the closest spelling of `segmentation` would be `detection`.
        raise UnknownNameError(f"no task {task!r}", expected=" or ".join(get_args(Use)))
    cards = [dataset_card(name) for name in dataset_names()]
    known = {*MODALITY_KINDS, *(name for card in cards for name in card.modalities)}
    for modality in modalities:
        if modality not in known:
            raise UnknownNameError(f"no modality {modality!r}", remedy=did_you_mean(modality, known))
    return [card for card in cards if task in (None, *card.tasks) and set(modalities) <= _kinds_and_views(card)]


def _kinds_and_views(card: DatasetCard) -> set[str]:
    return {name for view in card.modalities for name in (view, view.partition("_")[0])}


@cache
def _method_folders() -> dict[str, Path]:
    folders: dict[str, Path] = {}
    for root in _roots():
        for path in sorted((root / "models").glob("*/card.yaml")):
            folders.setdefault(path.parent.name, path.parent)
    return folders


def method_names() -> list[str]:
    """Names of all methods that have a card, sorted."""
    return sorted(_method_folders())


@cache
def method_card(name: str) -> MethodCard:
    """Return the card of method `name`; raises as `dataset_card` does."""
    folder = _method_folders().get(name)
    if folder is None:
        raise UnknownNameError(f"no method {name!r}", remedy=did_you_mean(name, method_names()))
    card = load_card(folder / "card.yaml", MethodCard)
    if card.name != folder.name:
        raise CardError(f"name: {card.name!r} differs from the folder's name", path=folder / "card.yaml", line=1)
    return card


def _names_below(folder: str) -> list[str]:
    return sorted(
        f"{method}/{path.stem}" for method, root in _method_folders().items() for path in root.glob(f"{folder}/*.yaml")
    )


def _path_below(folder: str, kind: str, name: str) -> Path:
    if name.endswith((".yaml", ".yml")):
        return Path(name)
    method, _, stem = name.partition("/")
    path = _method_folders().get(method, Path("-")) / folder / f"{stem}.yaml"
    if not path.is_file():
        raise UnknownNameError(f"no {kind} {name!r}", remedy=did_you_mean(name, _names_below(folder)))
    return path


def recipe_names() -> list[str]:
    """Names of all recipes, `<method>/<recipe>`, sorted."""
    return _names_below("recipes")


def recipe_path(name: str) -> Path:
    """Return the file of a recipe given as `<method>/<recipe>` or as a path to a YAML file.

    Raises:
        UnknownNameError: neither a file nor a known recipe.
    """
    return _path_below("recipes", "recipe", name)


def study_names() -> list[str]:
    """Names of all studies, `<method>/<study>`, sorted."""
    return _names_below("studies")


def study_path(name: str) -> Path:
    """Return the file of a study; as `recipe_path`."""
    return _path_below("studies", "study", name)


def protocol_prefix(dataset: str, edition: str) -> str:
    """Return the first part of a protocol's id: the dataset, and the edition unless it is the official one."""
    return dataset if edition == "official" else f"{dataset}-{edition}"


@cache
def _protocols() -> dict[str, tuple[str, str, ProtocolBlock | GenericBlock]]:
    found: dict[str, tuple[str, str, ProtocolBlock | GenericBlock]] = {}
    for path in shared_files("generic.yaml"):
        for name, generic in load_card(path, GenericProtocols).protocols.items():
            found.setdefault(f"{GENERIC}/{name}", (GENERIC, "official", generic))
    for dataset in dataset_names():
        for name, block in dataset_card(dataset).protocols.items():
            for edition in block.editions:
                found[f"{protocol_prefix(dataset, edition)}/{name}"] = (dataset, edition, block)
    return found


def protocol_ids(dataset: str | None = None) -> list[str]:
    """Ids of all protocols, or of one dataset's (all editions; `generic` for those without one), sorted."""
    return sorted(name for name, (owner, _, _) in _protocols().items() if dataset in (None, owner))


def protocol(protocol_id: str) -> Protocol:
    """Return the protocol with this id.

    Raises:
        UnknownNameError: no such protocol; names the closest.
    """
    if protocol_id not in _protocols():
        raise UnknownNameError(f"no protocol {protocol_id!r}", remedy=did_you_mean(protocol_id, protocol_ids()))
    dataset, edition, block = _protocols()[protocol_id]
    return Protocol(id=protocol_id, dataset=dataset, edition=edition, **block.model_dump(exclude={"editions"}))


def unlisted_protocol(listed: Protocol, keys_sha256: str) -> Protocol:
    """Return `listed` for data whose keys equal no edition of the card.

    Its id carries the start of the key list's hash, so that it ranks beside nothing but itself.
    """
    prefix = f"{listed.dataset}-{UNLISTED}-{keys_sha256[:8]}"
    return listed.model_copy(update={"id": f"{prefix}/{listed.id.split('/', 1)[1]}", "edition": UNLISTED})


def protocol_hash(rules: Protocol) -> str:
    """Return the sha256 of everything in a protocol that can change a number; wording is left out.

    Defaults are left out too, so that a rule that is added later, with today's behaviour as its default, changes no
    hash. A default therefore never changes.
    """
    content = rules.model_dump(mode="json", exclude={"summary", "source"}, exclude_defaults=True)
    content["metric"] = rules.rules.metric
    return content_sha256(content)
