"""A place is a folder on disk or an address of a store, and what goes wrong with a store is said in one line."""

import errno
from pathlib import Path

import fsspec
import pytest
from upath import UPath

from rgbtbench.errors import MissingExtraError, StoreError, UserError
from rgbtbench.locations import beside, filesystem, is_remote, location, store_errors, store_path


@pytest.mark.parametrize("place", ["shards/mfnet", "/data/x", ".", "c:/x", "a:b", "x.txt", "run::1", Path("/data/x")])
def test_a_folder_is_a_path(place):
    assert location(place) == Path(place)
    assert not is_remote(location(place))


@pytest.mark.parametrize(
    "place", ["file:///data/x", "local:///data/x", "file://localhost/data/x", UPath("file:///data/x")]
)
def test_the_address_of_a_folder_is_a_path(place):
    assert location(place) == Path("/data/x")


@pytest.mark.parametrize("place", ["s3://bucket/a/b", "s3://bucket/a/b/", "s3a://bucket/a/b", "S3://bucket/a/b"])
def test_an_address_has_one_form(place):
    pytest.importorskip("s3fs")
    found = location(place)
    assert is_remote(found)
    assert str(found) == "s3://bucket/a/b"
    assert store_path(found / "c.txt") == "bucket/a/b/c.txt"


def test_options_given_in_python_stay_and_listings_are_never_remembered():
    found = location(UPath("memory://x", anything=1))
    assert found.storage_options == {"anything": 1, "use_listings_cache": False}
    assert filesystem(found).storage_options["use_listings_cache"] is False


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("nope://x/y", "no store speaks nope://"),
        ("simplecache::s3://bucket/x", "chains several stores"),
        ("sftp://me:secret@host/x", "an address that holds a password"),
    ],
)
def test_other_addresses_are_refused_and_no_password_is_repeated(place, words):
    with pytest.raises(UserError, match=words) as raised:
        location(place)
    assert "secret" not in str(raised.value)


def test_a_store_without_its_package_names_what_to_install(monkeypatch):
    def missing(protocol):
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr(fsspec, "get_filesystem_class", missing)
    with pytest.raises(MissingExtraError, match=r"s3:// needs a package .*; pip install 'rgbtbench\[cluster\]'"):
        location("s3://bucket/x")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PermissionError("Access Denied"), "PermissionError: Access Denied; check the credentials in the environment"),
        (FileNotFoundError("no bucket"), "no bucket; check the address"),
        (TimeoutError(), "cannot be read: TimeoutError; run again when the store answers: what is finished is kept"),
        (OSError("at https://store/x?sig=SECRET&y failed"), r"at https://store/x\?… failed"),
        (OSError(errno.ENOSPC, "No space left"), "the disk is full; free space, or let TMPDIR"),
    ],
)
def test_what_a_store_raises_becomes_one_line(error, words):
    with pytest.raises(UserError, match=words) as raised, store_errors(location("memory://x")):
        raise error
    assert "SECRET" not in str(raised.value)


def test_errors_of_packages_that_speak_to_stores_are_a_stores():
    botocore = pytest.importorskip("botocore.exceptions")
    with (
        pytest.raises(StoreError, match=r"NoCredentialsError.*check the credentials"),
        store_errors(location("memory://x")),
    ):
        raise botocore.NoCredentialsError


def test_defects_and_errors_on_disk_pass_as_they_are():
    with pytest.raises(ZeroDivisionError), store_errors(location("memory://x")):
        raise ZeroDivisionError
    with pytest.raises(TimeoutError), store_errors(Path("x")):
        raise TimeoutError


def test_what_is_written_beside_an_address_goes_to_the_current_folder():
    assert beside(Path("shards/mfnet"), "-viewer") == Path("shards/mfnet-viewer")
    assert beside(location("memory://shards/mfnet"), "-viewer") == Path("mfnet-viewer")
