"""Converting a foreign checkpoint for the classes of a dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from rgbtbench.cards.catalog import dataset_card, method_card
from rgbtbench.cards.dataset import DatasetCard
from rgbtbench.cards.schema import LABEL_KIND, WITHOUT_CLASSES, Use
from rgbtbench.errors import RecipeError, did_you_mean
from rgbtbench.labels import classes_without

if TYPE_CHECKING:
    from rgbtbench.zoo.weights_info import WeightsInfo


def convert_for_dataset(
    source: Path,
    out: Path,
    *,
    method: str,
    dataset: str | None,
    label_set: str | None,
    config_yaml: str,
    without: Sequence[str] = (),
    order: Sequence[str] | None = None,
) -> WeightsInfo:
    """Convert a checkpoint whose outputs are classes of a dataset.

    What the authors' code does otherwise than a method's defaults, its weights depend on: so the configuration's fields
    for it are set to that unless they are given.

    Args:
        source: file that `torch.save` wrote.
        out: safetensors file to write.
        method: name of the method.
        dataset: name of the dataset; None for a network without classes.
        label_set: whose classes; None for the first that the method's task predicts.
        config_yaml: what differs from the method's defaults, as a YAML mapping.
        without: classes of the label set that the network has no outputs for.
        order: classes in the order of the checkpoint's outputs, all or some of the label set's; None: all of them in
            the order of their ids, as most code has it.

    Raises:
        UnknownNameError: no such method or dataset.
        RecipeError: no such label set or class, a dataset that is missing, a configuration that is none, or an order
            that is needed and not given.
        WeightsError: the checkpoint cannot be read safely or does not fit.
    """
    from rgbtbench.zoo.registry import authors_options, resolve
    from rgbtbench.zoo.weights import convert

    task, classes = _no_outputs(method) if dataset is None else _outputs(method, dataset_card(dataset), label_set)
    if without:
        classes = classes_without(classes, without, field="without")
    if order is not None:
        classes = _chosen(classes, order)
    elif len(classes) > 1 and method_card(method).class_order == "unknown":
        raise RecipeError(
            f"nobody published in which order {method}'s released weights have their classes",
            expected=f"an order of {', '.join(classes.values())}",
            remedy="name one (--classes), and look at detections before scoring them",
        )
    given = config_from_yaml(config_yaml)
    spec = resolve(method, given, task=task, classes=classes)
    options = {
        field: value
        for field, value in authors_options(spec).items()
        if field not in given and spec.config[field] != value
    }
    spec = resolve(method, given | options, task=task, classes=classes)
    return convert(source, out, spec=spec, order=None if order is None else tuple(order), options=options)


def _no_outputs(method: str) -> tuple[Use, dict[int, str]]:
    for task in method_card(method).tasks:
        if task in WITHOUT_CLASSES:
            return task, {}
    raise RecipeError(f"{method} has classes, and no dataset is named", remedy="name the dataset whose they are")


def _outputs(method: str, card: DatasetCard, label_set: str | None) -> tuple[Use, dict[int, str]]:
    """Return the first of the method's tasks that the label set serves, and its classes."""
    if label_set is not None and label_set not in card.label_sets:
        raise RecipeError(
            f"{card.name} has no label set {label_set!r}", remedy=did_you_mean(label_set, card.label_sets)
        )
    names = card.label_sets if label_set is None else (label_set,)
    for task in method_card(method).tasks:
        for name in names:
            facts = card.label_sets[name]
            if facts.kind == LABEL_KIND.get(task):
                return task, {entry.id: entry.name for entry in facts.classes}
    raise RecipeError(
        f"{method} predicts {', '.join(method_card(method).tasks)}, and {card.name} has no labels for that",
        remedy="choose another dataset or label set",
    )


def _chosen(classes: Mapping[int, str], order: Sequence[str]) -> dict[int, str]:
    """Return the classes that an order names, by id."""
    for name in order:
        if name not in classes.values():
            raise RecipeError(f"no class {name!r}", remedy=did_you_mean(name, classes.values()))
    if len(set(order)) < len(order):
        raise RecipeError(f"the order {', '.join(order)} names a class twice")
    return {number: name for number, name in classes.items() if name in order}


def config_from_yaml(text: str) -> dict[str, Any]:
    """Return a configuration that is given as a YAML mapping.

    Raises:
        RecipeError: it is none.
    """
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise RecipeError(f"the configuration {text!r} is not YAML") from error
    if not isinstance(value, dict):
        raise RecipeError(f"the configuration {text!r} is no mapping", expected="such as '{streams: [rgb]}'")
    return value
