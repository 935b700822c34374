"""NYU Depth V2: one numbering for all copies, metres from the official file, void kept out of the classes."""

import h5py
import numpy as np
import pytest
from scipy.io import savemat

from rgbtbench.canonical import keys_sha256
from rgbtbench.cards import dataset_card
from rgbtbench.datasets import dataset, recognise
from rgbtbench.errors import InputFileError
from tests.datasets.shared import SAMPLES, SHARED, needs
from tests.formats.files import file_of, noise, pixels_of, put

SOURCE = dataset("nyudepthv2")


def pairs(root):
    layout = recognise(SOURCE, root)
    return [SOURCE.pair(root, layout, entry) for entry in SOURCE.entries(root, layout)]


def official(root, *, frames=3, labels=None, train=((3,), (1,)), test=((2,),)):
    """An official file of noise whose axes are MATLAB's: the last comes first."""
    random = np.random.default_rng(0)
    arrays = {
        "images": random.integers(0, 256, (frames, 3, 7, 5)).astype(np.uint8),
        "depths": random.uniform(0.5, 9, (frames, 7, 5)).astype(np.float32),
        "labels": np.full((frames, 7, 5), 2, np.uint16) if labels is None else labels,
    }
    with h5py.File(root / "nyu_depth_v2_labeled.mat", "w") as file:
        file.update(arrays)
    savemat(root / "splits.mat", {"trainNdxs": np.array(train, np.uint16), "testNdxs": np.array(test, np.uint16)})
    savemat(root / "classMapping40.mat", {"mapClass": np.array([[40, 5, 11]], np.uint8)})
    return arrays


def test_frames_of_the_official_file_keep_pixels_metres_and_their_split(tmp_path):
    arrays = official(tmp_path)
    found = pairs(tmp_path)
    assert [(pair.entry.split, pair.entry.key) for pair in found] == [
        ("train", "0003"),
        ("train", "0001"),
        ("test", "0002"),
    ]
    first = found[0]
    expected = np.array([[[arrays["images"][2, c, x, y] for c in range(3)] for x in range(7)] for y in range(5)])
    np.testing.assert_array_equal(pixels_of(first.images["rgb"].data), expected)
    depth = np.frombuffer(first.images["depth"].data[-7 * 5 * 4 :], np.float32).reshape(5, 7)
    np.testing.assert_array_equal(depth, arrays["depths"][2].T)


def test_894_classes_become_forty_and_unlabelled_pixels_void(tmp_path):
    labels = np.zeros((3, 7, 5), np.uint16)
    labels[:, 0], labels[:, 1], labels[:, 2] = 1, 2, 3
    official(tmp_path, labels=labels)
    mask = pixels_of(pairs(tmp_path)[0].labels["semantic"].data)
    assert [sorted(set(mask[:, column].tolist())) for column in range(4)] == [[40], [5], [11], [0]]


def test_a_class_that_the_mapping_lacks_is_named(tmp_path):
    official(tmp_path, labels=np.full((3, 7, 5), 4, np.uint16))
    with pytest.raises(InputFileError, match=r"labeled\.mat: holds class 4, which classMapping40\.mat does not map"):
        pairs(tmp_path)


def cmx(root, train, test, *, label=7):
    for number in (*train, *test):
        put(root, f"RGB/{number}.jpg", file_of(noise(channels=3), "jpeg"))
        put(root, f"HHA/{number}.jpg", file_of(noise(channels=3), "jpeg"))
        put(root, f"Label/{number}.png", file_of(np.full((13, 17), label, np.uint8)))
    put(root, "train.txt", "".join(f"{number}\n" for number in train))
    put(root, "test.txt", "".join(f"RGB/{number}.jpg Label/{number}.png\n" for number in test))
    return root


@pytest.mark.parametrize(
    ("train", "test", "keys"), [((0, 4), (2,), ["0001", "0005", "0003"]), ((1449,), (2,), ["1449", "0002"])]
)
def test_a_copy_counts_from_wherever_its_lists_show(tmp_path, train, test, keys):
    assert [pair.entry.key for pair in pairs(cmx(tmp_path, train, test))] == keys


def test_a_copy_that_shows_neither_end_is_not_guessed_at(tmp_path):
    with pytest.raises(InputFileError, match="name neither frame 0 nor frame 1449"):
        pairs(cmx(tmp_path, (5, 6), (7,)))


