"""Published forms of detections: the same boxes from each, and every fault named."""

import json
import tarfile
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rgbtbench.errors import PredictionError
from rgbtbench.predictions.detections import read_detections
from rgbtbench.predictions.yolo_text import image_stems

KEYS = tuple(f"set06/V000/I000{number}9" for number in (1, 3, 5))
STEMS = tuple(key.replace("/", "_") for key in KEYS)
IDS = (10, 11, 12)
CLASSES = {1: "person", 2: "cyclist"}
ROWS = "1,10.5,20,30,40,0.25\n3,1,2,3,4,-1.5\n1,11,21,31,41,0.75\n"
FRAMES = {
    STEMS[0]: "person 10.5 20 40.5 60 0.25\nperson 11 21 42 62 0.75\n",
    STEMS[1]: "",
    STEMS[2]: "person 1 2 4 6 -1.5\n",
}


def read(path, *, scored=KEYS):
    return read_detections(
        path,
        keys=KEYS,
        image_ids=IDS,
        classes=CLASSES,
        default_class=1,
        scored=scored,
        frame_size=lambda _: (512, 640),
    )


def text(tmp_path, content, name="results.txt"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def folder(tmp_path, frames):
    for name, content in frames.items():
        path = tmp_path / "frames" / f"{name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return tmp_path / "frames"


def archive(tmp_path, frames, *, top="result/"):
    with zipfile.ZipFile(tmp_path / "frames.zip", "w") as file:
        for name, content in frames.items():
            file.writestr(f"{top}{name}.txt", content)
    return tmp_path / "frames.zip"


def as_json(tmp_path):
    rows = [
        {"image_id": 10, "category_id": 1.0, "bbox": [10.5, 20, 30, 40], "score": 0.25},
        {"image_id": 12, "category_id": 1, "bbox": [1, 2, 3, 4], "score": -1.5},
        {"image_id": 10, "category_id": 1, "bbox": [11, 21, 31, 41], "score": 0.75},
    ]
    return text(tmp_path, json.dumps(rows), "results.json")


def test_all_forms_hold_the_same_boxes_by_image_and_falling_score(tmp_path):
    rows = text(tmp_path, ROWS)
    forms = [rows, as_json(tmp_path), folder(tmp_path, FRAMES), archive(tmp_path, FRAMES)]
    found = [read(path) for path in forms]
    assert [one.frame_files for one in found] == [False, False, True, True]
    assert {one.table.sha256 for one in found} == {found[0].table.sha256}
    table = found[0].table
    assert table.image_ids.tolist() == [10, 10, 12]
    assert table.labels.tolist() == [1, 1, 1]
    assert table.scores.tolist() == [0.75, 0.25, -1.5]
    assert table.xywh.tolist() == [[11, 21, 31, 41], [10.5, 20, 30, 40], [1, 2, 3, 4]]


def test_rows_may_be_separated_by_blanks_begin_with_a_mark_and_end_like_windows_lines(tmp_path):
    expected = read(text(tmp_path, ROWS)).table.sha256
    for other in (
        ROWS.replace(",", "  "),
        ROWS.replace(",", ", "),
        "\ufeff" + ROWS.replace("\n", "\r\n\r\n"),
        ROWS * 1,
    ):
        assert read(text(tmp_path, other)).table.sha256 == expected


def test_the_order_of_rows_changes_nothing(tmp_path):
    lines = ROWS.splitlines()
    expected = read(text(tmp_path, ROWS)).table.sha256
    assert read(text(tmp_path, "\n".join(reversed(lines)))).table.sha256 == expected


def test_the_only_text_of_a_folder_or_archive_holds_rows(tmp_path):
    path = tmp_path / "results" / "MLPD_result.txt"
    path.parent.mkdir()
    path.write_text(ROWS)
    expected = read(path).table.sha256
    assert read(path.parent).table.sha256 == expected
    assert read(archive(tmp_path, {"MLPD_result": ROWS})).table.sha256 == expected


def test_a_text_without_rows_has_no_detections(tmp_path):
    assert len(read(text(tmp_path, "\n")).table.scores) == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("1,2,3,4,5\n", r"txt:1: '1,2,3,4,5' is no row; expected image number,x,y,width,height,score"),
        ("1,2,3,4,5,0.5,7\n", "txt:1: .* is no row"),
        ("1,2,3,4,5,0.5\n1,2,3,4,5,high\n", "txt:2: .* is no row"),
        ("1,2,3,4,5,0.5\n\n1.5,2,3,4,5,0.5\n", "txt:3: .* is no row"),
        ("nan,2,3,4,5,0.5\n", "txt:1: .* is no row"),
        ("1 2 3 4 5 0.5\n1,2,3,4,5,0.5\n", "txt:1: .* is no row"),
        ("0,2,3,4,5,0.5\n", "txt:1: image number 0; expected 1 to 3"),
        ("1,2,3,4,5,0.5\n\n4,2,3,4,5,0.5\n", "txt:3: image number 4"),
        ("1,2,3,4,5,nan\n", "line 1: nan is no finite score"),
        ("1,2,3,4,5,0.5\n1,2,inf,4,5,0.5\n", "line 2: .* is no finite bbox"),
        ("1,2,3,0,5,0.5\n", "line 1: .* without area"),
        ("1,2,3,4,-5,0.5\n", "line 1: .* without area"),
        (b"\xff\xfe1,2", "is not UTF-8 text"),
    ],
)
def test_faults_of_rows_are_named(tmp_path, content, words):
    with pytest.raises(PredictionError, match=words):
        read(text(tmp_path, content))


