"""The static viewer: official bytes, exact overlays, and nothing that could run or reach a network."""

from __future__ import annotations

import base64
import hashlib
import json
import re

import cv2
import numpy as np
import pytest

from rgbtbench.errors import PredictionError, UserError
from rgbtbench.formats.image_file import encode_png
from rgbtbench.inspection.choice import under_condition
from rgbtbench.inspection.html import write_viewer
from rgbtbench.inspection.palette import class_colours
from rgbtbench.webpage import json_block, render_page

from .conftest import SAMPLES


def data_of(page):
    [block] = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page.read_text(), re.DOTALL)
    return json.loads(block)


@pytest.fixture(scope="module")
def page(split, tmp_path_factory):
    return write_viewer(split, tmp_path_factory.mktemp("viewer"))


def layers_of(sample):
    return {layer["name"]: layer for layer in sample["layers"]}


def test_every_sample_is_there_with_its_official_images_byte_for_byte(page, split):
    shown = data_of(page)
    assert [sample["key"] for sample in shown] == list(split.keys)
    for position, sample in enumerate(shown):
        for image in sample["images"]:
            stored = split.member(position, split.record(position)["images"][image["modality"]]["file"])
            assert (page.parent / image["source"]).read_bytes() == stored
        assert [image["modality"] for image in sample["images"]] == ["rgb", "lwir"]


def test_all_files_that_the_page_names_exist(page):
    text = page.read_text()
    named = set(re.findall(r'src="([^"]+)"', text))
    for sample in data_of(page):
        named |= {image["source"] for image in sample["images"]}
        named |= {layer["source"] for layer in sample["layers"] if layer["source"]}
    assert all((page.parent / name).is_file() for name in named)
    assert len(named) == SAMPLES * (2 + 2 + 3)


def test_an_overlay_paints_exactly_the_labelled_pixels_in_the_class_colours(page, split):
    colours = class_colours(split, "semantic")
    for sample, shown in zip(split, data_of(page), strict=True):
        layer = layers_of(shown)["semantic"]
        painted = cv2.imread(str(page.parent / layer["source"]), cv2.IMREAD_UNCHANGED)[..., [2, 1, 0, 3]]
        mask = sample.masks["semantic"]
        for number, colour in colours.items():
            assert (painted[mask == number] == [*colour, 0 if colour == (0, 0, 0) else 255]).all()
        assert (painted[mask == 255][:, 3] == 0).all()
        names = {split.classes("semantic")[number] for number in np.unique(mask).tolist() if number != 255}
        assert {name for name, _ in layer["legend"]} == names


def test_boxes_keep_their_coordinates_classes_and_ignore_marks(page, split):
    for sample, shown in zip(split, data_of(page), strict=True):
        boxes, drawn = sample.boxes["boxes"], layers_of(shown)["boxes"]["boxes"]
        assert [box["xyxy"] for box in drawn] == boxes.xyxy.tolist()
        assert [box["ignore"] for box in drawn] == boxes.ignore.tolist()
        assert [box["label"] for box in drawn] == [split.classes("boxes")[number] for number in boxes.labels.tolist()]


def test_a_folder_with_other_things_is_left_alone_and_ones_own_is_written_again(split, tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "index.html").write_text("precious")
    with pytest.raises(UserError, match=r"holds other things \(index.html\)"):
        write_viewer(split, tmp_path / "thesis", samples=1)
    assert [path.name for path in (tmp_path / "thesis").iterdir()] == ["index.html"]
    first = write_viewer(split, tmp_path / "viewer", samples=1).read_bytes()
    assert write_viewer(split, tmp_path / "viewer", samples=1).read_bytes() == first
    with pytest.raises(UserError, match=r"index.html: is a file; expected a folder"):
        write_viewer(split, tmp_path / "viewer" / "index.html", samples=1)


@pytest.mark.parametrize(
    ("label_set", "with_predictions", "words"),
    [
        ("semantics", False, "synthetic has no label set 'semantics'; did you mean semantic"),
        ("semantics", True, "synthetic has no label set 'semantics'; did you mean semantic"),
        ("captions", True, "holds text, to which no prediction files answer yet"),
        ("semantic", False, "no predictions that answer to it; pass the predictions too"),
    ],
)
def test_a_label_set_that_predictions_cannot_answer_to_is_refused(
    split, masks, tmp_path, label_set, with_predictions, words
):
    with pytest.raises(UserError, match=words):
        write_viewer(split, tmp_path / "v", predictions=masks if with_predictions else None, label_set=label_set)
    assert not (tmp_path / "v").exists()


def test_captions_and_attributes_are_shown(page, split):
    for sample, shown in zip(split, data_of(page), strict=True):
        assert shown["captions"] == list(sample.text["captions"])
        assert ["time of day", sample.attributes["time_of_day"]] in shown["attributes"]


def test_predicted_masks_lie_beside_the_labels_with_a_map_of_errors(split, masks, tmp_path):
    page = write_viewer(split, tmp_path, predictions=masks, label_set="semantic")
    for sample, shown in zip(split, data_of(page), strict=True):
        layers = layers_of(shown)
        errors = cv2.imread(str(tmp_path / layers["semantic-errors"]["source"]), cv2.IMREAD_UNCHANGED)
        label = sample.masks["semantic"]
        wrong = (label != np.roll(label, 2, axis=1)) & (label != 255)
        assert np.array_equal(errors[..., 3] == 255, wrong)
        assert layers["semantic-predicted"]["source"]


