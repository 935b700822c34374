from __future__ import annotations

import json
import math

from rgbtbench.progress import Silent
from rgbtbench.training.metrics_log import MetricsLog, TensorBoard, cut_back, read_metrics


def test_lines_after_the_checkpoint_and_a_torn_last_line_are_cut_off(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_text("".join(json.dumps({"step": step, "loss": step / 2}) + "\n" for step in range(1, 6)) + '{"step": 2')
    with MetricsLog(path, step=3) as log:
        log.write(4, {"loss": 7.0})
    assert read_metrics(path) == [
        {"step": 1, "loss": 0.5}, {"step": 2, "loss": 1.0}, {"step": 3, "loss": 1.5}, {"step": 4, "loss": 7.0},
    ]  # fmt: skip


def test_cutting_back_needs_no_file(tmp_path):
    cut_back(tmp_path / "metrics.jsonl", 3)
    assert not list(tmp_path.iterdir())


def test_numbers_that_json_does_not_know_become_null(tmp_path):
    with MetricsLog(tmp_path / "m.jsonl", step=0) as log:
        log.write(1, {"validation": {"miou": math.nan, "loss": math.inf}, "lr": 0.1})
    assert read_metrics(tmp_path / "m.jsonl") == [{"step": 1, "validation": {"miou": None, "loss": None}, "lr": 0.1}]


def test_tensorboard_can_read_the_curves(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    board = TensorBoard(tmp_path, step=0, progress=Silent())
    board.write(1, {"losses": {"cross_entropy": 2.0}, "lr": 0.5, "note": "text"})
    board.close()
    events = EventAccumulator(str(tmp_path)).Reload()
    assert events.Tags()["scalars"] == ["losses/cross_entropy", "lr"]
    assert events.Scalars("lr")[0].value == 0.5
