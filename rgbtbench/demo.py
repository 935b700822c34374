"""The demonstration: the whole flow on the embedded dataset, in one process, ending with a page.

Every step is the one that real data takes; only the files are rendered instead of downloaded.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rgbtbench.cards import dataset_card
from rgbtbench.leaderboard.render import Site, build
from rgbtbench.outputs import require_folder
from rgbtbench.progress import Progress, Silent
from rgbtbench.shards.build import prepare_dataset
from rgbtbench.study import load_study, run_study
from rgbtbench.synthesis.tree import generate

DATASET = "synthetic"
#: Pixels of the rendered scenes: small enough to train on two processor cores.
WIDTH, HEIGHT = 128, 96

_SILENT = Silent()


@dataclass(frozen=True, slots=True)
class Demonstration:
    """What the demonstration left behind.

    Attributes:
        raw: rendered scenes in their official layout.
        shards: the prepared dataset.
        records: folder of the results.
        site: the leaderboard.
    """

    raw: Path
    shards: Path
    records: Path
    site: Site


def demonstrate(out: Path, *, study: str, workers: int, progress: Progress = _SILENT) -> Demonstration:
    """Render, prepare, train, predict, score and build the leaderboard below `out`.

    Whatever an earlier run left there is used again.

    Args:
        out: folder for everything.
        study: name of the study that is run, such as `mfnet/inputs`.
        workers: processes that render and prepare.
        progress: is told of everything.

    Raises:
        UserError: `out` holds something else, or the disk is full.
    """
    require_folder(out)
    raw, shards, records = out / "raw", out / "shards", out / "records"
    splits = dataset_card(DATASET).editions["official"].splits
    counts = {name: facts.count for name, facts in splits.items() if facts.count is not None}
    generate(raw, counts, seed=0, width=WIDTH, height=HEIGHT, workers=workers, progress=progress)
    prepare_dataset(DATASET, raw, shards, workers=workers, progress=progress)
    progress.say("importing torch")
    run_study(load_study(study), shards, out, records=records, progress=progress)
    site = build(records, out / "published", out / "site")
    return Demonstration(raw, shards, records, site)
