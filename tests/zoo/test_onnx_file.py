from __future__ import annotations

import json
import sys

import numpy as np
import pytest
import torch
from torchvision.ops import batched_nms, clip_boxes_to_image

from rgbtbench.cards.recipe import load_recipe
from rgbtbench.errors import MissingExtraError, RecipeError, UserError
from rgbtbench.zoo import onnx_file
from rgbtbench.zoo.graph import Graph
from rgbtbench.zoo.onnx_file import TOLERANCE, write_onnx
from rgbtbench.zoo.parts.mit import MIT_SIZES, MitSize
from rgbtbench.zoo.preprocess import Normalisation, Preprocess
from rgbtbench.zoo.registry import build

from .batches import make_batch, varied_mfnet
from .references import recipe_weights

SMALL_RCNN = {
    "backbone": "small", "fusion": "early", "widths": [8, 16, 16], "levels": 2, "head_channels": 16, "box_layers": 1,
    "box_width": 32, "preprocess": {"multiple_of": 8}, "detections_per_image": 400,
}  # fmt: skip

onnxruntime = pytest.importorskip("onnxruntime", reason="the extra `export` is not installed")


def shares(images):
    return [image.float() / 255 for image in images.values()]


def pixels(height, width, *, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return {
        name: torch.randint(0, 256, (1, channels, height, width), generator=generator, dtype=torch.uint8)
        for name, channels in (("rgb", 3), ("lwir", 1))
    }


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """An MFNet that normalises and reorders, as a file."""
    model = varied_mfnet({0: "unlabeled", 3: "car", 7: "person"})
    model.preprocess = Preprocess(
        multiple_of=16,
        channel_order={"rgb": (2, 1, 0)},
        normalisation={"rgb": Normalisation(mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.4))},
    )
    path = tmp_path_factory.mktemp("onnx") / "mfnet.onnx"
    return model, path, write_onnx(model, path)


@pytest.fixture(scope="module")
def written_rcnn(tmp_path_factory):
    """A Faster R-CNN with recipe weights, as a file: with random ones it says the same of all proposals."""
    model = build("two_stream_faster_rcnn", SMALL_RCNN, task="detection", classes={1: "person", 2: "car"}).eval()
    model.load_state_dict(recipe_weights(model.state_dict()))
    path = tmp_path_factory.mktemp("onnx") / "rcnn.onnx"
    facts = write_onnx(model, path)
    assert facts.outputs == ("boxes", "scores")
    assert facts.difference < TOLERANCE
    return model, path


@pytest.mark.slow
@pytest.mark.parametrize("size", [(16, 16), (45, 67), (100, 30)])
def test_a_runtime_says_what_the_model_predicts_for_images_of_any_size(written, size):
    model, path, _ = written
    images = pixels(*size)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    floats = {"rgb": shares(images)[0].numpy(), "inf": shares(images)[1].numpy()}
    (logits,) = session.run(["logits"], floats)
    assert logits.shape == (1, 3, *size)
    with torch.inference_mode():
        (expected,) = model.predict(make_batch(images))
    mask = np.array([0, 3, 7])[logits[0].argmax(0)]
    assert len(np.unique(mask)) > 1
    assert (mask == expected.mask).mean() > 0.999


@pytest.mark.slow
def test_the_file_says_what_it_is(written):
    _, path, facts = written
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    said = json.loads(session.get_modelmeta().custom_metadata_map["rgbtbench"])
    assert said == {
        "method": "mfnet", "task": "semantic", "classes": ["unlabeled", "car", "person"], "class_ids": [0, 3, 7],
        "inputs": {"rgb": "rgb", "inf": "lwir"},
    }  # fmt: skip
    assert facts.inputs == {"rgb": 3, "inf": 1}
    assert facts.difference < TOLERANCE


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "config"), [("rtfnet", {"backbone": "resnet18"}), ("cmx", {"backbone": "b0", "head_width": 32})]
)
def test_so_a_runtime_does_for_the_other_segmenters(tmp_path, monkeypatch, name, config):
    """Recipe weights: with random ones RTFNet says next to nothing. One block a stage, because tracing takes long."""
    monkeypatch.setitem(MIT_SIZES, "b0", MitSize((32, 64, 160, 256), (1, 1, 1, 1)))
    model = build(name, config, task="semantic", classes={0: "a", 1: "b", 2: "c"}).eval()
    model.load_state_dict(recipe_weights(model.state_dict()))
    facts = write_onnx(model, tmp_path / "network.onnx")
    assert facts.difference < TOLERANCE
    session = onnxruntime.InferenceSession(tmp_path / "network.onnx", providers=["CPUExecutionProvider"])
    images = {slot: torch.rand((3, channels, 40, 99)) for slot, channels in facts.inputs.items()}
    (logits,) = session.run(["logits"], {slot: image.numpy() for slot, image in images.items()})
    with torch.inference_mode():
        (expected,) = Graph(model, model.plain())(*images.values())
    assert logits.std(axis=(2, 3)).min() > 0
    np.testing.assert_allclose(logits, expected, rtol=TOLERANCE, atol=TOLERANCE * float(expected.abs().max()))


