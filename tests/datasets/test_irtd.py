"""IR-TD: nine files, eight of them released, their traps, both units, and images that are mostly not to be had."""

import json
import zipfile
from collections import Counter

import numpy as np
import pytest

from rgbtbench.audit.identity import identities
from rgbtbench.canonical import keys_sha256
from rgbtbench.cards import dataset_card
from rgbtbench.datasets import dataset, recognise
from rgbtbench.datasets.irtd_targets import target_of
from rgbtbench.errors import DifferenceError, InputFileError, LabelError, LayoutError
from rgbtbench.formats.instruction_json import read_instructions
from rgbtbench.loading.prepared import open_split
from rgbtbench.shards.build import prepare
from tests.datasets.shared import SAMPLES, needs
from tests.formats.files import file_of, noise, put

SOURCE = dataset("irtd")
FLIR = "63-FLIR_ADAS/training/PreviewData/FLIR_00042.jpeg"
JPEG = file_of(noise(512, 640), "jpeg", quality=20)
FILES = {
    "location": "Location", "security": "Security", "relationship": "Relationship", "reid": "ReID",
    "recognition": "Recognition", "detection": "Detection", "pedestrian_counting": "PedestrianCounting",
    "aerial_counting": "AerialCounting",
}  # fmt: skip


def row(question, answer, *, image=FLIR, number=0):
    return {
        "id": str(number),
        "image": [f"/mnt/disk/Datasets/Data4MLLM/{image}"],
        "conversations": [{"from": "human", "value": f"<image>\n{question}"}, {"from": "gpt", "value": answer}],
    }


def tree(root, *, images=(FLIR,), **rows):
    for image in images:
        put(root, f"Data4MLLM/{image}", JPEG)
    for name, of_file in rows.items():
        put(root, f"json_sft/{name}.json", json.dumps(of_file))
    return root


def pairs(root):
    layout = recognise(SOURCE, root)
    return [SOURCE.pair(root, layout, entry) for entry in SOURCE.entries(root, layout)]


def target(pair):
    return json.loads(pair.labels["target"].captions[0])


def test_texts_stay_as_written(tmp_path):
    question = "Is there a car behind the the first person from left to right?"
    (pair,) = pairs(tree(tmp_path, Relationship=[row(question, "no")]))
    assert pair.labels["question"].captions == (f"<image>\n{question}",)
    assert pair.labels["answer"].captions == ("no",)
    assert target(pair) == {"holds": False}
    assert pair.images["lwir"].data == JPEG


def test_a_box_is_written_in_pixels_and_stated_in_thousandths_too(tmp_path):
    sought = row(
        "Detect the bounding box of the nearest bike located at the left.",
        "The target bounding box is <box>[[64, 128, 641, 256]]</box>.",
    )
    (pair,) = pairs(tree(tmp_path, Detection=[sought]))
    boxes = pair.labels["boxes"]
    np.testing.assert_array_equal(boxes.xyxy, [[64, 128, 641, 256]])
    assert (boxes.frame, boxes.labels.tolist()) == ("x", [2])
    assert target(pair) == {
        "label": "bike", "boxes": [[64, 128, 641, 256]], "boxes_thousandths": [[100, 250, 1001.5625, 500]],
    }  # fmt: skip
    assert (pair.entry.split, pair.attributes["task"], pair.attributes["label"]) == ("detection", "grounding", "bike")


def test_a_box_needs_the_image_whose_pixels_it_counts(tmp_path):
    sought = row("Detect the bounding box of the car located at the left of the image.", "<box>[[1, 2, 3, 4]]</box>")
    tree(tmp_path, Detection=[sought])
    put(tmp_path, f"Data4MLLM/{FLIR}", file_of(noise(256, 320), "jpeg"))
    with pytest.raises(LabelError, match=r"Detection/0: a box in pixels of a 640x512 image, and 320x256 was found"):
        pairs(tmp_path)


def test_points_are_written_in_thousandths_and_stated_in_pixels_too(tmp_path):
    located = row(" Locate all car from left to right.", "<ref>car</ref> at <pos>[(100, 250), (500, 1000)]</pos>")
    (pair,) = pairs(tree(tmp_path, Location=[located]))
    assert target(pair) == {
        "label": "car", "points": [[64, 128], [320, 512]], "points_thousandths": [[100, 250], [500, 1000]],
    }  # fmt: skip
    assert "boxes" not in pair.labels


