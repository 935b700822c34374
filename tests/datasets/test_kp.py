"""KP: KAIST's names in two layouts, void that is not scored, and lists that share no video."""

from collections import Counter

import numpy as np
import pytest

from rgbtbench.canonical import keys_sha256
from rgbtbench.cards import dataset_card, protocol
from rgbtbench.datasets import dataset, recognise
from rgbtbench.errors import InputFileError, LabelError
from rgbtbench.scoring.segmentation.confusion import confusion_matrix, segmentation_metrics
from tests.datasets.shared import SAMPLES, SHARED, needs
from tests.formats.files import file_of, noise, put

SOURCE = dataset("kp")
CARD = dataset_card("kp")
LISTS = SAMPLES / "lists/crm_kp"


def crm(root, split, *names, labels=None):
    for name in names:
        recorded, video, frame = name.split("_")
        for camera, pixels in (("visible", noise(channels=3)), ("lwir", np.dstack([noise()] * 3))):
            put(root, f"images/{recorded}/{video}/{camera}/{frame}.jpg", file_of(pixels, "jpeg"))
        put(root, f"labels/{name}.png", file_of(noise(below=20) if labels is None else labels))
    put(root, f"{split}.txt", "".join(f"{name}.png\n" for name in names))
    return root


def ms_uda(root, folder, name):
    recorded, video, frame = name.split("_")
    for camera, pixels in (("visible", noise(channels=3)), ("lwir", noise())):
        put(root, f"pseudo_KP/{folder}/{recorded}_{video}_{camera}_{frame}.png", file_of(pixels))
    put(root, f"pseudo_KP/{folder}/{name}_pseudo.png", file_of(noise(below=19)))
    put(root, f"labels/{folder}/{name}.png", file_of(noise(below=20)))
    put(root, f"labels/visualize/{name}.png", file_of(noise(channels=3)))
    return root


def pairs(root):
    layout = recognise(SOURCE, root)
    return [SOURCE.pair(root, layout, entry) for entry in SOURCE.entries(root, layout)]


def test_a_list_names_label_files_and_the_id_is_without_their_ending(tmp_path):
    (pair,) = pairs(crm(tmp_path, "test", "set07_V000_I00050"))
    assert (pair.entry.key, pair.entry.official_id) == ("set07_V000_I00050", "set07_V000_I00050")
    assert pair.entry.files == {
        "rgb": "images/set07/V000/visible/I00050.jpg",
        "lwir": "images/set07/V000/lwir/I00050.jpg",
        "semantic": "labels/set07_V000_I00050.png",
    }
    assert pair.images["lwir"].data == (tmp_path / pair.entry.files["lwir"]).read_bytes()


def test_the_set_tells_day_and_night_and_the_video_is_the_cluster(tmp_path):
    found = pairs(crm(tmp_path, "train", "set02_V004_I00050", "set03_V001_I00184"))
    assert [(pair.attributes["time_of_day"], pair.entry.cluster) for pair in found] == [
        ("day", "set02_V004"),
        ("night", "set03_V001"),
    ]


def test_the_authors_folders_are_splits_by_day_and_at_night(tmp_path):
    ms_uda(tmp_path, "val_day", "set00_V000_I00050")
    ms_uda(tmp_path, "val_night", "set03_V000_I00050")
    found = pairs(tmp_path)
    assert [(pair.entry.split, pair.entry.key) for pair in found] == [
        ("day", "set00_V000_I00050"),
        ("night", "set03_V000_I00050"),
    ]
    assert found[1].entry.files["lwir"] == "pseudo_KP/val_night/set03_V000_lwir_I00050.png"


def test_void_is_kept_in_the_mask_and_ids_above_it_are_an_error(tmp_path):
    labels = np.full((13, 17), 19, np.uint8)
    (pair,) = pairs(crm(tmp_path, "test", "set07_V000_I00050", labels=labels))
    assert pair.labels["semantic"].values == (19,)
    with pytest.raises(LabelError, match=r"holds id 20 on 221 pixels, which the card kp"):
        pairs(crm(tmp_path, "test", "set07_V000_I00050", labels=labels + 1))


