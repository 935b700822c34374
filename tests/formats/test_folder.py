"""Stems of a folder: each once, numbers in natural order, and nothing that is no sample passes unseen."""

import re

import pytest

from rgbtbench.errors import InputFileError
from rgbtbench.formats.folder import stems_of
from tests.formats.files import put

NUMBER = re.compile(r"\d+")


def tree(root, *files):
    for file in files:
        put(root, file, "x")
    return root


def test_stems_come_once_in_natural_order(tmp_path):
    tree(tmp_path, "RGB/10.jpg", "RGB/9.jpg", "T/9.jpg", "T/10.jpg", "T/2.jpg")
    assert stems_of(tmp_path, ["RGB/{stem}.jpg", "T/{stem}.jpg"], pattern=NUMBER) == ["2", "9", "10"]


def test_a_folder_that_is_not_there_leaves_the_split_out(tmp_path):
    assert stems_of(tmp_path, ["RGB/{stem}.jpg"], pattern=NUMBER) == []


def test_text_around_the_stem_is_part_of_the_form(tmp_path):
    tree(tmp_path, "a/1_rgb.png", "a/1_th.png")
    assert stems_of(tmp_path, ["a/{stem}_rgb.png", "a/{stem}_th.png"], pattern=NUMBER) == ["1"]


def test_an_empty_folder_is_an_error(tmp_path):
    (tmp_path / "RGB").mkdir()
    with pytest.raises(InputFileError, match=r"RGB: holds no sample; expected files like <stem>\.jpg"):
        stems_of(tmp_path, ["RGB/{stem}.jpg"], pattern=NUMBER)


def test_a_file_of_the_form_with_another_stem_is_an_error(tmp_path):
    with pytest.raises(InputFileError, match=r"RGB: 'copy of 9\.jpg' is no file of this dataset"):
        stems_of(tree(tmp_path, "RGB/9.jpg", "RGB/copy of 9.jpg"), ["RGB/{stem}.jpg"], pattern=NUMBER)