@pytest.mark.parametrize(
    ("lists", "line"),
    [(("train.txt", "test.txt"), "RGB/{0}.jpg Label/{0}.png\n"), (("train2.txt", "test2.txt"), "{0}\n")],
)
def test_copies_with_pictures_of_depth_have_dformers_lists_or_sigmas(tmp_path, lists, line):
    for number in (0, 3):
        put(tmp_path, f"RGB/{number}.jpg", file_of(noise(channels=3), "jpeg"))
        put(tmp_path, f"Depth/{number}.png", file_of(noise()))
        put(tmp_path, f"Label/{number}.png", file_of(np.full((13, 17), 40, np.uint8)))
    for name, number in zip(lists, (3, 0), strict=True):
        put(tmp_path, name, line.format(number))
    found = pairs(tmp_path)
    assert recognise(SOURCE, tmp_path).name == "dformer"
    assert [(pair.entry.split, pair.entry.key) for pair in found] == [("train", "0004"), ("test", "0001")]
    assert found[0].images["depth_picture"].data == (tmp_path / "Depth/3.png").read_bytes()
    assert found[0].labels["semantic"].values == (40,)


def test_classes_of_a_copy_that_counts_from_0_are_moved_and_255_is_void(tmp_path):
    values = np.tile(np.array([0, 39, 255], np.uint8), (4, 1))
    for folder, pixels in (("rgb", noise(4, 3, 3)), ("depth", noise(4, 3)), ("masks", values)):
        put(tmp_path, f"{folder}/001449.png", file_of(pixels))
    put(tmp_path, "train.txt", "rgb/001449.png\tmasks/001449.png\tdepth/001449.png\r\n")
    put(tmp_path, "val.txt", "")
    (tmp_path / "val.txt").unlink()
    (pair,) = pairs(tmp_path)
    np.testing.assert_array_equal(pixels_of(pair.labels["semantic"].data)[0], [1, 40, 0])
    assert set(pair.images) == {"rgb", "depth_picture"}


@needs("research/name-lists")
@pytest.mark.parametrize("split", ["train", "test"])
def test_the_cards_keys_are_the_official_indices(split):
    ids = (SHARED / f"research/name-lists/nyu_{split}_ids.txt").read_text().split()
    facts = dataset_card("nyudepthv2").editions["official"].splits[split]
    assert (facts.count, facts.keys_sha256) == (len(ids), keys_sha256(f"{int(number):04d}" for number in ids))


@needs("samples/nyu")
def test_the_real_split_is_read(tmp_path):
    official(tmp_path)
    put(tmp_path, "splits.mat", (SAMPLES / "nyu/splits.mat").read_bytes())
    entries = list(SOURCE.entries(tmp_path, recognise(SOURCE, tmp_path)))
    for split, facts in dataset_card("nyudepthv2").editions["official"].splits.items():
        keys = [entry.key for entry in entries if entry.split == split]
        assert (len(keys), keys_sha256(keys)) == (facts.count, facts.keys_sha256)


def test_links_to_other_files_are_not_followed(tmp_path):
    official(tmp_path)
    with h5py.File(tmp_path / "elsewhere.h5", "w") as file:
        file["images"] = np.zeros((3, 3, 7, 5), np.uint8)
    with h5py.File(tmp_path / "nyu_depth_v2_labeled.mat", "a") as file:
        del file["images"]
        file["images"] = h5py.ExternalLink(str(tmp_path / "elsewhere.h5"), "images")
    with pytest.raises(InputFileError, match=r"labeled\.mat: has no array 'images' of its own"):
        pairs(tmp_path)


@pytest.mark.parametrize("content", [b"not HDF5", b"\x89HDF\r\n\x1a\n" + b"\0" * 64])
def test_a_damaged_official_file_is_one_clear_error(tmp_path, content):
    official(tmp_path)
    put(tmp_path, "nyu_depth_v2_labeled.mat", content)
    with pytest.raises(InputFileError, match=r"labeled\.mat: cannot be read as MATLAB 7\.3"):
        pairs(tmp_path)


@pytest.mark.parametrize("numbers", [[np.nan, 1], [np.inf, 1], [0, 1], [1450, 1], [1.5, 1]])
def test_indices_that_are_no_frames_are_refused(tmp_path, numbers):
    official(tmp_path)
    savemat(tmp_path / "splits.mat", {"trainNdxs": np.array([numbers]).T, "testNdxs": np.array([[2.0]])})
    with pytest.raises(InputFileError, match=r"splits\.mat: trainNdxs holds .*; expected whole numbers from 1 to 1449"):
        pairs(tmp_path)


@pytest.mark.parametrize("number", [-1, 256, 0.5, np.nan])
def test_a_class_mapping_that_cannot_be_ids_is_refused_and_never_wraps(tmp_path, number):
    official(tmp_path)
    savemat(tmp_path / "classMapping40.mat", {"mapClass": np.array([[40, 5, number]])})
    with pytest.raises(InputFileError, match=r"classMapping40\.mat: mapClass holds .*; expected whole numbers from 0"):
        pairs(tmp_path)
