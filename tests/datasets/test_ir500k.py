"""IR-500K: the list decides order and splits, formats are splits of their own, and what has no pair is described."""

import json
import re
from collections import Counter

import pytest
import yaml

from rgbtbench.canonical import keys_sha256
from rgbtbench.cards import dataset_card
from rgbtbench.datasets import dataset, recognise
from rgbtbench.datasets.ir500k import EXAMPLE
from rgbtbench.errors import DifferenceError, InputFileError
from rgbtbench.loading.prepared import open_split
from rgbtbench.shards.build import prepare
from tests.datasets.shared import SAMPLES, needs
from tests.formats.files import file_of, noise, put

SOURCE = dataset("ir500k")
CARD = dataset_card("ir500k")
JPEG, PNG = file_of(noise(channels=3), "jpeg"), file_of(noise(channels=3))


def tree(root, *names, listed=None):
    for name in names:
        for folder in ("rgb", "ir"):
            put(root, f"paired/{folder}/{name}", PNG if name.endswith(".png") else JPEG)
    put(root, "paired/seeds.json", json.dumps([[name] for name in names] if listed is None else listed))
    for folder in ("rgb", "ir"):
        (root / "paired" / folder).mkdir(exist_ok=True)
    return root


def entries(root):
    return list(SOURCE.entries(root, recognise(SOURCE, root)))


def test_pairs_come_in_the_order_of_the_list_each_format_by_itself(tmp_path):
    root = tree(tmp_path, "LLVIP_200249.jpg", "MSRS_00876N.png", "kaist_set08_V001_I01980.jpg")
    assert [
        (entry.split, entry.order, entry.key, entry.official_id, entry.attributes["source"]) for entry in entries(root)
    ] == [
        ("train", 0, "LLVIP_200249", "LLVIP_200249", "LLVIP"),
        ("train_png", 0, "MSRS_00876N", "MSRS_00876N", "MSRS"),
        ("train", 1, "kaist_set08_V001_I01980", "kaist_set08_V001_I01980", "kaist"),
    ]


def test_both_formats_keep_their_bytes(tmp_path):
    root = tree(tmp_path / "raw", "LLVIP_200249.jpg", "MSRS_00876N.png")
    with pytest.raises(DifferenceError, match=r"train: pairs +expected 57095, found 1"):
        prepare(SOURCE, CARD, root, tmp_path / "out", workers=1)
    for entry, data in zip(entries(root), (JPEG, PNG), strict=True):
        pair = SOURCE.pair(root, SOURCE.layouts[1], entry)
        assert {image.data for image in pair.images.values()} == {data}


def test_an_official_list_is_cut_at_90_and_95_per_cent(tmp_path):
    """A made-up list of the official length: which names it holds does not matter, where they stand does."""
    total = 66_023
    names = [f"LLVIP_{number:06d}.jpg" for number in range(total)]
    counted = Counter(entry.split for entry in entries(tree(tmp_path, listed=[[name] for name in names])))
    assert counted == {"train": int(0.9 * total), "val": int(0.95 * total) - int(0.9 * total), "test": 3302}
    shorter = tree(tmp_path, listed=[[name] for name in names[:20]])
    assert {entry.split for entry in entries(shorter)} == {"train"}


@needs("samples/ir500k")
def test_the_published_list_gives_the_cards_counts_and_keys(tmp_path):
    put(tree(tmp_path), "paired/seeds.json", (SAMPLES / "ir500k/seeds.json").read_bytes())
    found = entries(tmp_path)
    assert len(found) == 66_023
    # Counted apart from this code: research on detection datasets, section 8.
    assert Counter(entry.attributes["source"] for entry in found) == {
        "kaist": 17_779, "LLVIP": 15_488, "visdrone": 13_442, "DUTUAV": 11_448, "FLIR": 5_142, "MSRS": 1_444,
        "AVIID1": 1_280,
    }  # fmt: skip
    for split, facts in CARD.editions["official"].splits.items():
        here = [entry for entry in found if entry.split == split]
        if split != "unpaired":
            assert (len(here), keys_sha256(entry.key for entry in here)) == (facts.count, facts.keys_sha256)
            assert Counter(entry.attributes["source"] for entry in here) == facts.attributes["source"]


def test_a_missing_twin_is_named(tmp_path):
    root = tree(tmp_path, "LLVIP_200249.jpg")
    (root / "paired/ir/LLVIP_200249.jpg").unlink()
    with pytest.raises(InputFileError, match=r"paired/ir/LLVIP_200249\.jpg: missing, while its twin"):
        SOURCE.pair(root, SOURCE.layouts[1], *entries(root))


@pytest.mark.parametrize(
    ("listed", "words"),
    [
        ([["LLVIP_1.jpg"], ["LLVIP_1.jpg"]], r"entry 2, \[\"LLVIP_1.jpg\"\], was named before"),
        ([["LLVIP_1.jpg", "LLVIP_2.jpg"]], "is no list with the name of one pair"),
        (["LLVIP_1.jpg"], "is no list with the name of one pair"),
        ([["../LLVIP_1.jpg"]], "is no list with the name of one pair"),
        ([["LLVIP_1.gif"]], "is no list with the name of one pair"),
        ({"train": []}, "entry 1, null, is no list"),
    ],
)
def test_another_list_is_refused(tmp_path, listed, words):
    with pytest.raises(InputFileError, match=words):
        entries(tree(tmp_path, listed=listed))


def test_infrared_images_without_a_pair_are_described(tmp_path):
    put(tmp_path, "raw/layout.yaml", EXAMPLE)
    put(tmp_path, "raw/infrared/0001.jpg", JPEG)
    prepare(SOURCE, CARD, tmp_path / "raw", tmp_path / "out", workers=1)
    assert set(open_split(tmp_path / "out", "unpaired")[0].images) == {"lwir"}


def test_the_example_of_the_card_is_the_one_that_is_shown():
    (note,) = [note for note in CARD.notes if "layout.yaml" in note]
    assert yaml.safe_load(re.search(r"`(\{.*\})`", note)[1]) == yaml.safe_load(EXAMPLE)
