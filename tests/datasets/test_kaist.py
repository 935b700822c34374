"""KAIST: official lists and their rules, label versions that are never confused, boxes as written."""

import io
import json
import zipfile
from collections import Counter

import numpy as np
import pytest
import scipy.io

from rgbtbench.canonical import keys_sha256
from rgbtbench.cards import dataset_card, protocol
from rgbtbench.datasets import dataset, recognise
from rgbtbench.datasets.kaist_labels import read_labels
from rgbtbench.errors import InputFileError, LabelError, LayoutError
from rgbtbench.formats.write_boxes import write_bbgt, write_coco, write_kaist_xml
from rgbtbench.labels import IGNORE, LabelMap
from rgbtbench.loading.prepared import open_split
from rgbtbench.pair import Entry
from rgbtbench.scoring.resolve import protocols_of
from rgbtbench.scoring.score import score as score_of
from rgbtbench.shards.build import prepare
from rgbtbench.shards.plan import Options
from tests.datasets.shared import SAMPLES, SHARED, needs
from tests.formats.files import file_of, noise, put

SOURCE, CARD = dataset("kaist"), dataset_card("kaist")
SPLITS = CARD.editions["official"].splits
JPEG = file_of(noise(8, 10, 3), "jpeg")
GOLDEN = SHARED / "golden/kaist"
TRAIN, TEST = "set00/V000/I00001", "set06/V000/I00019"
BOX = ("person", (1, 2, 4, 7))


def images(root, *frames, form="images/{}/{}/{}.jpg"):
    for frame in frames:
        video, _, number = frame.rpartition("/")
        for camera in ("visible", "lwir"):
            put(root, form.format(video, camera, number), JPEG)
    return root


def entries(root):
    return list(SOURCE.entries(root, recognise(SOURCE, root)))


def pairs(root):
    layout = recognise(SOURCE, root)
    return [SOURCE.pair(root, layout, entry) for entry in SOURCE.entries(root, layout)]


def official(root, *frames, boxes=(BOX,)):
    images(root, *frames)
    for frame in frames:
        write_kaist_xml(root / f"annotations-xml-new/{frame}.xml", frame=frame, boxes=boxes)
    return root


def listed(root, name, *frames):
    return put(root, f"imageSets/{name}.txt", "".join(f"{frame}\r\n" for frame in frames))


def test_lists_have_windows_line_ends_and_their_order_gives_the_image_ids(tmp_path):
    frames = [f"set{number:02d}/V000/I00019" for number in (6, 9, 11)]
    official(tmp_path, *frames, TRAIN)
    listed(tmp_path, "test-all-20", *frames)
    listed(tmp_path, "train-all-01", TRAIN)
    found = {entry.official_id: entry for entry in entries(tmp_path)}
    assert [(found[frame].order, found[frame].image_id, found[frame].key) for frame in frames] == [
        (0, 0, frames[0]),
        (1, 1, frames[1]),
        (2, 2, frames[2]),
    ]
    assert found[TRAIN].image_id is None


@pytest.mark.parametrize(
    ("frame", "time_of_day", "place"),
    [
        ("set00/V008/I00019", "day", "campus"),
        ("set04/V000/I00019", "night", "road"),
        ("set08/V001/I00019", "day", "downtown"),
        ("set11/V001/I00019", "night", "downtown"),
    ],
)
def test_the_number_of_the_set_tells_time_and_place_and_the_video_is_the_cluster(tmp_path, frame, time_of_day, place):
    entry = entries(official(tmp_path, frame))[0]
    folder, video, _ = frame.split("/")
    assert entry.attributes == {"time_of_day": time_of_day, "place": place, "set": folder, "video": video}
    assert entry.cluster == f"{folder}/{video}"


def test_without_lists_the_rules_of_the_lists_choose_among_the_frames_that_are_there(tmp_path):
    frames = [f"{video}/I{number:05d}" for video in ("set05/V000", "set06/V000") for number in (0, 1, 3, 19, 39)]
    chosen = {}
    for entry in entries(official(tmp_path, *frames)):
        chosen.setdefault(entry.split, []).append(int(entry.official_id[-5:]))
    assert chosen == {
        "train": [0, 1, 3, 19, 39],
        "train-02": [1, 3, 19, 39],
        "train-04": [3, 19, 39],
        "train-20": [19, 39],
        "test": [19, 39],
    }


