"""Anybody can recompute a record; one that was tampered with does not pass, however well its hashes fit."""

import numpy as np
import pytest

from rgbtbench.cards import catalog
from rgbtbench.errors import RecordError, UnknownNameError, UserError
from rgbtbench.leaderboard.compose import record_of
from rgbtbench.leaderboard.records import Interval
from rgbtbench.leaderboard.store import write_record
from rgbtbench.leaderboard.verify import verify_record
from rgbtbench.loading.prepared import open_split
from rgbtbench.predictions import MaskPrediction, MaskWriter
from rgbtbench.scoring.score import resolve_protocol, score
from rgbtbench.scoring.segmentation.counts import Confusions
from rgbtbench.scoring.statistics import from_arrays
from rgbtbench.scoring.summary import summarise
from tests.scoring.town import IMAGES, KEYS, prepare_town, sidecar, write_masks


def stored_with(result, **changes):
    """Write a forged record whose own hashes are in order."""
    forged = result.record.model_copy(update=changes)
    return write_record(forged, result.records, statistics=result.score.statistics)


@pytest.mark.parametrize("kind", ["scored_masks", "scored_boxes"])
def test_an_honest_record_passes_from_statistics_alone(kind, request):
    result = request.getfixturevalue(kind)
    report = verify_record(result.path)
    assert "metrics and intervals from the statistics" in report.checked
    assert report.left_out == ("labels and predictions: not given",)


@pytest.mark.parametrize("kind", ["scored_masks", "scored_boxes"])
def test_an_honest_record_passes_down_to_labels_and_predictions(kind, request):
    result = request.getfixturevalue(kind)
    report = verify_record(result.path, predictions=result.predictions, data=result.data)
    assert report.left_out == ()
    assert str(report).startswith("verified the hash in its name, the protocol, metrics and intervals")


def test_a_forged_metric_is_named_with_both_values(scored_masks):
    true = scored_masks.record.metrics["miou"]
    path = stored_with(scored_masks, metrics={**scored_masks.record.metrics, "miou": true + 0.5})
    with pytest.raises(RecordError, match=rf"miou: stored {true + 0.5}.*recomputed {true}.* from the statistics"):
        verify_record(path)


def test_a_forged_interval_subset_or_class_is_named(scored_masks):
    record = scored_masks.record
    interval = record.intervals["miou"]
    narrow = Interval(low=interval.low + 1, high=interval.high)
    with pytest.raises(RecordError, match="miou low: stored"):
        verify_record(stored_with(scored_masks, intervals={**record.intervals, "miou": narrow}))
    night = record.subsets["time_of_day=night"]
    better = night.model_copy(update={"metrics": {**night.metrics, "macc": 99.0}})
    with pytest.raises(RecordError, match=r"time_of_day=night macc: stored 99.0"):
        verify_record(stored_with(scored_masks, subsets={**record.subsets, "time_of_day=night": better}))
    with pytest.raises(RecordError, match="pedestrian acc: stored nothing"):
        verify_record(stored_with(scored_masks, per_class={**record.per_class, "pedestrian": {}}))


def test_a_difference_of_rounding_passes(scored_masks):
    nearly = {name: value + 1e-9 for name, value in scored_masks.record.metrics.items()}
    assert verify_record(stored_with(scored_masks, metrics=nearly))


def test_forged_statistics_do_not_survive_the_labels(scored_masks):
    arrays = {name: array.copy() for name, array in scored_masks.score.statistics.items()}
    arrays["confusion"][:, 0, 1] = 0  # fewer false positives
    better = summarise(scored_masks.score.protocol, from_arrays(arrays, Confusions))
    forged = scored_masks.record.model_copy(
        update={"metrics": better.metrics, "intervals": better.intervals, "per_class": better.per_class}
        | {"subsets": better.subsets}
    )
    path = write_record(forged, scored_masks.records, statistics=arrays)
    assert verify_record(path)  # consistent in itself
    with pytest.raises(RecordError, match="from predictions and labels"):
        verify_record(path, predictions=scored_masks.predictions, data=scored_masks.data)


