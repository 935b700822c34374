"""Name lists keep their order and refuse what is no id."""

import re

import pytest

from rgbtbench.errors import InputFileError
from rgbtbench.formats.id_list import only_subset, read_id_list, read_subsets
from tests.formats.files import put

STEM = re.compile(r"\d{3}[DN]")


def read(root, text):
    put(root, "test.txt", text)
    return read_id_list(root, "test.txt", pattern=STEM)


@pytest.mark.parametrize(
    "text",
    ["002D\n001N\n", "002D\r\n001N\r\n", "\ufeff002D\n001N", "\n  002D \n\n001N\t\n\n"],
    ids=["unix", "windows", "byte-order mark", "blank lines and spaces"],
)
def test_line_ends_marks_and_blanks_do_not_matter(tmp_path, text):
    assert read(tmp_path, text) == ["002D", "001N"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("001D\n\n001D\n", r"test.txt:3: '001D' is already named in line 1; expected every id once; remove"),
        ("001D\n# day\n", r"test.txt:2: '# day' is no id of this dataset; expected ids like .*; remove the line"),
        ("", r"test.txt: the file is empty"),
        ("\n \r\n", r"test.txt: the list names nothing; fill it, or remove it"),
        (b"\xff\xfe0\x00", r"test.txt: not UTF-8 text; take the list"),
    ],
    ids=["repeated", "comment", "empty file", "only blanks", "UTF-16"],
)
def test_faults_name_the_line_and_what_to_do(tmp_path, text, said):
    with pytest.raises(InputFileError, match=said):
        read(tmp_path, text)


def test_a_name_that_no_file_can_have_is_no_id(tmp_path):
    put(tmp_path, "list.txt", "a\n" + "b" * 255 + "/c\n")
    assert len(read_id_list(tmp_path, "list.txt", pattern=re.compile(r"[a-z/]+"))) == 2
    put(tmp_path, "list.txt", "a\n" + "b" * 256 + "/c\n")
    with pytest.raises(InputFileError, match=r"list\.txt:2: 'b{80}' is no id"):
        read_id_list(tmp_path, "list.txt", pattern=re.compile(r"[a-z/]+"))


def test_further_lists_pick_subsets_of_a_split_and_may_be_missing(tmp_path):
    put(tmp_path, "test_day.txt", "001D\n")
    found = read_subsets(tmp_path, {"day": "test_day.txt", "night": "test_night.txt"}, pattern=STEM, of=["001D"])
    assert found == {"day": {"001D"}}


def test_a_subset_that_is_none_says_what_to_do(tmp_path):
    put(tmp_path, "test_day.txt", "001D\n009D\n")
    with pytest.raises(
        InputFileError, match=r"test_day\.txt: names 1 ids that its split does not have, such as '009D'; .* remove this"
    ):
        read_subsets(tmp_path, {"day": "test_day.txt"}, pattern=STEM, of=["001D"])


def test_an_id_is_in_one_of_several_subsets_or_in_none(tmp_path):
    subsets = {"day": frozenset({"001D", "002D"}), "night": frozenset({"002D"})}
    assert only_subset(tmp_path, subsets, "001D") == "day"
    assert only_subset(tmp_path, subsets, "003D") is None
    with pytest.raises(InputFileError, match=r"the lists put '002D' into day and night; expected one of them"):
        only_subset(tmp_path, subsets, "002D")
