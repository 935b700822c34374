"""What a model costs wherever it runs: parameters and FLOPs."""

from __future__ import annotations

from pydantic import Field

from rgbtbench.cards.augmentations import Size
from rgbtbench.efficiency.flops import count_flops
from rgbtbench.efficiency.inputs import noise_batch
from rgbtbench.efficiency.measured import Measured, measured
from rgbtbench.efficiency.parameters import count_parameters, count_trainable
from rgbtbench.efficiency.passes import one_pass
from rgbtbench.zoo.model import Model


class Counts(Measured):
    """Parameters of a model, and FLOPs of one image (or pair)."""

    parameters: int = Field(description="each once, buffers left out")
    trainable_parameters: int
    flops: int = Field(description="of one image; one multiplication with its addition is two")
    flops_by_operator: dict[str, int]
    uncounted_operators: tuple[str, ...] = Field(description="ran, and their cost is not known")


def count_model(model: Model, size: Size) -> Counts:
    """Count what a model costs by one pass where its weights lie; it is in evaluation mode afterwards.

    Args:
        model: of the zoo.
        size: height, width of the images.
    """
    model.eval()
    batch = noise_batch(model.spec, size).to(model.class_ids.device)
    flops = count_flops(lambda: one_pass(model, batch), model)
    return Counts(
        **measured(model, size),
        parameters=count_parameters(model),
        trainable_parameters=count_trainable(model),
        flops=flops.total,
        flops_by_operator=dict(flops.by_operator),
        uncounted_operators=flops.uncounted,
    )