def test_lists_of_wrong_or_repeated_frames_are_never_read(tmp_path):
    official(tmp_path, TEST, "set06/V000/I00000")
    listed(tmp_path, "old/test20_new", "set06/V000/I00000")
    listed(tmp_path, "test-all-01-Seq", TEST, TEST)
    listed(tmp_path, "test-all-20", TEST)
    assert [(entry.split, entry.official_id) for entry in entries(tmp_path)] == [("test", TEST)]


def test_known_training_sets_are_recognised_by_their_lists(tmp_path):
    official(tmp_path, TRAIN)
    put(tmp_path, "splits/trainval.txt", f"{TRAIN}\n")
    listed(tmp_path, "train-mbnet", TRAIN)
    put(tmp_path, "sanitized_annotations/set00_V000_I00001.txt", "% bbGt version=3\n")
    found = {entry.split: set(entry.files) - {"rgb", "lwir"} for entry in entries(tmp_path)}
    assert found == {
        "sanitized": {"sanitized", "original"},
        "arcnn": {"original"},
        "mbnet": {"original"},
    }
    assert all(SPLITS[split].on_request for split in found)


def test_the_xml_of_the_release_holds_improved_labels_on_test_frames_and_original_ones_on_training_frames(tmp_path):
    official(tmp_path, TRAIN, TEST)
    listed(tmp_path, "train-all-01", TRAIN)
    listed(tmp_path, "test-all-20", TEST)
    listed(tmp_path, "test-all-01", TEST)
    assert {pair.entry.split: set(pair.labels) for pair in pairs(tmp_path)} == {
        "train": {"original"},
        "test": {"improved"},
        "test-all": {"mixed"},
    }


def test_text_of_the_release_holds_original_labels_on_all_frames(tmp_path):
    images(tmp_path, TRAIN, TEST)
    for frame in (TRAIN, TEST):
        write_bbgt(tmp_path / f"annotations/{frame}.txt", boxes=[BOX])
    assert {pair.entry.split: set(pair.labels) for pair in pairs(tmp_path)} == {
        "train": {"original"},
        "train-02": {"original"},
        "test": {"original"},
    }


def test_original_text_and_improved_xml_live_beside_each_other(tmp_path):
    official(tmp_path, TEST)
    write_bbgt(tmp_path / f"annotations/{TEST}.txt", boxes=[BOX, BOX])
    (pair,) = pairs(tmp_path)
    assert {name: len(boxes.labels) for name, boxes in pair.labels.items()} == {"improved": 1, "original": 2}


@pytest.mark.parametrize("folder", ["annotations_paired", "annotations"])
def test_paired_labels_follow_one_camera_each(tmp_path, folder):
    images(tmp_path, TRAIN)
    write_bbgt(tmp_path / f"{folder}/set00/V000/visible/I00001.txt", boxes=[BOX])
    write_bbgt(tmp_path / f"{folder}/set00/V000/lwir/I00001.txt", boxes=[("unpaired", (3, 2, 6, 7))])
    pair = pairs(tmp_path)[0]
    rgb, lwir = pair.labels["paired_rgb"], pair.labels["paired_lwir"]
    assert (rgb.frame, lwir.frame) == ("rgb", "x")
    assert (rgb.ignore.tolist(), lwir.ignore.tolist()) == ([False], [True])
    np.testing.assert_array_equal(lwir.xyxy, [[3, 2, 6, 7]])


def test_only_persons_are_objects_and_everything_is_kept(tmp_path):
    images(tmp_path, TEST)
    lines = [
        "person 600 500 46 13 2 1 2 3 4 0 0",
        "people 0 1 9 9 0 0 0 0 0 0 0",
        "person? 1 1 9 9 1 0 0 0 0 0 0",
        "cyclist 1 1 9 9 0 0 0 0 0 0 0",
        "person 1 1 9 9 0 0 0 0 0 1 0",
    ]
    put(tmp_path, "annotations/set06_V000_I00019.txt", "\n".join(["% bbGt version=3", *lines]))
    boxes = pairs(tmp_path)[0].labels["improved"]
    assert [CARD.label_sets["improved"].classes[label - 1].name for label in boxes.labels] == [
        line.split()[0] for line in lines
    ]
    assert boxes.ignore.tolist() == [False, True, True, True, True]
    assert boxes.occlusion.tolist() == [2, 0, 1, 0, 0]
    assert boxes.xyxy[0].tolist() == [600, 500, 646, 513]
    assert boxes.raw[0].tolist() == [600, 500, 46, 13, 1, 2, 3, 4]
    assert boxes.convention == "bbgt-xywh as written, half-open"


