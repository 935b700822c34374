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
    from rgbtbench.efficiency.profile import Profile, Setting
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


def profile(
    target: str,
    size: Size,
    setting: Setting,
    *,
    task: str | None = None,
    classes: int | None = None,
    config: Mapping[str, Any] | None = None,
) -> Profile:
    """Measure a method with random weights, or weights.

    Args:
        target: name of a method, run folder or safetensors file.
        size: height, width of the images.
        setting: device, precision and limits.
        task: of a method; None for the first of its card.
        classes: that a method is to tell apart; None for 9, as in MFNet's data.
        config: of a method, where it differs from the default.

    Raises:
        UnknownNameError: no such method.
        UserError: weights with a task, classes or configuration, which they bring themselves.
        RecipeError, WeightsError: as building or loading the model.
    """
    return measure(_model(target, task=task, classes=classes, config=config), size, setting)


def measure(model: Model, size: Size, setting: Setting) -> Profile:
    """Measure a model; its device, `auto` too, is looked up and named.

    Raises:
        UserError: there is no such device.
    """
    import torch

    from rgbtbench.efficiency.profile import profile_model

    device = torch_device(setting.device)
    name = processor() if device == "cpu" else torch.cuda.get_device_name()
    return profile_model(model, size, replace(setting, device=device), device_name=name)


def efficiency_of(subject: Subject, data: Path, protocol_id: str, setting: Setting) -> Efficiency:
    """Measure a model under test on images of the size that a protocol's data has, for its record.

    Raises:
        ShardError, UserError: as `open_truth`.
    """
    protocol, truth = open_truth(data, protocol_id)
    found = measure(subject.model, truth.frame_size(0, protocol.label_set), setting)
    known = found.model_dump(include=set(Efficiency.model_fields))
    return Efficiency.model_validate(known | {"measured": found.measured})


def _model(target: str, *, task: str | None, classes: int | None, config: Mapping[str, Any] | None) -> Model:
    from rgbtbench.zoo.load import load_model
    from rgbtbench.zoo.registry import build

    path = Path(target)
    if path.exists():
        if (task, classes, config) != (None, None, None):
            raise UserError("weights bring task, classes and configuration themselves", remedy="leave these out")
        return load_model(path)
    card = method_card(target)
    wanted = task or card.tasks[0]
    names = {} if wanted in WITHOUT_CLASSES else {number: f"class {number}" for number in range(classes or 9)}
    return build(target, config or {}, task=wanted, classes=names)  # type: ignore[arg-type]
