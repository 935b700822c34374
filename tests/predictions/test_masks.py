"""Masks of outsiders: every fault has its own sentence, and nothing is unpacked or guessed."""

import io
import os
import struct
import tarfile
import zipfile
import zlib

import cv2
import numpy as np
import pytest

from rgbtbench.errors import PredictionError
from rgbtbench.formats.image_file import encode_png
from rgbtbench.predictions import read_masks
from rgbtbench.predictions.masks import decode_mask, mask_sha256, masks_sha256
from rgbtbench.predictions.members import MAX_RATIO, open_members, read_sidecar

SIZES = {"day/1": (3, 4), "night/2": (3, 4), "3": (3, 4)}
MASKS = {key: np.full(size, number, np.uint8) for number, (key, size) in enumerate(SIZES.items())}
FILES = {f"{key}.png": encode_png(mask) for key, mask in MASKS.items()}


def as_folder(path, files):
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


def as_zip(path, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def as_tar(path, files):
    with tarfile.open(path, "w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


KINDS = pytest.mark.parametrize(
    "pack",
    [
        lambda folder, files: as_folder(folder / "masks", files),
        lambda folder, files: as_zip(folder / "masks.zip", files),
        lambda folder, files: as_tar(folder / "masks.tar", files),
    ],
    ids=["folder", "zip", "tar"],
)


def read(path, sizes=SIZES, **options):
    return {prediction.key: prediction.mask for prediction in read_masks(path, sizes, **options)}


def refused(path, message, **options):
    with pytest.raises(PredictionError, match=message) as caught:
        read(path, **options)
    assert str(path) in str(caught.value)


@KINDS
def test_a_folder_a_zip_and_a_tar_are_read_alike(tmp_path, pack):
    found = read(pack(tmp_path, FILES))
    assert list(found) == list(SIZES)
    assert all(np.array_equal(found[key], mask) for key, mask in MASKS.items())


@KINDS
def test_one_folder_around_everything_is_looked_through(tmp_path, pack):
    wrapped = {f"submission/{name}": content for name, content in FILES.items()}
    assert list(read(pack(tmp_path, wrapped))) == list(SIZES)


@KINDS
def test_what_else_lies_there_is_let_be(tmp_path, pack):
    extra = {"README.txt": b"hello", "__MACOSX/day/._1.png": b"x", ".hidden.png": b"y"}
    assert list(read(pack(tmp_path, {**FILES, **extra}))) == list(SIZES)


@KINDS
def test_missing_images_are_counted_and_named(tmp_path, pack):
    refused(
        pack(tmp_path, {"3.png": FILES["3.png"]}), r"2 images \(day/1, night/2\) of 3 missing; expected `<key>.png`"
    )


@KINDS
def test_with_no_image_found_the_content_is_shown(tmp_path, pack):
    path = pack(tmp_path, {"pred/a.jpg": b"x", "pred/b.jpg": b"y"})
    refused(path, r"3 images .* of 3 missing; it holds pred/a.jpg, pred/b.jpg")


@KINDS
def test_unknown_keys_are_named(tmp_path, pack):
    path = pack(tmp_path, {**FILES, "train/9.png": FILES["3.png"]})
    refused(path, r"1 image \(train/9\) that the split does not have")
    assert len(read(path, others=["train/9"])) == 3


@KINDS
def test_two_files_for_one_key_are_refused(tmp_path, pack):
    refused(pack(tmp_path, {**FILES, "3.PNG": FILES["3.png"]}), "one file per key")


@KINDS
def test_a_wrong_size_names_both_sizes(tmp_path, pack):
    path = pack(tmp_path, {**FILES, "3.png": encode_png(np.zeros((6, 8), np.uint8))})
    refused(path, r"3.png: is 8x6; expected 4x3, the size of the label")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (encode_png(np.zeros((3, 4, 3), np.uint8)), r"has 3 channel\(s\) of 8 bits; expected one channel"),
        (encode_png(np.zeros((3, 4), np.uint16)), r"has 1 channel\(s\) of 16 bits"),
        (bytes(cv2.imencode(".jpg", np.zeros((3, 4), np.uint8))[1]), "is a JPEG, which changes ids"),
        (FILES["3.png"][:-20], "truncated PNG"),
        (FILES["3.png"].replace(b"IDAT", b"IDAX"), "wrong checksum"),
        (b"hello", "neither JPEG nor PNG"),
        (b"", "neither JPEG nor PNG"),
    ],
    ids=["colours", "16 bits", "JPEG", "truncated", "damaged", "text", "empty"],
)
def test_a_file_that_is_no_mask_says_what_it_is(tmp_path, content, message):
    refused(as_zip(tmp_path / "masks.zip", {**FILES, "3.png": content}), message)


def test_a_palette_gives_its_indices_and_no_colours():
    indices = np.arange(12, dtype=np.uint8).reshape(3, 4) % 5
    rows = b"".join(b"\0" + row.tobytes() for row in indices)
    chunks = {
        b"IHDR": struct.pack(">IIBBBBB", 4, 3, 8, 3, 0, 0, 0),
        b"PLTE": bytes(range(100, 115)),
        b"IDAT": zlib.compress(rows),
        b"IEND": b"",
    }
    content = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks.items()
    )
    assert np.array_equal(decode_mask(content, (3, 4), name="a.png"), indices)


def test_a_huge_image_is_refused_by_its_header():
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b"")]
    content = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in parts
    )
    with pytest.raises(PredictionError, match="60000x60000 pixels"):
        decode_mask(content, (3, 4), name="a.png")


def test_a_file_far_larger_than_its_pixels_is_not_read(tmp_path):
    refused(
        as_zip(tmp_path / "masks.zip", {**FILES, "3.png": bytes(1 << 20)}), "has 1048576 bytes; expected a mask of 4x3"
    )