def test_xml_of_the_repositorys_converter_states_corners(tmp_path):
    images(tmp_path, TEST)
    corners = "<xmin>10.0</xmin><ymin>20.0</ymin><xmax>15.0</xmax><ymax>32.0</ymax>"
    item = f"<object><name>person</name><bndbox>{corners}</bndbox><occlusion>1</occlusion></object>"
    put(tmp_path, f"annotations-xml/{TEST}.xml", f"<annotation>{item}</annotation>")
    boxes = pairs(tmp_path)[0].labels["original"]
    assert (boxes.xyxy.tolist(), boxes.raw.tolist()) == ([[10, 20, 15, 32]], [[10, 20, 15, 32]])
    assert boxes.convention == "kaist-xml-xyxy as written, half-open"


def video(frames):
    """A vbb file in which frame `n` holds one person at x = n + 1."""
    lists = np.empty((1, frames), object)
    for number in range(frames):
        item = np.empty((1, 1), [(name, object) for name in ("id", "pos", "occl", "lock", "posv")])
        item[0, 0] = (1.0, np.array([[number + 1.0, 2, 3, 4]]), 1.0, 0.0, np.zeros((1, 4)))
        lists[0, number] = item
    labels = np.array([["person"]], object)
    stream = io.BytesIO()
    scipy.io.savemat(stream, {"A": {"nFrame": float(frames), "objLists": lists, "objLbl": labels}})
    return stream.getvalue()


def test_a_video_file_holds_the_labels_of_all_its_frames(tmp_path):
    images(tmp_path, TEST, "set06/V000/I00039")
    put(tmp_path, "annotations-vbb/set06/V000.vbb", video(20))
    layout = recognise(SOURCE, tmp_path)
    first, second = SOURCE.entries(tmp_path, layout)
    boxes = SOURCE.pair(tmp_path, layout, first).labels["original"]
    assert (boxes.raw.tolist(), boxes.occlusion.tolist()) == ([[20, 2, 3, 4, 0, 0, 0, 0]], [1])
    with pytest.raises(InputFileError, match=r"V000\.vbb: annotates 20 frames, and none with the number 39"):
        SOURCE.pair(tmp_path, layout, second)


def test_the_leaderboards_ground_truth_is_a_label_set_of_its_own(tmp_path):
    images(tmp_path, TEST)
    truth = {
        "images": [{"id": 0, "im_name": TEST}],
        "categories": [{"id": 0, "name": "__ignore__"}, {"id": 1, "name": "person"}],
        "annotations": [
            {"id": 0, "image_id": 0, "category_id": 1, "bbox": [1, 2, 3, 4], "occlusion": 2, "ignore": 1},
            {"id": 1, "image_id": 0, "category_id": 1, "bbox": [5, 6, 7, 8], "occlusion": 0, "ignore": 0},
        ],
    }
    put(tmp_path, "KAIST_annotation.json", json.dumps(truth))
    boxes = pairs(tmp_path)[0].labels["leaderboard"]
    assert (boxes.ignore.tolist(), boxes.occlusion.tolist(), boxes.labels.tolist()) == ([True, False], [2, 0], [1, 1])
    assert boxes.xyxy[1].tolist() == [5, 6, 12, 14]


def test_a_split_without_labels_is_left_out_and_a_tree_without_any_is_refused(tmp_path):
    official(tmp_path, TRAIN)
    images(tmp_path, TEST)
    (tmp_path / "annotations-xml-new").rename(tmp_path / "annotations-xml-15")
    with pytest.raises(
        LayoutError, match="holds images and no annotations; expected annotations-xml-new, annotations,"
    ):
        entries(tmp_path)
    put(tmp_path, "annotations_paired/set00/V000/visible/I00001.txt", "% bbGt version=3\n")
    put(tmp_path, "annotations_paired/set00/V000/lwir/I00001.txt", "% bbGt version=3\n")
    assert {entry.split for entry in entries(tmp_path)} == {"train", "train-02"}


def test_lists_that_name_no_split_are_not_enough(tmp_path):
    official(tmp_path, TRAIN)
    listed(tmp_path, "train-all", TRAIN)
    with pytest.raises(LayoutError, match="no list names frames, and the folders hold none of any split"):
        entries(tmp_path)