def test_void_pixels_are_scored_by_no_protocol_and_absent_classes_by_one():
    label = np.array([0, 0, 13, 19], np.uint8)
    prediction = np.array([0, 0, 13, 13], np.uint8)
    for name, value in (("miou-19", 100), ("miou-19-nan0", 100 * 2 / 19)):
        rules = protocol(f"kp/{name}").rules
        confusion = confusion_matrix(label, prediction, ids=range(19), ignore_ids=rules.ignore_ids)
        assert segmentation_metrics(confusion, ids=range(19), rules=rules)["miou"] == pytest.approx(value)


@pytest.mark.parametrize("lost", ["images/set07/V000/visible/I00050.jpg", "labels/set07_V000_I00050.png"])
def test_a_missing_twin_is_named(tmp_path, lost):
    crm(tmp_path, "test", "set07_V000_I00050", "set07_V000_I00130")
    (tmp_path / lost).unlink()
    with pytest.raises(InputFileError, match=rf"{lost}: missing, while its twin"):
        pairs(tmp_path)


def test_a_line_that_is_no_label_file_is_an_error(tmp_path):
    crm(tmp_path, "test", "set07_V000_I00050")
    put(tmp_path, "val.txt", "set06/V000/I00050\n")
    with pytest.raises(InputFileError, match=r"val\.txt:1: 'set06/V000/I00050' is no id of this dataset"):
        pairs(tmp_path)


@needs("samples/lists/crm_kp")
def test_the_real_lists_are_the_cards_splits(tmp_path):
    for folder in ("images/set00/V000/visible", "images/set00/V000/lwir", "labels"):
        put(tmp_path, f"{folder}/none", "x")
    for split in ("train", "val", "test"):
        put(tmp_path, f"{split}.txt", (LISTS / f"{split}.txt").read_bytes())
    found = list(SOURCE.entries(tmp_path, recognise(SOURCE, tmp_path)))
    videos = {}
    for split, facts in CARD.editions["official"].splits.items():
        own = [entry for entry in found if entry.split == split]
        assert len(own) == facts.count
        assert keys_sha256(entry.key for entry in own) == facts.keys_sha256
        counted = Counter(entry.attributes["time_of_day"] for entry in own)
        assert counted == facts.attributes["time_of_day"]
        for time in ("day", "night"):
            named = (LISTS / f"{split}_{time}.txt").read_text().replace(".png", "").split()
            assert named == [entry.key for entry in own if entry.attributes["time_of_day"] == time]
        videos[split] = {entry.cluster for entry in own}
    assert len(videos["test"]) == 9
    assert not videos["train"] & (videos["val"] | videos["test"])
    assert not videos["val"] & videos["test"]


@needs("samples/lists/crm_kp")
def test_the_authors_edition_holds_the_same_frames_by_day_and_by_night():
    names = [name for split in ("train", "val", "test") for name in (LISTS / f"{split}.txt").read_text().split()]
    for time, facts in CARD.editions["day-night"].splits.items():
        own = [name[:-4] for name in names if SOURCE.attributes(time, name)["time_of_day"] == time]
        assert len(own) == facts.count
        assert keys_sha256(own) == facts.keys_sha256


@needs("research/name-lists/kp_test.txt", "samples/kaist/imageSets/test-all-20.txt")
def test_eight_test_images_are_test_images_of_kaist():
    lines = (SAMPLES / "kaist/imageSets/test-all-20.txt").read_text().split()
    kaist = {line.replace("/", "_") for line in lines}
    names = (SHARED / "research/name-lists/kp_test.txt").read_text().replace(".png", "").split()
    assert len(kaist & set(names)) == 8
