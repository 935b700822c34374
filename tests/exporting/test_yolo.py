"""A YOLO export, read by its rules: labels lie where images do, and numbers are shares of the image."""

import numpy as np
import pytest
import yaml

from rgbtbench.exporting.export import export
from rgbtbench.loading.prepared import open_split


def labels_of(path):
    """Class numbers and boxes of an image, found as trainers find them: `labels` for the last `images` of the path."""
    text = path.as_posix()
    before, _, after = text.rpartition("/images/")
    lines = [line.split() for line in open(f"{before}/labels/{after.rpartition('.')[0]}.txt")]  # noqa: PTH123, SIM115
    numbers = np.array([line[1:] for line in lines], np.float64).reshape(-1, 4)
    return [int(line[0]) for line in lines], numbers


@pytest.mark.parametrize(("label_set", "camera"), [("people", "rgb"), ("hot", "lwir")])
def test_every_box_is_found_beside_its_image(tiny, tmp_path, label_set, camera):
    export(tiny, tmp_path / "out", format_name="yolo", label_set=label_set)
    described = yaml.safe_load((tmp_path / f"out/data_{camera}.yaml").read_text())
    for split in ("train", "test"):
        samples = open_split(tiny, split)
        paths = sorted((tmp_path / "out" / described[split]).iterdir())
        assert sorted(path.stem for path in paths) == sorted(samples.keys)
        for sample in samples:
            numbers, shares = labels_of(tmp_path / "out" / described[split] / f"{sample.key}.png")
            boxes, (height, width) = sample.boxes[label_set], sample.images[camera].shape[:2]
            names = samples.classes(label_set)
            assert [described["names"][number] for number in numbers] == [names[i] for i in boxes.labels.tolist()]
            centres, sizes = shares[:, :2] * [width, height], shares[:, 2:] * [width, height]
            found = np.concatenate([centres - sizes / 2, centres + sizes / 2], axis=1)
            assert found == pytest.approx(boxes.xyxy, abs=1e-6)


def test_what_cannot_be_held_is_counted(scenes, tmp_path):
    notes = {note.text: note.count for note in export(scenes, tmp_path / "out", format_name="yolo").notes}
    boxes = [sample.boxes["boxes"] for sample in open_split(scenes, "test")]
    hidden = sum(int(of.ignore.sum()) for of in boxes)
    lines = sum(len(path.read_text().splitlines()) for path in (tmp_path / "out/labels").rglob("*.txt"))
    assert hidden
    assert notes["regions to pass over are left out"] == hidden
    assert lines == sum(len(of.labels) for of in boxes) - hidden
    assert notes["lwir has no label files: the labels follow rgb"] == len(boxes)


def test_classes_are_numbered_from_zero(scenes, tmp_path):
    summary = export(scenes, tmp_path / "out", format_name="yolo")
    names = yaml.safe_load((tmp_path / "out/data_rgb.yaml").read_text())["names"]
    assert names == dict(enumerate(summary.classes.values()))
    assert min(summary.classes) == 6