def test_rows_of_grounding_follow_each_other_without_a_list(tmp_path):
    sought = row("Detect the bounding box of the car located at the left of the image.", "<box>[[1, 2, 3, 4]]</box>")
    tree(tmp_path, Relationship=[row("Is there a car?", "yes")])
    put(tmp_path, "json_sft/Detection.json", f"{json.dumps(sought)},\n{json.dumps({**sought, 'id': '1'})},\n")
    found = pairs(tmp_path)
    # Ids begin anew in every file, so that a key names both; rows about one image belong together.
    assert [pair.entry.key for pair in found] == ["Relationship/0", "Detection/0", "Detection/1"]
    assert {pair.entry.cluster for pair in found} == {FLIR.removesuffix(".jpeg")}


def test_a_row_names_its_image_so_that_contamination_rules_find_it(tmp_path):
    (pair,) = pairs(tree(tmp_path, Relationship=[row("Is there a car?", "yes")]))
    assert pair.entry.official_id == f"Relationship/0/{FLIR}"
    named = {(image.dataset, image.image) for image in identities("irtd", pair.entry.official_id, None)}
    assert named == {("irtd", FLIR.removesuffix(".jpeg")), ("flir_adas", "00042")}


def test_a_source_that_is_not_there_makes_a_difference_and_a_missing_image_a_fault(tmp_path):
    rows = [row("Which person?\n1234\n5678", "7", image=f"53-LLCM/train/000{n}.jpg", number=n) for n in range(2)]
    rows.append(row("Which person?\n1234\n5678", "8", image="54-RegDB/train/0001.jpg", number=2))
    tree(tmp_path / "raw", images=["53-LLCM/train/0000.jpg"], ReID=rows)
    card = dataset_card("irtd")
    with pytest.raises(DifferenceError, match=r"reid: pairs +expected 3733, found 2"):
        prepare(SOURCE, card, tmp_path / "raw", tmp_path / "out", workers=1)
    with pytest.raises(InputFileError, match=r"53-LLCM/train/0001\.jpg: missing"):
        pairs(tmp_path / "raw")


def test_without_any_source_folders_are_asked_for(tmp_path):
    tree(tmp_path, images=["FLIR/FLIR_00042.jpeg"], Relationship=[row("Is there a car?", "yes")])
    with pytest.raises(
        LayoutError, match=r"holds the images of no source: FLIR; expected folders such as 63-FLIR_ADAS"
    ):
        pairs(tmp_path)


@pytest.mark.parametrize(
    ("name", "question", "answer", "words"),
    [
        ("Location", " Locate all car from left to right.", "<ref>bike</ref> at <pos>[(1, 2)]</pos>", "about 'bike'"),
        ("Location", " Locate all car from left to right.", "<pos>[(1, 2)]</pos>", "does not state points"),
        ("Detection", "Find the car.", "<box>[[1, 2, 3, 4]]</box>", "does not say what is sought"),
        (
            "Detection",
            "Detect the bounding box of the car located left.",
            "<box>[[3, 2, 3, 4]]</box>",
            "without extent",
        ),
        ("Detection", "Detect the bounding box of the cat located left.", "<box>[[1, 2, 3, 4]]</box>", "class 'cat'"),
        ("Security", "What?\n(A) car (B) dog", "(B) cat", "is no choice of"),
        ("Recognition", "What?\n(A) car (A) dog", "(A) car", "uses a letter twice"),
        ("Relationship", "Is there a car?", "maybe", "neither yes nor no"),
        ("ReID", "Which?", "1", "no number of a tile"),
        ("AerialCounting", "How many?", "about 7", "does not state a number"),
    ],
)
def test_an_answer_of_another_form_names_its_row(tmp_path, name, question, answer, words):
    with pytest.raises(LabelError, match=words):
        pairs(tree(tmp_path, **{name: [row(question, answer)]}))


def test_a_path_that_leads_elsewhere_is_refused(tmp_path):
    tree(tmp_path, Relationship=[row("Is there a car?", "yes", image="63-FLIR_ADAS/../../secret.jpg", number=5)])
    with pytest.raises(InputFileError, match=r"Relationship\.json: the row with the id '5' names the image .*secret"):
        pairs(tmp_path)


