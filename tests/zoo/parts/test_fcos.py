from __future__ import annotations

import numpy as np
import pytest
import torch

from rgbtbench.zoo.parts.detector import Limits, Targets
from rgbtbench.zoo.parts.fcos import fcos_losses, most_certain
from rgbtbench.zoo.parts.fcos_targets import Locations, assign, locations


def places() -> Locations:
    return locations([(8, 8), (4, 4)], (8, 16), device=torch.device("cpu"))


def targets(boxes: list[list[float]], ignore: list[bool] | None = None) -> Targets:
    count = len(boxes)
    return Targets(
        boxes=torch.tensor(boxes, dtype=torch.float32).view(-1, 4),
        classes=torch.zeros(count, dtype=torch.int64),
        ignore=torch.tensor(ignore or [False] * count, dtype=torch.bool),
    )


def test_locations_are_the_centres_of_cells_row_by_row_finest_first():
    grid = places()
    assert grid.points[:2].tolist() == [[4.0, 4.0], [12.0, 4.0]]
    assert grid.points[8].tolist() == [4.0, 12.0]
    assert grid.points[64].tolist() == [8.0, 8.0]
    assert grid.strides.unique().tolist() == [8.0, 16.0]


def test_assignment_agrees_with_a_plain_reading_of_the_paper():
    random = np.random.default_rng(0)
    corner, size = random.uniform(0, 40, (12, 2)), random.uniform(6, 60, (12, 2))
    boxes = np.hstack([corner, corner + size])
    grid = places()
    chosen, _ = assign(grid, targets(boxes.tolist()))
    for (x, y), stride, low, high, found in zip(
        grid.points.tolist(), grid.strides.tolist(), grid.smallest.tolist(), grid.largest.tolist(), chosen.tolist(),
        strict=True,
    ):  # fmt: skip
        candidates = []
        for index, (x1, y1, x2, y2) in enumerate(boxes):
            sides = (x - x1, y - y1, x2 - x, y2 - y)
            near = max(abs(x - (x1 + x2) / 2), abs(y - (y1 + y2) / 2)) < 1.5 * stride
            if min(sides) > 0 and near and low < max(sides) <= high:
                candidates.append(((x2 - x1) * (y2 - y1), index))
        assert found == (min(candidates)[1] if candidates else -1)


def test_locations_in_an_ignored_box_are_hidden_unless_another_box_claims_them():
    chosen, hidden = assign(places(), targets([[0, 0, 64, 32], [20, 4, 36, 20]], ignore=[True, False]))
    inside = places().points[:, 1] < 32
    assert torch.equal(hidden, inside & (chosen < 0))
    assert (chosen[chosen >= 0] == 1).all()
    assert (chosen == 1).any()


def outputs(grid: Locations, images: int, classes: int = 2) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    count = len(grid.points)
    return {
        "cls_logits": torch.randn((images, count, classes), generator=generator),
        "bbox_regression": torch.rand((images, count, 4), generator=generator) * 4,
        "bbox_ctrness": torch.randn((images, count, 1), generator=generator),
    }


def test_an_ignored_region_adds_nothing_to_the_loss_whatever_is_predicted_there():
    grid = places()
    found = outputs(grid, 1)
    some = [targets([[4, 36, 20, 52], [0, 0, 64, 32]], ignore=[False, True])]
    before = fcos_losses(found, grid, some, valid=torch.tensor([True]))
    inside = grid.points[:, 1] < 32
    found["cls_logits"][0, inside] += 50
    after = fcos_losses(found, grid, some, valid=torch.tensor([True]))
    assert after == before


def test_images_that_only_fill_the_batch_add_nothing():
    grid = places()
    found = outputs(grid, 2)
    one = {name: output[:1] for name, output in found.items()}
    some = targets([[4, 36, 20, 52]])
    alone = fcos_losses(one, grid, [some], valid=torch.tensor([True]))
    filled = fcos_losses(found, grid, [some, some], valid=torch.tensor([True, False]))
    assert {name: float(value) for name, value in filled.items()} == pytest.approx(
        {name: float(value) for name, value in alone.items()}
    )


def test_images_without_boxes_give_a_finite_loss():
    grid = places()
    losses = fcos_losses(outputs(grid, 2), grid, [targets([]), targets([])], valid=torch.tensor([True, True]))
    assert all(torch.isfinite(value) for value in losses.values())
    assert losses["boxes"] == 0


def test_a_perfect_output_is_read_as_the_boxes_that_were_assigned():
    grid = places()
    wanted = targets([[4, 6, 20, 25], [30, 30, 62, 60]])
    wanted.classes[1] = 1
    chosen, _ = assign(grid, wanted)
    boxes = wanted.boxes[chosen.clamp(min=0)]
    distances = torch.cat([grid.points - boxes[:, :2], boxes[:, 2:] - grid.points], dim=1) / grid.strides[:, None]
    classes = torch.nn.functional.one_hot(wanted.classes[chosen.clamp(min=0)], 2)
    perfect = {
        "cls_logits": torch.where((chosen >= 0)[:, None] & (classes == 1), 9.0, -9.0),
        "bbox_regression": distances,
        "bbox_ctrness": torch.full((len(chosen), 1), 9.0),
    }
    found = most_certain(perfect, grid, torch.tensor([3, 70]), (64, 64), limits=Limits(0.5, 0.6, 10))
    assert sorted(found.labels.tolist()) == [3, 70]
    torch.testing.assert_close(found.boxes[found.labels.argsort()], wanted.boxes, atol=1e-4, rtol=0)