def test_a_frame_without_its_file_is_missed_only_if_it_is_scored(tmp_path):
    path = folder(tmp_path, {stem: FRAMES[stem] for stem in (STEMS[0], STEMS[2])})
    with pytest.raises(PredictionError, match=rf"holds no file for 1 of 3 images, the first {STEMS[1]}\.txt; write an"):
        read(path)
    assert len(read(path, scored=(KEYS[0], KEYS[2])).table.scores) == 3


@pytest.mark.parametrize(
    ("frames", "words"),
    [
        ({**FRAMES, "set06_V000_I00020": ""}, "set06_V000_I00020.txt is of no image of the split; did you mean"),
        ({**FRAMES, f"again/{STEMS[0]}": ""}, "holds two files for one image"),
        ({**FRAMES, STEMS[1]: "person 1 2 3 4\n"}, rf"{STEMS[1]}.txt:1: 'person 1 2 3 4' is no box"),
        ({**FRAMES, STEMS[1]: "person 1 2 3 4 high\n"}, "is no box"),
        ({**FRAMES, STEMS[1]: "\nporson 1 2 3 4 0.5\n"}, "txt:2: no class 'porson'; did you mean person"),
        ({**FRAMES, STEMS[1]: "person 3 2 1 4 0.5\n"}, "without area, or not finite"),
        ({**FRAMES, STEMS[1]: "person 1 2 3 4 nan\n"}, "without area, or not finite"),
        ({**FRAMES, STEMS[1]: "person 1 2 3 4 0.5\n" * 60_000}, "has 1140000 bytes; expected at most 1048576"),
    ],
)
def test_faults_of_frames_are_named(tmp_path, frames, words):
    with pytest.raises(PredictionError, match=words):
        read(folder(tmp_path, frames))


def test_a_file_of_bytes_that_are_no_text_is_named(tmp_path):
    path = folder(tmp_path, FRAMES)
    (path / f"{STEMS[0]}.txt").write_bytes(b"person \xff")
    with pytest.raises(PredictionError, match=f"{STEMS[0]}.txt is not UTF-8 text"):
        read(path)


def test_other_classes_are_kept_apart(tmp_path):
    found = read(folder(tmp_path, {**FRAMES, STEMS[1]: "cyclist 1 2 3 4 0.5\n"})).table
    assert found.labels.tolist() == [1, 1, 2, 1]


@pytest.mark.parametrize("name", ["results.pkl", "missing.txt"])
def test_what_is_no_form_is_refused(tmp_path, name):
    if name == "results.pkl":
        text(tmp_path, b"\x80\x04", name)
    with pytest.raises(PredictionError):
        read(tmp_path / name)


@pytest.mark.parametrize("name", ["results.json", "results/mine.json", "all/detections.json"])
def test_an_archive_of_coco_results_is_read_like_the_file(tmp_path, name):
    file = as_json(tmp_path)
    with zipfile.ZipFile(tmp_path / "results.zip", "w") as archive:
        archive.write(file, name)
    with tarfile.open(tmp_path / "results.tar", "w") as tape:
        tape.add(file, name)
    for packed in ("results.zip", "results.tar"):
        assert read(tmp_path / packed).table.sha256 == read(file).table.sha256


def test_faults_in_an_archive_name_the_file_in_it(tmp_path):
    with zipfile.ZipFile(tmp_path / "results.zip", "w") as archive:
        archive.writestr("mine.json", "[1]")
    with pytest.raises(PredictionError, match=r"results\.zip: mine\.json: row 0: int instead of a mapping"):
        read(tmp_path / "results.zip")
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("mine.json", "[]")
        archive.writestr("theirs.json", "[]")
    with pytest.raises(PredictionError, match=r"holds 2 JSON files; expected a detections\.json"):
        read(tmp_path / "two.zip")
    with zipfile.ZipFile(tmp_path / "none.zip", "w"):
        pass
    with pytest.raises(PredictionError, match=r"holds 0 JSON files"):
        read(tmp_path / "none.zip")