@pytest.mark.slow
def test_boxes_and_scores_are_those_that_detections_are_chosen_from(tmp_path):
    torch.manual_seed(0)
    config = {"widths": [8, 16, 32, 32], "head_channels": 32, "head_depth": 1, "score_threshold": 0.0}
    model = build("two_stream_fcos", config, task="detection", classes={1: "person", 2: "car"}).eval()
    assert write_onnx(model, tmp_path / "fcos.onnx").outputs == ("boxes", "scores")
    images = pixels(40, 56)
    session = onnxruntime.InferenceSession(tmp_path / "fcos.onnx", providers=["CPUExecutionProvider"])
    floats = dict(zip(("rgb", "inf"), (share.numpy() for share in shares(images)), strict=True))
    boxes, scores = session.run(["boxes", "scores"], floats)
    assert boxes.shape[1:] == (scores.shape[1], 4)
    with torch.inference_mode():
        (found,) = model.predict(make_batch(images))
    best = scores[0].max()
    assert found.scores[0] == pytest.approx(best, abs=1e-5)
    place, label = np.unravel_index(scores[0].argmax(), scores[0].shape)
    assert found.labels[0] == (1, 2)[label]
    np.testing.assert_allclose(found.boxes_xyxy[0], boxes[0, place].clip(0, [56, 40, 56, 40]), atol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("size", [(48, 72), (131, 150)])
def test_answers_on_proposals_and_the_callers_suppression_are_detections(written_rcnn, size):
    model, path = written_rcnn
    images = pixels(*size)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    floats = dict(zip(("rgb", "inf"), (share.numpy() for share in shares(images)), strict=True))
    boxes, scores = (torch.from_numpy(output)[0] for output in session.run(["boxes", "scores"], floats))
    assert (boxes.shape, scores.shape) == ((1000, 2, 4), (1000, 2))
    place, output = (scores > 0.05).nonzero(as_tuple=True)
    inside = clip_boxes_to_image(boxes[place, output], size)
    kept = batched_nms(inside, scores[place, output], output, 0.5)[:400]
    with torch.inference_mode():
        (expected,) = model.predict(make_batch(images))
    assert len(set(expected.labels)) == 2
    assert 10 < len(expected.scores) == len(kept)
    rows = torch.column_stack((inside, 100 * scores[place, output], 1000 * output))[kept].double()
    wanted = np.column_stack(
        (expected.boxes_xyxy, 100 * expected.scores, 1000 * np.searchsorted((1, 2), expected.labels))
    )
    # In any order: some are equally sure, but for rounding.
    distances = torch.cdist(rows, torch.from_numpy(wanted), p=torch.inf)
    assert distances.amin(dim=0).max() < 0.01
    assert distances.amin(dim=1).max() < 0.01


@pytest.mark.parametrize("name", ["mfnet", "rtfnet", "segformer", "cmx", "two_stream_fcos", "two_stream_faster_rcnn"])
def test_the_graph_is_the_network_between_pixels_and_predictions(name):
    """Without a file: what every method gives to the exporter takes images of any size."""
    torch.manual_seed(0)
    small = {
        "rtfnet": {"backbone": "resnet18"}, "segformer": {"backbone": "b0", "head_width": 32},
        "cmx": {"backbone": "b0", "head_width": 32},
        "two_stream_fcos": {"widths": [8, 16, 32, 32], "head_channels": 32, "head_depth": 1},
        "two_stream_faster_rcnn": SMALL_RCNN,
    }  # fmt: skip
    task = "detection" if name.startswith("two_stream") else "semantic"
    model = build(name, small.get(name, {}), task=task, classes={0: "a", 1: "b"}).eval()
    plain = model.plain()
    images = [torch.rand((1, channels, 40, 56)) for channels in plain.channels.values()]
    with torch.inference_mode():
        outputs = Graph(model, plain)(*images)
    assert len(outputs) == len(plain.names)
    if task == "semantic":
        assert outputs[0].shape == (1, 2, 40, 56)


def test_a_method_that_no_graph_can_hold_says_so(tmp_path):
    small = load_recipe("m_specgene/smoke").model.config
    model = build("m_specgene", small, task="pretraining", classes={})
    with pytest.raises(RecipeError, match="m_specgene does not say what it computes without batches"):
        write_onnx(model, tmp_path / "encoder.onnx")
    assert not list(tmp_path.iterdir())


def test_a_runtime_that_computes_something_else_is_no_success(tmp_path, monkeypatch):
    monkeypatch.setattr(onnx_file, "_exported", lambda *_, **__: b"")
    monkeypatch.setattr(onnx_file, "_difference", lambda *_: 0.1)
    monkeypatch.setattr(onnxruntime, "InferenceSession", lambda *_, **__: None)
    with pytest.raises(RecipeError, match=r"something else than torch for mfnet: differences up to 0\.1"):
        write_onnx(varied_mfnet({0: "a", 1: "b"}), tmp_path / "mfnet.onnx")
    assert not list(tmp_path.iterdir())


def test_what_is_not_installed_and_where_nothing_can_be_written_is_said(tmp_path, monkeypatch):
    model = build("mfnet", {}, task="semantic", classes={0: "a"})
    with pytest.raises(UserError, match=r"cannot write mfnet\.pt; expected a name that ends in \.onnx"):
        write_onnx(model, tmp_path / "mfnet.pt")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingExtraError, match=r"writing ONNX needs onnxruntime.*rgbtbench\[export\]"):
        write_onnx(model, tmp_path / "mfnet.onnx")
