"""KAIST's and CVC-14's labels straight from files: both forms hold the same, and every fault is named."""

import json
import zipfile

import numpy as np
import pytest

import rgbtbench
from rgbtbench.canonical import keys_sha256
from rgbtbench.cards import catalog, dataset_card
from rgbtbench.errors import InputFileError, LabelError, PredictionError, UserError
from rgbtbench.formats.write_boxes import write_bbgt, write_coco
from rgbtbench.labels import IGNORE
from rgbtbench.scoring.ground_truth.open import GroundTruths, open_ground_truth, protocol_of_files
from rgbtbench.scoring.resolve import protocol_of_keys
from tests.datasets.shared import SAMPLES, needs
from tests.scoring.miss_rate.golden import GOLDEN, needs_golden

KAIST = catalog.protocol("kaist/reasonable-all@improved")
CVC14 = catalog.protocol("cvc14/reasonable-all@deformcat")
BOX = ("person", (100, 100, 130, 160))
FRAME = "set06_V000_I00019"


def opened(path, protocol=KAIST):
    with open_ground_truth(protocol, path) as truth:
        return truth


@needs_golden
def test_json_and_texts_hold_the_same_frames_boxes_and_numbers():
    one, other = opened(GOLDEN / "KAIST_annotation.json"), opened(GOLDEN / "improved_annotations_bbgt.zip")
    assert one.keys == other.keys
    assert one.image_ids == other.image_ids == tuple(range(2252))
    assert one.attributes == other.attributes
    assert one.clusters == other.clusters
    assert one.classes == other.classes == {1: "person", 2: "cyclist", 3: "people", 4: "person?"}
    for position in range(2252):
        ours, theirs = one.boxes(position), other.boxes(position)
        np.testing.assert_array_equal(ours.xyxy, theirs.xyxy)
        np.testing.assert_array_equal(ours.ignore, theirs.ignore)
        np.testing.assert_array_equal(ours.occlusion, theirs.occlusion)


@needs_golden
def test_the_first_1455_frames_are_by_day_and_the_frames_are_of_16_clips():
    truth = opened(GOLDEN / "KAIST_annotation.json")
    assert truth.attributes["time_of_day"] == ("day",) * 1455 + ("night",) * 797
    assert len(set(truth.clusters)) == 16
    assert keys_sha256(truth.keys) == dataset_card("kaist").editions["official"].splits["test"].keys_sha256
    assert protocol_of_files(KAIST, truth) is KAIST
    places = {place: truth.attributes["place"].count(place) for place in ("campus", "road", "downtown")}
    assert places == {"campus": 823, "road": 850, "downtown": 579}


@needs_golden
def test_an_unpacked_folder_is_read_like_its_archive(tmp_path):
    with zipfile.ZipFile(GOLDEN / "improved_annotations_bbgt.zip") as archive:
        archive.extractall(tmp_path)
    assert opened(tmp_path).keys == opened(GOLDEN / "improved_annotations_bbgt.zip").keys


@needs_golden
def test_other_boxes_on_all_frames_are_no_improved_labels(tmp_path):
    content = json.loads((GOLDEN / "KAIST_annotation.json").read_bytes())
    content["annotations"] = content["annotations"][1:]
    path = tmp_path / "KAIST_annotation.json"
    path.write_text(json.dumps(content))
    with pytest.raises(LabelError, match=r"holds 3389 boxes to be found and 864 regions .* expected 3390 and 864"):
        opened(path)


def test_of_all_labelled_frames_those_of_the_test_split_are_taken_in_official_order(tmp_path):
    for frame in ("set07/V000/I00019", "set06/V000/I00039", "set06/V000/I00020", "set00/V000/I00019"):
        write_bbgt(tmp_path / f"annotations/{frame}.txt", boxes=[BOX])
    truth = opened(tmp_path)
    assert truth.keys == ("set06/V000/I00039", "set07/V000/I00019")
    assert truth.image_ids == (0, 1)
    assert truth.clusters == ("set06/V000", "set07/V000")


