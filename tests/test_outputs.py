"""Commands write where they may, and never among things that are not theirs."""

import pytest

from rgbtbench.errors import UserError
from rgbtbench.outputs import claim_folder, require_file, require_folder


def test_a_new_folder_an_empty_one_and_ones_own_are_written_to(tmp_path):
    claim_folder(tmp_path / "new" / "site", "leaderboard build")
    (tmp_path / "new" / "site" / "index.html").write_text("page")
    claim_folder(tmp_path / "new" / "site", "leaderboard build")
    (tmp_path / "empty").mkdir()
    claim_folder(tmp_path / "empty", "inspect")
    assert (tmp_path / "new" / "site" / "index.html").read_text() == "page"


@pytest.mark.parametrize("owner", [None, "inspect"])
def test_a_folder_with_other_things_is_left_alone(tmp_path, owner):
    if owner:
        claim_folder(tmp_path, owner)
    (tmp_path / "index.html").write_text("precious")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(
        UserError, match=r"holds other things \(.*index.html\); expected a folder that is new, empty, or"
    ):
        claim_folder(tmp_path, "leaderboard build")
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("inside", [".", "below", "below/further"])
def test_a_file_is_no_folder_and_has_none_in_it(tmp_path, inside):
    (tmp_path / "notes.txt").write_text("precious")
    for check in (require_folder, lambda path: claim_folder(path, "inspect")):
        with pytest.raises(UserError, match=r"notes.txt: is a file; expected a folder to write to"):
            check(tmp_path / "notes.txt" / inside)


def test_looking_writes_nothing(tmp_path):
    require_folder(tmp_path / "a" / "b")
    require_file(tmp_path / "a" / "b.json")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(UserError, match="is a folder; expected a file to write"):
        require_file(tmp_path)
