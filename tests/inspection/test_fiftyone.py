"""FiftyOne with a real MongoDB, in a process and a database folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rgbtbench.errors import MissingExtraError
from rgbtbench.inspection.fiftyone import build_dataset

BUILD = """
import json, sys
from pathlib import Path
from rgbtbench.errors import MissingExtraError
from rgbtbench.inspection.fiftyone import build_dataset
from rgbtbench.loading.prepared import open_split

split = open_split(sys.argv[1], "test")
try:
    build_dataset(split, Path(sys.argv[3]), name="small", predictions=Path(sys.argv[2]))
    dataset = build_dataset(split, Path(sys.argv[3]), name="small", predictions=Path(sys.argv[2]))
except MissingExtraError as error:
    print(json.dumps({"skip": str(error)}))
    raise SystemExit
slices = {}
for name in dataset.group_slices:
    view = dataset.select_group_slices(name)
    first = view.match({"key": split.keys[1]}).first()
    slices[name] = {
        "keys": view.values("key"),
        "paths": view.values("filepath"),
        "time_of_day": view.values("time_of_day"),
        "captions": view.values("captions"),
        "semantic": [one is not None for one in view.values("semantic")],
        "boxes": view.count("boxes.detections"),
        "labels": view.values("boxes.detections.label"),
        "ignore": view.values("boxes.detections.ignore"),
        "predicted": view.count("boxes_predicted.detections"),
        "first_box": first.boxes and first.boxes.detections[0].bounding_box,
        "mask": first.semantic and first.semantic.get_mask().tolist(),
    }
print(json.dumps({
    "slices": slices, "default": dataset.default_group_slice, "persistent": dataset.persistent,
    "targets": dataset.mask_targets["semantic"], "info": dataset.info,
    "tracking": __import__("os").environ["FIFTYONE_DO_NOT_TRACK"],
}))
"""


@pytest.fixture(scope="module")
def built(prepared, boxes, tmp_path_factory):
    pytest.importorskip("fiftyone", reason="the extra `inspect` is not installed")
    folder = tmp_path_factory.mktemp("fiftyone")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FIFTYONE_")}
    environment |= {"FIFTYONE_DATABASE_DIR": str(folder / "database"), "HOME": str(folder)}
    run = subprocess.run(
        [sys.executable, "-c", BUILD, str(prepared), str(boxes), str(folder / "media")],
        env=environment, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-2000:]
    result = json.loads(run.stdout.strip().splitlines()[-1])
    if "skip" in result:
        pytest.skip(f"no MongoDB can be started here: {result['skip']}")
    return result


@pytest.mark.slow
def test_every_sample_has_a_slice_per_camera_with_its_images(built, split):
    assert set(built["slices"]) == {"rgb", "lwir"}
    assert built["default"] == "rgb"
    for modality, facts in built["slices"].items():
        assert facts["keys"] == list(split.keys)
        for position, path in enumerate(facts["paths"]):
            stored = split.member(position, split.record(position)["images"][modality]["file"])
            assert Path(path).read_bytes() == stored


@pytest.mark.slow
def test_labels_lie_on_the_camera_that_they_follow_and_agree_with_the_shards(built, split):
    rgb, lwir = built["slices"]["rgb"], built["slices"]["lwir"]
    expected = [sample.boxes["boxes"] for sample in split]
    assert rgb["boxes"] == sum(len(boxes.labels) for boxes in expected)
    names = split.classes("boxes")
    assert rgb["labels"] == [[names[number] for number in boxes.labels.tolist()] for boxes in expected]
    assert rgb["ignore"] == [boxes.ignore.tolist() for boxes in expected]
    assert rgb["semantic"] == [True] * len(split)
    assert (lwir["boxes"], lwir["semantic"]) == (0, [False] * len(split))


@pytest.mark.slow
def test_boxes_are_shares_of_the_frame_and_masks_are_native_ids(built, split):
    sample = split[1]
    x1, y1, x2, y2 = sample.boxes["boxes"].xyxy[0].tolist()
    height, width = split.frame_size(1, "boxes")
    expected = [x1 / width, y1 / height, (x2 - x1) / width, (y2 - y1) / height]
    assert built["slices"]["rgb"]["first_box"] == pytest.approx(expected)
    assert built["slices"]["rgb"]["mask"] == sample.masks["semantic"].tolist()
    assert built["targets"] == {str(number): name for number, name in split.classes("semantic").items()}


@pytest.mark.slow
def test_predictions_attributes_and_captions_are_fields(built, split):
    rgb = built["slices"]["rgb"]
    assert rgb["predicted"] == sum(len(sample.boxes["boxes"].labels) for sample in list(split)[1:])
    assert rgb["time_of_day"] == list(split.attributes["time_of_day"])
    assert rgb["captions"] == [list(sample.text["captions"]) for sample in split]


@pytest.mark.slow
def test_the_dataset_stays_and_a_second_build_replaces_it(built, split):
    assert built["persistent"] is True
    assert len(built["slices"]["rgb"]["keys"]) == len(split)
    assert built["info"]["split"] == "test"
    assert built["tracking"] == "true"


def test_without_fiftyone_the_error_says_what_to_install(split, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "fiftyone", None)
    with pytest.raises(MissingExtraError, match=r"rgbtbench\[inspect\]"):
        build_dataset(split, tmp_path)


def test_without_a_database_the_error_points_to_the_doctor(split, tmp_path, monkeypatch):
    class Absent:
        @staticmethod
        def list_datasets():
            raise ConnectionError("Could not connect to `mongod`")

    monkeypatch.setitem(sys.modules, "fiftyone", Absent)
    with pytest.raises(MissingExtraError, match="rgbtbench doctor"):
        build_dataset(split, tmp_path)
