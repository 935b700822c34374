"""`score DATASET`: the same predictions under all rules, each number with what sets its rules apart."""

import json

import pytest
from typer.testing import CliRunner

from rgbtbench.cli.app import app
from rgbtbench.errors import UnknownNameError, UserError
from rgbtbench.overview import is_dataset, score_under_all
from tests.leaderboard.conftest import known_town, prepared_town, scored_boxes, scored_masks

__all__ = ["known_town", "prepared_town", "scored_boxes", "scored_masks"]


def test_every_protocol_of_the_predictions_task_has_its_number_and_its_difference(scored_masks):
    entries = {
        entry.protocol.id: entry for entry in score_under_all("town", scored_masks.predictions, data=scored_masks.data)
    }
    first, night = entries["town/miou"], entries["town/miou-night"]
    assert first.headline == scored_masks.record.metrics["miou"]
    assert first.differs == ()
    assert night.headline == pytest.approx(scored_masks.record.subsets["time_of_day=night"].metrics["miou"])
    assert any("only time of day night" in clause for clause in night.differs)
    assert not any(entry.protocol.task == "detection" for entry in entries.values())


def test_what_cannot_be_scored_says_why(scored_masks):
    entries = {
        entry.protocol.id: entry for entry in score_under_all("town", scored_masks.predictions, data=scored_masks.data)
    }
    unified = entries["town/miou-unified"]
    assert unified.score is None
    assert "label_space" in unified.reason


def test_data_of_another_dataset_is_refused(scored_masks):
    with pytest.raises(UserError, match="holds town"):
        score_under_all("mfnet", scored_masks.predictions, data=scored_masks.data)
    with pytest.raises(UnknownNameError, match="no dataset"):
        score_under_all("twon", scored_masks.predictions, data=scored_masks.data)


def test_predictions_that_no_protocol_takes_are_an_error(scored_masks, tmp_path):
    (tmp_path / "nothing").mkdir()
    with pytest.raises(UserError, match="no protocol of town can score"):
        score_under_all("town", tmp_path / "nothing", data=scored_masks.data)


def test_the_command_prints_a_table_and_json(scored_masks):
    arguments = ["score", "town", str(scored_masks.predictions), "--data", str(scored_masks.data)]
    shown = CliRunner().invoke(app, arguments, catch_exceptions=False).stdout
    assert "town/miou-night" in shown
    printed = json.loads(CliRunner().invoke(app, [*arguments, "--json"], catch_exceptions=False).stdout)
    assert printed["town/miou"]["metrics"]["miou"] == scored_masks.record.metrics["miou"]
    with pytest.raises(UserError, match="several protocols"):
        CliRunner().invoke(app, [*arguments, "--records", "records"], catch_exceptions=False)


@pytest.mark.parametrize("option", ["--variant", "--source"])
def test_what_stands_in_records_alone_is_refused_where_there_is_none(scored_masks, option):
    """Passed over, it would look as if it had been noted."""
    predictions = str(scored_masks.predictions)
    with pytest.raises(UserError, match="make no record, of which --variant and --source speak; leave them out"):
        CliRunner().invoke(
            app, ["score", "town/miou", predictions, "--ground-truth", "x", option, "y"], catch_exceptions=False
        )
    with pytest.raises(UserError, match="town stands for several protocols and makes no record"):
        CliRunner().invoke(
            app, ["score", "town", predictions, "--data", str(scored_masks.data), option, "y"], catch_exceptions=False
        )


def test_classes_are_named_of_files_alone(scored_masks):
    """Prepared data and datasets know their classes; names for them are an error, not passed over."""
    arguments = ["score", "town/miou", str(scored_masks.predictions), "--data", str(scored_masks.data)]
    with pytest.raises(UserError, match=r"has its classes already.*leave out --classes"):
        CliRunner().invoke(app, [*arguments, "--classes", "9"], catch_exceptions=False)
    with pytest.raises(UserError, match="town has its classes already"):
        is_dataset("town", classes="9")


def test_a_protocol_is_set_apart_from_the_first_of_its_metric(scored_masks):
    """Not from one of another metric, which differs in everything."""
    from rgbtbench import overview

    entries = score_under_all("town", scored_masks.predictions, data=scored_masks.data)
    masks = [entry.protocol for entry in entries if entry.score is not None]
    other = masks[0].model_copy(update={"id": "town/other", "rules": masks[0].rules.model_construct(metric="coco_ap")})
    known = {protocol.id: protocol for protocol in (other, *masks)}
    assert overview._first_of_its_metric(masks[1], known) is masks[0]
    assert overview._first_of_its_metric(masks[0], {other.id: other}) is other
    assert overview._first_of_its_metric(masks[0], {}) is masks[0]
