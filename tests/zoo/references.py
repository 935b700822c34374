"""Key lists and outputs of authors' code, and the recipe of the weights that they were made with."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch

from rgbtbench.zoo.model import Model

SHARED = Path(__file__).resolve().parents[2] / ".." / "shared"
GOLDEN = SHARED / "golden"
_MODELS = GOLDEN / "models"

needs_references = pytest.mark.skipif(
    not (_MODELS / "keys").is_dir(), reason="key lists and outputs of authors' code are not on this machine"
)


def published_keys(name: str) -> dict[str, tuple[int, ...]]:
    """Name to shape of every tensor of an authors' network, in its order."""
    lines = (_MODELS / "keys" / f"{name}_keys.txt").read_text().splitlines()
    return {
        key: tuple(int(number) for number in re.findall(r"\d+", shape))
        for key, shape in (line.split(" ", 1) for line in lines)
    }


def recipe_tensor(key: str, shape: tuple[int, ...], seed: int = 1) -> torch.Tensor:
    """The weight that the reference outputs were made with: a function of key and shape alone."""
    normal = np.random.default_rng([seed, zlib.crc32(key.encode())]).standard_normal(shape)
    if key.endswith("num_batches_tracked"):
        return torch.tensor(0)
    if key.endswith("running_mean"):
        values = 0.1 * normal
    elif key.endswith("running_var"):
        values = 1 + 0.1 * np.abs(normal)
    elif len(shape) >= 2:
        values = normal / np.sqrt(np.prod(shape[1:]))
    else:
        values = 1 + 0.1 * normal if key.endswith("weight") else 0.1 * normal
    return torch.from_numpy(np.asarray(values)).float()


def recipe_state(name: str) -> dict[str, torch.Tensor]:
    """A whole state dict under the authors' names."""
    return {key: recipe_tensor(key, shape) for key, shape in published_keys(name).items()}


def recipe_weights(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Weights by the same recipe for a state dict of ours."""
    return {key: recipe_tensor(key, tuple(tensor.shape)) for key, tensor in state.items()}


def recipe_input(shape: tuple[int, ...], seed: int) -> torch.Tensor:
    """The input that the reference outputs were made from."""
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape)).float()


def recipe_images(model: Model, shape: tuple[int, ...] = (1, 3, 64, 96)) -> dict[str, torch.Tensor]:
    """Another such input for each slot of a model."""
    return {slot: recipe_input(shape, 11 + number) for number, slot in enumerate(model.spec.inputs)}


def outputs(name: str) -> dict[str, np.ndarray]:
    """Arrays that an authors' network gave, opened lazily."""
    return np.load(_MODELS / "outputs" / f"{name}.npz")
