"""A street whose samples take their time, so that a run can be ended from outside while it works."""

import time
from pathlib import Path

from rgbtbench.shards.build import prepare

from ..shards.street import SMALL_SHARDS, Street, card


class SlowStreet(Street):
    seconds = 0.05

    def pair(self, root, layout, entry):
        time.sleep(self.seconds)
        return super().pair(root, layout, entry)


class EndlessStreet(SlowStreet):
    seconds = 0.5


def prepare_slowly(root: str, out: str, workers: int, source: Street | None = None) -> None:
    prepare(
        source or SlowStreet(),
        card(),
        Path(root),
        Path(out),
        options=SMALL_SHARDS,
        workers=workers,
        allow_differences=True,
    )
