"""What the card says against what was read: before any work where keys tell, before anything is published else."""

import pytest

from rgbtbench.canonical import keys_sha256
from rgbtbench.errors import DifferenceError, LayoutError
from rgbtbench.shards.build import prepare
from rgbtbench.shards.manifest import Difference, read_manifest
from rgbtbench.shards.plan import Options

from .street import SMALL_SHARDS, Street, card


def street(**splits):
    """The street's card with other expectations of its splits."""
    return card(editions={"official": {"splits": {"train": {}, "test": {}} | splits}}, protocols={})


def prepared(official, out, chosen, **options):
    return prepare(Street(), chosen, official, out, **{"options": SMALL_SHARDS, "workers": 1, **options})


def test_another_number_of_pairs_ends_the_run_before_anything_is_written(official, tmp_path):
    with pytest.raises(DifferenceError) as caught:
        prepared(official, tmp_path / "out", street(train={"count": 9}))
    assert "differs from edition official of street:\n  train: pairs  expected 9, found 7\n" in str(caught.value)
    assert "--allow-differences" in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_the_same_number_of_other_keys_is_a_difference(official, tmp_path):
    with pytest.raises(DifferenceError, match=r"test: sha256 of the keys  expected \w{12}, found \w{12}"):
        prepared(official, tmp_path / "out", street(test={"count": 4, "keys_sha256": keys_sha256("abcd")}))


def test_a_split_that_no_edition_has_is_a_difference(official, tmp_path):
    only_test = card(editions={"official": {"splits": {"test": {"count": 4}}}}, protocols={})
    with pytest.raises(DifferenceError, match=r"train: pairs  expected no such split, found 7"):
        prepared(official, tmp_path / "out", only_test)


def test_the_closest_edition_is_the_one_compared_with(official, tmp_path):
    editions = {
        "official": {"splits": {"train": {"count": 70}, "test": {"count": 40}}},
        "excerpt": {"splits": {"train": {"count": 7}, "test": {"count": 5}}},
    }
    with pytest.raises(DifferenceError, match=r"differs from edition excerpt of street:\n  test: pairs  expected 5"):
        prepared(official, tmp_path / "out", card(editions=editions, protocols={}))


def test_classes_and_attributes_are_counted_and_compared(official, tmp_path):
    # Sample n of 7 has n % 3 boxes, is taken by day when n is odd, and shows all three classes of noise.
    right = {
        "attributes": {"time_of_day": {"day": 3, "night": 4}},
        "objects": {"people": {"person": 6}},
        "images": {"people": {"person": 4}, "semantic": {"background": 7, "road": 7, "wall": 7}},
    }
    assert prepared(official, tmp_path / "right", street(train=right)).differences == ()
    wrong = {
        "attributes": {"time_of_day": {"day": 2}},
        "objects": {"people": {"person": 5}},
        "images": {"semantic": {"wall": 0}},
    }
    with pytest.raises(DifferenceError) as caught:
        prepared(official, tmp_path / "wrong", street(train=wrong))
    assert str(caught.value).split("\n")[1:4] == [
        "  train: time_of_day day, pairs  expected 2, found 3",
        "  train: people person, boxes    expected 5, found 6",
        "  train: semantic wall, pairs    expected 0, found 7",
    ]
    assert not (tmp_path / "wrong" / "manifest.json").exists()


def test_labels_that_these_files_do_not_hold_are_not_compared(official, tmp_path):
    sets = card().model_dump()["label_sets"] | {"other": {"kind": "boxes", "frame": "rgb", "classes": [
        {"id": 1, "name": "person", "unified": "person"}]}}  # fmt: skip
    chosen = card(
        label_sets=sets,
        editions={"official": {"splits": {"train": {"objects": {"other": {"person": 99}}}, "test": {}}}},
        protocols={},
    )
    assert prepared(official, tmp_path / "out", chosen).differences == ()


def test_allowed_differences_are_written_down_and_finished_shards_are_used_again(official, tmp_path):
    wrong = street(train={"attributes": {"time_of_day": {"day": 0}}})
    with pytest.raises(DifferenceError):
        prepared(official, tmp_path / "out", wrong)
    shards = {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "shards").iterdir()}
    manifest = prepared(official, tmp_path / "out", wrong, allow_differences=True)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "shards").iterdir()} == shards
    (difference,) = read_manifest(tmp_path / "out").differences
    assert (difference,) == manifest.differences
    assert difference == Difference(
        edition="official", split="train", what="time_of_day day, pairs", expected="0", found=difference.found
    )


def test_a_part_that_was_asked_for_is_no_difference(official, tmp_path):
    wrong = street(train={"count": 9}, test={"count": 9})
    assert prepared(official, tmp_path / "out", wrong, options=Options(limit=2)).differences == ()


def test_a_split_on_request_is_prepared_when_named_only(official, tmp_path):
    chosen = street(train={"on_request": True})
    assert set(prepared(official, tmp_path / "all", chosen).splits) == {"test"}
    named = prepared(official, tmp_path / "named", chosen, options=Options(splits=("train",)))
    assert set(named.splits) == {"train"}
    both = street(train={"on_request": True}, test={"on_request": True})
    with pytest.raises(LayoutError, match=r"prepared when named: test, train; name one with --split"):
        prepared(official, tmp_path / "none", both)
