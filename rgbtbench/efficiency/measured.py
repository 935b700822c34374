"""What every measurement of a model states: of which model, on which images, and what was run."""

from __future__ import annotations

from typing import Any

import torch
from pydantic import Field

from rgbtbench.cards.augmentations import Size
from rgbtbench.cards.schema import Strict, Use
from rgbtbench.efficiency.passes import scope
from rgbtbench.zoo.model import Model


class Measured(Strict):
    """A model, images and software that numbers are of."""

    method: str
    task: Use
    classes: int = Field(description="how many it tells apart")
    inputs: dict[str, str] = Field(description="slot to modality; all are fed, and all count")
    size: Size = Field(description="height, width of the images")
    scope: str
    torch: str


def measured(model: Model, size: Size) -> dict[str, Any]:
    """Return the fields of `Measured` for a model and height, width of images."""
    return {
        "method": model.spec.method,
        "task": model.spec.task,
        "classes": len(model.spec.classes),
        "inputs": dict(model.spec.inputs),
        "size": size,
        "scope": scope(model),
        "torch": torch.__version__,
    }
