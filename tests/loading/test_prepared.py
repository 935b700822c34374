"""Prepared data as a sequence of samples: what was put in comes out, and views change only what they say."""

import json
import pickle
import shutil

import numpy as np
import pytest

from rgbtbench.errors import LabelError, ShardError, UnknownNameError
from rgbtbench.loading.prepared import open_split
from tests.loading import tiny


@pytest.fixture(scope="module")
def train(prepared):
    return open_split(prepared, "train")


def test_samples_come_in_official_order_with_the_pixels_that_were_stored(train):
    assert len(train) == 7
    assert train.keys == tuple(f"train_{order}" for order in range(7))
    for order, sample in enumerate(train):
        assert sample.key == f"train_{order}"
        assert np.array_equal(sample.images["rgb"], tiny.rgb("train", order))
        assert sample.images["lwir"].dtype == np.uint16
        assert np.array_equal(sample.images["lwir"][..., 0], tiny.lwir("train", order))
        assert sample.text["captions"] == (f"sample {order}", "street")
        assert sample.missing == frozenset()


def test_facts_about_all_samples_are_there_without_decoding(train):
    assert train.image_ids == tuple(range(100, 107))
    assert train.clusters[:3] == ("walk0", "walk0", "walk1")
    assert train.attributes == {"time_of_day": ("day", "night", "night", "day", "night", "night", "day")}
    assert train.record(2)["official_id"] == "train.2"
    assert json.loads(train.member(2, "json")) == train.record(2)
    assert train.manifest.dataset == "tiny"


def test_native_labels_keep_the_datasets_ids_and_hide_what_it_ignores(train):
    sample = train[1]
    assert np.array_equal(sample.masks["semantic"], tiny.semantic(1))
    assert sample.boxes["people"].labels.tolist() == [1, 2, 3]
    assert sample.boxes["people"].xyxy.tolist() == [list(box) for box in tiny.BOXES]
    assert not sample.boxes["people"].ignore.any()
    assert train.classes("people") == {1: "pedestrian", 2: "group", 3: "poster"}
    assert train[6].boxes["people"].xyxy.shape == (0, 4)


def test_unified_labels_are_one_look_up_away(prepared):
    split = open_split(prepared, "train", label_space="unified")
    sample = split[1]
    native = tiny.semantic(1)
    expected = np.select([native == 0, native == 1, native == 4], [0, 91, 111], 255)
    assert np.array_equal(sample.masks["semantic"], expected)
    people = sample.boxes["people"]
    assert people.labels.tolist() == [91, 255]  # the poster is no object: its box goes
    assert people.ignore.tolist() == [False, True]  # the group is hidden
    assert people.raw.tolist() == [list(box) for box in tiny.BOXES[:2]]
    assert split.classes("semantic") == {0: "unlabeled", 91: "person", 111: "car"}


def test_saliency_masks_are_levels_and_not_looked_up(prepared):
    for space in ("native", "unified"):
        sample = open_split(prepared, "train", label_space=space)[3]
        assert np.array_equal(sample.masks["salient"], tiny.rgb("train", 3)[..., 0])


def test_a_pickle_is_small_and_reads_the_same_samples(train):
    data = pickle.dumps(train)
    assert len(data) < 20_000
    copy = pickle.loads(data)  # noqa: S301  # our own
    assert copy.keys == train.keys
    assert np.array_equal(copy[4].images["rgb"], train[4].images["rgb"])


def test_a_view_of_some_samples_keeps_their_order(train):
    some = train.select([5, 0, 2])
    assert some.keys == ("train_5", "train_0", "train_2")
    assert some.image_ids == (105, 100, 102)
    assert some[1].key == "train_0"
    assert some.select([2]).keys == ("train_2",)


def test_samples_are_chosen_by_their_attributes(train):
    assert train.where(time_of_day="day").keys == ("train_0", "train_3", "train_6")
    assert len(train.where(time_of_day=("day", "night"))) == 7
    assert len(train.where(time_of_day="dusk")) == 0
    with pytest.raises(ShardError, match="did you mean time_of_day"):
        train.where(time_of_dai="day")


def test_a_view_decodes_only_what_it_is_asked_for(prepared):
    sample = open_split(prepared, "test", modalities=["lwir"], label_sets=["people"])[0]
    assert list(sample.images) == ["lwir"]
    assert (list(sample.masks), list(sample.boxes), list(sample.text)) == ([], ["people"], [])


def test_frames_of_labels_have_their_cameras_size(train):
    assert train.frame_size(0, "semantic") == (16, 24)
    assert train.frame_size(0, "people") == (16, 24)
    assert train.frame_size(0, "hot") == (8, 12)
    assert train.frame_size(0) == (16, 24)


