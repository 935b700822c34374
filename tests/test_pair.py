"""Keys that every tar reader keeps whole, and a page that says what the code does."""

import dataclasses
import re
from pathlib import Path

import pytest

from rgbtbench import pair
from rgbtbench.errors import InputFileError

PAGE = Path(__file__).parents[1] / "docs" / "formats" / "pair.md"


@pytest.mark.parametrize("key", ["00001D", "set00/V000/I00001", "a-b_c", "x" * 80])
def test_ordinary_keys_are_kept(key):
    assert pair.check_key(key) == key


@pytest.mark.parametrize("key", ["", "a.b", "a//b", "/a", "a/", "../a", "a b", "ä", "a\nb", "x" * 81, "a\\b", "a:b"])
def test_keys_that_readers_would_split_or_misplace_are_refused(key):
    with pytest.raises(InputFileError, match="cannot be stored"):
        pair.check_key(key)


def test_dots_of_official_ids_are_mapped():
    assert pair.key_of("set00.V000.I00001") == "set00_V000_I00001"


@pytest.mark.parametrize("name", ["Entry", "Pair", "Image", "Boxes", "Mask", "Text"])
def test_the_page_describes_every_field_and_no_other(name):
    section = PAGE.read_text().split(f"## {name}\n", 1)[1].split("\n## ", 1)[0]
    described = re.findall(r"^\| `(\w+)` \|", section, flags=re.MULTILINE)
    assert described == [field.name for field in dataclasses.fields(getattr(pair, name))]


def test_the_page_states_the_version():
    assert PAGE.read_text().startswith(f"# Pair, version {pair.PAIR_VERSION}\n")
