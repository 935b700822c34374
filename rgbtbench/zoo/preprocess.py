"""From the uint8 pixels of a batch to the floats of a network, and from its logits back to the original frame.

All of it runs on the model's device; loaders hand on pixels as they are stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

import torch
import torch.nn.functional as F
from pydantic import Field, model_validator
from torch import Tensor

from rgbtbench.cards.schema import Name, Strict
from rgbtbench.errors import RecipeError, did_you_mean
from rgbtbench.formats.image_file import LUMINANCE
from rgbtbench.loading.batch import Batch
from rgbtbench.zoo.altered_input import with_noise, with_zeros
from rgbtbench.zoo.spec import Wiring

_LARGEST = {torch.uint8: 255.0, torch.uint16: 65535.0, torch.float32: 1.0}


class Normalisation(Strict):
    """Mean and standard deviation per channel, for pixels scaled to [0, 1]."""

    mean: tuple[float, ...]
    std: tuple[float, ...]

    @model_validator(mode="after")
    def _fit(self) -> Self:
        if len(self.mean) != len(self.std) or min(self.std) <= 0:
            raise ValueError("mean and std need the same length, and std must be positive")
        return self


#: Of ImageNet's photographs, which encoders were pre-trained on.
IMAGENET = Normalisation(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))


class Preprocess(Strict):
    """How pixels become a network's input.

    Integers are first divided by the largest value of their type, so that they lie in [0, 1]; measured values (float32
    rasters such as polarisation) stay what they are.
    """

    #: Rules for the size, of which one at most holds.
    ALTERNATIVES: ClassVar = ("size", "fit", "edges")

    size: tuple[int, int] | None = Field(None, description="height, width to resize to; null keeps the image's")
    fit: tuple[int, int] | None = Field(
        None,
        exclude_if=lambda fit: fit is None,
        description="or height, width to enlarge or shrink images into, their aspect kept, and to pad them to",
    )
    edges: tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]] | None = Field(
        None,
        exclude_if=lambda edges: edges is None,
        description="or the most that the shorter and the longer side may have: images reach one of them, their aspect "
        "kept, and nothing is padded, as mmsegmentation resizes",
    )
    fill: Annotated[float, Field(ge=0, le=1)] | None = Field(
        None,
        exclude_if=lambda fill: fill is None,
        description="level from 0 to 1 that padding has before normalisation; null: 0, and 0 after it for multiple_of",
    )
    interpolation: Literal["bilinear", "nearest"] = "bilinear"
    multiple_of: int = Field(1, ge=1, description="pad below and to the right until both sides divide by this")
    channel_order: dict[Name, tuple[Annotated[int, Field(ge=0)], ...]] = Field(
        default_factory=dict,
        description="slot to which channel of the modality each of its channels takes; a grey modality is repeated",
    )
    normalisation: dict[Name, Normalisation | None] = Field(
        default_factory=dict, description="by slot; null, and slots that are not named: none"
    )

    @model_validator(mode="after")
    def _one_size(self) -> Self:
        if sum(getattr(self, rule) is not None for rule in self.ALTERNATIVES) > 1:
            raise ValueError("size, fit and edges exclude each other")
        return self

    def size_of(self, frame: tuple[int, int]) -> tuple[int, int]:
        """Return height and width that images of a height and width have in the network, without padding."""
        if self.edges is not None:
            factor = min(most / side for most, side in zip(sorted(self.edges), sorted(frame), strict=True))
            return max(1, int(frame[0] * factor + 0.5)), max(1, int(frame[1] * factor + 0.5))
        if self.fit is None:
            return self.size or frame
        factor = min(wanted / side for wanted, side in zip(self.fit, frame, strict=True))
        height, width = (
            min(wanted, max(1, round(side * factor))) for wanted, side in zip(self.fit, frame, strict=True)
        )
        return height, width


def network_inputs(
    batch: Batch,
    rules: Preprocess,
    *,
    inputs: Wiring,
    channels: Mapping[str, int],
    size: tuple[int, int] | None = None,
    scaled_to: tuple[int, int] | None = None,
) -> dict[str, Tensor]:
    """Return the float32 input (B, C, H, W) of every slot.

    Channels are brought into the order of the rules first. A slot of one channel that is fed by colour takes its
    luminance; a slot of several channels that is fed by one repeats it. Modalities of another resolution are resized to
    the frame that the batch's masks follow. What `Batch.noisy` and `Batch.zeroed` ask for happens after normalisation,
    before padding.

    Args:
        batch: images as stored.
        rules: range, size and padding.
        inputs: slot to modality.
        channels: slot to the number of channels that the network takes there.
        size: height and width that images get before padding; None: those of `Preprocess.size_of`.
        scaled_to: height and width of a further view, resized bilinearly without anti-aliasing; None for none.

    Raises:
        RecipeError: the batch lacks a modality, or its channels cannot feed a slot.
    """
    frame = (batch.pixel_mask.shape[-2], batch.pixel_mask.shape[-1])
    size = size or rules.size_of(frame)
    result = {}
    for slot, modality in inputs.items():
        image = _unit_range(_image_of(batch, modality, slot))
        image = in_order(image, rules.channel_order.get(slot), slot=slot, modality=modality)
        image = _with_channels(image, channels[slot], slot=slot, modality=modality)
        if tuple(image.shape[-2:]) != frame:
            image = F.interpolate(image, frame, mode="bilinear", align_corners=False)
        if rules.fill is not None:
            image = torch.where(batch.pixel_mask[:, None], image, rules.fill)
        if size != frame:
            smooth = {"align_corners": False, "antialias": True} if rules.interpolation == "bilinear" else {}
            image = F.interpolate(image, size, mode=rules.interpolation, **smooth)
        image = _filled_up(image, rules)
        if (rule := rules.normalisation.get(slot)) is not None:
            image = normalised(image, rule, slot)
        if scaled_to is not None and tuple(image.shape[-2:]) != scaled_to:
            image = F.interpolate(image, scaled_to, mode="bilinear", align_corners=False)
        image = with_zeros(with_noise(image, batch, modality), batch, modality)
        result[slot] = pad_to_multiple(image, rules.multiple_of)
    return result


def pad_to_multiple(image: Tensor, multiple: int, *, level: float = 0.0) -> Tensor:
    """Return `image` (..., H, W) with a level below and to the right until both sides divide by `multiple`."""
    height, width = image.shape[-2:]
    below, right = -height % multiple, -width % multiple
    return F.pad(image, (0, right, 0, below), value=level) if below or right else image


def _filled_up(image: Tensor, rules: Preprocess) -> Tensor:
    """Return an image that is not yet normalised, padded to `fit`, or with a `fill` to the multiple."""
    height, width = image.shape[-2:]
    if rules.fit is not None:
        below, right = max(rules.fit[0] - height, 0), max(rules.fit[1] - width, 0)
        image = F.pad(image, (0, right, 0, below), value=rules.fill or 0.0)
    return image if rules.fill is None else pad_to_multiple(image, rules.multiple_of, level=rules.fill)


def to_frame(logits: Tensor, batch: Batch, rules: Preprocess) -> Tensor:
    """Return logits (B, C, h, w) of a padded, perhaps resized, input at the size of the batch's tensors."""
    frame = (batch.pixel_mask.shape[-2], batch.pixel_mask.shape[-1])
    size = rules.size_of(frame)
    logits = logits[..., : size[0], : size[1]]
    return logits if size == frame else F.interpolate(logits, frame, mode="bilinear", align_corners=False)


