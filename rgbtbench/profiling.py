"""Profiling by name: a method as its card describes it, or weights as they were trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rgbtbench.cards.augmentations import Size
from rgbtbench.cards.catalog import method_card
from rgbtbench.cards.schema import WITHOUT_CLASSES
from rgbtbench.errors import UserError
from rgbtbench.evaluation import open_truth
from rgbtbench.leaderboard.environment import processor
from rgbtbench.leaderboard.records import Efficiency
from rgbtbench.prediction import torch_device

if TYPE_CHECKING:
    from rgbtbench.efficiency.profile import Profile
    from rgbtbench.efficiency.timing import Setting, Timing
    from rgbtbench.subject import Subject
    from rgbtbench.zoo.model import Model

_LARGEST_SIDE = 16_384


def parse_size(text: str) -> Size:
    """Return height, width of `480x640`.

    Raises:
        UserError: anything else.
    """
    sides = text.lower().split("x")
    if len(sides) != 2 or not all(side.isdecimal() and 1 <= int(side) <= _LARGEST_SIDE for side in sides):
        raise UserError(f"size {text!r}", expected="height x width in pixels, such as 480x640")
    return int(sides[0]), int(sides[1])


def profile(model: Model, size: Size, setting: Setting) -> Profile:
    """Time a model and count what it costs; its device, `auto` too, is looked up and named.

    Args:
        model: of `named_model`, say.
        size: height, width of the images.
        setting: device, precision and limits.

    Raises:
        UserError: there is no such device.
    """
    from rgbtbench.efficiency.profile import profile_model

    found, name = _on_device(setting)
    return profile_model(model, size, found, device_name=name)


def timing(model: Model, size: Size, setting: Setting) -> Timing:
    """Time a model; arguments and errors are those of `profile`."""
    from rgbtbench.efficiency.timing import time_model

    found, name = _on_device(setting)
    return time_model(model, size, found, device_name=name)


def efficiency_of(subject: Subject, data: Path, protocol_id: str, setting: Setting) -> Efficiency:
    """Measure a model under test on images of the size that a protocol's data has, for its record.

    Raises:
        ShardError, UserError: as `open_truth`.
    """
    protocol, truth = open_truth(data, protocol_id)
    found = profile(subject.model, truth.frame_size(0, protocol.label_set), setting)
    known = found.model_dump(include=set(Efficiency.model_fields))
    return Efficiency.model_validate(known | {"measured": found.measured})


def named_model(
    target: str,
    *,
    task: str | None = None,
    classes: int | None = None,
    config: Mapping[str, Any] | None = None,
) -> Model:
    """Return a method with random weights, or weights.

    Args:
        target: name of a method, run folder or safetensors file.
        task: of a method; None for the first of its card.
        classes: that a method is to tell apart; None for 9, as in MFNet's data.
        config: of a method, where it differs from the default.

    Raises:
        UnknownNameError: no such method.
        UserError: weights with a task, classes or configuration, which they bring themselves; or classes for a task
            without.
        RecipeError, WeightsError: as building or loading the model.
    """
    from rgbtbench.zoo.load import load_model
    from rgbtbench.zoo.registry import build

    path = Path(target)
    if path.exists():
        if (task, classes, config) != (None, None, None):
            raise UserError("weights bring task, classes and configuration themselves", remedy="leave these out")
        return load_model(path)
    card = method_card(target)
    wanted = task or card.tasks[0]
    if wanted in WITHOUT_CLASSES and classes is not None:
        raise UserError(f"{classes} classes for {wanted}, which has none", remedy="leave them out")
    names = {} if wanted in WITHOUT_CLASSES else {number: f"class {number}" for number in range(classes or 9)}
    return build(target, config or {}, task=wanted, classes=names)  # type: ignore[arg-type]


def _on_device(setting: Setting) -> tuple[Setting, str]:
    """Return a setting with its device looked up, and the device's name."""
    import torch

    device = torch_device(setting.device)
    name = processor() if device == "cpu" else torch.cuda.get_device_name()
    return replace(setting, device=device), name
