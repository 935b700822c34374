"""Nothing outside the folder that the user named is ever opened."""

import pytest

from rgbtbench.errors import InputFileError
from rgbtbench.formats.paths import read_bytes, require_twins, resolve_inside
from tests.formats.files import put


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/passwd", "", "a\\b", "a\0b"])
def test_names_that_do_not_lie_below_the_root_are_refused(tmp_path, name):
    with pytest.raises(InputFileError, match=r"does not lie below it; .* correct the list"):
        resolve_inside(tmp_path, name)


def test_a_link_between_folders_of_the_tree_is_followed(tmp_path):
    put(tmp_path, "real/a.txt", "x")
    (tmp_path / "alias").symlink_to("real")
    assert read_bytes(tmp_path, "alias/a.txt") == b"x"


def test_a_root_that_is_itself_a_link_is_fine(tmp_path):
    put(tmp_path, "disk/a.txt", "x")
    (tmp_path / "root").symlink_to(tmp_path / "disk")
    assert read_bytes(tmp_path / "root", "a.txt") == b"x"


@pytest.mark.parametrize("link", ["folder", "file"])
def test_a_link_out_of_the_tree_is_refused_with_a_remedy(tmp_path, link):
    outside = put(tmp_path, "secret/a.txt", "x")
    root = tmp_path / "root"
    (root / "in").mkdir(parents=True)
    if link == "folder":
        (root / "out").symlink_to(outside.parent)
    else:
        (root / "out").mkdir()
        (root / "out" / "a.txt").symlink_to(outside)
    with pytest.raises(InputFileError, match=r"a.txt: a symbolic link leads out of .*; copy the files into the folder"):
        read_bytes(root, "out/a.txt")


def test_files_that_are_missing_empty_or_too_large_are_named(tmp_path):
    put(tmp_path, "empty", "")
    put(tmp_path, "large", "12345")
    for name, said in (("none", "no such file"), ("empty", "is empty"), ("large", "has 5 bytes; expected at most 4")):
        with pytest.raises(InputFileError, match=f"{name}: .*{said}"):
            read_bytes(tmp_path, name, max_bytes=4)


def test_a_missing_twin_is_named_together_with_the_file_that_is_there(tmp_path):
    put(tmp_path, "rgb/1.png", "x")
    with pytest.raises(InputFileError) as caught:
        require_twins(tmp_path, {"rgb": "rgb/1.png", "lwir": "lwir/1.png"})
    assert str(caught.value).startswith(str(tmp_path / "lwir/1.png"))
    assert str(tmp_path / "rgb/1.png") in str(caught.value)
    assert "take the id out of the list" in str(caught.value)
    put(tmp_path, "lwir/1.png", "x")
    require_twins(tmp_path, {"rgb": "rgb/1.png", "lwir": "lwir/1.png"})