@pytest.mark.parametrize("line", ["set12/V000/I00019", "set06/V000/I19", "../set06/V000/I00019", "set06_V000_I00019"])
def test_a_line_that_is_no_frame_is_named(tmp_path, line):
    official(tmp_path, TEST)
    listed(tmp_path, "test-all-20", TEST, line)
    with pytest.raises(InputFileError, match=r"test-all-20\.txt:2: .* is no id of this dataset"):
        entries(tmp_path)


@pytest.mark.parametrize("lost", ["images/set06/V000/visible/I00019.jpg", "annotations-xml-new/set06/V000/I00019.xml"])
def test_a_missing_twin_is_named_with_the_file_that_is_there(tmp_path, lost):
    official(tmp_path, TEST, "set06/V000/I00039")
    (tmp_path / lost).unlink()
    layout = recognise(SOURCE, tmp_path)
    first, second = SOURCE.entries(tmp_path, layout)
    with pytest.raises(InputFileError, match=f"{lost}: missing, while its twin .* exists"):
        SOURCE.pair(tmp_path, layout, first)
    SOURCE.pair(tmp_path, layout, second)


def test_a_class_that_the_card_does_not_name_is_an_error(tmp_path):
    official(tmp_path, TEST, boxes=[("persons", (1, 2, 3, 4))])
    with pytest.raises(LabelError, match=r"I00019\.xml: holds the class 'persons', .* did you mean person"):
        pairs(tmp_path)


def test_a_name_in_m_specgenes_copy_that_is_no_frame_is_named(tmp_path):
    (tmp_path / "coco2").mkdir()
    write_coco(tmp_path / "coco/annotations/KAIST_test.json", size=(10, 8), boxes={"00001.jpg": []})
    with pytest.raises(InputFileError, match=r"KAIST_test\.json: '00001\.jpg' is no frame; expected names like"):
        entries(tmp_path)


def test_overlapping_splits_with_other_labels_are_prepared_together(tmp_path):
    raw, out = official(tmp_path / "raw", TRAIN, TEST), tmp_path / "out"
    write_bbgt(raw / "sanitized_annotations/set00_V000_I00001.txt", boxes=[BOX, BOX])
    listed(raw, "train-all-01", TRAIN)
    listed(raw, "test-all-20", TEST)
    listed(raw, "test-all-01", TEST)
    assert prepare(SOURCE, CARD, raw, out, workers=1, options=Options(limit=1)).splits.keys() == {"train", "test"}
    everything = Options(splits=("train", "sanitized", "test", "test-all"), limit=1)
    prepare(SOURCE, CARD, raw, out, workers=1, options=everything)
    (sample,) = open_split(out, split="sanitized")
    assert {name: len(boxes.labels) for name, boxes in sample.boxes.items()} == {"sanitized": 2, "original": 1}
    (sample,) = open_split(out, split="test")
    assert set(sample.boxes) == {"improved"}


def test_in_the_unified_space_all_but_persons_hide_detections():
    labels = LabelMap.of(CARD.label_sets["improved"])
    hidden = {labels.native[native] for native, unified in labels.unified.items() if unified == IGNORE}
    assert hidden == {"people", "person?", "cyclist"}
    rules = protocol("kaist/ap50@improved")
    assert (rules.label_set, rules.label_space, rules.split) == ("improved", "unified", "test")


def test_detections_of_groups_and_cyclists_are_neither_hits_nor_misses(tmp_path):
    """One of two persons is found, and both detections on what is ignored come first: half, not a sixth."""
    raw, out = tmp_path / "raw", tmp_path / "out"
    places = {"cyclist": (0, 0, 2, 4), "people": (2, 0, 4, 4), "person": (4, 0, 6, 4)}
    official(raw, TEST, boxes=[*places.items(), ("person", (7, 0, 9, 4))])
    listed(raw, "test-all-20", TEST)
    prepare(SOURCE, CARD, raw, out, workers=1, options=Options(limit=1))
    truth = open_split(out, split="test", label_space="unified", label_sets=["improved"])
    (person,) = truth.classes("improved")
    rows = [
        {"image_id": 0, "category_id": person, "bbox": [x1, y1, x2 - x1, y2 - y1], "score": score}
        for score, (x1, y1, x2, y2) in zip((0.9, 0.8, 0.7), places.values(), strict=True)
    ]
    put(tmp_path, "detections.json", json.dumps(rows))
    (rules,) = (rules for name, rules in protocols_of(truth.manifest).items() if name.endswith("/ap50@improved"))
    assert score_of(rules, truth, tmp_path / "detections.json").metrics["ap50"] == pytest.approx(100 * 51 / 101)


