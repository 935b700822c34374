"""Whatever decides which samples there are is read as it is meant, or is an error; it never vanishes in silence."""

import pytest

from rgbtbench.errors import UserError
from rgbtbench.formats.attribute_table import ATTRIBUTE_TABLE
from tests.hostile.mendable import refused
from tests.hostile.mutate_tree import replace_file
from tests.hostile.official_trees import link_all, listed


def test_windows_line_ends_and_a_byte_order_mark_change_no_list(whole_trees, tmp_path):
    for number, tree in enumerate(whole_trees):
        lists = [path for path in tree.lists if not path.endswith(".json")]
        root = link_all(tree, tmp_path / f"{number}")
        for path in lists:
            text = (root / path).read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
            replace_file(root / path, b"\xef\xbb\xbf" + text + b"\r\n\r\n")
        assert listed(tree.source, tree.card, root) == tree.entries, (tree.name, tree.kind, lists)


@pytest.mark.parametrize("instead", ["nothing", "a folder", "a link to nothing", "a link out", "a link to a device"])
def test_a_list_that_cannot_be_read_is_an_error(whole_trees, tmp_path, instead):
    (tmp_path / "outside").write_text("00001\n")
    targets = {"a link to nothing": "nothing", "a link out": tmp_path / "outside", "a link to a device": "/dev/zero"}
    lists = [(tree, path) for tree in whole_trees for path in tree.lists]
    assert any(path == ATTRIBUTE_TABLE for _, path in lists)
    for number, (tree, path) in enumerate(lists):
        root = link_all(tree, tmp_path / f"{number}")
        (root / path).unlink()
        if instead == "nothing":
            (root / path).write_bytes(b"")
        elif instead == "a folder":
            (root / path).mkdir()
        else:
            (root / path).symlink_to(targets[instead])
        with refused(path, str(root)):
            listed(tree.source, tree.card, root)


@pytest.mark.parametrize("instead", ["a file", "a link to nothing", "a link to itself"])
def test_a_folder_that_is_none_is_never_taken_for_one_that_is_missing(whole_trees, tmp_path, instead):
    """Its samples are still listed by what else names them, or the error names it."""
    for number, tree in enumerate(whole_trees):
        for folder in sorted({path.rpartition("/")[0] for path in tree.own_files} - {""}):
            root = link_all(tree, tmp_path / f"{number}{folder.replace('/', '-')}")
            (root / folder).rename(tmp_path / f"{root.name}-moved")
            if instead == "a file":
                if tree.name == "rgbt550k":
                    continue  # folders are called as they like there, and files without an ending are no images
                (root / folder).write_bytes(b"x")
            else:
                (root / folder).symlink_to("nothing" if instead == "a link to nothing" else root / folder)
            here, said = {}, ""
            try:
                here = listed(tree.source, tree.card, root)
            except UserError as error:
                said = str(error)
            lost = {key for _, key in tree.entries} - {key for _, key in here}
            assert not lost or str(root) in said, (tree.name, tree.kind, folder)
