"""Tables of runs of ids: each id in one run at most, gaps in none."""

import csv
from itertools import pairwise

import pytest

from rgbtbench.datasets.id_ranges import run_of
from rgbtbench.resources import data_root

FOLDER = data_root() / "datasets_cards"
TABLES = sorted(path.stem for path in FOLDER.glob("*.csv") if "first,last" in path.read_text())


@pytest.mark.parametrize(
    ("number", "time"),
    [(1, None), (2, "day"), (127, "day"), (128, None), (139, "night"), (10227, "day"), (10228, None)],
)
def test_an_id_is_found_from_the_first_to_the_last_of_its_run(number, time):
    run = run_of("flir_aligned_times", number)
    assert (run and run["time_of_day"]) == time


@pytest.mark.parametrize("name", TABLES)
def test_runs_are_in_order_and_do_not_overlap(name):
    with (FOLDER / f"{name}.csv").open() as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    ends = [number for row in rows for number in (int(row["first"]), int(row["last"]))]
    assert ends == sorted(ends)
    assert all(int(row["last"]) < int(after["first"]) for row, after in pairwise(rows))
    assert len(TABLES) >= 2