@needs("samples/kaist/imageSets")
@pytest.mark.parametrize(
    ("split", "name"),
    [("train-02", "train-all-02"), ("train-04", "train-all-04"), ("train-20", "train-all-20"), ("test", "test-all-20")],
)
def test_the_cards_splits_are_the_official_lists(split, name):
    frames = (SAMPLES / f"kaist/imageSets/{name}.txt").read_text().split()
    facts = SPLITS[split]
    assert (len(frames), keys_sha256(frames)) == (facts.count, facts.keys_sha256)
    nights = sum(int(frame[3:5]) % 6 >= 3 for frame in frames)
    assert facts.attributes["time_of_day"] == {"day": len(frames) - nights, "night": nights}
    places = Counter(("campus", "road", "downtown")[int(frame[3:5]) % 3] for frame in frames)
    assert facts.attributes["place"] == dict(places)


@needs("samples/kaist/imageSets")
def test_the_rules_give_the_official_lists(tmp_path):
    """Every frame that any list names is there: by the rules, the lists come out again."""
    names = {split: f"train-all-{split[-2:]}" for split in ("train-02", "train-04", "train-20")} | {
        "test": "test-all-20"
    }
    lists = {split: (SAMPLES / f"kaist/imageSets/{name}.txt").read_text().split() for split, name in names.items()}
    for frame in lists["train-20"] + lists["test"]:
        put(tmp_path, "images/{}/{}/visible/{}.jpg".format(*frame.split("/")), b"")
    (tmp_path / "images/set00/V000/lwir").mkdir()
    (tmp_path / "images/set00/V000/lwir/I00019.jpg").touch()
    (tmp_path / "annotations-xml-new").mkdir()
    found = {}
    for entry in entries(tmp_path):
        found.setdefault(entry.split, []).append(entry.official_id)
    assert found["test"] == lists["test"]
    assert found["train"] == found["train-20"] == lists["train-20"]
    assert set(found["train-20"]) < set(lists["train-04"]) < set(lists["train-02"])


@needs("samples/kaist/imageSets", "golden/kaist")
def test_the_2252_test_frames_come_in_the_leaderboards_order_from_16_videos(tmp_path):
    put(tmp_path, "imageSets/test-all-20.txt", (SAMPLES / "kaist/imageSets/test-all-20.txt").read_bytes())
    put(tmp_path, "KAIST_annotation.json", (GOLDEN / "KAIST_annotation.json").read_bytes())
    images(tmp_path, TEST)
    found = entries(tmp_path)
    truth = json.loads((GOLDEN / "KAIST_annotation.json").read_text())["images"]
    assert [(entry.official_id, entry.image_id) for entry in found] == [
        (image["im_name"], image["id"]) for image in truth
    ]
    assert len({entry.cluster for entry in found}) == 16
    assert keys_sha256([entry.key for entry in found]) == SPLITS["test"].keys_sha256


@pytest.fixture(scope="module")
def improved(tmp_path_factory):
    """The devkit's text of the improved labels, and the leaderboard's JSON of them, as read here."""
    root = tmp_path_factory.mktemp("golden")
    with zipfile.ZipFile(GOLDEN / "improved_annotations_bbgt.zip") as archive:
        archive.extractall(root)
    put(root, "KAIST_annotation.json", (GOLDEN / "KAIST_annotation.json").read_bytes())
    frames = [image["im_name"] for image in json.loads((root / "KAIST_annotation.json").read_text())["images"]]

    def read(frame, label_set):
        text = f"test-all/annotations/{frame.replace('/', '_')}.txt"
        files = {"improved": text, "leaderboard": "KAIST_annotation.json"}
        entry = Entry(key=frame, official_id=frame, split="test", order=0, files=files)
        return read_labels(root, entry, label_set, CARD.label_sets[label_set])

    return {frame: (read(frame, "improved"), read(frame, "leaderboard")) for frame in frames}


