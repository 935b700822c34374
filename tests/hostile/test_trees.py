"""Trees with something missing, added or in the way."""

import os

import numpy as np
import pytest

from rgbtbench.cards import dataset_card
from rgbtbench.datasets import recognise
from rgbtbench.errors import LayoutError, ShardError
from rgbtbench.shards.build import Options, prepare
from tests.formats.files import file_of, noise, put
from tests.hostile.confined import confined
from tests.hostile.mendable import refused
from tests.hostile.trees import LLVIP, MFNET, first_pair, llvip_tree, mfnet_tree


@pytest.mark.parametrize(("lost", "twin"), [("images", "labels"), ("labels", "images")])
def test_a_missing_twin_is_named_with_the_one_that_is_there(tmp_path, lost, twin):
    (mfnet_tree(tmp_path) / lost / "00001D.png").unlink()
    with refused(tmp_path / lost / "00001D.png", f"its twin {tmp_path / twin / '00001D.png'} exists"):
        first_pair(MFNET, tmp_path)


@pytest.mark.parametrize("name", ["visible/test/190001.jpg", "infrared/test/190001.jpg"])
def test_a_resized_twin_is_named_with_both_sizes(tmp_path, name):
    put(llvip_tree(tmp_path), name, file_of(noise(24, 32, 3), "jpeg"))
    with refused("infrared/test/190001.jpg", "32x24", "64x48", "visible/test/190001.jpg"):
        first_pair(LLVIP, tmp_path)


def test_a_resized_mask_is_named_with_its_image(tmp_path):
    put(mfnet_tree(tmp_path), "labels/00001D.png", file_of(noise(48, 64, below=9)))
    with refused("labels/00001D.png", "is 64x48 pixels; expected 32x24 as", "images/00001D.png"):
        first_pair(MFNET, tmp_path)


def test_a_folder_in_the_place_of_a_file_is_refused(tmp_path):
    (mfnet_tree(tmp_path) / "labels/00001D.png").unlink()
    (tmp_path / "labels/00001D.png").mkdir()
    with refused("labels/00001D.png"):
        first_pair(MFNET, tmp_path)


def test_a_wrong_folder_is_answered_with_the_layouts_and_what_lies_there(tmp_path):
    llvip_tree(tmp_path)
    with refused(
        tmp_path,
        "holds Annotations/, infrared/, visible/",
        "official: ",
        "missing here: images, labels",
        kind=LayoutError,
    ):
        recognise(MFNET, tmp_path)


def test_one_level_too_high_is_answered_with_the_folder_to_pass(tmp_path):
    mfnet_tree(tmp_path / "ir_seg_dataset")
    with refused(tmp_path, "holds ir_seg_dataset/", f"pass {tmp_path / 'ir_seg_dataset'}", kind=LayoutError):
        recognise(MFNET, tmp_path)


def test_a_statement_about_the_labels_cannot_overrule_the_labels(tmp_path):
    stem, count = next(iter(dataset_card("llvip").label_sets["v1"].fingerprint.items()))
    llvip_tree(tmp_path, stems=(stem,))
    box = (
        "<object><name>person</name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>3</xmax><ymax>4</ymax></bndbox></object>"
    )
    put(tmp_path, f"Annotations/{stem}.xml", f"<a>{box * count}</a>")
    put(tmp_path, "label_version.txt", "v2")
    with refused("label_version.txt", "says 'v2'; expected v1", kind=LayoutError):
        first_pair(LLVIP, tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("images/00001D.png", b"broken", "neither JPEG nor PNG"),
        ("labels/00001D.png", file_of(np.full((24, 32), 77, np.uint8)), "holds id 77 on 768 pixels"),
        ("labels/00001D.png", None, "missing, while its twin"),
    ],
)
def test_prepare_names_the_faulty_file_and_keeps_what_is_whole(tmp_path, name, content, said):
    root, out = mfnet_tree(tmp_path / "root"), tmp_path / "out"
    if content is None:
        (root / name).unlink()
    else:
        put(root, name, content)
    card = dataset_card("mfnet")
    with pytest.raises(ShardError) as caught:
        prepare(MFNET, card, root, out, options=Options(), workers=1, allow_differences=True)
    assert name in str(caught.value)
    assert said in str(caught.value)
    assert not (out / "manifest.json").exists()
    put(root, "images/00001D.png", file_of(noise(24, 32, 4)))
    put(root, "labels/00001D.png", file_of(noise(24, 32, below=9)))
    assert (
        prepare(MFNET, card, root, out, options=Options(), workers=1, allow_differences=True).splits["test"].samples
        == 2
    )


@pytest.mark.parametrize("instead", ["a pipe", "a device", "a link out", "a link to itself", "nothing"])
def test_prepare_waits_for_nothing_and_opens_nothing_outside_the_folder(tmp_path, instead):
    root, out, outside = mfnet_tree(tmp_path / "root"), tmp_path / "out", tmp_path / "outside"
    put(outside, "secret.png", file_of(noise(24, 32, below=9)))
    label = root / "labels/00001D.png"
    label.unlink()
    if instead == "a pipe":
        os.mkfifo(label)
    elif instead != "nothing":
        targets = {"a device": "/dev/zero", "a link out": outside / "secret.png", "a link to itself": label}
        label.symlink_to(targets[instead])
    for rehash in (False, True):
        with (
            confined(writable=out, secret=outside, seconds=20, megabytes=1024) as violations,
            pytest.raises(ShardError, match="1 of 2 samples are faulty") as caught,
        ):
            prepare(MFNET, dataset_card("mfnet"), root, out, workers=1, rehash=rehash, allow_differences=True)
        assert "labels/00001D.png" in str(caught.value)
        assert violations == []


def test_a_split_of_which_no_image_can_be_decoded_is_refused_by_its_name(tmp_path):
    root = llvip_tree(tmp_path / "root")
    for stem in ("190001", "190002"):
        path = root / f"visible/test/{stem}.jpg"
        data = bytearray(path.read_bytes())
        scan = data.index(b"\xff\xda")
        data[scan + 20 : scan + 400] = b"\xff\x00" * 190  # the structure stays, the code words mean nothing
        path.write_bytes(data)
    card = dataset_card("llvip").model_copy(update={"allowed_faulty": 9})
    with refused(root, "not one sample of split test can be stored", kind=ShardError):
        prepare(LLVIP, card, root, tmp_path / "out", options=Options(check="full"), workers=1, allow_differences=True)


@pytest.mark.parametrize(
    ("content", "said"),
    [("", "the file is empty"), ("v" * 65, "at most 64"), ("\xff", "says"), ("v3", "says 'v3'")],
)
def test_a_statement_about_the_labels_must_be_one(tmp_path, content, said):
    put(llvip_tree(tmp_path), "label_version.txt", content)
    with refused("label_version.txt", said):
        first_pair(LLVIP, tmp_path)


def test_a_statement_about_the_labels_may_come_from_windows_and_not_from_elsewhere(tmp_path):
    put(llvip_tree(tmp_path / "root"), "label_version.txt", "\ufeffv2\r\n")
    assert list(first_pair(LLVIP, tmp_path / "root").labels) == ["v2"]
    (tmp_path / "root/label_version.txt").rename(tmp_path / "elsewhere.txt")
    (tmp_path / "root/label_version.txt").symlink_to(tmp_path / "elsewhere.txt")
    with refused("label_version.txt", "a symbolic link leads out of"):
        first_pair(LLVIP, tmp_path / "root")
