"""Weights on disk: safetensors with a description beside them, and the one-time conversion of foreign checkpoints."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import torch
from pydantic import JsonValue
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from rgbtbench.atomic_file import atomic_file
from rgbtbench.cards.schema import WITHOUT_CLASSES
from rgbtbench.errors import MissingExtraError, RecipeError, WeightsError
from rgbtbench.outputs import require_file
from rgbtbench.zoo.encoders import ENCODERS
from rgbtbench.zoo.foreign_checkpoint import read_state_dict, require_finite
from rgbtbench.zoo.model import Model
from rgbtbench.zoo.registry import build_from, method, method_names, resolve
from rgbtbench.zoo.spec import ModelSpec
from rgbtbench.zoo.weights_info import (
    Conversion,
    EncoderInfo,
    TrainingFacts,
    WeightsInfo,
    file_sha256,
    info_path,
    read_info,
    weights_path,
)

_COUNTER = "num_batches_tracked"
#: Tables of places that follow from the network's size; of mmsegmentation's BEiT at 768 pixels they take 510 MB.
RECOMPUTED = ("relative_position_index", "attn_mask")
_SHOWN = 3


def convert(
    source: Path,
    out: Path,
    *,
    spec: ModelSpec,
    order: Sequence[str] | None = None,
    options: Mapping[str, JsonValue] | None = None,
) -> WeightsInfo:
    """Turn a checkpoint of other code into weights of `spec`, strictly.

    Args:
        source: a file that `torch.save` wrote: a state dict, or a mapping that holds one.
        out: the safetensors file to write; its description is written beside it.
        spec: the model that the weights are for.
        order: the spec's classes in the order of the checkpoint's outputs; None: by their ids, as the model has them.
        options: what of the spec's configuration was set for the authors' code and not asked for, to be recorded.

    Returns:
        The description, with what was renamed and completed.

    Raises:
        WeightsError: the file cannot be read safely, does not fit, or holds values that are NaN or infinite; the first
            mismatches and what would fit are named. Nothing is written then.
        RecipeError: the method's classes cannot be put into another order.
        UserError: `out` is a folder, or its folder cannot be written to.
    """
    require_safetensors(out)
    with torch.device("meta"):
        model = build_from(spec)
    found = read_state_dict(source)
    renamed = published_names(spec.method, model.state_dict(), found)
    state = {ours: found[theirs] for ours, theirs in renamed.items()}
    others = found.keys() - renamed.values()
    unused = getattr(method(spec.method), "UNUSED_KEYS", ())
    dropped = tuple(key for key in found if key in others and (key.startswith(unused) or key.endswith(RECOMPUTED)))
    state |= {key: found[key] for key in found if key in others.difference(dropped)}
    wanted = model.state_dict()
    completed = missing_counters(state, wanted)
    state |= completed
    _check(state, model, path=source, recorded=None)
    require_finite(state, path=source)
    state = _by_ids(state, spec, order)
    model.load_state_dict({key: tensor.to(wanted[key].dtype) for key, tensor in state.items()}, assign=True)
    conversion = Conversion(
        source=source.name,
        source_sha256=file_sha256(source),
        classes=() if order is None else tuple(order),
        options=dict(options or {}),
        renamed={ours: theirs for ours, theirs in renamed.items() if ours != theirs},
        completed=tuple(completed),
        dropped=dropped,
    )
    return save_weights(model, out, conversion=conversion)


def _by_ids(state: Mapping[str, Tensor], spec: ModelSpec, order: Sequence[str] | None) -> dict[str, Tensor]:
    """Return tensors whose classes lie in a checkpoint's order with the classes in that of their ids.

    Raises:
        RecipeError: the method does not say which tensors have classes.
    """
    places = [] if order is None else [order.index(spec.classes[number]) for number in spec.class_ids]
    if places == sorted(places):
        return dict(state)
    reordered = getattr(method(spec.method), "in_class_order", None)
    if reordered is None:
        raise RecipeError(
            f"{spec.method} cannot be converted with its classes in another order than that of their ids",
            expected=", ".join(spec.classes[number] for number in spec.class_ids),
        )
    found: dict[str, Tensor] = reordered(state, places)
    return found


def require_safetensors(out: Path) -> None:
    """Make sure that weights can be written to `out`.

    Raises:
        WeightsError: its name does not end in `.safetensors`.
        UserError: it is a folder, or its folder cannot be written to.
    """
    if out.suffix != ".safetensors":
        raise WeightsError(f"cannot write {out.name}", expected="a name that ends in .safetensors")
    require_file(out)


def save_weights(
    model: Model, out: Path, *, training: TrainingFacts | None = None, conversion: Conversion | None = None
) -> WeightsInfo:
    """Write a model's weights and their description; the description last, so that it speaks of what is there."""
    write_tensors(model.state_dict(), out)
    info = WeightsInfo(
        model=model.spec,
        sha256=file_sha256(out),
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        training=training,
        conversion=conversion,
    )
    write_description(info, out)
    return info


def write_tensors(state: Mapping[str, Tensor], out: Path) -> None:
    """Write a safetensors file, whole or not at all."""
    with atomic_file(out) as file:
        file.write(save({key: tensor.detach().cpu().contiguous() for key, tensor in state.items()}))


def load_weights(path: Path, model: Model) -> None:
    """Load weights into a model, strictly.

    Args:
        path: a safetensors file, or a run folder.
        model: of the same method, configuration and number of classes.

    Raises:
        WeightsError: the file is damaged, or is for another model; the first mismatches and what would fit are named.
    """
    file = weights_path(path)
    state = read_tensors(file)
    recorded = read_info(file).model if info_path(file).is_file() else None
    _check(state, model, path=file, recorded=recorded)
    model.load_state_dict(state)