def test_labels_of_some_frames_have_protocols_of_their_own(tmp_path):
    write_bbgt(tmp_path / f"{FRAME}.txt", boxes=[BOX])
    own = protocol_of_files(KAIST, opened(tmp_path))
    digest = keys_sha256(["set06/V000/I00019"])
    assert (own.id, own.edition) == (f"kaist-unlisted-{digest[:8]}/reasonable-all@improved", "unlisted")


def test_two_versions_side_by_side_are_not_chosen_between(tmp_path):
    for folder in ("annotations", "annotations_KAIST_test_set"):
        write_bbgt(tmp_path / folder / f"{FRAME}.txt", boxes=[BOX])
    with pytest.raises(LabelError, match="holds two files for one frame"):
        opened(tmp_path)


@pytest.mark.parametrize("content", ["person 1 2 3\n", "% bbGt version=3\nperson 1 2 3\n", "% bbGt version=2\n"])
def test_a_damaged_text_is_named(content, tmp_path):
    (tmp_path / f"{FRAME}.txt").write_text(content)
    with pytest.raises(InputFileError, match=FRAME):
        opened(tmp_path)


def test_a_class_that_the_card_does_not_name_is_refused(tmp_path):
    write_bbgt(tmp_path / f"{FRAME}.txt", boxes=[("horse", (1, 2, 3, 4))])
    with pytest.raises(LabelError, match="holds the class 'horse'"):
        opened(tmp_path)


def test_a_folder_without_labels_and_a_path_to_nothing_are_refused(tmp_path):
    with pytest.raises(LabelError, match="holds no labels of test frames"):
        opened(tmp_path)
    with pytest.raises(PredictionError, match="no such file or folder"):
        opened(tmp_path / "nowhere")
    with pytest.raises(InputFileError):
        opened(tmp_path / "nowhere.json")


def test_frames_of_other_names_say_nothing_of_time_and_place(tmp_path):
    path = tmp_path / "labels.json"
    write_coco(path, size=(640, 512), boxes={"mine/1": [BOX], "mine/2": []}, file_key="im_name")
    truth = opened(path)
    assert truth.keys == ("mine/1", "mine/2")
    assert truth.attributes["time_of_day"] == (None, None)
    assert truth.clusters == (None, None)


def test_ids_that_are_texts_are_refused(tmp_path):
    path = tmp_path / "labels.json"
    content = {"categories": [], "images": [{"id": "a", "im_name": "mine/1"}], "annotations": []}
    path.write_text(json.dumps(content))
    with pytest.raises(LabelError, match="an image has the id 'a'"):
        opened(path)


@needs("samples/cvc14")
def test_cvc14_s_frames_say_their_minute_and_whether_it_is_night():
    truth = opened(SAMPLES / "cvc14/CVC_annotation.json", CVC14)
    facts = dataset_card("cvc14").editions["official"].splits["test-deformcat"]
    assert (len(truth.keys), keys_sha256(truth.keys)) == (facts.count, facts.keys_sha256)
    times = truth.attributes["time_of_day"]
    assert {time: times.count(time) for time in ("day", "night")} == facts.attributes["time_of_day"]
    assert truth.image_ids == tuple(range(1304))
    assert truth.clusters[0] == "2014_05_05_17_29"
    assert protocol_of_files(CVC14, truth) is CVC14


def test_boxes_appear_in_the_label_space_of_the_protocol(tmp_path):
    write_bbgt(tmp_path / f"{FRAME}.txt", boxes=[BOX, ("people", BOX[1])])
    truth = opened(tmp_path, catalog.protocol("kaist/ap50@improved"))
    (person,) = truth.classes
    assert truth.classes == {person: "person"}
    assert truth.boxes(0).labels.tolist() == [person, IGNORE]
    assert truth.boxes(0).ignore.tolist() == [False, True]


