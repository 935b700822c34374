"""Errors in a card name the file, the line, what is wrong and what was meant."""

from typing import Annotated, Literal

import pytest
from pydantic import Field

from rgbtbench.cards.schema import Strict
from rgbtbench.cards.yaml_file import load_card, read_yaml
from rgbtbench.errors import CardError


class Camera(Strict):
    channels: int


class Rig(Strict):
    name: str
    cameras: dict[str, Camera]


@pytest.fixture
def write(tmp_path):
    def write(text, encoding="utf-8"):
        path = tmp_path / "rig.yaml"
        path.write_bytes(text.encode(encoding))
        return path

    return write


def test_a_valid_file_becomes_the_schema(write):
    rig = load_card(write("name: car\ncameras:\n  lwir: {channels: 1}\n"), Rig)
    assert rig.cameras["lwir"].channels == 1


def test_an_unknown_key_is_refused_with_line_and_suggestion(write):
    path = write("name: car\ncameras:\n  lwir:\n    channels: 1\n    chanels: 3\n")
    with pytest.raises(CardError, match=r"rig\.yaml:5: cameras\.lwir\.chanels: unknown key; did you mean channels\?"):
        load_card(path, Rig)


def test_a_wrong_type_is_refused_with_its_line_and_value(write):
    with pytest.raises(CardError, match=r"rig\.yaml:3: cameras\.lwir\.channels: .*integer.*found 'many'"):
        load_card(write("name: car\ncameras:\n  lwir: {channels: many}\n"), Rig)


def test_a_missing_key_is_named(write):
    with pytest.raises(CardError, match=r"cameras: this key is missing"):
        load_card(write("name: car\n"), Rig)


def test_kinds_that_a_field_may_be_of_are_no_part_of_its_name(write):
    class Round(Strict):
        kind: Literal["round"]
        radius: int

    class Square(Strict):
        kind: Literal["square"]
        side: int

    class Lens(Strict):
        shape: Annotated[Round | Square, Field(discriminator="kind")]

    with pytest.raises(CardError, match=r"rig\.yaml:1: shape\.radius: .*found 'wide'"):
        load_card(write("shape: {kind: round, radius: wide}\n"), Lens)
    with pytest.raises(CardError, match=r"rig\.yaml:1: shape\.side: this key is missing"):
        load_card(write("shape: {kind: square}\n"), Lens)


def test_a_place_that_a_list_lacks_is_named(write):
    class Frame(Strict):
        size: tuple[int, int]

    with pytest.raises(CardError, match=r"rig\.yaml:1: size\.1: this key is missing"):
        load_card(write("size: [480]\n"), Frame)


def test_a_repeated_key_is_an_error_because_one_value_would_be_lost(write):
    with pytest.raises(CardError, match=r":2: repeated key 'name'"):
        read_yaml(write("name: car\nname: bus\n"))


def test_aliases_are_refused_because_they_expand(write):
    with pytest.raises(CardError, match=r"aliases are not allowed"):
        read_yaml(write("a: &a [1, 2]\nb: [*a, *a]\n"))


def test_tags_that_would_run_code_are_refused(write):
    with pytest.raises(CardError, match=r"could not determine a constructor"):
        read_yaml(write("a: !!python/object/apply:os.system ['true']\n"))


@pytest.mark.parametrize(
    "text", ["{", "a: [1\nb: 2", "\tx: 1", "a: \0", "\x1b", "a: 2026-13-45", f"a: {'9' * 5000}", "a: 0b_", "[" * 90_000]
)
def test_broken_yaml_is_one_error_with_the_file(write, text):
    with pytest.raises(CardError, match=r"rig\.yaml"):
        read_yaml(write(text))


def test_text_in_another_encoding_is_refused(write):
    with pytest.raises(CardError, match="not UTF-8"):
        read_yaml(write("name: Zürich", encoding="latin-1"))


def test_a_byte_order_mark_is_no_error(write):
    data, _ = read_yaml(write("\ufeffname: car"))
    assert data == {"name": "car"}


def test_a_huge_file_is_refused_before_it_is_parsed(write):
    with pytest.raises(CardError, match="larger than"):
        read_yaml(write("a: " + "x" * 1_000_001))


def test_deep_nesting_is_one_error(write):
    with pytest.raises(CardError, match="not YAML"):
        read_yaml(write("[" * 20_000))
