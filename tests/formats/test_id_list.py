"""Name lists keep their order and refuse what is no id."""

import re

import pytest

from rgbtbench.errors import InputFileError
from rgbtbench.formats.id_list import read_id_list
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
