"""Models that see what one camera shows need that camera, in every part of the data."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from rgbtbench.cli.app import app
from rgbtbench.errors import UserError
from rgbtbench.evaluation import open_truth
from rgbtbench.formats.image_file import encode_png
from rgbtbench.loading.prepared import open_split
from rgbtbench.modality_need.analysis import modality_need
from rgbtbench.scoring.resolve import protocols_of

#: Contrast-to-noise from which a made-up detector of one camera finds a thing.
SEEN = 3.0


def protocol_id(scenes, name):
    ids = protocols_of(open_split(scenes, "test").manifest)
    (found,) = [one for one in ids if one.endswith(f"/{name}")]
    return found


def detections(scenes, folder, seen):
    """Write perfect boxes of the things that `seen` chooses from their visibility."""
    split, rows = open_split(scenes, "test"), []
    for position in range(len(split)):
        boxes = split[position].boxes["boxes"]
        visible = seen(boxes.visibility["rgb"], boxes.visibility["lwir"]) & ~boxes.ignore
        for corners, label in zip(boxes.xyxy[visible].tolist(), boxes.labels[visible].tolist(), strict=True):
            left, top, right, bottom = corners
            box = [left, top, right - left, bottom - top]
            rows.append({"image_id": split.image_ids[position], "category_id": label, "bbox": box, "score": 0.5})
    path = folder / f"{len(list(folder.iterdir()))}.json"
    path.write_text(json.dumps(rows))
    return path


@pytest.fixture
def three(scenes, tmp_path):
    return {
        "rgb": detections(scenes, tmp_path, lambda rgb, lwir: rgb >= SEEN),
        "thermal": detections(scenes, tmp_path, lambda rgb, lwir: lwir >= SEEN),
        "fusion": detections(scenes, tmp_path, lambda rgb, lwir: (rgb >= SEEN) | (lwir >= 2 * SEEN)),
    }


def truth_of(scenes):
    split = open_split(scenes, "test")
    every = [split[position].boxes["boxes"] for position in range(len(split))]
    kept = [~boxes.ignore for boxes in every]
    return (
        np.concatenate([boxes.visibility[name][keep] for boxes, keep in zip(every, kept, strict=True)])
        for name in ("rgb", "lwir")
    )


def test_objects_need_the_camera_that_shows_them(scenes, three):
    protocol, split = open_truth(scenes, protocol_id(scenes, "ap"))
    need = modality_need(protocol, split, three)
    rgb, lwir = truth_of(scenes)
    by_rgb, by_lwir, by_both = rgb >= SEEN, lwir >= SEEN, (rgb >= SEEN) | (lwir >= 2 * SEEN)
    assert need.overall.count == len(rgb) > 50
    assert dict(need.overall.shares) == pytest.approx(
        {
            "rgb_only": 100 * (by_rgb & ~by_lwir).mean(),
            "thermal_only": 100 * (by_lwir & ~by_rgb).mean(),
            "either": 100 * (by_rgb & by_lwir).mean(),
            "neither": 100 * (~by_rgb & ~by_lwir).mean(),
            "fusion": 100 * by_both.mean(),
            "gained": 0.0,
            "lost": 100 * ((by_rgb | by_lwir) & ~by_both).mean(),
        }
    )
    assert need.overall.shares["lost"] > 0


def test_every_division_holds_every_object(scenes, three):
    protocol, split = open_truth(scenes, protocol_id(scenes, "ap"))
    need = modality_need(protocol, split, three)
    for name in ("class", "size", "occlusion", "rgb_contrast", "thermal_contrast", "misregistration", "time_of_day"):
        assert sum(part.count for part in need.parts[name].values()) == need.overall.count, name


def test_what_stands_out_in_a_camera_is_found_by_the_detector_that_sees_it(scenes, three):
    protocol, split = open_truth(scenes, protocol_id(scenes, "ap"))
    parts = modality_need(protocol, split, three).parts
    for factor, share in (("rgb_contrast", "thermal_only"), ("thermal_contrast", "rgb_only")):
        low, high = parts[factor]["below 0.25"], parts[factor]["1 to 2"]
        assert low.shares[share] > high.shares[share], factor


def test_intervals_enclose_the_shares(scenes, three):
    protocol, split = open_truth(scenes, protocol_id(scenes, "ap"))
    need = modality_need(protocol, split, three)
    for name, interval in need.intervals.items():
        assert interval.low <= need.overall.shares[name] <= interval.high


def test_false_alarms_cost_a_detector_its_weakest_finds(scenes, three, tmp_path):
    protocol, split = open_truth(scenes, protocol_id(scenes, "ap"))
    rows = json.loads(three["rgb"].read_text())
    alarms = [{**row, "bbox": [0, 0, 2, 2], "score": 0.9} for row in rows]
    noisy = tmp_path / "noisy.json"
    noisy.write_text(json.dumps([*rows, *alarms]))
    strict = modality_need(protocol, split, three | {"rgb": noisy}, false_alarms=0.0)
    lenient = modality_need(protocol, split, three | {"rgb": noisy}, false_alarms=1000.0)
    assert strict.overall.shares["rgb_only"] == 0.0
    assert lenient.overall.shares == modality_need(protocol, split, three).overall.shares


def masks(scenes, folder, wrong):
    """Write labels as predictions, with class 0 wherever `wrong` says so of the visibility mask."""
    split = open_split(scenes, "test")
    for position, key in enumerate(split.keys):
        sample = split[position]
        predicted = np.where(wrong(sample.masks["visibility"]), 0, sample.masks["semantic"]).astype(np.uint8)
        predicted[predicted == 255] = 0
        path = folder / f"{key}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode_png(predicted))
    return folder


def test_pixels_need_the_camera_that_shows_them(scenes, tmp_path):
    three = {
        "rgb": masks(scenes, tmp_path / "rgb", lambda seen: np.isin(seen, (3, 4))),
        "thermal": masks(scenes, tmp_path / "thermal", lambda seen: np.isin(seen, (2, 4))),
        "fusion": masks(scenes, tmp_path / "fusion", lambda seen: np.isin(seen, (2,))),
    }
    protocol, split = open_truth(scenes, protocol_id(scenes, "miou-things"))
    need = modality_need(protocol, split, three)
    labels = np.concatenate([split[at].masks["semantic"].ravel() for at in range(len(split))])
    seen = np.concatenate([open_split(scenes, "test")[at].masks["visibility"].ravel() for at in range(len(split))])
    things = np.isin(labels, protocol.rules.classes)
    rgb_only, thermal_only = (100 * (seen[things] == number).mean() for number in (2, 3))
    assert need.unit == "pixels"
    assert need.overall.count == things.sum()
    assert need.overall.shares["rgb_only"] == pytest.approx(rgb_only)
    assert need.overall.shares["thermal_only"] == pytest.approx(thermal_only)
    assert need.overall.shares["lost"] == pytest.approx(rgb_only)
    for name in ("class", "size", "rgb_contrast", "thermal_contrast", "misregistration"):
        assert sum(part.count for part in need.parts[name].values()) == need.overall.count, name


def test_the_command_prints_json_and_writes_a_page(scenes, three, tmp_path):
    page = tmp_path / "need.html"
    arguments = ["needed", protocol_id(scenes, "ap"), "--data", str(scenes), "--html", str(page), "--json"]
    for name, path in three.items():
        arguments += [f"--{name}", str(path)]
    printed = json.loads(CliRunner().invoke(app, arguments, catch_exceptions=False).stdout)
    assert printed["unit"] == "objects"
    assert printed["shares"]["lost"] > 0
    assert set(printed["parts"]) >= {"class", "size", "rgb_contrast", "thermal_contrast", "misregistration"}
    text = page.read_text()
    assert "Which modality was needed" in text
    assert 'http-equiv="Content-Security-Policy"' in text


def test_the_command_prints_tables(scenes, three):
    arguments = ["needed", protocol_id(scenes, "ap"), "--data", str(scenes)]
    for name, path in three.items():
        arguments += [f"--{name}", str(path)]
    printed = CliRunner().invoke(app, arguments, catch_exceptions=False).stdout
    assert "lost" in printed
    assert "0.1 false alarms per image and class" in printed


def test_a_protocol_of_other_predictions_is_refused(scenes, three):
    protocol, split = open_truth(scenes, protocol_id(scenes, "ap"))
    other = protocol.model_copy(update={"rules": type("Rules", (), {"metric": "saliency"})()})
    with pytest.raises(UserError, match="neither boxes"):
        modality_need(other, split, three)