def test_coco_results_keep_their_checks(tmp_path):
    wrong = [{"image_id": 10, "category_id": 1.5, "bbox": [1, 2, 3, 4], "score": 1}]
    with pytest.raises(PredictionError, match=r"row 0: category_id 1\.5 is no whole number"):
        read(text(tmp_path, json.dumps(wrong), "results.json"))


def test_numbers_are_read_to_the_last_bit(tmp_path):
    values = np.random.default_rng(0).random((200, 4)) * 600 + 1e-9
    lines = [f"{1 + at % 3},{x!r},{y!r},{w!r},{h!r},{w / 600!r}" for at, (x, y, w, h) in enumerate(values.tolist())]
    found = read(text(tmp_path, "\n".join(lines))).table.xywh
    assert sorted(map(tuple, found.tolist())) == sorted(map(tuple, values.tolist()))


def parquet(tmp_path, **changes):
    columns = {
        "image_id": [10, 12, 10],
        "category_id": [1, 1, 1],
        "bbox": [[10.5, 20.0, 30.0, 40.0], [1.0, 2.0, 3.0, 4.0], [11.0, 21.0, 31.0, 41.0]],
        "score": [0.25, -1.5, 0.75],
    }
    path = tmp_path / "results.parquet"
    pq.write_table(pa.table({name: value for name, value in (columns | changes).items() if value is not None}), path)
    return path


def test_a_parquet_table_holds_the_same_boxes(tmp_path):
    assert read(parquet(tmp_path)).table.sha256 == read(as_json(tmp_path)).table.sha256


def test_a_parquet_table_may_hold_quadrilaterals(tmp_path):
    square = [0.0, 0.0, 10.0, 0.0, 10.0, 20.0, 0.0, 20.0]
    table = read(parquet(tmp_path, polygon=[square] * 3)).table
    assert table.xywh.tolist() == [[0, 0, 10, 20]] * 3
    assert table.corners[0].tolist() == [[0, 0], [10, 0], [10, 20], [0, 20]]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"score": None}, "no column score"),
        ({"bbox": [[1.0, 2.0, 3.0]] * 3}, "bbox of another length"),
        ({"bbox": [[1.0, 2.0, 3.0], [1.0] * 5, [1.0] * 4]}, "bbox of another length"),
        ({"bbox": [1.0, 2.0, 3.0]}, "another type"),
        ({"image_id": [10, None, 12]}, "empty values"),
        ({"image_id": [10.5, 10.0, 12.0]}, "no whole numbers"),
        ({"image_id": [10, 99, 12]}, "row 1: 99 is no image"),
        ({"score": [0.1, float("nan"), 0.2]}, "row 1: nan is no finite score"),
    ],
)
def test_a_fault_of_a_parquet_table_is_named(tmp_path, changes, said):
    with pytest.raises(PredictionError, match=said):
        read(parquet(tmp_path, **changes))


def test_a_file_that_is_no_parquet_is_named(tmp_path):
    with pytest.raises(PredictionError, match="is no table of boxes"):
        read(text(tmp_path, "PAR1 and nothing else", "results.parquet"))


def test_yolo_files_hold_the_same_boxes_in_parts_of_the_image(tmp_path):
    rows = {
        STEMS[
            0
        ]: "1 0.03984375 0.078125 0.046875 0.078125 0.25\n1 0.04140625 0.0810546875 0.0484375 0.080078125 0.75\n",
        STEMS[2]: "1 0.00390625 0.0078125 0.0046875 0.0078125 -1.5\n",
    }
    found, expected = read(folder(tmp_path, rows)).table, read(as_json(tmp_path)).table
    assert found.image_ids.tolist() == expected.image_ids.tolist()
    assert found.xywh == pytest.approx(expected.xywh)
    assert found.scores.tolist() == expected.scores.tolist()


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("1 0.5 0.5 0.1 0.1", "holds a line that is no row"),
        ("1 0.5 0.5 0.1 0.1 0.9 0.9", "holds a line that is no row"),
        ("1.5 0.5 0.5 0.1 0.1 0.9", "holds a line that is no row"),
        ("7 0.5 0.5 0.1 0.1 0.9", "7 is no category_id"),
        ("1 0.5 0.5 0 0.1 0.9", "without area"),
        ("1 0.5 nan 0.1 0.1 0.9", "no finite bbox"),
    ],
)
def test_a_fault_of_a_yolo_file_is_named(tmp_path, rows, said):
    with pytest.raises(PredictionError, match=said):
        read(folder(tmp_path, {STEMS[0]: rows}))


def test_images_are_known_by_the_end_of_their_key_unless_two_end_alike():
    assert image_stems(["test/one", "test/two"]) == {"one": 0, "two": 1, "test_one": 0, "test_two": 1}
    assert image_stems(["a/one.jpg", "b/one.jpg"]) == {"a_one": 0, "b_one": 1}
