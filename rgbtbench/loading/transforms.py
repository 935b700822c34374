"""One sample on one pixel grid, and what training does to it.

The grid is the frame of the labels. A modality of another native resolution covers the same field of view: its point
`(x / width, y / height)` is the same point of the label frame, and its pixels are resampled to the grid, once, together
with whatever scaling is asked for. Every geometric step is drawn once and carried out on all modalities, masks, boxes.

Random numbers depend on (seed, epoch, index) alone, and each modality has a stream of its own: a model that sees `rgb`
only and one that also sees `lwir` get the same `rgb` pixels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Final, cast
from zlib import crc32

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchvision import tv_tensors
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as geometry

from rgbtbench.cards.augmentations import Augmentations, ResizedCrop, Size
from rgbtbench.cards.schema import MODALITY_KINDS
from rgbtbench.errors import RecipeError
from rgbtbench.formats.image_file import Levels, Pixels
from rgbtbench.loading.batch import BoxTargets
from rgbtbench.loading.item import Item
from rgbtbench.loading.photometric import change_values
from rgbtbench.loading.sampler import Draw, Purpose, random_bits

_NEAREST: Final = InterpolationMode.NEAREST_EXACT
#: Draws of a region before the middle of the frame is taken.
_ATTEMPTS: Final = 10


@dataclass(frozen=True, slots=True)
class Geometry:
    """What happens to the pixel grid of one sample, in this order.

    Attributes:
        size: the whole frame, or its region, is brought to this height and width.
        region: `top, left, height, width` of the frame that is cut out before, and resampled bicubically; None for all.
        flip: then mirrored, left to right.
        window: then cut to `top, left, height, width`, which lies inside.
    """

    size: Size
    region: tuple[int, int, int, int] | None = None
    flip: bool = False
    window: tuple[int, int, int, int] | None = None


def draw_geometry(rules: Augmentations, frame: Size, generator: np.random.Generator) -> Geometry:
    """Draw the geometry of one sample; takes four numbers first, whatever the rules, so that none shifts another's."""
    scaling, flipping, down, right = generator.random(4)
    if rules.resized_crop is not None:
        region = draw_region(rules.resized_crop, frame, generator)
        return Geometry(rules.resized_crop.size, region=region, flip=flipping < rules.horizontal_flip)
    factor = _scale_factor(rules, scaling)
    if rules.fit is not None:
        factor *= min(wanted / side for wanted, side in zip(rules.fit, frame, strict=True))
    height, width = (max(1, round(side * factor)) for side in rules.resize or frame)
    window = None
    if rules.crop is not None:
        cut = min(rules.crop[0], height), min(rules.crop[1], width)
        window = int(down * (height - cut[0] + 1)), int(right * (width - cut[1] + 1)), *cut
    return Geometry((height, width), flip=flipping < rules.horizontal_flip, window=window)


def _scale_factor(rules: Augmentations, share: float) -> float:
    if rules.scale_drawn == "uniformly":
        low, high = rules.scale
        return low + (high - low) * share
    low, high = (math.log(factor) for factor in rules.scale)
    return math.exp(low + (high - low) * share)


def draw_region(rule: ResizedCrop, frame: Size, generator: np.random.Generator) -> tuple[int, int, int, int]:
    """Return top, left, height and width of a part of the frame, as torchvision's `RandomResizedCrop` chooses them."""
    height, width = frame
    low, high = (math.log(aspect) for aspect in rule.aspect)
    for _ in range(_ATTEMPTS):
        share, stretch, down, right = generator.random(4)
        area = height * width * (rule.area[0] + (rule.area[1] - rule.area[0]) * share)
        aspect = math.exp(low + (high - low) * stretch)
        tall, wide = round(math.sqrt(area / aspect)), round(math.sqrt(area * aspect))
        if 0 < tall <= height and 0 < wide <= width:
            return int(down * (height - tall + 1)), int(right * (width - wide + 1)), tall, wide
    aspect = min(max(width / height, rule.aspect[0]), rule.aspect[1])
    tall, wide = min(height, round(width / aspect)), min(width, round(height * aspect))
    return (height - tall) // 2, (width - wide) // 2, tall, wide


def on_grid(item: Item, steps: Geometry, *, min_visible: float = 0.0) -> Item:
    """Carry out the geometry on everything that has a place in the image.

    Images are resampled bilinearly (regions bicubically) with antialiasing, masks by the nearest pixel. Boxes are cut
    at region and window; see `Augmentations.min_visible`.
    """
    if steps == Geometry(item.size) and _is_on_grid(item):
        return item
    smooth = InterpolationMode.BILINEAR if steps.region is None else InterpolationMode.BICUBIC
    return replace(
        item,
        images={
            name: _moved(image, item.size, steps, smooth) for name, image in item.images.items()
        },
        mask=None if item.mask is None else _moved(item.mask[np.newaxis], item.size, steps, _NEAREST)[0],
        boxes=None if item.boxes is None else _moved_boxes(item.boxes, item.size, steps, min_visible),
    )  # fmt: skip


def as_stored(item: Item) -> Item:
    """Return the item on the grid of its labels, and otherwise as it is."""
    return item if _is_on_grid(item) else on_grid(item, Geometry(item.size))


