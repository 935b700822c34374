"""Instruction files: rows in a list or one after another, and rows that are none."""

import json

import pytest

from rgbtbench.errors import InputFileError
from rgbtbench.formats.instruction_json import Instruction, read_instructions, read_instructions_once
from tests.formats.files import put


def row(number="0", **changes):
    turns = [{"from": "human", "value": "<image>\nWhat?"}, {"from": "gpt", "value": "That."}]
    return {"id": number, "image": ["/far/away/1.jpg"], "conversations": turns} | changes


ROW = Instruction("/far/away/1.jpg", "<image>\nWhat?", "That.")


@pytest.mark.parametrize(
    "text", [json.dumps([row("0"), row("1")]), f"{json.dumps(row('0'))},\n{json.dumps(row('1'))},\n"]
)
def test_rows_stand_in_a_list_or_one_after_another(tmp_path, text):
    put(tmp_path, "rows.json", text)
    assert read_instructions(tmp_path, "rows.json") == {"0": ROW, "1": ROW}


def test_a_file_is_parsed_again_when_it_has_changed(tmp_path):
    put(tmp_path, "rows.json", json.dumps([row("0")]))
    assert set(read_instructions_once(tmp_path, "rows.json")) == {"0"}
    put(tmp_path, "rows.json", json.dumps([row("0"), row("1")]))
    assert set(read_instructions_once(tmp_path, "rows.json")) == {"0", "1"}


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "holds no row"),
        ([row(), row()], "row 2 repeats the id '0'"),
        ([row(), 7], "row 2 has no id"),
        ([row(7)], "row 1 has no id"),
        ([row("5", image="1.jpg")], r"row 1 \(id '5'\) is not one image"),
        ([row("5", image=["1.jpg", "2.jpg"])], "is not one image"),
        ([row("5", conversations=row()["conversations"] * 2)], "is not one image"),
        ([row("5", conversations=[{"from": "human", "value": "What?"}])], "is not one image"),
        ([row("5", conversations=[{"from": "human", "value": 1}, {"from": "gpt", "value": "That."}])], "is not one"),
    ],
)
def test_other_content_names_the_row(tmp_path, rows, words):
    put(tmp_path, "rows.json", json.dumps(rows))
    with pytest.raises(InputFileError, match=words):
        read_instructions(tmp_path, "rows.json")


def test_a_missing_file_and_other_text_are_named(tmp_path):
    with pytest.raises(InputFileError, match=r"rows\.json: no such file"):
        read_instructions_once(tmp_path, "rows.json")
    put(tmp_path, "rows.json", b"\xff\xfe")
    with pytest.raises(InputFileError, match="not UTF-8"):
        read_instructions(tmp_path, "rows.json")
