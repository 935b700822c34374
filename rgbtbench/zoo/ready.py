"""A model for images at hand: files, arrays or tensors in, a prediction in the images' frame out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rgbtbench.errors import InputFileError, RecipeError, did_you_mean
from rgbtbench.formats.foreign_image import read_any_image
from rgbtbench.formats.image_file import decode_image
from rgbtbench.formats.image_header import probe
from rgbtbench.loading.batch import Batch
from rgbtbench.predictions.kinds import Prediction
from rgbtbench.zoo.model import Model

#: A file; an array (H, W) or (H, W, C); or a tensor (H, W) or (C, H, W). uint8, uint16 or float32, colours as RGB.
ImageLike = str | Path | NDArray[Any] | Tensor
_TYPES: Final = ("uint8", "uint16", "float32")
#: Channels of colour or grey with an alpha channel behind them.
_WITH_ALPHA: Final = (2, 4)


class ReadyModel:
    """Predicts single pairs of images.

    Example:
        model = rgbtbench.load_model("mfnet", "runs/mfnet")
        model(rgb="street.png", lwir="street_thermal.png").mask

    Args:
        model: is brought to the device and into evaluation mode.
        device: where to compute.
    """

    def __init__(self, model: Model, *, device: str = "cpu") -> None:
        self.model = model.to(device).eval()
        self.device = device

    @property
    def modalities(self) -> tuple[str, ...]:
        """What it is fed, the first being the frame that predictions are made in."""
        return tuple(dict.fromkeys(self.model.spec.inputs.values()))

    @property
    def classes(self) -> Mapping[int, str]:
        """Class id of predictions to name."""
        return self.model.spec.classes

    def without(self, modality: str) -> str:
        """Return what happens where a modality is not given, in words."""
        how = "the method does without it" if self.model.takes_absent else "zeros after normalisation stand in for it"
        return f"{modality} is not given: {how}"

    def __call__(self, *, key: str = "image", **images: ImageLike) -> Prediction:
        """Predict one sample.

        Args:
            key: what the prediction is called.
            images: by modality. One that is left out is dropped where the method does without it, and else replaced by
                zeros after normalisation; at least one is needed. The frame of the first, in the order of `modalities`,
                is that of the prediction; images of another size are resized to it.

        Raises:
            RecipeError: no image, or a modality that the model is not fed.
            InputFileError: a file is missing or damaged, or pixels of a type or shape that there is not.
        """
        for name in images:
            if name not in self.modalities:
                raise RecipeError(
                    f"the model is fed {', '.join(self.modalities)}, and not {name}",
                    remedy=did_you_mean(name, self.modalities),
                )
        found = {name: pixels_of(images[name], name) for name in self.modalities if images.get(name) is not None}
        if not found:
            raise RecipeError("no image", expected=f"at least one of {', '.join(self.modalities)}")
        with torch.inference_mode():
            (prediction,) = self.model.predict(self._batch(key, found).to(self.device))
        return prediction

    def _batch(self, key: str, found: Mapping[str, NDArray[Any]]) -> Batch:
        height, width = next(iter(found.values())).shape[:2]
        images, zeroed = {}, {}
        for name in self.modalities:
            if name in found:
                # A copy: what the caller gave may be read-only, which torch has no tensors for.
                pixels = torch.from_numpy(found[name].transpose(2, 0, 1).copy())
            else:
                pixels = torch.zeros((1, height, width), dtype=torch.uint8)
                if not self.model.takes_absent:
                    zeroed[name] = torch.ones(1)
            images[name] = pixels[None]
        return Batch(
            keys=(key,),
            images=images,
            present={name: torch.tensor([name in found or name in zeroed]) for name in self.modalities},
            valid=torch.ones(1, dtype=torch.bool),
            pixel_mask=torch.ones((1, height, width), dtype=torch.bool),
            sizes=torch.tensor([[height, width]]),
            zeroed=zeroed,
        )


def pixels_of(image: ImageLike, name: str) -> NDArray[Any]:
    """Return an image as an array (H, W, C) of uint8, uint16 or float32, without alpha.

    Args:
        image: see `ImageLike`.
        name: for errors.

    Raises:
        InputFileError: a file is missing or damaged, or pixels of a type or shape that there is not.
    """
    path = Path(image) if isinstance(image, str | Path) else None
    if path is not None:
        if not path.is_file():
            raise InputFileError(f"{name}: no such file", path=path, expected="an image", remedy="check its name")
        stored = read_any_image(path.parent, path.name).data
        pixels: NDArray[Any] = decode_image(stored, probe(stored), path=path)
    elif isinstance(image, Tensor):
        array = image.detach().cpu().numpy()
        pixels = array.transpose(1, 2, 0) if array.ndim == 3 else array
    else:
        pixels = np.asarray(image)
    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    if pixels.ndim != 3 or 0 in pixels.shape or pixels.dtype.name not in _TYPES:
        raise InputFileError(
            f"{name}: {pixels.dtype} of shape {'x'.join(map(str, pixels.shape))}",
            expected=f"one image of {', '.join(_TYPES)}: (H, W) or (H, W, C), tensors (C, H, W)",
            path=path,
        )
    if pixels.dtype == np.float32 and not np.isfinite(pixels).all():
        raise InputFileError(f"{name}: holds values that are no numbers", path=path, remedy="replace them")
    return pixels[..., :-1] if pixels.shape[2] in _WITH_ALPHA else pixels