def test_texts_and_boxes_come_back_from_the_shards(tmp_path):
    sought = row("Detect the bounding box of the car located at the left of the image.", "<box>[[1, 2, 3, 4]]</box>")
    tree(tmp_path / "raw", Detection=[sought])
    prepare(SOURCE, dataset_card("irtd"), tmp_path / "raw", tmp_path / "out", workers=1, allow_differences=True)
    sample = open_split(tmp_path / "out", "detection")[0]
    assert sample.text["answer"] == ("<box>[[1, 2, 3, 4]]</box>",)
    np.testing.assert_array_equal(sample.boxes["boxes"].xyxy, [[1, 2, 3, 4]])


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """The released rows by split."""
    root = tmp_path_factory.mktemp("irtd")
    with zipfile.ZipFile(SAMPLES / "irtd/json_sft.zip") as archive:
        archive.extractall(root)
    return {split: read_instructions(root, f"json_sft/{name}.json") for split, name in FILES.items()}


@needs("samples/irtd")
def test_all_released_rows_are_understood_and_as_many_as_the_card_says(released):
    expected = dataset_card("irtd").editions["official"].splits
    assert sum(map(len, released.values())) == 40_200 == sum(expected[split].count for split in released)
    assert set(expected) - set(released) == {"scene"}
    answers = {}
    for split, rows in released.items():
        task = "grounding" if split == "detection" else split
        targets = [target_of(task, one, (640, 512)) for one in rows.values()]
        answers[split] = targets
        sources = Counter(one.image.partition("/Data4MLLM/")[2].partition("/")[0] for one in rows.values())
        assert sources == expected[split].attributes["source"]
        labels = Counter(one["label"] for one in targets if "label" in one)
        assert labels == expected[split].attributes.get("label", {})
    # Counted apart from this code: research on IRGPT, section 1.2.
    assert Counter(one["holds"] for one in answers["relationship"]) == {True: 2278, False: 2927}
    assert Counter(len(one["chosen"]) for one in answers["security"]) == {3: 4149, 2: 3168, 1: 542}
    assert Counter(one["chosen"][0] for one in answers["recognition"]) == {"A": 898, "B": 914, "C": 932, "D": 961}
    assert set(Counter(one["tile"] for one in answers["reid"]).values()) <= set(range(507, 569))
    people = [one["count"] for one in answers["pedestrian_counting"]]
    assert (min(people), max(people), round(np.mean(people), 1), np.median(people)) == (10, 701, 64.1, 50)
    cars = [one["count"] for one in answers["aerial_counting"]]
    assert (min(cars), max(cars), round(np.mean(cars), 1), np.median(cars)) == (0, 141, 16.4, 12)
    assert max(len(one["points"]) for one in answers["location"]) == 40


@needs("samples/irtd")
def test_keys_are_those_of_the_card(released, tmp_path):
    with zipfile.ZipFile(SAMPLES / "irtd/json_sft.zip") as archive:
        archive.extractall(tmp_path)
    images = {one.image.partition("/Data4MLLM/")[2] for rows in released.values() for one in rows.values()}
    for source in {image.partition("/")[0] for image in images}:
        (tmp_path / "Data4MLLM" / source).mkdir(parents=True)
    keys = {}
    for entry in SOURCE.entries(tmp_path, SOURCE.layouts[0]):
        keys.setdefault(entry.split, []).append(entry.key)
    expected = dataset_card("irtd").editions["official"].splits
    assert {split: keys_sha256(found) for split, found in keys.items()} == {
        split: facts.keys_sha256 for split, facts in expected.items() if split != "scene"
    }


@needs("samples/irtd")
def test_middles_of_boxes_are_points_of_the_same_objects(released):
    """Two files about the same objects, in two units: their agreement shows both the unit and where a box ends."""
    points = {}
    for one in released["location"].values():
        stated = target_of("location", one, (640, 512))
        points[one.image, stated["label"]] = np.array(stated["points"])
    apart = []
    for one in released["detection"].values():
        stated = target_of("grounding", one, (640, 512))
        x1, y1, x2, y2 = stated["boxes"][0]
        near = points[one.image, stated["label"]] - ((x1 + x2) / 2, (y1 + y2) / 2)
        apart.append(near[np.abs(near).sum(axis=1).argmin()])
    agreeing = np.array([step for step in apart if np.abs(step).max() < 1])
    assert len(agreeing) > 0.97 * len(apart)
    assert np.abs(agreeing.mean(axis=0)).max() < 0.1
