"""What is said of work that goes on: a stage that failed is never shown as done."""

from itertools import chain

import pytest

from rgbtbench.cli.progress import Bar, Lines
from rgbtbench.progress import track


def failing(items):
    yield from items
    raise ValueError("the fourth is damaged")


def test_a_stage_that_is_done_says_what_it_came_to(capsys):
    with Lines() as progress:
        assert list(track("abc", progress, "scoring", total=3, unit="images")) == ["a", "b", "c"]
    assert capsys.readouterr().err.startswith("scoring: 3 images in ")


def test_a_stage_of_which_nothing_is_done_for_long_says_so_without_an_estimate(capsys, monkeypatch):
    seconds = iter([0.0, 11.0])
    monkeypatch.setattr("rgbtbench.cli.progress.time.monotonic", lambda: next(seconds))
    progress = Lines()
    progress.start("preparing", 5, "samples")
    progress.advance(0)
    assert capsys.readouterr().err == "preparing: 0/5 samples, 0.0 samples/s\n"


def test_a_stage_that_fails_leaves_no_line(capsys):
    with pytest.raises(ValueError, match="damaged"), Lines() as progress:
        list(track(failing("abc"), progress, "scoring", total=5, unit="images"))
    with pytest.raises(ZeroDivisionError), Lines() as progress:
        sum(1 / item for item in track([1, 0, 2], progress, "scoring", total=3, unit="images"))
    assert capsys.readouterr().err == ""


def test_a_bar_of_a_stage_that_fails_is_taken_away(capsys):
    progress = Bar()
    parts = chain(
        track("ab", progress, "reading", total=2, unit="images"),
        track(failing("abc"), progress, "scoring", total=5, unit="images"),
    )
    with pytest.raises(ValueError, match="damaged"), progress:
        list(parts)
    shown = capsys.readouterr().err.rstrip().splitlines()[-1]
    assert "reading" in shown
    assert "scoring" not in shown
