"""All pieces arrive, also when the system takes a part of them, and the hash is that of what arrived."""

import errno
import hashlib
import os
import threading
import time

import pytest

from rgbtbench.shards.output_file import Beside, DirectFile, HashedFile

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


class Slow:
    """Takes what it is given after a moment, and may fail at one of its parts."""

    def __init__(self, fails_at=None):
        self.taken, self.fails_at, self.threads = [], fails_at, set()

    def writelines(self, pieces):
        self.threads.add(threading.get_ident())
        if len(self.taken) == self.fails_at:
            raise OSError(errno.ENOSPC, "full")
        time.sleep(0.002)
        self.taken.append(b"".join(pieces))


@pytest.mark.parametrize("pieces", [[], PIECES, [bytes([number]) * 700_000 for number in range(30)]])
def test_what_is_passed_on_beside_arrives_whole_in_order_and_from_one_other_thread(pieces):
    output = Slow()
    with Beside(output) as beside:
        for piece in pieces:
            beside.writelines([piece])
    assert b"".join(output.taken) == b"".join(pieces)
    assert threading.get_ident() not in output.threads
    assert len(output.threads) <= 1


def write_beside(output, *, parts, then_raise=None):
    with Beside(output) as beside:
        for number in range(parts):
            beside.writelines([bytes([number]) * 1_000_000])
        if then_raise is not None:
            raise then_raise


@pytest.mark.parametrize("at", [0, 2, 7])
def test_an_error_beside_ends_the_block_and_nothing_is_passed_on_after_it(at):
    output = Slow(fails_at=at)
    with pytest.raises(OSError, match="full"):
        write_beside(output, parts=8)
    assert b"".join(output.taken) == b"".join(bytes([number]) * 1_000_000 for number in range(at))


def test_a_block_that_is_abandoned_raises_its_own_error_and_leaves_no_thread():
    before = threading.active_count()
    with pytest.raises(KeyError):
        write_beside(Slow(), parts=20, then_raise=KeyError)
    assert threading.active_count() == before
