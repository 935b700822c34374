"""What an encoder makes of each image of a batch by itself, on a grid of whole patches that covers the frame."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import Tensor

from rgbtbench.errors import RecipeError
from rgbtbench.loading.batch import Batch
from rgbtbench.zoo.preprocess import Preprocess, network_inputs
from rgbtbench.zoo.spec import Wiring


def image_features(
    batch: Batch,
    encode: Callable[[Tensor], Tensor],
    *,
    rules: Preprocess,
    inputs: Wiring,
    channels: Mapping[str, int],
    patch: int,
    size: tuple[int, int] | None = None,
) -> dict[str, Tensor]:
    """Return modality to features (B, D, rows, columns); see `Model.features`.

    Args:
        batch: images.
        encode: maps images (B, C, H, W) to (B, D, h, w), a place for every patch. What lies below and to the right of
            an image's own patches is of padding, and left out.
        rules: how pixels become the input. Images that they would give no whole patches get the nearest number.
        inputs: slot to modality.
        channels: slot to the number of channels that the network takes there.
        patch: side of a patch in pixels.
        size: height and width of images in the network, without padding; None: as the rules say.

    Raises:
        RecipeError: `size` is not made of patches, or the batch cannot feed a slot.
    """
    if size is None:
        frame = (batch.pixel_mask.shape[-2], batch.pixel_mask.shape[-1])
        size = whole_patches(rules.size_of(frame), patch)
    elif any(side < patch or side % patch for side in size):
        raise RecipeError("an input of {}x{}".format(*size), expected=f"height and width in multiples of {patch}")
    images = network_inputs(batch, rules, inputs=inputs, channels=channels, size=size)
    rows, columns = (side // patch for side in size)
    return {inputs[slot]: encode(image)[..., :rows, :columns] for slot, image in images.items()}


def whole_patches(size: tuple[int, int], patch: int) -> tuple[int, int]:
    """Return height and width in the nearest numbers of whole patches, one at least."""
    height, width = (max(1, round(side / patch)) * patch for side in size)
    return height, width
