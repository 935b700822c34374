"""`layout.yaml`: what may stand in it, and errors that name the line."""

import re
from pathlib import Path

import pytest

from rgbtbench.datasets.layout_file import LabelFiles, LayoutDescription, read_layout_file
from rgbtbench.errors import CardError
from tests.formats.files import put

PAGE = (Path(__file__).parents[2] / "docs" / "formats" / "layout.md").read_text()

WHOLE = """\
modalities:
  rgb: rgb/{split}/{stem}.png
  swir: swir/{split}/{stem}.png
labels:
  boxes:
    files: labels/{split}/{stem}.txt
    classes: {0: person, 1: car}
splits: {train: training, test: testing}
"""


def read(root, text):
    put(root, "layout.yaml", text)
    return read_layout_file(root, "rasmd")


def test_a_whole_description_and_what_is_meant_when_little_is_said(tmp_path):
    said = read(tmp_path, WHOLE)
    assert said.labels["boxes"].classes == {0: "person", 1: "car"}
    little = read(tmp_path, "modalities: {swir: 'swir/{stem}.png'}\n")
    assert (little.splits, little.lists, little.labels, little.id) == ({"train": "train"}, None, {}, "{stem}")


def test_it_is_read_again_when_it_has_changed(tmp_path):
    assert set(read(tmp_path, WHOLE).splits) == {"train", "test"}
    assert set(read(tmp_path, WHOLE.replace(", test: testing", "")).splits) == {"train"}


@pytest.mark.parametrize(
    ("before", "after", "line", "words"),
    [
        ("swir: swir", "swirl: swir", 3, "modalities.swirl"),
        ("swir: swir", "lwir: swir", 3, "modalities.lwir: no camera of rasmd; did you mean swir"),
        ("swir/{split}/{stem}", "swir/{split}/{name}", 3, "'{name}' stands for nothing"),
        ("swir/{split}/{stem}", "swir/{split}/{stem.x}", 3, "'{stem.x}' stands for nothing"),
        ("swir/{split}/{stem}", "swir/{split}/stem}", 3, "'}' stands for nothing"),
        ("swir/{split}/{stem}", "../swir/{split}/{stem}", 3, "does not lie below the folder"),
        ("swir/{split}/{stem}", "/swir/{split}/{stem}", 3, "does not lie below the folder"),
        (
            "swir/{split}/{stem}.png",
            "swir/{stem}/{split}.png",
            3,
            "does not say which files there are; put {stem} into",
        ),
        ("  boxes:", "  masks:", 5, "labels.masks: no box set of rasmd"),
        ("{stem}.txt", "{stem}.csv", 6, "is of no known form; let it end in .txt, .json, .xml"),
        ("labels/{split}/{stem}.txt", "labels/{split}.txt", 6, "is one file for all images; put {stem} into it"),
        ("labels/{split}/{stem}.txt", "labels/{stem}.json", 6, "'{stem}' stands for nothing"),
        ("    classes: {0: person, 1: car}\n", "", 5, "YOLO files do not say which class a number is"),
        ("{0: person", "{person: person", 5, "YOLO files do not say which class a number is"),
        ("1: car", "1: cat", 7, "labels.boxes.classes.1: no class 'cat' in the card; did you mean car"),
        ("test: testing", "test: ../testing", 8, "does not lie below the folder"),
        ("splits:", "lists: '{stem}.txt'\nsplits:", 8, "lists: '{stem}' stands for nothing"),
        ("splits:", "stem: '('\nsplits:", 8, "stem: no regular expression"),
        ("splits:", "stem: '([a-z]+)+[0-9]'\nsplits:", 8, "stem: a group that repeats may search a name for ever"),
        ("splits:", "cluster: '{scene}'\nsplits:", 8, "cluster: '{scene}' stands for nothing"),
        ("splits:", "split:", 8, "split: unknown key; did you mean splits"),
        ("{train: training, test: testing}", "[train]", 8, "valid dictionary"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path, before, after, line, words):
    assert before in WHOLE
    with pytest.raises(CardError, match=rf"layout\.yaml:{line}: .*{re.escape(words)}"):
        read(tmp_path, WHOLE.replace(before, after, 1))


def test_splits_that_nothing_tells_apart_are_refused(tmp_path):
    with pytest.raises(CardError, match=r"layout\.yaml:8: splits: nothing tells the splits apart"):
        read(tmp_path, WHOLE.replace("{split}/", ""))
    assert read(tmp_path, WHOLE.replace("{split}/", "") + "lists: '{split}.txt'\n").lists == "{split}.txt"


def test_a_description_that_is_not_there_is_named(tmp_path):
    with pytest.raises(CardError, match=r"layout\.yaml: no such file"):
        read_layout_file(tmp_path, "rasmd")


@pytest.mark.parametrize("model", [LayoutDescription, LabelFiles], ids=lambda model: model.__name__)
def test_the_page_describes_every_key_and_no_other(model):
    section = PAGE.split(f"## {model.__name__}\n", 1)[1].split("\n## ", 1)[0]
    assert re.findall(r"^\| `(\w+)` \|", section, flags=re.MULTILINE) == list(model.model_fields)


def test_the_example_of_the_page_is_right(tmp_path):
    said = read(tmp_path, re.search(r"```yaml file=layout.yaml\n(.*?)```", PAGE, re.DOTALL)[1])
    assert said.cluster == "{sequence}"
