"""The Batch: a page that says what the code does, and a move between devices that loses nothing."""

import dataclasses
import re
from pathlib import Path

import pytest
import torch

from rgbtbench.cards.augmentations import Augmentations, Photometric
from rgbtbench.loading import batch

PAGE = (Path(__file__).parents[2] / "docs" / "formats" / "batch.md").read_text()


def section(name):
    return PAGE.split(f"## {name}\n", 1)[1].split("\n## ", 1)[0]


@pytest.mark.parametrize("name", ["Batch", "BoxTargets"])
def test_the_page_describes_every_field_and_no_other(name):
    described = re.findall(r"^\| `(\w+)` \|", section(name), flags=re.MULTILINE)
    assert described == [field.name for field in dataclasses.fields(getattr(batch, name))]


def test_the_page_names_every_augmentation_in_the_order_of_its_effect():
    text = section("Augmentation")
    geometry = re.search(r"Geometry \((.*?)\)", text)[1]
    assert geometry.startswith("resize or fit, scale, flip, crop; or a region of random area and aspect")
    geometric = [name.removeprefix("horizontal_") for name in Augmentations.model_fields]
    steps = ["resized_crop", "resize", "fit", "scale", "scale_drawn", "flip", "crop", "min_visible", "photometric"]
    assert geometric == steps
    assert re.search(r"values change \((.*?)\)", text)[1] == ", ".join(Photometric.model_fields)


def test_a_batch_moves_with_everything_in_it():
    boxes = batch.BoxTargets(torch.zeros((1, 4)), torch.zeros(1, dtype=torch.int64), torch.zeros(1, dtype=torch.bool))
    here = batch.Batch(
        keys=("a",),
        images={"rgb": torch.zeros((1, 3, 2, 2), dtype=torch.uint8)},
        present={"rgb": torch.ones(1, dtype=torch.bool)},
        valid=torch.ones(1, dtype=torch.bool),
        pixel_mask=torch.ones((1, 2, 2), dtype=torch.bool),
        sizes=torch.tensor([[2, 2]]),
        boxes=(boxes,),
        text=(("a caption",),),
    )
    there = here.to("meta")
    assert len(there) == 1
    assert there.images["rgb"].device.type == there.boxes[0].labels.device.type == there.valid.device.type == "meta"
    assert (there.keys, there.text, there.semantic) == (("a",), (("a caption",),), None)
