"""MFNet: the facts of its card, its layouts, and real images of it."""

import hashlib
from collections import Counter

import numpy as np
import pytest

from rgbtbench.canonical import keys_sha256
from rgbtbench.cards import dataset_card, protocol
from rgbtbench.datasets import dataset, recognise
from rgbtbench.errors import InputFileError, LabelError, LayoutError
from rgbtbench.formats.image_file import encode_png
from tests.datasets.shared import SAMPLES, SHARED, needs
from tests.formats.files import file_of, noise, pixels_of, put

SOURCE = dataset("mfnet")
OFFICIAL = SOURCE.layouts[0]


def tree(root, lists, *, labels=None):
    """An official tree of noise: `lists` maps a split to the text of its list."""
    for split, text in lists.items():
        put(root, f"{split}.txt", text)
        for stem in text.split():
            if "_flip" not in stem:
                put(root, f"images/{stem}.png", file_of(noise(channels=4, seed=int(stem[:5]))))
                put(root, f"labels/{stem}.png", file_of(noise(below=9) if labels is None else labels))
    return root


def entries(root):
    return list(SOURCE.entries(root, recognise(SOURCE, root)))


def test_mirrored_copies_are_left_out_and_the_order_of_the_list_is_kept(tmp_path):
    tree(tmp_path, {"train": "00102D\n00102D_flip\n00101N\n00101N_flip\n", "test": "00300D\n"})
    found = entries(tmp_path)
    assert [(entry.split, entry.order, entry.key) for entry in found] == [
        ("train", 0, "00102D"),
        ("train", 1, "00101N"),
        ("test", 0, "00300D"),
    ]


def test_the_last_letter_is_the_time_of_day(tmp_path):
    found = entries(tree(tmp_path, {"test": "00001D 00002N".replace(" ", "\n")}))
    assert [entry.attributes["time_of_day"] for entry in found] == ["day", "night"]


def test_neighbouring_frames_share_a_cluster_and_day_never_does_with_night(tmp_path):
    found = entries(tree(tmp_path, {"test": "00019D\n00020D\n00039D\n00040D\n00039N\n"}))
    assert [entry.cluster for entry in found] == ["D000", "D001", "D001", "D002", "N001"]


def test_the_split_keeps_all_four_channels(tmp_path):
    tree(tmp_path, {"test": "00001D\n"})
    (entry,) = entries(tmp_path)
    pair = SOURCE.pair(tmp_path, OFFICIAL, entry)
    official = pixels_of((tmp_path / "images/00001D.png").read_bytes())
    np.testing.assert_array_equal(pixels_of(pair.images["rgb"].data), official[..., :3])
    np.testing.assert_array_equal(pixels_of(pair.images["lwir"].data), official[..., 3])
    assert pair.labels["semantic"].data == (tmp_path / "labels/00001D.png").read_bytes()


def test_an_id_outside_the_card_is_an_error_with_file_id_and_pixels(tmp_path):
    labels = np.zeros((13, 17), np.uint8)
    labels[2, :7] = 9
    tree(tmp_path, {"test": "00001D\n"}, labels=labels)
    (entry,) = entries(tmp_path)
    with pytest.raises(LabelError, match=r"labels/00001D\.png: holds id 9 on 7 pixels, which the card mfnet"):
        SOURCE.pair(tmp_path, OFFICIAL, entry)


def test_a_tree_without_lists_says_which_are_wanted(tmp_path):
    tree(tmp_path, {"test": "00001D\n"})
    (tmp_path / "test.txt").unlink()
    with pytest.raises(
        LayoutError, match=r"no list names the samples; expected train\.txt, val\.txt or test\.txt; copy"
    ):
        entries(tmp_path)


def test_a_three_channel_copy_in_the_official_layout_is_refused(tmp_path):
    tree(tmp_path, {"test": "00001D\n"})
    put(tmp_path, "images/00001D.png", encode_png(noise(channels=3)))
    (entry,) = entries(tmp_path)
    with pytest.raises(InputFileError, match="converted copy has lost the fourth channel"):
        SOURCE.pair(tmp_path, OFFICIAL, entry)


def test_protocols_say_in_their_id_which_edition_they_are_for():
    full, excerpt = protocol("mfnet/miou-9"), protocol("mfnet-excerpt20/miou-9")
    assert (full.edition, excerpt.edition) == ("official", "excerpt20")
    assert full.rules == excerpt.rules
    assert protocol("mfnet/miou-9-nan0").rules.absent == "zero"
    assert protocol("mfnet/miou-9-union").rules.absent == "union"
    assert protocol("mfnet/miou-8").rules.background == "mean_excluded"