@pytest.mark.parametrize("name", ["../3.png", "/etc/3.png", "day/../../3.png", "day\\3.png", "C:/3.png"])
@pytest.mark.parametrize("pack", [as_zip, as_tar])
def test_names_that_lead_out_of_an_archive_are_refused(tmp_path, pack, name):
    refused(pack(tmp_path / "masks.bin", {**FILES, name: FILES["3.png"]}), "leads out of the archive")


@pytest.mark.parametrize("pack", [as_zip, as_tar])
def test_the_same_name_twice_in_an_archive_is_refused(tmp_path, pack):
    path = pack(tmp_path / "masks.bin", FILES)
    if pack is as_zip:
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("./3.png", FILES["day/1.png"])
    else:
        with tarfile.open(path, "a") as archive:
            archive.addfile(tarfile.TarInfo("./3.png"), io.BytesIO(b""))
    refused(path, "holds 3.png twice")


def test_a_zip_bomb_is_refused_before_anything_is_unpacked(tmp_path):
    path = as_zip(tmp_path / "masks.zip", {**FILES, "bomb.bin": bytes(80 << 20)})
    refused(path, rf"claims to unpack to \d+ bytes, over {MAX_RATIO} times its own size")


def test_an_encrypted_zip_is_refused(tmp_path):
    path = as_zip(tmp_path / "masks.zip", {"3.png": FILES["3.png"]})
    content = bytearray(path.read_bytes())
    for start in (b"PK\x03\x04", b"PK\x01\x02"):
        at = content.index(start) + (6 if start == b"PK\x03\x04" else 8)
        content[at] |= 1
    path.write_bytes(content)
    refused(path, "is encrypted")


@pytest.mark.parametrize("at", range(40, 95, 5))
def test_damage_inside_a_zip_is_reported(tmp_path, at):
    path = as_zip(tmp_path / "masks.zip", FILES)
    content = bytearray(path.read_bytes())
    content[at] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(PredictionError):
        read(path)


def test_an_entry_that_understates_its_size_is_not_unpacked_whole(tmp_path):
    path = as_zip(tmp_path / "masks.zip", {**FILES, "3.png": bytes(50 << 20)})
    path.write_bytes(path.read_bytes().replace((50 << 20).to_bytes(4, "little"), (99).to_bytes(4, "little")))
    refused(path, "damaged archive: Bad CRC-32|neither JPEG nor PNG")


def test_unusual_compression_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "masks.zip", "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("3.png", bytes(1 << 20))
    refused(tmp_path / "masks.zip", "is packed by an unusual method")


def test_a_truncated_zip_and_a_compressed_tar_are_no_archives(tmp_path):
    path = as_zip(tmp_path / "masks.zip", FILES)
    path.write_bytes(path.read_bytes()[:-30])
    refused(path, "neither a zip nor an uncompressed tar")
    with tarfile.open(tmp_path / "masks.tar.gz", "w:gz") as archive:
        archive.addfile(tarfile.TarInfo("3.png"), io.BytesIO(b""))
    refused(tmp_path / "masks.tar.gz", "neither a zip nor an uncompressed tar")


def test_links_are_refused(tmp_path):
    secret = tmp_path / "secret.png"
    secret.write_bytes(FILES["3.png"])
    folder = as_folder(tmp_path / "masks", FILES)
    (folder / "3.png").unlink()
    (folder / "3.png").symlink_to(secret)
    with pytest.raises(PredictionError, match="a symbolic link leads out of the folder"):
        read(folder)
    with tarfile.open(tmp_path / "masks.tar", "w") as archive:
        link = tarfile.TarInfo("3.png")
        link.type, link.linkname = tarfile.SYMTYPE, str(secret)
        archive.addfile(link)
    refused(tmp_path / "masks.tar", "is no ordinary file")


def test_a_path_that_does_not_exist_is_a_clear_mistake(tmp_path):
    refused(tmp_path / "nothing", "nothing: no such file or folder; check the path")


def test_a_damaged_sidecar_is_named(tmp_path):
    folder = as_folder(tmp_path / "masks", FILES)
    (folder / "predictions.json").write_text("{")
    with pytest.raises(PredictionError, match=r"predictions.json is not JSON"):
        read_sidecar(folder)
    (folder / "predictions.json").write_text('{"task": "semantic", "colour": 1}')
    with pytest.raises(PredictionError, match=r"predictions.json: \w+: "):
        read_sidecar(folder)


def test_the_hash_is_that_of_the_decoded_content(tmp_path):
    best = bytes(cv2.imencode(".png", MASKS["3"], [cv2.IMWRITE_PNG_COMPRESSION, 9])[1])
    none = bytes(cv2.imencode(".png", MASKS["3"], [cv2.IMWRITE_PNG_COMPRESSION, 0])[1])
    assert best != none
    digests = {}
    for name, content in (("best", best), ("none", none)):
        found = read(as_folder(tmp_path / name, {**FILES, "3.png": content}))
        digests[name] = masks_sha256({key: mask_sha256(mask) for key, mask in found.items()})
    backwards = masks_sha256({key: mask_sha256(mask) for key, mask in reversed(MASKS.items())})
    assert digests == {"best": backwards, "none": backwards}
    assert mask_sha256(np.zeros((2, 3), np.uint8)) != mask_sha256(np.zeros((3, 2), np.uint8))


def test_listing_a_folder_opens_nothing(tmp_path):
    folder = as_folder(tmp_path / "masks", FILES)
    os.mkfifo(folder / "pipe.txt")  # reading it would wait for ever
    with open_members(folder) as members:
        assert members.sizes.keys() == FILES.keys()