def write_description(info: WeightsInfo | EncoderInfo, weights: Path) -> None:
    """Write the description that belongs to a safetensors file; last, so that it speaks of what is there."""
    with atomic_file(info_path(weights)) as file:
        file.write((info.model_dump_json(indent=1) + "\n").encode())


def read_tensors(file: Path) -> dict[str, Tensor]:
    """Return what a safetensors file holds.

    Raises:
        WeightsError: it is damaged.
    """
    try:
        return load_file(file)
    except SafetensorError as error:
        raise WeightsError(f"not a whole safetensors file ({error})", path=file) from error


def published_names(name: str, own: Iterable[str], found: Mapping[str, Tensor]) -> dict[str, str]:
    """Return our key to the checkpoint's key, for all keys that both know."""
    module = method(name)
    rules: Mapping[str, str] = getattr(module, "PUBLISHED_KEYS", {})

    def by_prefix(key: str) -> tuple[str, ...]:
        for ours, theirs in rules.items():
            if key.startswith(ours):
                return (theirs + key.removeprefix(ours),)
        return (key,)

    published: Callable[[str], tuple[str, ...]] = getattr(module, "published_names_of", by_prefix)
    return {key: theirs for key in own for theirs in published(key) if theirs in found}


def missing_counters(state: Mapping[str, Tensor], wanted: Iterable[str]) -> dict[str, Tensor]:
    """Return the batch counters of normalisations, 0, that a network has and an old checkpoint lacks."""
    return {key: torch.tensor(0) for key in wanted if key.endswith(_COUNTER) and key not in state}


def require_shapes(
    state: Mapping[str, Tensor],
    wanted: Mapping[str, Tensor],
    *,
    path: Path,
    purpose: str,
    remedy: Callable[[], str] | None = None,
) -> None:
    """Make sure that names and shapes are exactly the wanted ones.

    Args:
        state: what was found.
        wanted: what a network has.
        path: where it was found.
        purpose: the network, in words.
        remedy: says what to do, asked only where something does not fit.

    Raises:
        WeightsError: the first mismatches are named.
    """
    missing = [key for key in wanted if key not in state]
    unexpected = [key for key in state if key not in wanted]
    shapes = [
        f"{key} is {tuple(state[key].shape)} instead of {tuple(tensor.shape)}"
        for key, tensor in wanted.items()
        if key in state and state[key].shape != tensor.shape
    ]
    if not (missing or unexpected or shapes):
        return
    parts = [
        f"{what} {_first(entries)}"
        for what, entries in (("missing", missing), ("unexpected", unexpected), ("shapes:", shapes))
        if entries
    ]
    raise WeightsError(
        f"does not fit {purpose}: " + "; ".join(parts), path=path, remedy=None if remedy is None else remedy()
    )


def _check(state: Mapping[str, Tensor], model: Model, *, path: Path, recorded: ModelSpec | None) -> None:
    """Raise `WeightsError` unless names and shapes are exactly the model's."""

    def remedy() -> str:
        return f"it fits {_in_words(recorded)}" if recorded is not None else _what_would_fit(state, model)

    require_shapes(state, model.state_dict(), path=path, purpose=_in_words(model.spec), remedy=remedy)


def _what_would_fit(state: Mapping[str, Tensor], model: Model) -> str:
    """Return a remedy from names and shapes alone: another method, or another number of classes."""
    classes = len(model.spec.classes)
    wanted = model.state_dict()
    if set(state) == set(wanted):
        different = [(state[key].shape, wanted[key].shape) for key in wanted if state[key].shape != wanted[key].shape]
        counts = {found[0] for found, own in different if found and own and own[0] == classes}
        if len(counts) == 1 and all(found[1:] == own[1:] for found, own in different):
            return f"it was made for {counts.pop()} classes"
    fitting = [name for name in method_names() if _layers(state) == _default_layers(name, model.spec.classes)]
    if fitting:
        return f"its names are those of {' or '.join(fitting)}"
    encoders = [name for name, kind in ENCODERS.items() if kind.fits(state)]
    if encoders:
        return f"it is an encoder alone: convert it with `rgbtbench weights encoder … --name {encoders[0]}`"
    return "its names are those of no method here"


def _default_layers(name: str, classes: Mapping[int, str]) -> set[str]:
    """Return the layers of a method as it is by default; none of one that needs packages which are not there."""
    task = method(name).TASKS[0]
    spec = resolve(name, {}, task=task, classes={} if task in WITHOUT_CLASSES else classes or {0: "any"})
    try:
        # What other libraries say of networks that nobody asked for is of no use here.
        with torch.device("meta"), warnings.catch_warnings(action="ignore"):
            return _layers(build_from(spec).state_dict())
    except MissingExtraError:
        return set()


def _layers(state: Mapping[str, Tensor]) -> set[str]:
    """Return all names but those of batch counters, which old checkpoints lack."""
    return {key for key in state if not key.endswith(_COUNTER)}


def _in_words(spec: ModelSpec) -> str:
    classes = f" with {len(spec.classes)} classes" if spec.classes else ""
    return f"{spec.method} ({'+'.join(spec.inputs)}){classes}"


def _first(entries: list[str]) -> str:
    shown = ", ".join(entries[:_SHOWN])
    return shown + (f" and {len(entries) - _SHOWN} more" if len(entries) > _SHOWN else "")