def test_a_condition_on_what_is_not_there_is_refused(prepared):
    with pytest.raises(UnknownNameError, match=r"no modality 'lwir'.*rgb"):
        open_split(prepared, "train", modalities=["rgb"]).under("missing:lwir/mean")


def test_a_cached_view_decodes_once_and_protects_what_it_keeps(train, prepared, tmp_path):
    copy = shutil.copytree(prepared, tmp_path / "tiny")
    cached = open_split(copy, "train").cached()
    first = cached[3]
    assert cached[3].images["rgb"] is first.images["rgb"]
    assert cached.cached()[3].images["rgb"] is first.images["rgb"]
    assert cached.under("missing:lwir/swap")[3].images["rgb"] is first.images["rgb"]
    assert np.array_equal(first.images["rgb"], train[3].images["rgb"])
    with pytest.raises(ValueError, match="read-only"):
        first.images["rgb"][0] = 0
    assert train[3].images["rgb"] is not train[3].images["rgb"]


def test_a_folder_that_is_not_prepared_says_what_to_run(tmp_path):
    with pytest.raises(ShardError, match="rgbtbench prepare"):
        open_split(tmp_path, "train")
    with pytest.raises(ShardError, match="no such folder"):
        open_split(tmp_path / "nowhere", "train")


@pytest.mark.parametrize(
    ("split", "options", "words"),
    [
        ("trian", {}, "did you mean train"),
        ("train", {"modalities": ["lwirr"]}, "no modality 'lwirr'.*did you mean lwir"),
        ("train", {"label_sets": ["semantics"]}, "no label set 'semantics'.*did you mean semantic"),
    ],
)
def test_a_wrong_name_is_answered_with_the_closest(prepared, split, options, words):
    with pytest.raises(ShardError, match=words):
        open_split(prepared, split, **options)


def test_another_datasets_label_space_is_asked_of_the_chosen_sets_alone(prepared):
    with pytest.raises(LabelError, match="mfnet has 0 label sets of kind boxes"):
        open_split(prepared, "train", label_space="mfnet")
    masks = open_split(prepared, "train", label_space="mfnet", label_sets=("semantic", "salient"))
    assert masks.classes("semantic")[2] == "person"
    assert 2 in np.unique(masks[1].masks["semantic"])
    assert masks.only(label_sets=("captions",))[1].text["captions"] == ("sample 1", "street")
    with pytest.raises(ShardError, match="no opened label set 'people'"):
        masks.only(label_sets=("people",))


def test_a_wrong_label_space_is_refused(prepared):
    with pytest.raises(UnknownNameError, match="no label space 'unifed'; did you mean unified"):
        open_split(prepared, "train", label_space="unifed")


def test_a_manifest_of_a_newer_version_is_refused(prepared, tmp_path):
    copy = shutil.copytree(prepared, tmp_path / "tiny")
    facts = json.loads((copy / "manifest.json").read_text())
    (copy / "manifest.json").write_text(json.dumps(facts | {"version": 2}))
    with pytest.raises(ShardError, match="version 2"):
        open_split(copy, "train")


def test_a_lost_shard_is_named_when_it_is_needed(prepared, tmp_path):
    copy = shutil.copytree(prepared, tmp_path / "tiny")
    lost = copy / open_split(copy, "test").store.index.shards[-1]
    lost.unlink()
    split = open_split(copy, "test")
    assert split[0].key == "test_0"
    with pytest.raises(ShardError, match=lost.name):
        split[4]


def test_damaged_pixels_name_the_sample_and_the_member(prepared, tmp_path):
    copy = shutil.copytree(prepared, tmp_path / "tiny")
    split = open_split(copy, "train")
    offset = int(split.store.index.offsets["rgb.png"][0]) + 60
    shard = copy / split.store.index.shards[0]
    data = bytearray(shard.read_bytes())
    data[offset] ^= 0xFF
    shard.write_bytes(data)
    with pytest.raises(ShardError, match=r"train_0\.rgb\.png of split train"):
        open_split(copy, "train")[0]


def test_a_member_or_label_set_that_does_not_exist_is_refused(train):
    with pytest.raises(ShardError, match=r"no member 'rgb\.jpg'"):
        train.member(0, "rgb.jpg")
    with pytest.raises(ShardError, match="no label set 'x'"):
        train.label_map("x")
    with pytest.raises(ShardError, match="no label set with classes 'salient'"):
        train.classes("salient")
    with pytest.raises(ShardError, match=r"2 label sets of kind boxes.*name one of"):
        train.label_set_of("boxes")
    assert train.label_set_of("semantic") == "semantic"
