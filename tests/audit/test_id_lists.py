"""Id lists in the shapes in which people publish them."""

from __future__ import annotations

import json
import os

import pytest

from rgbtbench.audit.id_lists import read_ids
from rgbtbench.errors import InputFileError


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("plain.txt", "a/1\nb/2\n"),
        ("windows.txt", "\ufeffa/1\r\n\r\nb/2\r\n"),
        ("commas.txt", "a/1,\n,\n , \t,\nb/2,\n"),
        ("columns.txt", "a/1\tlabels/1.png\nb/2,labels/2.png\n"),
        ("texts.json", '["a/1", "b/2"]'),
        ("nested.json", '[["a/1"], ["b/2"]]'),
        ("repeated.json", '["a/1", "b/2", "a/1"]'),
        ("rows.json", '[{"id": "0", "image": ["a/1"]}, {"id": "1", "image": ["b/2"]}]'),
        ("lines.jsonl", '{"image": "a/1"}\n{"image": "b/2"}\n'),
        ("one after another.json", '{"image": ["a/1"]},\n{"image": ["b/2"]},\n'),
        (
            "coco.json",
            json.dumps(
                {"images": [{"id": 1, "file_name": "a/1"}, {"id": 2, "file_name": "b/2"}], "annotations": [{"id": 7}]}
            ),
        ),
    ],
)
def test_every_shape_gives_the_same_ids(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8", newline="")
    assert read_ids(path) == ["a/1", "b/2"]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.txt", b"\n", "names no image"),
        ("numbers.json", b"[1, 2]", "names no image"),
        ("half.json", b'["a",\n"b', "half.json:2: not JSON"),
        ("binary.txt", b"\xff\xfe\x00", "not UTF-8"),
        ("deep.json", b"[" * 100_000, "not JSON"),
    ],
)
def test_what_is_no_list_is_one_clear_error(tmp_path, name, content, words):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputFileError, match=words):
        read_ids(path)


@pytest.mark.parametrize("instead", ["a pipe", "a device", "a folder"])
def test_a_list_that_is_no_file_is_not_waited_for(tmp_path, instead):
    path = tmp_path / "a.json"
    if instead == "a pipe":
        os.mkfifo(path)
    elif instead == "a device":
        path.symlink_to("/dev/zero")
    else:
        path.mkdir()
    with pytest.raises(InputFileError, match=r"a\.json: cannot be read"):
        read_ids(path)


def test_a_missing_list_is_named(tmp_path):
    with pytest.raises(InputFileError, match=r"nowhere\.txt: cannot be read"):
        read_ids(tmp_path / "nowhere.txt")
