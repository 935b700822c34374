"""A VOC export is the official tree where the source was one, and counts as VOC does elsewhere."""

from xml.etree import ElementTree as ET

import numpy as np
import pytest

from rgbtbench.datasets.versions import VERSION_FILE
from rgbtbench.exporting.export import export
from rgbtbench.loading.prepared import open_split
from rgbtbench.shards.build import prepare_dataset
from rgbtbench.shards.manifest import read_manifest

EDGES = ("xmin", "ymin", "xmax", "ymax")


def objects(path):
    """Name, edges and flags of every object, by the standard library's parser."""
    return [
        {child.tag: child.text for child in item if child.tag != "bndbox"}
        | {"edges": [float(item.findtext(f"bndbox/{edge}")) for edge in EDGES]}
        for item in ET.parse(path).getroot().findall("object")  # noqa: S314
    ]


def test_llvip_comes_back_the_same(llvip, tmp_path):
    folders = ["rgb=visible/{split}", "lwir=infrared/{split}"]
    summary = export(llvip, tmp_path / "out", format_name="voc", folders=folders)
    (tmp_path / "out" / VERSION_FILE).write_text("v2\n")
    again = prepare_dataset("llvip", tmp_path / "out", tmp_path / "again", workers=1, allow_differences=True)
    before = read_manifest(llvip)
    assert again.layout == "official"
    assert (again.data_hash, again.labels_hash) == (before.data_hash, before.labels_hash)
    assert any(note.text == "coordinates count as the source's own VOC files" for note in summary.notes)


def test_numbers_count_from_one_and_include_the_last_pixel(tiny, tmp_path):
    summary = export(tiny, tmp_path / "out", format_name="voc", label_set="people")
    for split in ("train", "test"):
        samples = open_split(tiny, split)
        assert (tmp_path / f"out/ImageSets/Main/{split}.txt").read_text().split() == list(samples.keys)
        for sample in samples:
            found = objects(tmp_path / f"out/Annotations/{sample.key}.xml")
            boxes = sample.boxes["people"]
            names = samples.classes("people")
            assert [thing["name"] for thing in found] == [names[label] for label in boxes.labels.tolist()]
            edges = np.array([thing["edges"] for thing in found]).reshape(-1, 4)
            assert np.array_equal(edges, boxes.xyxy + np.array([1, 1, 0, 0]))
    # Ten posters end in the middle of a pixel.
    fractions = "coordinates have fractions, which readers of whole numbers refuse"
    assert {note.text: note.count for note in summary.notes}[fractions] == 10


def test_the_file_names_its_image_and_size(tiny, tmp_path):
    export(tiny, tmp_path / "out", format_name="voc", label_set="hot")
    root = ET.parse(tmp_path / "out/Annotations/test_0.xml").getroot()  # noqa: S314
    assert (root.findtext("folder"), root.findtext("filename")) == ("JPEGImages/lwir", "test_0.png")
    assert (tmp_path / "out/JPEGImages/lwir/test_0.png").is_file()
    assert [root.findtext(f"size/{side}") for side in ("width", "height", "depth")] == ["12", "8", "1"]


@pytest.mark.parametrize("label_space", ["native", "unified"])
def test_regions_to_pass_over_are_difficult(scenes, tmp_path, label_space):
    export(scenes, tmp_path / "out", format_name="voc", label_space=label_space)
    for sample in open_split(scenes, "test", label_space=label_space):
        found = objects(tmp_path / f"out/Annotations/{sample.key}.xml")
        boxes = sample.boxes["boxes"]
        assert [thing["difficult"] == "1" for thing in found] == boxes.ignore.tolist()
        assert [thing["occluded"] == "1" for thing in found] == (boxes.occlusion > 0).tolist()
