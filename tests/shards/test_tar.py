"""Shards are ordinary ustar files: the same bytes as the standard library's, and no damaged one is read short."""

import io
import pickle
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rgbtbench.errors import ShardError
from rgbtbench.shards.tar import TarReader, TarWriter, read_index

SAMPLES = {
    "b": {"json": b"{}", "rgb.png": b"x" * 513, "lwir.png": b""},
    "set00/V000/I00001": {"json": b"[]", "rgb.png": b"y" * 512, "lwir.png": b"z"},
}


def written(samples) -> bytes:
    file = io.BytesIO()
    writer = TarWriter(file)
    for key, members in samples.items():
        writer.add(key, members)
    writer.finish()
    return file.getvalue()


def written_by_standard_library(samples) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for key, members in samples.items():
            for extension in sorted(members):
                facts = tarfile.TarInfo(f"{key}.{extension}")
                facts.size = len(members[extension])
                archive.addfile(facts, io.BytesIO(members[extension]))
    return file.getvalue()


@pytest.fixture
def shard(tmp_path):
    path = tmp_path / "x.tar"
    path.write_bytes(written(SAMPLES))
    return path


def test_bytes_equal_those_of_the_standard_library():
    assert written(SAMPLES) == written_by_standard_library(SAMPLES)


KEYS = st.from_regex(r"[A-Za-z0-9_-]{1,30}(/[A-Za-z0-9_-]{1,24}){0,2}", fullmatch=True)


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(KEYS, st.dictionaries(st.sampled_from(["json", "rgb.png"]), st.binary(max_size=1100), min_size=1))
)
def test_any_sample_is_written_as_the_standard_library_writes_it(samples):
    assert written(samples) == written_by_standard_library(samples)


def test_a_long_name_is_split_at_a_folder():
    samples = {"a" * 39 + "/" + "b" * 40: {"c" * 50 + ".png": b"1"}}
    assert written(samples) == written_by_standard_library(samples)


def test_a_name_without_a_place_to_split_is_refused():
    with pytest.raises(ShardError, match="too long for a tar header"):
        written({"a" * 80: {"b" * 30: b""}})


def test_a_refused_sample_leaves_nothing_in_the_shard():
    file = io.BytesIO()
    writer = TarWriter(file)
    with pytest.raises(ShardError):
        writer.add("a" * 80, {"a": b"", "b" * 30: b""})
    placed = writer.add("ok", {"a": b"1"})
    assert placed.members["a"].offset == 512
    assert file.getvalue()[512:513] == b"1"


def test_members_are_found_where_the_writer_put_them(shard):
    samples = read_index(shard)
    assert [sample.key for sample in samples] == list(SAMPLES)
    reader = TarReader(shard)
    for sample in samples:
        assert list(sample.members) == ["json", "lwir.png", "rgb.png"]
        for extension, member in sample.members.items():
            assert bytes(reader.member(member.offset, member.size)) == SAMPLES[sample.key][extension]


def test_a_member_is_a_view_and_not_a_copy(shard):
    reader = TarReader(shard)
    view = reader.member(512, 2)
    assert view.obj is reader.view.obj
    assert view.readonly


def test_a_pickled_reader_opens_the_shard_itself(shard):
    reader = TarReader(shard, size=shard.stat().st_size)
    reader.member(512, 2)
    assert bytes(pickle.loads(pickle.dumps(reader)).member(512, 2)) == b"{}"  # noqa: S301


def test_a_shard_of_another_size_than_the_manifest_says_is_refused(shard):
    with pytest.raises(ShardError, match="has 10240 bytes; expected 99"):
        TarReader(shard, size=99).member(0, 1)


@pytest.mark.parametrize(("offset", "size"), [(10239, 2), (-1, 1), (0, -1), (99999, 0)])
def test_a_place_outside_the_shard_is_refused(shard, offset, size):
    with pytest.raises(ShardError, match="lies outside"):
        TarReader(shard).member(offset, size)


def test_a_missing_shard_is_one_clear_error(tmp_path):
    with pytest.raises(ShardError, match="No such file"):
        read_index(tmp_path / "x.tar")


def test_a_shard_cut_off_anywhere_is_refused(shard):
    whole = shard.read_bytes()
    for length in [*range(0, len(whole), 256), len(whole) - 1]:
        shard.write_bytes(whole[:length])
        with pytest.raises(ShardError):
            read_index(shard)


def test_a_flipped_bit_in_any_header_is_noticed(shard):
    whole = bytearray(shard.read_bytes())
    for at in range(512):
        whole[at] ^= 1
        shard.write_bytes(whole)
        with pytest.raises(ShardError):
            read_index(shard)
        whole[at] ^= 1


def test_archives_of_other_kinds_are_refused(tmp_path):
    path = tmp_path / "link.tar"
    with tarfile.open(path, "w") as archive:
        link = tarfile.TarInfo("a.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    with pytest.raises(ShardError, match="not rgbtbench's"):
        read_index(path)
