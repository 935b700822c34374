"""Stored results and prediction files compare alike, from Python and from the command line."""

import json

import pytest
from typer.testing import CliRunner

from rgbtbench.cli.app import app
from rgbtbench.comparison import compare_predictions, compare_records
from rgbtbench.errors import RecordError, UserError
from rgbtbench.leaderboard.store import write_record
from tests.leaderboard.conftest import known_town, prepared_town, scored_boxes, scored_masks
from tests.scoring.town import label

__all__ = ["known_town", "prepared_town", "scored_boxes", "scored_masks"]


@pytest.fixture
def perfect(scored_masks, tmp_path):
    """Predictions that are the labels themselves."""
    from rgbtbench.predictions import MaskPrediction, MaskWriter
    from tests.scoring.town import IMAGES, KEYS, sidecar

    with MaskWriter(tmp_path / "perfect", sidecar("semantic")) as writer:
        for order in range(IMAGES):
            writer.write(MaskPrediction(KEYS[order], label(order)))
    return tmp_path / "perfect"


def test_predictions_compare_on_all_parts(scored_masks, perfect):
    found = compare_predictions(perfect, [scored_masks.predictions], "town/miou", data=scored_masks.data)
    (rows,) = found.values()
    parts = {row.part: row for row in rows}
    assert parts["all"].first == 100
    assert parts["all"].second == scored_masks.record.metrics["miou"]
    assert set(parts) == {"all", *scored_masks.record.subsets}
    # Strata have no IoU; their first metric stands in.
    assert parts["visibility=both"].metric == "macc"


def test_records_compare_from_their_statistics(scored_masks):
    again = scored_masks.record.model_copy(update={"method": "someone else"})
    other = write_record(again, scored_masks.records, statistics=scored_masks.score.statistics)
    rows = compare_records(scored_masks.path, [other], metrics=["macc"])[str(other)]
    assert {row.metric for row in rows} == {"macc"}
    assert {row.difference for row in rows} == {0.0}


def test_results_of_two_protocols_are_not_compared(scored_masks, scored_boxes):
    with pytest.raises(UserError, match="town/ap"):
        compare_records(scored_masks.path, [scored_boxes.path])


def test_a_record_without_statistics_is_named(scored_masks):
    bare = write_record(scored_masks.record.model_copy(update={"method": "bare"}), scored_masks.records)
    with pytest.raises(RecordError, match="has no statistics"):
        compare_records(scored_masks.path, [bare])


def test_predictions_without_a_protocol_are_told_to_name_one(scored_masks, perfect):
    with pytest.raises(UserError, match=r"perfect is no record.*name the --protocol"):
        compare_records(perfect, [scored_masks.predictions])


def test_the_command_prints_a_table_and_json(scored_masks, perfect):
    arguments = ["compare", str(perfect), str(scored_masks.predictions), "--protocol", "town/miou"]
    arguments += ["--data", str(scored_masks.data)]
    shown = CliRunner().invoke(app, arguments, catch_exceptions=False).stdout
    assert "p (Holm)" in shown
    assert "time_of_day=night" in shown
    (rows,) = json.loads(CliRunner().invoke(app, [*arguments, "--json"], catch_exceptions=False).stdout).values()
    whole = rows[0]
    assert whole["difference"] == pytest.approx(100 - scored_masks.record.metrics["miou"])
    assert set(whole) >= {"part", "metric", "interval", "p_value", "corrected_p_value", "clusters"}
