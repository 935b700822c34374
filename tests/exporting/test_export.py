"""An export is whole or not there, overwrites nothing, and says what its format cannot hold."""

import json
import shutil

import pytest

from rgbtbench.errors import InputFileError, ShardError, UnknownNameError, UserError
from rgbtbench.exporting.export import export
from rgbtbench.exporting.folder import whole_folder
from rgbtbench.exporting.formats import FORMATS
from rgbtbench.loading.prepared import open_split

SETS = {"coco": "people", "voc": "people", "yolo": "people", "index-png": "semantic", "ade20k": "semantic"}


def files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("format_name", FORMATS)
def test_the_same_data_gives_the_same_bytes(tiny, tmp_path, format_name):
    for name in ("first", "second"):
        summary = export(tiny, tmp_path / name, format_name=format_name, label_set=SETS[format_name])
    first, second = files(tmp_path / "first"), files(tmp_path / "second")
    assert first == second
    assert json.loads(first.pop("export.json")) == json.loads(json.dumps(summary.to_json()))
    assert (summary.files, summary.bytes) == (len(first), sum(map(len, first.values())))
    assert summary.splits == {"train": 7, "test": 5}


@pytest.mark.parametrize("format_name", FORMATS)
def test_losses_that_every_format_has_are_named(tiny, tmp_path, format_name):
    summary = export(tiny, tmp_path / "out", format_name=format_name, label_set=SETS[format_name], splits=["test"])
    notes = [str(note) for note in summary.notes]
    assert "lwir has 16 bits, copied as they are; readers of 8 bits clip them (5 images)" in notes
    assert "lwir has another size than the frame of the labels (5 images)" in notes
    others = sorted({"captions", "hot", "people", "salient", "semantic"} - {SETS[format_name]})
    assert f"other labels are left out: {', '.join(others)} (5 samples)" in notes
    assert ("attributes are left out: time_of_day (5 samples)" in notes) == (format_name != "coco")


@pytest.mark.parametrize("format_name", ["coco", "voc", "yolo"])
def test_what_few_formats_hold_is_copied_and_named(aerial, tmp_path, format_name):
    summary = export(aerial, tmp_path / "out", format_name=format_name)
    written = files(tmp_path / "out")
    samples = open_split(aerial, "train")
    for position, key in enumerate(samples.keys):
        for modality, extension in {"lwir_raw": "png", "aolp": "npy", "polarisation": "npy"}.items():
            (path,) = (path for path in written if modality in path and path.endswith(f"{key}.{extension}"))
            assert written[path] == samples.member(position, f"{modality}.{extension}")
    notes = [str(note) for note in summary.notes]
    assert "aolp is a NumPy file, copied as it is; image readers cannot open it (7 images)" in notes
    assert "lwir_raw has 16 bits, copied as they are; readers of 8 bits clip them (7 images)" in notes
    assert "other labels are left out: captions (7 samples)" in notes
    upright = "oriented boxes are written as the upright boxes around them (6 boxes)"
    assert (upright in notes) == (format_name != "coco")


@pytest.mark.parametrize("there", ["file", "folder"])
def test_nothing_that_exists_is_overwritten(tiny, tmp_path, there):
    out = tmp_path / "out"
    if there == "folder":
        out.mkdir()
        (out / "mine.txt").write_text("mine")
    else:
        out.write_text("mine")
    with pytest.raises(UserError, match="name a new folder"):
        export(tiny, out, format_name="coco", label_set="people")
    assert [path.read_text() for path in tmp_path.rglob("*") if path.is_file()] == ["mine"]


def test_an_empty_folder_is_filled(tiny, tmp_path):
    (tmp_path / "out").mkdir()
    export(tiny, tmp_path / "out", format_name="voc", label_set="people")
    assert (tmp_path / "out/export.json").is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_damaged_data_leaves_nothing_behind(tiny, tmp_path):
    damaged = shutil.copytree(tiny, tmp_path / "damaged")
    last = sorted((damaged / "shards").iterdir())[-1]
    last.write_bytes(last.read_bytes()[:1024])
    with pytest.raises(ShardError):
        export(damaged, tmp_path / "out", format_name="coco", label_set="people")
    assert [path.name for path in tmp_path.iterdir()] == ["damaged"]


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"format_name": "cocoa"}, UnknownNameError, "did you mean coco"),
        ({"format_name": "coco"}, ShardError, "name one with --label-set: hot, people"),
        ({"format_name": "coco", "label_set": "peeple"}, ShardError, "did you mean people"),
        ({"format_name": "coco", "label_set": "semantic"}, ShardError, "coco holds labels of kind boxes"),
        ({"label_set": "people", "splits": ["trian"]}, ShardError, "did you mean train"),
        ({"label_set": "people", "label_space": "unifyed"}, UnknownNameError, "did you mean unified"),
        ({"label_set": "people", "modalities": ["lwir"]}, ShardError, "add --modality rgb"),
        ({"label_set": "people", "folders": ["rgb"]}, UserError, "names no folder"),
        ({"label_set": "people", "folders": ["rgb=../x"]}, UserError, "names no folder"),
        ({"label_set": "people", "folders": ["rbg=x"]}, UnknownNameError, "did you mean rgb"),
    ],
)
def test_a_mistake_is_one_error_and_writes_nothing(tiny, tmp_path, changes, kind, words):
    with pytest.raises(kind, match=words):
        export(tiny, tmp_path / "out", **{"format_name": "voc", **changes})
    assert list(tmp_path.iterdir()) == []


def test_splits_may_share_a_file_but_not_a_name(tmp_path):
    with whole_folder(tmp_path / "out") as tree:
        tree.write("a/1.png", b"one")
        tree.write("a/1.png", b"one")
        with pytest.raises(UserError, match="two samples are to be written"):
            tree.write("a/1.png", b"two")
    assert files(tmp_path / "out") == {"a/1.png": b"one"}
    assert tree.files == 1


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x", "a\\x"])
def test_no_name_leads_out_of_the_folder(tmp_path, name):
    with pytest.raises((UserError, InputFileError)), whole_folder(tmp_path / "out") as tree:
        tree.write(name, b"")
    assert list(tmp_path.iterdir()) == []
