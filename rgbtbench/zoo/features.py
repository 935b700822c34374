"""Dense features of each image by itself, by the encoder of a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rgbtbench.errors import RecipeError
from rgbtbench.features.pairs import ImagePair
from rgbtbench.loading.batch import Batch
from rgbtbench.zoo.encoder_weights import load_initial_weights
from rgbtbench.zoo.load import load_model
from rgbtbench.zoo.model import Model
from rgbtbench.zoo.registry import build
from rgbtbench.zoo.weights_info import EncoderInfo, read_initial_info

#: What the names of encoders begin with that describe images without a network around them, and the network whose
#: encoder they are.
_MAE: Final = "mae_"
_AROUND: Final = "m_specgene"


def describing_model(path: Path, *, device: str = "cpu") -> tuple[Model, str]:
    """Return a network that gives features, on its device, and what it is called.

    Args:
        path: run folder or safetensors file, of a whole network or of an encoder alone.
        device: where it computes.

    Raises:
        WeightsError: the weights or their description are missing or damaged.
        RecipeError: an encoder of a kind that gives no features of each image by itself.
    """
    info = read_initial_info(path)
    if not isinstance(info, EncoderInfo):
        return load_model(path, device=device), info.model.method
    if not info.encoder.startswith(_MAE):
        raise RecipeError(f"{info.encoder} does not give features of each image by itself", expected="a ViT of MAE")
    config = {"encoder": info.encoder.removeprefix(_MAE)}
    model = build(_AROUND, config, task="pretraining", classes={})
    load_initial_weights(path, model)
    return model.to(device).eval(), info.encoder


def network_features(
    model: Model, *, dataset: str, size: tuple[int, int] | None = None
) -> Callable[[Sequence[ImagePair]], list[dict[str, NDArray[Any]]]]:
    """Return a function from pairs of equal shapes to the features of each image; see `Model.features`.

    Args:
        model: on its device.
        dataset: that the pairs are of.
        size: height and width of the network's input; None: as configured.
    """
    model.eval()
    device = next(model.parameters()).device

    def describe(pairs: Sequence[ImagePair]) -> list[dict[str, NDArray[Any]]]:
        with torch.inference_mode():
            found = model.features(batch_of(pairs, dataset=dataset).to(device), size)
        arrays = {modality: grids.float().cpu().numpy() for modality, grids in found.items()}
        return [{modality: grids[row] for modality, grids in arrays.items()} for row in range(len(pairs))]

    return describe


def batch_of(pairs: Sequence[ImagePair], *, dataset: str) -> Batch:
    """Return pairs of equal shapes as a batch without labels."""
    count, (height, width) = len(pairs), pairs[0].frame
    images = {name: torch.stack([_channels_first(pair.images[name]) for pair in pairs]) for name in pairs[0].images}
    return Batch(
        keys=tuple(pair.key for pair in pairs),
        images=images,
        present={name: torch.ones(count, dtype=torch.bool) for name in images},
        valid=torch.ones(count, dtype=torch.bool),
        pixel_mask=torch.ones((count, height, width), dtype=torch.bool),
        sizes=torch.tensor([[height, width]] * count),
        datasets=(dataset,) * count,
    )


def _channels_first(image: NDArray[Any]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))
