"""A model's cost as one record: parameters, FLOPs, latency, throughput and memory, with the conditions of each."""

from __future__ import annotations

from rgbtbench.cards.augmentations import Size
from rgbtbench.efficiency.counts import Counts, count_model
from rgbtbench.efficiency.timing import Setting, Timing, time_model
from rgbtbench.zoo.model import Model


class Profile(Timing, Counts):
    """What a model costs."""


def profile_model(model: Model, size: Size, setting: Setting, *, device_name: str) -> Profile:
    """Time a model and count what it costs; arguments and what becomes of the model are those of `time_model`."""
    timing = time_model(model, size, setting, device_name=device_name)
    return Profile.model_validate(timing.model_dump() | count_model(model, size).model_dump())
