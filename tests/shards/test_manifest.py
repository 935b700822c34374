"""The manifest says what a folder holds, and an edited one is not believed."""

import json

import pytest

from rgbtbench.canonical import canonical_json, keys_sha256
from rgbtbench.errors import ShardError
from rgbtbench.shards.manifest import manifest_bytes, read_manifest


def test_reading_returns_what_was_written(prepared):
    manifest = read_manifest(prepared)
    assert manifest_bytes(manifest) == (prepared / "manifest.json").read_bytes()


def test_keys_are_hashed_sorted_one_per_line():
    # printf 'a\nb\n' | sha256sum
    assert keys_sha256(["b", "a"]) == "911169ddaaf146aff539f58c26c489af3b892dff0fe283c1c264c65ae5aa59a2"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dataset": "other"}, "edited or damaged"),
        ({"quarantined": 1}, "edited or damaged"),
        ({"self_sha256": "0" * 64}, "edited or damaged"),
        ({"surplus": 1}, "breaks the format"),
        ({"splits": []}, "breaks the format"),
        ({"version": 2}, "format version 2; expected 1"),
        ({"format": "coco"}, "not of the format"),
    ],
)
def test_an_edited_manifest_is_refused(prepared, change, message):
    path = prepared / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ShardError, match=message):
        read_manifest(prepared)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000])
def test_a_manifest_that_is_no_manifest_is_one_clear_error(prepared, content):
    (prepared / "manifest.json").write_bytes(content)
    with pytest.raises(ShardError):
        read_manifest(prepared)


def test_a_folder_without_a_manifest_is_not_prepared(tmp_path):
    with pytest.raises(ShardError, match=r"no prepared dataset.*run `rgbtbench prepare`"):
        read_manifest(tmp_path)


def test_a_missing_folder_is_called_missing(tmp_path):
    with pytest.raises(ShardError, match="no such folder"):
        read_manifest(tmp_path / "nowhere")


def test_an_unknown_split_names_those_there_are(prepared):
    with pytest.raises(ShardError, match="no split 'tset' in this street; did you mean test"):
        read_manifest(prepared).split("tset")


def test_canonical_json_has_one_form():
    assert canonical_json({"b": 3.0, "a": ["ä", None]}) == '{"a":["ä",null],"b":3.0}'.encode()
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json(float("nan"))