@needs("samples/cvc14")
@pytest.mark.parametrize("setting", ["reasonable-all", "reasonable-day", "reasonable-night", "all-h1"])
def test_cvc14_s_own_boxes_find_themselves(setting, tmp_path):
    labels = SAMPLES / "cvc14/CVC_annotation.json"
    annotations = json.loads(labels.read_bytes())["annotations"]
    rows = [",".join(map(str, (row["image_id"] + 1, *row["bbox"], 0.5))) for row in annotations]
    (tmp_path / "results.txt").write_text("\n".join(rows))
    found = rgbtbench.score(f"cvc14/{setting}@deformcat", tmp_path / "results.txt", ground_truth=labels)
    assert found.protocol.id == f"cvc14/{setting}@deformcat"
    assert found.metrics["recall"] > 99
    assert found.metrics["miss_rate"] < 1e-6
    stretched = json.loads(labels.read_bytes())
    for row in stretched["annotations"]:
        left, top, width, height = row["bbox"]
        row["bbox"] = [left, top * 1.087044832, width, height * 1.087044832]
    for image in stretched["images"]:
        image["height"] = 512
    (tmp_path / "stretched.json").write_text(json.dumps(stretched))
    shrunk = rgbtbench.score(
        f"cvc14/{setting}@stretched", tmp_path / "results.txt", ground_truth=tmp_path / "stretched.json"
    )
    assert shrunk.metrics == pytest.approx(found.metrics)


@needs("samples/cvc14")
@pytest.mark.parametrize("camera", ["visible", "fir"])
def test_frames_of_one_split_do_not_pass_for_another_whose_frames_nobody_knows(camera):
    protocol = catalog.protocol(f"cvc14/reasonable-all@{camera}")
    truth = opened(SAMPLES / "cvc14/CVC_annotation.json", protocol)
    with pytest.raises(UserError, match=r"scores split test, and these are the images of split test-deformcat"):
        protocol_of_files(protocol, truth)


@needs("samples/cvc14")
def test_labels_of_stretched_images_and_others_are_told_apart(tmp_path):
    """A height of 55 rows is another person in an image of 512 rows than in one of 471."""
    labels = SAMPLES / "cvc14/CVC_annotation.json"
    with pytest.raises(LabelError, match=r"images of 472 rows; expected 512, which are those of stretched"):
        opened(labels, catalog.protocol("cvc14/reasonable-all@stretched"))
    content = json.loads(labels.read_bytes())
    for image in content["images"]:
        image["height"] = 512
    (tmp_path / "stretched.json").write_text(json.dumps(content))
    with pytest.raises(LabelError, match=r"images of 512 rows; expected 471, which are those of deformcat"):
        opened(tmp_path / "stretched.json", CVC14)


def test_a_split_of_which_only_the_number_of_images_is_known_has_that_many():
    protocol = catalog.protocol("deliver/miou-25")
    facts = dataset_card("deliver").editions["official"].splits["test"]
    assert facts.keys_sha256 is None
    keys = [str(number) for number in range(facts.count)]
    assert protocol_of_keys(protocol, {"test": keys}) is protocol
    assert protocol_of_keys(protocol, {"test": keys[1:]}).id.startswith("deliver-unlisted-")


@needs_golden
def test_files_are_opened_once_for_all_protocols_of_the_same_labels():
    with GroundTruths(GOLDEN / "KAIST_annotation.json") as truths:
        truth = truths.of(KAIST)
        assert truths.of(catalog.protocol("kaist/near@improved+mlpd")) is truth
        assert truth.boxes(0) is not None
        original = catalog.protocol("kaist/near@original")
        with pytest.raises(LabelError) as first:
            truths.of(original)
        with pytest.raises(LabelError) as second:
            truths.of(catalog.protocol("kaist/far@original"))
    assert second.value is first.value
