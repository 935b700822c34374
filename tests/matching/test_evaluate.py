"""From prepared pairs to a result: the tests' own `tiny` data, 5 test pairs of 24 x 16 and 12 x 8 pixels."""

from __future__ import annotations

import json

import numpy as np
import pytest

from rgbtbench.cards.matching import MatchingBlock, matching_protocol, matching_protocol_ids
from rgbtbench.cli import main
from rgbtbench.errors import PredictionError, RecipeError, UnknownNameError, UserError
from rgbtbench.features.extract import extract, read_size, write_features
from rgbtbench.features.folder import DESCRIPTION
from rgbtbench.loading.prepared import open_split
from rgbtbench.matching.evaluate import match, per_pair
from rgbtbench.matching.image import MatchedPair
from tests.loading.tiny import prepare_tiny

TRANSLATED = "matching/homography-480x640-p0-s1-r0-t0.25-seed0"
ALIGNED = "matching/aligned-480x640"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return prepare_tiny(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def places(tiny, tmp_path_factory):
    return extract("places", tiny, "test", tmp_path_factory.mktemp("features") / "places", protocol=ALIGNED)


@pytest.mark.parametrize("protocol_id", matching_protocol_ids())
def test_the_name_of_a_protocol_says_what_its_homographies_follow_from(protocol_id):
    protocol = matching_protocol(protocol_id)
    assert protocol_id == f"matching/{protocol.name}"


def test_the_hash_is_of_the_rules_and_not_of_the_words():
    known = matching_protocol(ALIGNED)
    assert known.sha256 == "9cf5308e545d59551f21cb3e1f97d3476d64a736666a696dd88c91975fc24a1b"
    assert known.model_copy(update={"summary": "in other words"}).sha256 == known.sha256
    assert known.model_copy(update={"ransac_pixels": 3.0}).sha256 != known.sha256


def test_places_alone_are_right_on_pairs_that_did_not_move(tiny, places):
    result = match(ALIGNED, places, tiny)
    assert result.images == 5
    assert result.metrics["matches"] == 1200
    assert [result.metrics[name] for name in ("precision_1", "auc_3")] == pytest.approx([100, 100])
    assert result.features.source == "places"


def test_places_alone_are_wrong_on_pairs_that_moved(tiny, tmp_path):
    out = extract("places", tiny, "test", tmp_path / "moved", protocol=TRANSLATED)
    result = match(TRANSLATED, out, tiny)
    assert result.metrics["precision_10"] < 30
    assert result.metrics["auc_10"] < 30


def test_a_metric_is_the_mean_over_pairs_and_no_match_counts_0():
    rules = MatchingBlock(summary="made for tests", reference="rgb", warped="lwir", frame=(128, 160))
    pairs = [
        MatchedPair(10, (1, 2, 5, 10), 8, 1.0),
        MatchedPair(0, (0, 0, 0, 0), 0, float("inf")),
        MatchedPair(4, (4, 4, 4, 4), 4, 4.0),
    ]
    means = {name: values.mean() for name, values in per_pair(pairs, rules).items()}
    assert means["precision_1"] == pytest.approx((10 + 0 + 100) / 3)
    assert means["precision_cell"] == pytest.approx((80 + 0 + 100) / 3)
    assert means["auc_3"] == pytest.approx(100 * (2 / 3 + 0 + 0) / 3)
    assert means["auc_5"] == pytest.approx(100 * (4 / 5 + 0 + 1 / 5) / 3)
    assert means["matches"] == pytest.approx(14 / 3)


def test_the_area_is_that_under_the_share_of_pairs_over_their_error():
    rules = MatchingBlock(summary="made for tests", reference="rgb", warped="lwir", frame=(128, 160))
    errors = np.random.default_rng(0).exponential(4, 200)
    mean = per_pair([MatchedPair(1, (0,) * 4, 0, error) for error in errors], rules)["auc_10"].mean()
    grid = np.linspace(0, 10, 100_001)
    share = (errors[:, None] <= grid[None, ::10]).mean(axis=0)
    assert mean == pytest.approx(100 * np.trapezoid(share, grid[::10]) / 10, abs=0.05)


def test_intervals_hold_their_number_and_results_are_the_same_twice(tiny, tmp_path):
    protocol = matching_protocol(TRANSLATED)
    draw = np.random.default_rng(0)

    def noise(pairs):
        return [{name: draw.standard_normal((8, 6, 8)) for name in pair.images} for pair in pairs]

    split = open_split(tiny, "train", label_sets=())
    out = write_features(
        noise, split, tmp_path / "noise", modalities=("rgb", "lwir"), source="noise", protocol=protocol
    )
    first, second = match(TRANSLATED, out, tiny), match(TRANSLATED, out, tiny)
    assert first.as_json() == second.as_json()
    assert first.clusters >= 3
    for name, interval in first.intervals.items():
        assert interval.low <= first.metrics[name] <= interval.high


def test_the_command_prints_what_python_returns(tiny, places, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["rgbtbench", "match", ALIGNED, str(places), "--data", str(tiny), "--json"])
    with pytest.raises(SystemExit, match="0"):
        main()
    said = json.loads(capsys.readouterr().out)
    assert said["metrics"] == match(ALIGNED, places, tiny).as_json()["metrics"]
    monkeypatch.setattr("sys.argv", ["rgbtbench", "match", ALIGNED, str(places), "--data", str(tiny)])
    with pytest.raises(SystemExit, match="0"):
        main()
    assert "right within a cell, % of matches" in capsys.readouterr().out


def test_features_of_another_protocol_or_of_unmoved_images_are_refused(tiny, places, tmp_path):
    with pytest.raises(
        PredictionError, match=r"made for protocol matching/aligned-480x640; expected matching/homography"
    ):
        match(TRANSLATED, places, tiny)
    plain = extract("places", tiny, "test", tmp_path / "plain")
    with pytest.raises(PredictionError, match="made for protocol none"):
        match(ALIGNED, plain, tiny)


def test_features_of_other_data_are_refused(tiny, places, tmp_path):
    other = tmp_path / "other"
    content = json.loads((places / DESCRIPTION).read_text())
    import shutil

    shutil.copytree(places, other)
    (other / DESCRIPTION).write_text(json.dumps(content | {"data_hash": "0" * 64}))
    with pytest.raises(PredictionError, match="made for data_hash 000"):
        match(ALIGNED, other, tiny)


def test_a_missing_image_never_makes_it_easier(tiny, places, tmp_path):
    import shutil

    other = tmp_path / "fewer"
    shutil.copytree(places, other)
    next((other / "lwir").rglob("*.npy")).unlink()
    with pytest.raises(PredictionError, match=r"1 image .* of 5 missing"):
        match(ALIGNED, other, tiny)


def test_descriptors_of_different_lengths_are_refused(tiny, tmp_path):
    def uneven(pairs):
        return [{"rgb": np.ones((4, 2, 2)), "lwir": np.ones((5, 2, 2))} for _ in pairs]

    split = open_split(tiny, "test", label_sets=())
    out = write_features(
        uneven,
        split,
        tmp_path / "uneven",
        modalities=("rgb", "lwir"),
        source="uneven",
        protocol=matching_protocol(ALIGNED),
    )
    with pytest.raises(PredictionError, match="4 channels of rgb and 5 of lwir"):
        match(ALIGNED, out, tiny)


def test_a_protocol_that_nobody_knows_and_a_source_that_is_none_are_named(tiny, tmp_path):
    with pytest.raises(UnknownNameError, match="did you mean matching/aligned-480x640"):
        extract("places", tiny, "test", tmp_path / "out", protocol="matching/aligned-480")
    with pytest.raises(UnknownNameError, match="did you mean gradients"):
        extract("gradient", tiny, "test", tmp_path / "out")


def test_a_protocol_needs_both_of_its_cameras(tiny, tmp_path):
    with pytest.raises(RecipeError, match="places describes rgb; expected rgb and lwir"):
        extract("places", tiny, "test", tmp_path / "out", protocol=ALIGNED, modalities=("rgb",))


def test_one_camera_is_not_matched_with_itself():
    with pytest.raises(ValueError, match="reference and warped are both rgb"):
        MatchingBlock(summary="one camera", reference="rgb", warped="rgb", frame=(64, 64))


@pytest.mark.parametrize("text", ["480", "480x", "x640", "-1x5", "480x640x3", "٣x٣", "9" * 5000 + "x1"])
def test_a_size_that_is_none_is_refused(text):
    with pytest.raises(UserError, match="expected height x width"):
        read_size(text)


def test_a_size_is_height_by_width():
    assert read_size("480x640") == (480, 640)
