"""What can go wrong in one step: a network that is told to fail, and a batch made by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from rgbtbench.errors import RecipeError
from rgbtbench.training.devices import make_fabric
from rgbtbench.training.step import take_step
from rgbtbench.training.trainee import Trainee
from tests.zoo.batches import make_batch, random_images

from .recipes import recipe


class Failing(nn.Module):
    """A network of one weight, whose loss is the mean of the images, or an error."""

    def __init__(self, error: Exception | None = None):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))
        self.error = error

    def forward(self, batch):
        if self.error is not None:
            raise self.error
        return {"loss": self.weight * torch.stack([image.float().mean() for image in batch.images.values()]).sum()}


def step(network, batch, **changes):
    fabric = make_fabric(device="cpu", devices=1, precision="32-true")
    wrapped = fabric.setup_module(network)
    optimiser = fabric.setup_optimizers(torch.optim.SGD(network.parameters(), lr=0.1))
    trainee = Trainee(model=network, wrapped=wrapped, optimiser=optimiser, average=None, batches=iter(()))
    return take_step(fabric, trainee, recipe(**changes), iter([batch]))


def batch(**changes):
    return replace(make_batch(random_images(2, 8, 12)), datasets=("town", "town"), **changes)


def test_a_step_returns_the_terms_of_the_loss():
    images = random_images(2, 8, 12)
    facts = step(Failing(), batch())
    assert facts.losses == {"loss": pytest.approx(sum(float(image.float().mean()) for image in images.values()))}


def test_images_that_hold_no_numbers_are_named_with_their_modality():
    aolp = torch.rand((2, 2, 8, 12))
    aolp[1, 0, 3, 4] = torch.inf
    with pytest.raises(RecipeError, match=r"aolp of town/sample-1 holds values that are no numbers; look .*audit"):
        step(Failing(), batch(images={"rgb": torch.rand((2, 3, 8, 12)), "aolp": aolp}))


def test_keys_stand_with_their_dataset():
    aolp = torch.full((2, 1, 8, 12), torch.nan)
    mixed = replace(batch(images={"aolp": aolp}), datasets=("town", "field"))
    with pytest.raises(RecipeError, match=r"aolp of town/sample-0, field/sample-1 holds"):
        step(Failing(), mixed)


@pytest.mark.parametrize(
    "error",
    [torch.OutOfMemoryError("CUDA out of memory"), RuntimeError("DefaultCPUAllocator: can't allocate memory")],
)
def test_where_memory_does_not_suffice_the_error_says_what_can_be_made_smaller(error):
    with pytest.raises(RecipeError) as found:
        step(Failing(error), batch(), batch_size=2)
    said = str(found.value)
    assert "out of memory at step 1, with 2 samples of 12x8 per process" in said
    assert "halve batch_size (2) and double accumulate (1)" in said
    assert "bf16-mixed" in said
    assert "activation_checkpointing" in said
    assert "--shard" in said


def test_other_errors_stay_what_they_are():
    with pytest.raises(RuntimeError, match="a bug"):
        step(Failing(RuntimeError("a bug")), batch())
