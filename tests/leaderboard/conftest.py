"""A scored result to store and verify."""

from pathlib import Path

import pytest

from rgbtbench.cards import catalog
from rgbtbench.leaderboard.compose import record_of
from rgbtbench.leaderboard.store import write_record
from rgbtbench.loading.prepared import open_split
from rgbtbench.scoring.score import score
from tests.scoring import conftest as scoring
from tests.scoring.town import write_boxes, write_masks

prepared_town, known_town = scoring.prepared_town, scoring.known_town


class Result:
    """What an evaluation leaves behind: data, predictions, a score and a stored record."""

    def __init__(self, data: Path, folder: Path, protocol: str) -> None:
        self.data, self.records = data, folder / "records"
        self.predictions = {"miou": write_masks, "ap": write_boxes}[protocol](folder / "predictions")
        self.truth = open_split(data, "test")
        self.score = score(catalog.protocol(f"town/{protocol}"), self.truth, self.predictions)
        self.record = record_of(self.score, self.truth, kind="scored", method="someone")
        self.path = write_record(self.record, self.records, statistics=self.score.statistics)


@pytest.fixture
def scored_masks(prepared_town, known_town, tmp_path):
    return Result(prepared_town, tmp_path / "masks", "miou")


@pytest.fixture
def scored_boxes(prepared_town, known_town, tmp_path):
    return Result(prepared_town, tmp_path / "boxes", "ap")