def test_predicted_saliency_lies_beside_the_masks_with_a_map_of_errors(split, maps, tmp_path):
    """A map of 16 bits is as opaque as it is salient; what it misses is as opaque as it is wrong."""
    page = write_viewer(split, tmp_path, predictions=maps, label_set="saliency")
    for sample, shown in zip(split, data_of(page), strict=True):
        layers = layers_of(shown)
        predicted, errors = (
            cv2.imread(str(tmp_path / layers[f"saliency-{name}"]["source"]), cv2.IMREAD_UNCHANGED)[..., 3]
            for name in ("predicted", "errors")
        )
        mask = sample.masks["saliency"]
        assert np.abs(predicted.astype(float) - mask / 2).max() <= 1
        assert np.array_equal(predicted + errors, mask)


def test_saliency_maps_of_another_size_are_shown_at_the_size_of_their_masks(split, maps, tmp_path):
    for path in maps.glob("*.png"):
        levels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        (tmp_path / path.name).write_bytes(encode_png(np.ascontiguousarray(levels[::2, ::2])))
    page = write_viewer(split, tmp_path / "viewer", predictions=tmp_path, label_set="saliency", samples=1)
    (shown,) = data_of(page)
    drawn = cv2.imread(str(tmp_path / "viewer" / layers_of(shown)["saliency-predicted"]["source"]), -1)
    assert drawn.shape[:2] == split[0].masks["saliency"].shape


def test_predicted_boxes_have_scores_and_an_image_without_any_has_an_empty_layer(split, boxes, tmp_path):
    shown = data_of(write_viewer(split, tmp_path, predictions=boxes))
    assert layers_of(shown[0])["boxes-predicted"]["boxes"] == []
    drawn = layers_of(shown[1])["boxes-predicted"]["boxes"]
    moved = [[x1 + 1, y1, x2 + 1, y2] for x1, y1, x2, y2 in split[1].boxes["boxes"].xyxy.tolist()]
    assert sorted(box["xyxy"] for box in drawn) == sorted(moved)
    assert {box["score"] for box in drawn} == {0.5}


def test_a_missing_prediction_is_an_error_that_names_the_image(split, masks, tmp_path):
    partial = tmp_path / "partial"
    partial.mkdir()
    for path in sorted(masks.glob("*.png"))[1:]:
        (partial / path.name).write_bytes(path.read_bytes())
    with pytest.raises(PredictionError, match=split.keys[0]):
        write_viewer(split, tmp_path / "out", predictions=partial, label_set="semantic")


def test_predictions_that_are_not_there_are_one_clear_error(split, tmp_path):
    with pytest.raises(PredictionError, match="no such file or folder"):
        write_viewer(split, tmp_path / "out", predictions=tmp_path / "nowhere")


def test_fewer_samples_than_there_are_may_be_shown(split, tmp_path):
    assert len(data_of(write_viewer(split, tmp_path, samples=2))) == 2


def test_only_the_style_and_script_that_the_policy_names_can_act(page):
    text = page.read_text()
    [policy] = re.findall(r'Content-Security-Policy" content="([^"]+)"', text)
    policy = policy.replace("&#39;", "'")
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        [content] = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert not re.findall(r"\bstyle=", text)
    assert not re.findall(r'(?:src|href)="(?!images/|#|data:,)', text)


def test_hostile_text_stays_text():
    hostile = "</script><script>alert(1)</script>\u2028&"
    page = render_page(
        "rgbtbench.inspection",
        "viewer.html.j2",
        images=True,
        title=hostile,
        edition=hostile,
        total=0,
        shown=[],
        data=json_block([{"captions": [hostile]}]),
        scored=False,
    )
    assert page.count("<script") == 2
    [block] = re.findall(r'id="data">(.*?)</script>', page, re.DOTALL)
    assert json.loads(block) == [{"captions": [hostile]}]
    assert "<" not in block


def test_a_condition_is_shown_as_the_model_sees_it_and_named(split, tmp_path):
    condition = "shift:lwir/3,0+corrupt:rgb/contrast/5"
    view = under_condition(split, condition)
    page = write_viewer(view, tmp_path / "viewer")
    assert condition in page.read_text()
    for sample, shown in zip(view, data_of(page), strict=True):
        for image in shown["images"]:
            assert image["note"] == {"rgb": "corrupt:rgb/contrast/5", "lwir": "shift:lwir/3,0"}[image["modality"]]
            pixels = cv2.imread(str(page.parent / image["source"]), cv2.IMREAD_UNCHANGED)
            wanted = sample.images[image["modality"]]
            assert np.array_equal(pixels[..., ::-1] if pixels.ndim == 3 else pixels[..., None], wanted)


def test_an_image_that_a_condition_leaves_alone_is_the_official_one(split, tmp_path):
    view = split.under("missing:lwir/zero_norm")
    shown = data_of(write_viewer(view, tmp_path / "viewer"))[0]
    notes = {image["modality"]: image["note"] for image in shown["images"]}
    assert notes == {"rgb": None, "lwir": "missing:lwir/zero_norm"}


def test_labels_that_follow_a_moved_image_are_left_out(split):
    assert under_condition(split, "shift:lwir/4,0").label_sets == split.label_sets
    assert under_condition(split, "shift:rgb/4,0").label_sets == ()
    assert under_condition(split, "none").label_sets == split.label_sets
