"""The same questions have the same answers on disk and in stores."""

import hashlib
import os
from pathlib import Path

import fsspec
import pytest

from rgbtbench.errors import StoreError
from rgbtbench.locations import location
from rgbtbench.stored_files import contents, file_bytes, file_facts, file_sha256, folder_listing, require_answer

from .stores import empty_memory, s3_server, upload

CONTENT = bytes(range(200))


@pytest.fixture(scope="module")
def bucket():
    with s3_server("data"):
        yield location("s3://data/set")


@pytest.fixture(params=["disk", "memory", "s3"])
def place(request, tmp_path):
    """A folder that holds `a.bin` and `sub/b.txt`."""
    source = tmp_path / "source"
    (source / "sub").mkdir(parents=True)
    (source / "a.bin").write_bytes(CONTENT)
    (source / "sub/b.txt").write_text("b")
    if request.param == "disk":
        yield source
        return
    with empty_memory():
        address = location("memory://set") if request.param == "memory" else request.getfixturevalue("bucket")
        upload(source, address)
        yield address


def test_facts_of_a_file(place):
    facts = file_facts(place / "a.bin")
    assert facts.size == len(CONTENT)
    assert facts == file_facts(place / "a.bin") == folder_listing(place)["a.bin"]


def test_there_are_no_facts_of_folders_and_of_what_is_missing(place):
    assert file_facts(place / "sub") is None
    assert file_facts(place / "c.bin") is None
    assert file_facts(place / "a.bin/c") is None


def test_a_listing_names_files_and_folders(place):
    listed = folder_listing(place)
    assert set(listed) == {"a.bin", "sub"}
    assert listed["sub"] is None
    assert set(folder_listing(place / "sub")) == {"b.txt"}
    assert folder_listing(place / "nowhere") == {}


def test_content_whole_and_in_part(place):
    assert file_bytes(place / "a.bin") == CONTENT
    assert file_bytes(place / "a.bin", first=3, last=9) == CONTENT[3:9]
    assert file_sha256(place / "a.bin") == hashlib.sha256(CONTENT).hexdigest()


def test_many_contents_come_in_their_order_and_what_is_missing_is_none(place):
    names = ["a.bin", "c.bin", "sub/b.txt", "sub", *["a.bin"] * 70]
    assert list(contents(place / name for name in names)) == [CONTENT, None, b"b", None, *[CONTENT] * 70]


def test_what_is_missing_has_no_content(place):
    with pytest.raises(FileNotFoundError):
        file_bytes(place / "c.bin")
    assert file_sha256(place / "c.bin") is None


def test_a_change_of_equal_size_is_another_version(place, tmp_path):
    before = file_facts(place / "a.bin")
    if isinstance(place, Path):
        (place / "a.bin").write_bytes(CONTENT[::-1])
        os.utime(place / "a.bin", ns=(1, 1))
    else:
        place.fs.pipe_file(place.joinpath("a.bin").path, CONTENT[::-1])
    after = file_facts(place / "a.bin")
    assert (after.size, after.version != before.version) == (before.size, True)


def test_an_object_that_stands_for_its_folder_is_not_listed(bucket):
    bucket.fs.pipe_file("data/folder/", b"")
    bucket.fs.pipe_file("data/folder/x", b"x")
    assert set(folder_listing(location("s3://data/folder"))) == {"x"}


def test_a_refusal_is_not_an_absence(monkeypatch):
    def refuse(*arguments, **options):
        raise PermissionError("Forbidden")

    for name in ("info", "ls", "cat_file", "open"):
        monkeypatch.setattr(type(fsspec.filesystem("memory")), name, refuse)
    place = location("memory://set/a")
    questions = [file_facts, folder_listing, file_bytes, file_sha256, require_answer]
    for question in [*questions, lambda path: list(contents([path]))]:
        with pytest.raises(StoreError, match=r"memory://set/a: cannot be read: PermissionError: Forbidden"):
            question(place)
