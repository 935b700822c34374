"""All pieces arrive, also when the system takes a part of them, and the hash is that of what arrived."""

import hashlib
import os

import pytest

from rgbtbench.shards.output_file import DirectFile, HashedFile

PIECES = [b"a" * 700, b"", b"b", b"c" * 100_000, b"", b"d" * 3]


@pytest.mark.parametrize("most", [1, 699, 700, 701, 50_000, 10**9])
def test_what_the_system_did_not_take_is_offered_again(tmp_path, monkeypatch, most):
    at_once = os.writev

    def reluctant(descriptor, pieces):
        return at_once(descriptor, [b"".join(pieces)[:most]])

    monkeypatch.setattr(os, "writev", reluctant)
    with (tmp_path / "out").open("wb") as file:
        output = DirectFile(file)
        output.writelines(PIECES if most > 1 else PIECES[:3])
        output.writelines([b"end"])
    assert (tmp_path / "out").read_bytes() == b"".join(PIECES if most > 1 else PIECES[:3]) + b"end"


def test_more_pieces_than_the_system_takes_at_once(tmp_path):
    pieces = [str(number).encode() for number in range(5000)]
    with (tmp_path / "out").open("wb") as file:
        DirectFile(file).writelines(pieces)
    assert (tmp_path / "out").read_bytes() == b"".join(pieces)


def test_the_hash_is_that_of_the_file(tmp_path):
    with (tmp_path / "out").open("wb") as file:
        hashed = HashedFile(DirectFile(file))
        hashed.writelines(PIECES)
        hashed.writelines([b"end"])
    assert hashed.sha256 == hashlib.sha256((tmp_path / "out").read_bytes()).hexdigest()