def test_other_predictions_are_not_those_of_the_record(scored_masks, tmp_path):
    with MaskWriter(tmp_path / "blank", sidecar("semantic")) as writer:
        for order in range(IMAGES):
            writer.write(MaskPrediction(KEYS[order], np.zeros((16, 24), np.uint8)))
    with pytest.raises(RecordError, match="predictions_sha256: stored"):
        verify_record(scored_masks.path, predictions=tmp_path / "blank", data=scored_masks.data)


def test_other_data_is_not_that_of_the_record(scored_masks, tmp_path):
    few = prepare_town(tmp_path / "few", limit=6)
    with pytest.raises(RecordError, match="data_hash: stored"):
        verify_record(scored_masks.path, predictions=scored_masks.predictions, data=few)


def test_rules_that_the_catalogue_does_not_have_are_refused(scored_masks):
    with pytest.raises(RecordError, match="protocol_hash: stored"):
        verify_record(stored_with(scored_masks, protocol_hash="0" * 64))
    with pytest.raises(UnknownNameError, match="no protocol 'town/best'"):
        verify_record(stored_with(scored_masks, protocol="town/best"))


def test_a_record_of_superseded_rules_is_left_alone(scored_masks, monkeypatch):
    newer = catalog.protocol("town/miou").model_copy(update={"version": 2})
    monkeypatch.setattr(catalog, "protocol", lambda name: newer)
    report = verify_record(scored_masks.path)
    assert report.left_out == ("the numbers: town/miou has changed since version 1",)


def test_a_record_without_statistics_says_so(scored_masks):
    path = write_record(scored_masks.record.model_copy(update={"notes": ("lean",)}), scored_masks.records)
    assert "the numbers: no per-image statistics were stored" in verify_record(path).left_out


def test_predictions_without_data_are_not_enough(scored_masks):
    with pytest.raises(UserError, match="give both, or neither"):
        verify_record(scored_masks.path, predictions=scored_masks.predictions)


@pytest.mark.usefixtures("known_town")
def test_records_of_unlisted_data_find_their_rules_again(tmp_path):
    truth = open_split(prepare_town(tmp_path, limit=6), "test")
    protocol = resolve_protocol(f"town-unlisted-{truth.manifest.split('test').keys_sha256[:8]}/miou", truth.manifest)
    predictions = write_masks(tmp_path / "masks", orders=range(6))
    (predictions / "predictions.json").unlink()
    result = score(protocol, truth, predictions)
    record = record_of(result, truth, kind="scored", method="someone")
    path = write_record(record, tmp_path / "records", statistics=result.statistics)
    assert verify_record(path, predictions=predictions, data=truth.store.root).left_out == ()


class TestRetention:
    """What a condition leaves of the clean result, which lies in the same folder of records."""

    def altered(self, result, **changes):
        name = result.path.relative_to(result.records).with_suffix("").as_posix()
        half = {metric: None if value is None else 1.0 for metric, value in result.record.metrics.items()}
        facts = {"condition": "missing:lwir/mean", "clean": name, "retention": half}
        return stored_with(result, **facts | changes)

    def test_an_honest_record_passes(self, scored_masks):
        assert "what is retained" in verify_record(self.altered(scored_masks)).checked

    def test_a_forged_share_is_named(self, scored_masks):
        shares = dict.fromkeys(scored_masks.record.metrics, 1.0) | {"miou": 1.25}
        with pytest.raises(RecordError, match=r"retention of miou: stored 1\.25, recomputed 1\.0"):
            verify_record(self.altered(scored_masks, retention=shares))

    def test_the_clean_record_must_be_of_the_same_and_clean(self, scored_masks):
        with pytest.raises(RecordError, match=r"clean: .* differs in weights_sha256"):
            verify_record(self.altered(scored_masks, weights_sha256="0" * 64))
        name = self.altered(scored_masks).relative_to(scored_masks.records).with_suffix("").as_posix()
        with pytest.raises(RecordError, match="differs in its condition"):
            verify_record(self.altered(scored_masks, clean=name, condition="missing:rgb/mean"))

    def test_without_the_clean_record_it_is_left_out(self, scored_masks):
        report = verify_record(self.altered(scored_masks, clean="elsewhere/mfnet-0"))
        assert "what is retained: no clean record" in report.left_out
