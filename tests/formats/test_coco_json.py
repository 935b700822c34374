"""Instances files give the numbers as written; every reference in them is followed."""

import json
import os

import pytest

from rgbtbench.errors import InputFileError, LabelError
from rgbtbench.formats.coco_json import image_of, image_of_any, read_coco, read_coco_once
from tests.formats.files import put


def instances(**changes):
    content = {
        "images": [{"id": 0, "file_name": "b.jpg"}, {"id": "x", "file_name": "a.jpg"}],
        "categories": [{"id": 0, "name": "person"}],
        "annotations": [{"id": 1, "image_id": "x", "category_id": 0, "bbox": [1.0, 2, 3, 4], "iscrowd": 1}],
    }
    return {**content, **changes}


def read(root, content):
    put(root, "val.json", content if isinstance(content, str) else json.dumps(content))
    return read_coco(root, "val.json")


def test_images_keep_their_order_and_ids_may_be_text_or_zero(tmp_path):
    images = read(tmp_path, instances())
    assert list(images) == ["b.jpg", "a.jpg"]
    assert images["b.jpg"].id == 0
    assert images["b.jpg"].boxes == ()
    (box,) = images["a.jpg"].boxes
    assert (box.name, box.numbers, box.ignore) == ("person", (1, 2, 3, 4), True)


def test_ground_truth_of_pedestrian_benchmarks_names_images_otherwise_and_states_occlusion(tmp_path):
    content = instances(images=[{"id": "x", "im_name": "set06/V000/I00019"}])
    content["annotations"][0] |= {"occlusion": 2, "ignore": 1}
    put(tmp_path, "gt.json", json.dumps(content))
    images = read_coco_once(tmp_path, "gt.json", file_key="im_name")
    (box,) = images["set06/V000/I00019"].boxes
    assert (box.occlusion, box.ignore) == (2, True)
    with pytest.raises(InputFileError, match="an entry has the file_name None"):
        read_coco_once(tmp_path, "gt.json")


def test_annotations_may_be_called_annotation_and_have_an_angle(tmp_path):
    content = instances()
    content["annotation"] = [{**content.pop("annotations")[0], "bbox": [1, 2, 3, 4, 0.5]}]
    (box,) = read(tmp_path, content)["a.jpg"].boxes
    assert (box.numbers, box.angle) == ((1, 2, 3, 4), 0.5)
    (box,) = read(tmp_path, instances())["a.jpg"].boxes
    assert box.angle is None


def test_one_entry_may_stand_for_a_pair(tmp_path):
    images = read(tmp_path, instances(images=[{"id": "x", "file_name": "a.jpg", "file_name_lwir": "a_lr.jpg"}]))
    assert images["a.jpg"].thermal == "a_lr.jpg"
    with pytest.raises(InputFileError, match="an entry has the file_name_lwir 3"):
        read(tmp_path, instances(images=[{"id": "x", "file_name": "a.jpg", "file_name_lwir": 3}]))


def test_a_sample_is_found_by_any_of_its_files_and_by_the_end_of_a_path(tmp_path):
    images = read(tmp_path, instances(images=[{"id": "x", "file_name": "thermal/a.jpeg"}]))
    files = ["train/RGB/a.jpg", "train/thermal/a.jpeg"]
    elsewhere = read(tmp_path, instances(images=[{"id": "x", "file_name": "/home/me/lwir/a.jpg"}]))
    assert image_of_any(elsewhere, files, path=tmp_path).id == "x"
    assert image_of_any(images, files, path=tmp_path).id == "x"
    with pytest.raises(InputFileError, match=r"does not list 'a\.jpg'"):
        image_of_any(images, files[:1], path=tmp_path)


def annotation(**changes):
    return instances(annotations=[{**instances()["annotations"][0], **changes}])


@pytest.mark.parametrize(
    ("content", "error", "said"),
    [
        (annotation(category_id=3), LabelError, r"annotation 1 has category 3; expected one that .* defines: \[0\]"),
        (annotation(image_id=9), InputFileError, r"annotation 1 belongs to no image \(9\)"),
        (annotation(image_id=[0]), InputFileError, "belongs to no image"),
        (annotation(bbox=[1, 2, 0, 4]), InputFileError, r"annotation 1 has the bbox \[1, 2, 0, 4\]"),
        (annotation(bbox=[1, 2, 3]), InputFileError, "has the bbox"),
        (annotation(bbox=[1, 2, 3, "4"]), InputFileError, "has the bbox"),
        (annotation(occlusion=3), InputFileError, "annotation 1 has the occlusion 3; expected 0 none"),
        (annotation(bbox=[1, 2, 3, 10**400]), InputFileError, "has the bbox"),
        (annotation(id=None), InputFileError, "an entry of `annotations` has the id None"),
        (instances(annotations=instances()["annotations"] * 2), InputFileError, "two annotations have the id 1"),
        (instances(images=[{"id": 0, "file_name": "a"}] * 2), InputFileError, "two images have the id 0"),
        (instances(images=[{"id": n, "file_name": "a"} for n in (1, 2)]), InputFileError, "the same file_name"),
        (instances(images=[{"id": 1}]), InputFileError, "an entry has the file_name None"),
        (instances(images={}), InputFileError, "`images` is no list of objects"),
        ("[]", InputFileError, "holds no object"),
        ("{\n,", InputFileError, "not JSON"),
        ('{"images": NaN}', InputFileError, "NaN is no number"),
        ("[" * 200_000, InputFileError, "nested too deeply"),
    ],
)
def test_faults_name_the_entry(tmp_path, content, error, said):
    with pytest.raises(error, match=f"val.json(:2)?: .*{said}"):
        read(tmp_path, content)


def test_an_image_that_is_not_listed_gets_the_closest_names(tmp_path):
    with pytest.raises(InputFileError, match=r"val.json: does not list 'c.jpg'; did you mean"):
        image_of(read(tmp_path, instances()), "c.jpg", path=tmp_path / "val.json")


def test_a_file_is_parsed_again_when_it_changed(tmp_path):
    path = put(tmp_path, "val.json", json.dumps(instances()))
    first = read_coco_once(tmp_path, "val.json")
    assert read_coco_once(tmp_path, "val.json") is first
    path.write_text(json.dumps(instances(annotations=[])))
    os.utime(path, ns=(1, 1))
    assert read_coco_once(tmp_path, "val.json")["a.jpg"].boxes == ()
