from __future__ import annotations

import numpy as np
import pytest
import torch

from rgbtbench.loading.batch import BoxTargets
from rgbtbench.zoo.registry import build

from .batches import make_batch, random_images

SMALL = {"widths": [8, 16, 32, 32], "head_channels": 32, "head_depth": 1, "preprocess": {"multiple_of": 16}}


def test_predictions_lie_in_the_original_frame_with_area_and_class_ids():
    torch.manual_seed(0)
    config = SMALL | {"score_threshold": 0.0}
    model = build("two_stream_fcos", config, task="detection", classes={7: "a", 300: "b"}).eval()
    batch = make_batch(random_images(2, 48, 64), content=(40, 60), size=(80, 120), valid=[True, False])
    with torch.no_grad():
        (prediction,) = model.predict(batch)
    boxes = prediction.boxes_xyxy
    assert len(boxes) == 100
    assert boxes.dtype == np.float64
    assert (boxes >= 0).all()
    assert (boxes <= [120, 80, 120, 80]).all()
    assert (boxes[:, 2:] > boxes[:, :2]).all()
    assert set(prediction.labels.tolist()) <= {7, 300}
    assert (np.diff(prediction.scores) <= 0).all()


def test_resizing_inside_the_model_moves_neither_targets_nor_predictions():
    """A model that doubles its input sees doubled boxes, and gives them back halved."""
    torch.manual_seed(0)
    plain = build("two_stream_fcos", SMALL, task="detection", classes={1: "a"}).eval()
    resizing = build(
        "two_stream_fcos",
        SMALL | {"preprocess": {"size": [96, 128], "multiple_of": 16, "interpolation": "nearest"}},
        task="detection",
        classes={1: "a"},
    ).eval()
    resizing.load_state_dict(plain.state_dict())
    images = random_images(1, 48, 64)
    doubled = {name: image.repeat_interleave(2, -1).repeat_interleave(2, -2) for name, image in images.items()}
    box = torch.tensor([[8.0, 8.0, 24.0, 30.0]])

    def batch_of(pixels: dict[str, torch.Tensor], boxes: torch.Tensor):
        labels, ignore = torch.tensor([1]), torch.tensor([False])
        return make_batch(pixels, boxes=(BoxTargets(boxes, labels, ignore),))

    with torch.no_grad():
        inside, outside = resizing(batch_of(images, box)), plain(batch_of(doubled, box * 2))
        small, large = resizing.predict(batch_of(images, box))[0], plain.predict(batch_of(doubled, box * 2))[0]
    assert {name: float(value) for name, value in inside.items()} == pytest.approx(
        {name: float(value) for name, value in outside.items()}, rel=1e-4
    )
    np.testing.assert_allclose(small.boxes_xyxy * 2, large.boxes_xyxy, atol=1e-3)
