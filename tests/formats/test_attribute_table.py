"""`attributes.csv`: values as the card allows them, and every other cell named with its line."""

import pytest

from rgbtbench.cards.dataset import AttributeFacts
from rgbtbench.errors import InputFileError
from rgbtbench.formats.attribute_table import read_attribute_table
from tests.formats.files import put

DECLARED = {
    "light": AttributeFacts(values=("even", "uneven"), source="table"),
    "sso": AttributeFacts(values=None, source="table"),
}


def test_cells_become_values_of_the_card(tmp_path):
    put(tmp_path, "attributes.csv", "\ufeffid, light,sso\r\n1,even,1\r\n\r\n2,,false\r\n3,uneven,TRUE\r\n")
    assert read_attribute_table(tmp_path, DECLARED) == {
        "1": {"light": "even", "sso": True},
        "2": {"light": None, "sso": False},
        "3": {"light": "uneven", "sso": True},
    }


def test_without_the_file_nothing_is_known(tmp_path):
    assert read_attribute_table(tmp_path, DECLARED) == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty"),
        ("name,light\n", r"attributes\.csv:1: the first column is not `id`"),
        ("id,lihgt\n", r"attributes\.csv:1: 'lihgt' is no attribute of the card; did you mean light\?"),
        ("id,light\n1,even,2\n", r"attributes\.csv:2: 3 cells; expected 2"),
        ("id,light\n1,even\n1,uneven\n", r"attributes\.csv:3: '1' has two rows"),
        ("id,light\n1,dark\n", r"attributes\.csv:2: light is 'dark'; expected even or uneven"),
        ("id,light\n1,ev\xe9n\n".encode("latin1"), "not UTF-8"),
        ('id,light\n1,"even\n', r"attributes\.csv:2: no table: unexpected end of data"),
        ('id,light\n1,"even"x\n', r"attributes\.csv:2: no table: .* expected after"),
        ("id,sso\n1,1\n2,note\n", "sso is 'note' for '2' and True elsewhere; expected truth values or text"),
    ],
)
def test_another_table_is_refused_with_its_line(tmp_path, text, said):
    put(tmp_path, "attributes.csv", text)
    with pytest.raises(InputFileError, match=said):
        read_attribute_table(tmp_path, DECLARED)
