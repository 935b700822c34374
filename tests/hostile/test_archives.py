"""Archives of predictions from anyone: nothing is unpacked, nothing is followed, and no size is believed.

What `read_masks` says of ordinary mistakes is in tests/predictions/test_masks.py; here are those who mean it.
"""

import contextlib
import io
import os
import struct
import tarfile
import zipfile
import zlib

import numpy as np
import pytest

from rgbtbench.errors import PredictionError
from rgbtbench.formats.image_file import encode_png
from rgbtbench.predictions import read_masks
from rgbtbench.predictions.members import open_members, read_sidecar
from tests.hostile import mutate_bytes
from tests.hostile.confined import confined
from tests.hostile.mendable import refused

MASK = encode_png(np.ones((3, 4), np.uint8))
SIZES = {"a": (3, 4), "b": (3, 4)}


def read(path):
    return [prediction.key for prediction in read_masks(path, SIZES)]


def within_bounds(folder):
    """Writing nothing at all, in seconds and with half a gigabyte."""
    return confined(writable=folder / "none", secret=folder / "none", seconds=20, megabytes=512)


def tar_of(path, *members, form=tarfile.USTAR_FORMAT):
    """Write a tar file of (name, content) and of `TarInfo`s."""
    with tarfile.open(path, "w", format=form) as archive:
        for member in members:
            info, content = member if isinstance(member, tuple) else (member, b"")
            if isinstance(info, str):
                info = tarfile.TarInfo(info)
                info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def zip_of(path, *members, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def special(name, kind, target=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


WHOLE = (("a.png", MASK), ("b.png", MASK))
KINDS = {
    "a hard link": (tarfile.LNKTYPE, "a.png"),
    "a symbolic link": (tarfile.SYMTYPE, "/etc/passwd"),
    "a character device": (tarfile.CHRTYPE, ""),
    "a block device": (tarfile.BLKTYPE, ""),
    "a pipe": (tarfile.FIFOTYPE, ""),
    "a kind that does not exist": (b"X", ""),
    "a sparse file": (tarfile.GNUTYPE_SPARSE, ""),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_ordinary_file_is_refused_in_a_tar(tmp_path, kind):
    path = tar_of(tmp_path / "a.tar", WHOLE[0], special("b.png", *KINDS[kind]))
    with refused(path, kind=PredictionError):
        read(path)


def test_a_link_in_a_zip_is_refused(tmp_path):
    info = zipfile.ZipInfo("b.png")
    info.external_attr = 0o120777 << 16
    path = zip_of(tmp_path / "a.zip", WHOLE[0], (info, "/etc/passwd"))
    with refused(path, "b.png is a link", kind=PredictionError):
        read(path)


LONG = "x/" * 60 + "b.png"
NAMES = ["../b.png", "/b.png", "x/../../b.png", "..\\b.png", "C:b.png", "b.png\0.txt", "../" * 40 + "etc/b.png"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", ["zip", "ustar", "pax", "gnu"])
def test_a_name_that_leads_elsewhere_is_refused_however_it_is_written(tmp_path, name, form):
    path = tmp_path / f"a.{form}"
    if form == "zip":
        zip_of(path, WHOLE[0], (name.replace("\0", "?"), MASK))
        path.write_bytes(path.read_bytes().replace(b"b.png?", b"b.png\0"))
    else:
        forms = {"ustar": tarfile.USTAR_FORMAT, "pax": tarfile.PAX_FORMAT, "gnu": tarfile.GNU_FORMAT}
        tar_of(path, WHOLE[0], (name, MASK), form=forms[form])
    if "\0" in name:
        # Both formats end a name at a zero byte, and so does every reader of them.
        assert read(path) == ["a", "b"]
        return
    with refused(path, kind=PredictionError):
        read(path)


@pytest.mark.parametrize("pack", [tar_of, zip_of])
def test_names_that_differ_in_case_are_two_keys_and_one_of_them_is_unknown(tmp_path, pack):
    path = pack(tmp_path / "a.bin", *WHOLE, ("B.png", MASK))
    with refused(path, "(B) that the split does not have", kind=PredictionError):
        read(path)
    path = pack(tmp_path / "b.bin", *WHOLE, ("b.PNG", MASK))
    with refused(path, "holds b.png and b.PNG", kind=PredictionError):
        read(path)


@pytest.mark.parametrize("stated", [2**33 - 1, 2**31, 10_000])
def test_a_size_in_a_tar_that_the_file_does_not_have_is_refused(tmp_path, stated):
    info = tarfile.TarInfo("b.png")
    info.size = stated
    path = tmp_path / "a.tar"
    path.write_bytes(info.tobuf(tarfile.USTAR_FORMAT) + MASK)
    with (
        confined(writable=tmp_path / "none", secret=tmp_path / "none", seconds=20, megabytes=512),
        refused(path, kind=PredictionError),
    ):
        read(path)


def test_a_pax_header_cannot_make_a_member_larger_than_its_archive(tmp_path):
    info = tarfile.TarInfo("b.png")
    info.size, info.pax_headers = len(MASK), {"size": str(2**40)}
    path = tar_of(tmp_path / "a.tar", WHOLE[0], (info, MASK), form=tarfile.PAX_FORMAT)
    with (
        confined(writable=tmp_path / "none", secret=tmp_path / "none", seconds=20, megabytes=512),
        refused(path, kind=PredictionError),
    ):
        read(path)


def overlapping_zip(path, copies):
    """A directory that names one packed file many times, each larger than the whole archive."""
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = packed.compress(bytes(40 << 20)) + packed.flush()
    fields = (20, 0, 8, 0, 0, zlib.crc32(bytes(40 << 20)), len(body), 40 << 20)
    local = b"PK\x03\x04" + struct.pack("<5H3L2H", *fields, 5, 0) + b"0.png" + body
    entries = b"".join(
        b"PK\x01\x02" + struct.pack("<6H3L5H2L", 20, *fields, len(name), 0, 0, 0, 0, 0, 0) + name
        for name in (f"{number}.png".encode() for number in range(copies))
    )
    end = b"PK\x05\x06" + struct.pack("<4H2LH", 0, 0, copies, copies, len(entries), len(local), 0)
    path.write_bytes(local + entries + end)
    return path


def test_files_that_share_their_bytes_count_with_all_their_sizes(tmp_path):
    path = overlapping_zip(tmp_path / "a.zip", 200)
    assert path.stat().st_size < 100_000
    with (
        confined(writable=tmp_path / "none", secret=tmp_path / "none", seconds=20, megabytes=512),
        refused(path, "claims to unpack to 8388608000 bytes", kind=PredictionError),
    ):
        read(path)


def test_an_archive_in_an_archive_is_a_file_like_any_other(tmp_path):
    inner = zip_of(tmp_path / "inner.zip", *WHOLE).read_bytes()
    assert read(zip_of(tmp_path / "a.zip", *WHOLE, ("inner.zip", inner))) == ["a", "b"]
    with refused(tmp_path / "b.zip", kind=PredictionError):
        read(zip_of(tmp_path / "b.zip", ("inner.zip", inner)))


@pytest.mark.parametrize("what", ["a link in a circle", "a pipe", "a folder", "a device"])
def test_a_folder_of_masks_may_hold_nothing_that_is_no_file(tmp_path, what):
    folder = tmp_path / "masks"
    folder.mkdir()
    (folder / "a.png").write_bytes(MASK)
    match what:
        case "a link in a circle":
            (folder / "b.png").symlink_to("b.png")
        case "a pipe":
            os.mkfifo(folder / "b.png")
        case "a folder":
            (folder / "b.png").mkdir()
        case "a device":
            (folder / "b.png").symlink_to("/dev/zero")
    with (
        confined(writable=tmp_path / "none", secret=tmp_path / "none", seconds=20, megabytes=512),
        refused(folder, kind=PredictionError),
    ):
        read(folder)


@pytest.mark.parametrize("pack", [tar_of, zip_of])
def test_damage_by_seed_ends_in_masks_or_in_one_error(tmp_path, pack):
    whole = pack(tmp_path / "whole", *WHOLE, ("predictions.json", b"{}")).read_bytes()
    path, outcomes = tmp_path / "a.bin", set()
    for number in range(400):
        random = np.random.default_rng([7, number])
        damages = [*mutate_bytes.DAMAGES.values()]
        damaged = damages[random.integers(len(damages))](whole, random)
        path.write_bytes(damaged)
        with within_bounds(tmp_path) as violations:
            for reader in (read, read_sidecar, _everything):
                with contextlib.suppress(PredictionError):
                    reader(path)
                    outcomes.add(reader)
        assert violations == []
    assert read in outcomes


def _everything(path):
    with open_members(path) as members:
        return [members.read(name) for name in members.sizes]
