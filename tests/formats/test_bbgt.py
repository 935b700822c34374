"""bbGt text gives numbers, occlusion and visible parts as written, and says which line is at fault."""

import pytest

from rgbtbench.errors import InputFileError
from rgbtbench.formats.bbgt import read_bbgt
from rgbtbench.formats.write_boxes import write_bbgt
from tests.formats.files import put

HEADER = "% bbGt version=3\n"
PERSON = "person 466 183 19 57 0 0 0 0 0 0 0"


def read(root, text):
    put(root, "a.txt", text)
    return read_bbgt(root, "a.txt")


def test_each_line_is_an_object_with_its_visible_part(tmp_path):
    lines = (PERSON, "person? 458 179 20.5 47 1 458 179 14 45 0 0", "people 1 2 3 4 2 0 0 0 0 1 0")
    first, second, third = read(tmp_path, HEADER + "\n".join(lines))
    assert (first.name, first.numbers, first.form) == ("person", (466, 183, 19, 57), "xywh")
    assert (first.occlusion, first.ignore, first.visible) == (0, False, (0, 0, 0, 0))
    assert (second.name, second.numbers[2], second.occlusion, second.visible) == (
        "person?",
        20.5,
        1,
        (458, 179, 14, 45),
    )
    assert (third.occlusion, third.ignore) == (2, True)


def test_a_file_with_only_the_header_says_that_nothing_is_there(tmp_path):
    assert read(tmp_path, HEADER) == ()
    assert read(tmp_path, "\ufeff" + HEADER.strip()) == ()


def test_windows_line_ends_and_blank_lines_are_harmless(tmp_path):
    assert read(tmp_path, f"{HEADER}\n{PERSON}\n\n".replace("\n", "\r\n")) == read(tmp_path, HEADER + PERSON)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0 0.5 0.5 0.1 0.2\n", r"a\.txt:1: begins with no bbGt header; expected `% bbGt version=3`"),
        (PERSON, "begins with no bbGt header"),
        ("% bbGt version=2\n", "bbGt version 2; expected `% bbGt version=3`"),
        (HEADER + PERSON + " 0", r"a\.txt:2: 'person .*' is no object; expected label x y w h occ vx vy vw vh ign ang"),
        (HEADER + PERSON[:-2], "is no object"),
        (HEADER + "\n" + PERSON.replace("466", "nan"), r"a\.txt:3: .* is no object"),
        (HEADER + PERSON.replace("466", "1e999"), "is no object"),
        (HEADER + PERSON.replace("19", "0"), "person has the size 0 57 and the angle 0; expected an upright box"),
        (HEADER + PERSON[:-1] + "90", "the angle 90"),
        (
            HEADER + PERSON.replace("57 0", "57 3"),
            "person has the occlusion '3'; expected 0 none, 1 partial or 2 heavy",
        ),
        (b"\xff\xfe", "not UTF-8 text"),
        ("", "the file is empty"),
    ],
)
def test_what_is_no_object_is_named_with_its_line(tmp_path, text, said):
    with pytest.raises(InputFileError, match=said):
        read(tmp_path, text)


def test_what_is_written_is_read_again(tmp_path):
    write_bbgt(tmp_path / "b/a.txt", boxes=[("person", (1, 2, 4, 7.5))])
    (box,) = read_bbgt(tmp_path, "b/a.txt")
    assert box.numbers == (1, 2, 3, 5.5)