@needs("golden/kaist")
def test_text_and_json_of_the_improved_labels_hold_the_same_boxes(improved):
    assert len(improved) == 2252
    for text, folded in improved.values():
        np.testing.assert_array_equal(text.xyxy, folded.xyxy)
        np.testing.assert_array_equal(text.occlusion, folded.occlusion)
        np.testing.assert_array_equal(text.ignore, folded.ignore)
        assert set(folded.labels.tolist()) <= {1}


@needs("golden/kaist")
def test_the_card_counts_the_improved_labels(improved):
    names = {entry.id: entry.name for entry in CARD.label_sets["improved"].classes}
    counted = Counter(names[label] for text, _ in improved.values() for label in text.labels.tolist())
    assert counted == SPLITS["test"].objects["improved"]
    assert sum(not len(text.labels) for text, _ in improved.values()) == 852
    day = sum(len(text.labels) for frame, (text, _) in improved.items() if frame < "set09")
    assert (day, sum(counted.values())) == (2909, 4254)


@needs("golden/kaist")
def test_reasonable_pedestrians_number_1455(improved):
    """Height from 55, at most partly occluded, inside the border of 5 pixels: as counted by the MATLAB kit."""
    found = 0
    for text, _ in improved.values():
        inside = (text.xyxy >= 5).all(axis=1) & (text.xyxy <= [635, 507, 635, 507]).all(axis=1)
        tall = text.raw[:, 3] >= 55
        found += int((~text.ignore & inside & tall & (text.occlusion < 2)).sum())
    assert found == 1455


@needs("golden/kaist", "samples/kaist/annotations-xml")
def test_xml_of_the_release_agrees_with_the_improved_text_but_for_what_others_labelled_again(tmp_path, improved):
    folder = SAMPLES / "kaist/annotations-xml"
    differing = []
    for file in sorted(folder.glob("*/*/*.xml")):
        frame = f"{file.parent.parent.name}/{file.parent.name}/{file.stem}"
        if frame not in improved:
            continue
        put(tmp_path, f"{frame}.xml", file.read_bytes())
        entry = Entry(key=frame, official_id=frame, split="test", order=0, files={"improved": f"{frame}.xml"})
        boxes = read_labels(tmp_path, entry, "improved", CARD.label_sets["improved"])
        if not np.array_equal(boxes.xyxy, improved[frame][0].xyxy):
            differing.append(frame)
    assert differing == ["set08/V001/I02579"]


@needs("golden/kaist", "samples/kaist/set06_V001_I00459_lwir.png")
def test_the_png_demo_copies_read_with_the_devkits_labels(tmp_path, improved):
    for file in (SAMPLES / "kaist").glob("set*.png"):
        put(tmp_path, file.name, file.read_bytes())
    with zipfile.ZipFile(GOLDEN / "improved_annotations_bbgt.zip") as archive:
        archive.extractall(tmp_path)
    assert recognise(SOURCE, tmp_path).name == "msds"
    found = pairs(tmp_path)
    assert [pair.entry.official_id for pair in found][:2] == ["set06/V001/I00459", "set08/V001/I02579"]
    assert len(found) == 8
    for pair in found:
        rgb, lwir = pair.images["rgb"], pair.images["lwir"]
        assert (rgb.width, rgb.height, rgb.channels, lwir.channels) == (640, 512, 3, 3)
        assert lwir.data == (SAMPLES / "kaist" / lwir.source).read_bytes()
        np.testing.assert_array_equal(pair.labels["improved"].raw, improved[pair.entry.official_id][0].raw)


@needs("samples/kaist/bbgt-demo")
def test_the_demo_of_liu_et_al_reads_and_its_caltech_frames_are_refused(tmp_path):
    for file in (SAMPLES / "kaist/bbgt-demo").glob("*/*"):
        put(tmp_path, f"{file.parent.name}/{file.name}", file.read_bytes())
    layout = recognise(SOURCE, tmp_path)
    outcomes = {}
    for entry in SOURCE.entries(tmp_path, layout):
        try:
            outcomes[entry.official_id] = len(SOURCE.pair(tmp_path, layout, entry).labels["improved"].labels)
        except InputFileError as error:
            outcomes[entry.official_id] = "missing, while its twin" in str(error)
    assert layout.name == "color-thermal"
    assert outcomes == {
        "set06/V002/I00779": True,
        "set07/V000/I01619": True,
        "set07/V002/I01379": 2,
        "set08/V001/I02559": 16,
        "set09/V000/I00899": True,
        "set09/V000/I00939": 2,
        "set10/V001/I01159": 0,
    }