def in_original_frame(logits: Tensor, *, content: tuple[int, int], size: tuple[int, int]) -> Tensor:
    """Return one sample's logits (C, H, W) without padding, at its original `size`."""
    cropped = logits[:, : content[0], : content[1]]
    if content == size:
        return cropped
    return F.interpolate(cropped[None], size, mode="bilinear", align_corners=False)[0]


def _image_of(batch: Batch, modality: str, slot: str) -> Tensor:
    if modality not in batch.images:
        raise RecipeError(
            f"inputs.{slot} takes {modality!r}, and the data has {', '.join(sorted(batch.images))}",
            remedy=did_you_mean(modality, batch.images),
        )
    return batch.images[modality]


def _unit_range(image: Tensor) -> Tensor:
    if image.dtype not in _LARGEST:
        raise RecipeError(f"images of type {image.dtype}", expected="uint8, uint16 or float32")
    # Loaders leave channels beside each other; networks are fed planes.
    return image.to(torch.float32, memory_format=torch.contiguous_format) / _LARGEST[image.dtype]


def in_order(image: Tensor, order: tuple[int, ...] | None, *, slot: str, modality: str) -> Tensor:
    """Return an image (B, C, H, W) with its channels in the order of `Preprocess.channel_order`; grey stays grey.

    Raises:
        RecipeError: the order names a channel that there is not.
    """
    found = image.shape[1]
    if order is None or found == 1:
        return image
    if max(order) >= found:
        raise RecipeError(f"preprocess.channel_order.{slot} is {list(order)} and {modality} has {found} channels")
    return image[:, list(order)]


def _with_channels(image: Tensor, wanted: int, *, slot: str, modality: str) -> Tensor:
    found = image.shape[1]
    if found == wanted:
        return image
    if wanted == 1 and found == len(LUMINANCE):
        weights = image.new_tensor(LUMINANCE).view(1, -1, 1, 1)
        return (image * weights).sum(dim=1, keepdim=True)
    if found == 1:
        return image.expand(-1, wanted, -1, -1)
    raise RecipeError(f"inputs.{slot}: {modality} has {found} channels and the slot takes {wanted}")


def normalised(image: Tensor, rule: Normalisation, slot: str) -> Tensor:
    """Return an image (B, C, H, W) minus the mean and divided by the standard deviation of each channel.

    Raises:
        RecipeError: the rule is for another number of channels.
    """
    if len(rule.mean) != image.shape[1]:
        raise RecipeError(
            f"preprocess.normalisation.{slot} has {len(rule.mean)} channels and the slot takes {image.shape[1]}"
        )
    mean = image.new_tensor(rule.mean).view(1, -1, 1, 1)
    std = image.new_tensor(rule.std).view(1, -1, 1, 1)
    return (image - mean) / std