@needs("research/name-lists/mfnet_test.txt")
def test_the_official_test_split_is_the_one_that_results_were_published_on():
    names = (SHARED / "research/name-lists/mfnet_test.txt").read_text().split()
    facts = dataset_card("mfnet").editions["official"].splits["test"]
    assert len(names) == facts.count == 393
    assert keys_sha256(names) == facts.keys_sha256
    assert hashlib.sha256(("\n".join(sorted(names)) + "\n").encode()).hexdigest() == facts.keys_sha256
    blocks = Counter(f"{name[-1]}{int(name[:5]) // 20}" for name in names)
    assert len(blocks) == 21
    assert f"blocks of 20 give {len(blocks)}" in dataset_card("mfnet").clusters


@needs("samples/mfnet")
def test_the_real_excerpt_is_the_edition_that_the_card_describes():
    found = entries(SAMPLES / "mfnet")
    assert Counter(entry.split for entry in found) == {"train": 100, "val": 100, "test": 20}
    for split, facts in dataset_card("mfnet").editions["excerpt20"].splits.items():
        assert keys_sha256(entry.key for entry in found if entry.split == split) == facts.keys_sha256
    test = [entry.attributes["time_of_day"] for entry in found if entry.split == "test"]
    assert Counter(test) == {"day": 10, "night": 10}


@needs("samples/mfnet")
def test_real_images_come_apart_without_loss_and_their_labels_are_known():
    root = SAMPLES / "mfnet"
    for entry in entries(root)[::11]:
        pair = SOURCE.pair(root, OFFICIAL, entry)
        official = pixels_of((root / f"images/{entry.official_id}.png").read_bytes())
        assert official.shape == (480, 640, 4)
        np.testing.assert_array_equal(pixels_of(pair.images["rgb"].data), official[..., :3])
        np.testing.assert_array_equal(pixels_of(pair.images["lwir"].data), official[..., 3])
        label = (root / f"labels/{entry.official_id}.png").read_bytes()
        assert pair.labels["semantic"].data == label
        assert pair.labels["semantic"].values == tuple(np.unique(pixels_of(label)).tolist())
        assert set(pair.labels["semantic"].values) <= set(range(9))


@needs("samples/mfnet-authors")
@pytest.mark.parametrize("stem", ["01234N", "01477D"])
def test_the_authors_own_images_have_thermal_where_others_have_alpha(tmp_path, stem):
    put(tmp_path, f"images/{stem}.png", (SAMPLES / f"mfnet-authors/{stem}.png").read_bytes())
    put(tmp_path, f"labels/{stem}.png", file_of(np.zeros((480, 640), np.uint8)))
    put(tmp_path, "test.txt", stem)
    (entry,) = entries(tmp_path)
    pair = SOURCE.pair(tmp_path, OFFICIAL, entry)
    official = pixels_of((SAMPLES / f"mfnet-authors/{stem}.png").read_bytes())
    np.testing.assert_array_equal(pixels_of(pair.images["lwir"].data), official[..., 3])
    assert len(np.unique(official[..., 3])) > 50


def test_folders_for_each_split_are_no_official_tree(tmp_path):
    """HAPNet has images and labels too, one level deeper and in two files."""
    for split, stem in (("train", "00001D"), ("test", "00300N")):
        put(tmp_path, f"images/{split}/{stem}_rgb.png", file_of(noise(channels=3)))
        put(tmp_path, f"thermal/{split}/{stem}_th.png", file_of(noise()))
        put(tmp_path, f"labels/{split}/{stem}.png", file_of(noise(below=9)))
    layout = recognise(SOURCE, tmp_path)
    assert layout.name == "hapnet"
    assert [(entry.split, entry.key) for entry in entries(tmp_path)] == [("train", "00001D"), ("test", "00300N")]


def test_sigmas_training_list_is_a_split_that_is_prepared_when_named(tmp_path):
    for stem in ("00001D", "00002D", "00300N"):
        put(tmp_path, f"RGB/{stem}.png", file_of(noise(channels=3)))
        put(tmp_path, f"Modal/{stem}.png", file_of(noise()))
        put(tmp_path, f"Label/{stem}.png", file_of(noise(below=9)))
    put(tmp_path, "train2.txt", "00001D\n00002D\n")
    put(tmp_path, "test.txt", "00300N\n")
    assert Counter(entry.split for entry in entries(tmp_path)) == {"trainval": 2, "test": 1}
    assert dataset_card("mfnet").editions["official"].splits["trainval"].on_request


@needs("research/name-lists/mfnet_test.txt")
def test_the_official_test_split_has_205_images_by_day_and_188_by_night():
    names = (SHARED / "research/name-lists/mfnet_test.txt").read_text().split()
    facts = dataset_card("mfnet").editions["official"].splits["test"]
    counted = Counter(SOURCE.attributes("test", name)["time_of_day"] for name in names)
    assert counted == facts.attributes["time_of_day"] == {"day": 205, "night": 188}
