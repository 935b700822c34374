"""Methods by name, imported when asked for.

A module `rgbtbench/zoo/<name>.py` whose card is `models/<name>/card.yaml` offers `CONFIG` (pydantic schema), `TASKS`,
`slots(config)` and `build(spec, config)`; where other code's weights are named differently also `PUBLISHED_KEYS`, how
names begin here to how they begin there, or `published_names_of(key)`, the names that a tensor may have there; and
`UNUSED_KEYS`, how names begin there of tensors that may be left over; `in_class_order(state, places)`, which puts the
classes of a checkpoint into another order; and `authors_options(config)`, what weights of the authors' code expect of
the configuration other than its defaults. Third parties add theirs through the entry-point group `rgbtbench.models`,
whose entry points name such a module.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module, metadata
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any, Protocol, cast

from pydantic import BaseModel, JsonValue

from rgbtbench import zoo
from rgbtbench.cards import catalog
from rgbtbench.cards.schema import WITHOUT_CLASSES, Use
from rgbtbench.cards.yaml_file import validate
from rgbtbench.errors import CardError, MissingExtraError, RecipeError, UnknownNameError, did_you_mean
from rgbtbench.zoo.configuration import completed
from rgbtbench.zoo.spec import ModelSpec, Wiring

if TYPE_CHECKING:
    from rgbtbench.zoo.model import Model


class Method(Protocol):
    """What a method's module offers."""

    CONFIG: type[BaseModel]
    TASKS: tuple[Use, ...]

    def slots(self, config: Any) -> Wiring:
        """Return the input slots of a configured model, with the modality that the paper feeds into each."""

    def build(self, spec: ModelSpec, config: Any) -> Model:
        """Return the model with random weights."""


def method_names() -> list[str]:
    """Names of all methods that can be built, sorted."""
    own = {module.name for module in iter_modules(zoo.__path__)} & set(catalog.method_names())
    return sorted(own | {entry.name for entry in metadata.entry_points(group="rgbtbench.models")})


def method(name: str) -> Method:
    """Return a method's module.

    Raises:
        UnknownNameError: no such method; the closest are named.
        MissingExtraError: the method needs packages that are not installed.
    """
    if name not in method_names():
        raise UnknownNameError(f"no method {name!r}", remedy=did_you_mean(name, method_names()))
    try:
        for entry in metadata.entry_points(group="rgbtbench.models", name=name):
            return cast("Method", entry.load())
        return cast("Method", import_module(f"rgbtbench.zoo.{name}"))
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"{name} needs {error.name}, which is not installed", remedy="pip install 'rgbtbench[train]'"
        ) from error


def method_for(name: str, task: Use) -> Method:
    """Return a method's module; raises as `method`, and `RecipeError` where the method does not do the task."""
    module = method(name)
    if task not in module.TASKS:
        doing = [other for other in catalog.method_names() if task in catalog.method_card(other).tasks]
        raise RecipeError(
            f"{name} does no {task}",
            expected=", ".join(module.TASKS),
            remedy=f"methods that do: {', '.join(doing)}" if doing else "no method does",
        )
    return module


def resolve(
    name: str,
    config: Mapping[str, JsonValue],
    *,
    task: Use,
    classes: Mapping[int, str],
    inputs: Mapping[str, str] | None = None,
) -> ModelSpec:
    """Complete and check the description of a model.

    Args:
        name: of the method.
        config: whatever differs from the method's defaults; see `rgbtbench.zoo.configuration.completed`.
        task: what it is to predict.
        classes: class id to name; none for saliency and in pre-training.
        inputs: slot to modality; None: as the paper feeds it.

    Raises:
        UnknownNameError: no such method.
        RecipeError: the method does not do the task, or not with these classes; the configuration breaks its schema; or
            the wiring leaves a slot out or names one that is not there.
    """
    module = method_for(name, task)
    if bool(classes) == (task in WITHOUT_CLASSES):
        raise RecipeError(
            f"{len(classes)} classes for {task}", expected="none for saliency or in pre-training, and some otherwise"
        )
    checked = _config(module, completed(config, module.CONFIG))
    default = module.slots(checked)
    wiring = default if inputs is None else dict(inputs)
    if set(wiring) != set(default):
        raise RecipeError(
            f"inputs feeds {', '.join(sorted(wiring)) or 'nothing'}",
            expected=f"exactly the slots {', '.join(sorted(default))} of {name} as configured",
        )
    return ModelSpec.model_validate(
        {
            "method": name,
            "config": checked.model_dump(mode="json"),
            "task": task,
            "classes": dict(classes),
            "inputs": wiring,
        }
    )


def build(
    name: str,
    config: Mapping[str, JsonValue],
    *,
    task: Use,
    classes: Mapping[int, str],
    inputs: Mapping[str, str] | None = None,
) -> Model:
    """Return a model with random weights; arguments and errors are those of `resolve`."""
    return build_from(resolve(name, config, task=task, classes=classes, inputs=inputs))


def build_from(spec: ModelSpec) -> Model:
    """Return the model that `spec` describes, with random weights."""
    module = method(spec.method)
    model = module.build(spec, _config(module, spec.config))
    if spec.bottlenecks:
        from rgbtbench.zoo.parts.bottleneck import insert_bottlenecks

        insert_bottlenecks(model, spec.bottlenecks)
    return model


def authors_options(spec: ModelSpec) -> Mapping[str, JsonValue]:
    """Return the configuration's fields that weights of the authors' code depend on, with what these expect."""
    module = method(spec.method)
    options: Callable[[BaseModel], Mapping[str, JsonValue]] | None = getattr(module, "authors_options", None)
    return {} if options is None else options(_config(module, spec.config))


def has_published_slots(spec: ModelSpec) -> bool:
    """Tell whether a model has the inputs of the published method, whatever feeds them, or fewer or others."""
    module = method(spec.method)
    try:
        default = _config(module, {})
    except RecipeError:
        return False
    return set(spec.inputs) == set(module.slots(default))


def _config(module: Method, config: Mapping[str, JsonValue]) -> BaseModel:
    try:
        return validate(dict(config), module.CONFIG, path=None, lines={})
    except CardError as error:
        raise RecipeError(f"model.config.{error.found}", expected=error.expected, remedy=error.remedy) from error
