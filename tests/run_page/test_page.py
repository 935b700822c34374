"""A training run as one page."""

from __future__ import annotations

import base64
import re

import cv2
import numpy as np
import pytest

from rgbtbench.cards.recipe import load_recipe
from rgbtbench.errors import InputFileError, UserError
from rgbtbench.loading.prepared import open_split
from rgbtbench.run_page.curves import chart, log_charts
from rgbtbench.run_page.masking import masking_part, visible_rank
from rgbtbench.run_page.page import page, write_page
from rgbtbench.snapshots import read_snapshot, write_snapshot
from rgbtbench.training.metrics_log import read_metrics
from rgbtbench.training.run import train


def decoded(address):
    data = base64.b64decode(address.partition(",")[2])
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)[:, :, ::-1]


def test_the_beginning_and_every_look_leave_a_snapshot_of_the_first_pairs(run):
    paths = sorted((run / "snapshots").iterdir())
    assert [path.name for path in paths] == ["00000000.npz", "00000002.npz", "00000004.npz", "00000006.npz"]
    first = read_snapshot(paths[0])
    assert (first.step, len(first.keys), first.cmss.shape) == (0, 3, (3, 4, 4))
    assert first.cmss.max() == 1
    for one in first.slots.values():
        assert one.image.shape == one.reconstruction.shape == (3, 64, 64, 3)
        seen = ~np.kron(one.hidden, np.ones((1, 16, 16), np.bool_))
        assert np.array_equal(one.image[seen], one.reconstruction[seen])
        assert not np.array_equal(one.image, one.reconstruction)


def test_without_a_split_for_validation_pairs_of_training_are_shown(blobs, tmp_path):
    folder = train(load_recipe("m_specgene/smoke"), blobs, tmp_path / "run").folder
    assert [path.name for path in sorted((folder / "snapshots").iterdir())] == ["00000000.npz", "00000002.npz"]
    assert read_snapshot(folder / "snapshots" / "00000002.npz").keys == open_split(blobs, "train").keys[:3]


def test_a_snapshot_comes_back_as_it_was(run, tmp_path):
    one = read_snapshot(run / "snapshots" / "00000004.npz")
    write_snapshot(one, tmp_path / "a" / "b.npz")
    again = read_snapshot(tmp_path / "a" / "b.npz")
    assert (again.step, again.keys) == (one.step, one.keys)
    np.testing.assert_array_equal(again.slots["rgb"].reconstruction, one.slots["rgb"].reconstruction)


def test_the_page_holds_all_pictures_and_reaches_nothing(run, tmp_path):
    write_page(run, tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text()
    addresses = re.findall(r'src="([^"]+)"', text)
    # Of three pairs: two inputs, and at four steps CMSS, what was visible and what was made of it.
    assert len(addresses) == 3 * (2 + 4 * 5)
    assert all(decoded(address).size for address in addresses)
    assert not re.findall(r'(?:href|src)="(?!#|data:)', text)
    assert "img-src data:;" in text
    assert not re.findall(r"\bstyle=", text)
    for name in ("thermal_reconstruction", "rgb_reconstruction", "validation: loss", "learning rate"):
        assert name in text


def test_visible_patches_are_shown_and_hidden_ones_blue(run):
    part = masking_part(run / "snapshots")
    snapshot = read_snapshot(run / "snapshots" / "00000006.npz")
    rows = {row.title: row for row in part.pairs[1].rows}
    shown = decoded(rows["rgb, visible"].pictures[-1])
    covered = np.kron(snapshot.slots["rgb"].hidden[1], np.ones((16, 16), np.bool_))
    red, green, blue = shown[covered].T
    assert (blue > np.maximum(red, green)).all()
    np.testing.assert_array_equal(shown[~covered], snapshot.slots["rgb"].image[1][~covered])


def test_the_rank_of_visible_patches_runs_from_structure_to_flat():
    cmss = np.arange(8, dtype=np.float32).reshape(1, 2, 4)
    hidden = np.ones((1, 2, 4), np.bool_)
    for place, rank in ((0, 0), (7, 100)):
        one = hidden.copy()
        one[0, place // 4, place % 4] = False
        assert visible_rank(cmss, one) == pytest.approx(rank)


def test_a_line_lies_in_its_box_from_first_step_to_last():
    found = chart("loss", {"a": [(0, 2.0), (5, float("nan")), (10, 1.0)], "b": [(5, 3.0)], "c": []})
    assert [line.name for line in found.lines] == ["a", "b"]
    assert found.lines[0].points == "0.00,50.00 100.00,100.00"
    # A single value would not be drawn otherwise.
    assert found.lines[1].points == "50.00,0.00 50.00,0.00"
    assert [line.is_point for line in found.lines] == [False, True]
    assert (found.low, found.high, found.first, found.last) == (1.0, 3.0, 0, 10)
    assert chart("nothing", {"a": []}) is None


def test_a_long_log_is_averaged_into_few_points():
    found = chart("loss", {"a": [(step, float(step % 2)) for step in range(1000)]})
    assert len(found.lines[0].points.split()) == 200
    assert found.low > 0.3
    assert found.high < 0.7


def test_charts_are_of_every_quantity_in_the_log(run):
    titles = [one.title for one in log_charts(read_metrics(run / "metrics.jsonl"))]
    assert titles == ["loss in training", "validation: loss", "learning rate"]


def test_a_folder_without_a_run_and_a_damaged_snapshot_are_named(run, tmp_path):
    with pytest.raises(UserError, match="holds no run"):
        page(tmp_path)
    (tmp_path / "00000001.npz").write_bytes(b"no archive")
    with pytest.raises(InputFileError, match=r"00000001\.npz: not a whole snapshot"):
        masking_part(tmp_path)
