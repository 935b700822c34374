"""A trained or converted model, ready to predict."""

from __future__ import annotations

from pathlib import Path

import torch

from rgbtbench.zoo.model import Model
from rgbtbench.zoo.registry import build_from
from rgbtbench.zoo.weights import load_weights
from rgbtbench.zoo.weights_info import read_info, require_sha256, weights_path


def load_model(path: Path, *, device: torch.device | str = "cpu") -> Model:
    """Return the model of a run folder or safetensors file, in evaluation mode.

    Args:
        path: a run folder, or a safetensors file with its description beside it.
        device: where its weights shall lie.

    Raises:
        WeightsError: the weights or their description are missing, damaged or do not belong together.
        UnknownNameError: they are for a method that is not installed.
    """
    info = read_info(path)
    require_sha256(weights_path(path), info.sha256)
    model = build_from(info.model)
    load_weights(path, model)
    return model.to(device).eval()