def _is_on_grid(item: Item) -> bool:
    return all(image.shape[-2:] == item.size for image in item.images.values())


def augment(item: Item, rules: Augmentations, draw: Draw, *, seed: int) -> Item:
    """Change one sample as the rules say; equal arguments give equal pixels.

    Args:
        item: the sample as stored.
        rules: the recipe's part.
        draw: its index and epoch.
        seed: of the run.
    """

    def generator(part: int) -> np.random.Generator:
        bits = random_bits(seed=seed, epoch=draw.epoch, index=draw.index, purpose=Purpose.AUGMENTATION, part=part)
        return np.random.Generator(bits)

    steps = draw_geometry(rules, item.size, generator(0))
    item = on_grid(item, steps, min_visible=rules.min_visible)
    changed = {
        name: change_values(_levels(item, name), change, generator(_stream(name)))
        for name, change in rules.photometric.items()
        if name in item.images and name not in item.filled
    }
    return replace(item, images={**item.images, **changed})


def _levels(item: Item, modality: str) -> Levels:
    image = item.images[modality]
    if image.dtype == np.float32:
        raise RecipeError(
            f"photometric changes of {modality}: its pixels are measured values, which have no brightest level",
            remedy=f"take {modality} out of data.augmentations.photometric",
        )
    return cast("Levels", image)


def _stream(modality: str) -> int:
    """Return the number of a modality's random stream: 1 to 63 for a kind, above that for its views."""
    kind, _, view = modality.partition("_")
    return 1 + MODALITY_KINDS.index(kind) + (64 * (1 + crc32(view.encode())) if view else 0)


def _moved(pixels: NDArray[Any], frame: Size, steps: Geometry, interpolation: InterpolationMode) -> NDArray[Any]:
    image = _tensor(pixels)
    if steps.region is not None:
        rows, columns = image.shape[-2] / frame[0], image.shape[-1] / frame[1]
        top, left, height, width = steps.region
        tall, wide = max(1, round(height * rows)), max(1, round(width * columns))
        image = geometry.crop(image, round(top * rows), round(left * columns), tall, wide)
    if tuple(image.shape[-2:]) != steps.size:
        image = _resized(image, steps.size, interpolation)
    if steps.flip:
        image = geometry.horizontal_flip(image)
    if steps.window is not None:
        image = geometry.crop(image, *steps.window)
    return image.numpy()


def _resized(image: Tensor, size: Size, interpolation: InterpolationMode) -> Tensor:
    if interpolation == InterpolationMode.BICUBIC and image.dtype == torch.uint16:
        # Bicubic weights overshoot, and torchvision lets 16 bits wrap around.
        smooth: Tensor = geometry.resize(image.float(), list(size), interpolation=interpolation, antialias=True)
        return smooth.round().clamp(0, torch.iinfo(torch.uint16).max).to(torch.uint16)
    resized: Tensor = geometry.resize(image, list(size), interpolation=interpolation, antialias=True)
    return resized


def _moved_boxes(targets: BoxTargets, frame: Size, steps: Geometry, min_visible: float) -> BoxTargets:
    if steps.region is not None:
        targets, frame = _cut_boxes(targets, frame, steps.region, min_visible), steps.region[2:]
    boxes = geometry.resize(_in_frame(targets, frame), list(steps.size))
    if steps.flip:
        boxes = geometry.horizontal_flip(boxes)
    targets = replace(targets, boxes_xyxy=boxes.as_subclass(Tensor))
    return targets if steps.window is None else _cut_boxes(targets, steps.size, steps.window, min_visible)


def _in_frame(targets: BoxTargets, frame: Size) -> tv_tensors.BoundingBoxes:
    return tv_tensors.BoundingBoxes(targets.boxes_xyxy, format=tv_tensors.BoundingBoxFormat.XYXY, canvas_size=frame)


def _cut_boxes(targets: BoxTargets, frame: Size, window: tuple[int, int, int, int], min_visible: float) -> BoxTargets:
    boxes = _in_frame(targets, frame)
    before = _areas(geometry.clamp_bounding_boxes(boxes))
    cut = geometry.clamp_bounding_boxes(geometry.crop(boxes, *window))
    left = _areas(cut)
    kept = left > 0
    return BoxTargets(
        boxes_xyxy=cut.as_subclass(Tensor)[kept],
        labels=targets.labels[kept],
        ignore=(targets.ignore | (left < min_visible * before))[kept],
    )


def _areas(boxes: Tensor) -> Tensor:
    x1, y1, x2, y2 = boxes.as_subclass(Tensor).unbind(-1)
    return (x2 - x1).clamp(min=0) * (y2 - y1).clamp(min=0)


def _tensor(pixels: Pixels) -> Tensor:
    return torch.from_numpy(pixels if pixels.flags.writeable else np.asarray(_Unlocked(pixels)))


class _Unlocked:
    """The memory of a cached array, which is read-only, for torch, which cannot express that.

    A batch copies what it takes, and no transform writes into what it gets.
    """

    def __init__(self, pixels: Pixels) -> None:
        facts = pixels.__array_interface__
        self.__array_interface__ = {**facts, "data": (facts["data"][0], False)}
        self._pixels = pixels  # keeps the memory alive
