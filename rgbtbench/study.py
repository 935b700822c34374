"""Running a study: train every variant with every seed, evaluate each under one protocol, store the records.

Whatever is finished is found again: trainings by their run folders, predictions by their weights, records by both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rgbtbench.cards.catalog import study_path
from rgbtbench.cards.recipe import Recipe, load_recipe
from rgbtbench.cards.study import Study
from rgbtbench.cards.yaml_file import load_card
from rgbtbench.leaderboard.lookup import Sought, find_record
from rgbtbench.leaderboard.records import Record
from rgbtbench.leaderboard.store import write_record
from rgbtbench.progress import Progress, Silent
from rgbtbench.shards.manifest import read_manifest
from rgbtbench.subject import Subject

_SILENT = Silent()


@dataclass(frozen=True, slots=True)
class Arm:
    """One training of a study.

    Attributes:
        variant: name of the variant.
        seed: of this training.
        recipe: complete.
    """

    variant: str
    seed: int
    recipe: Recipe

    @property
    def folder(self) -> str:
        """Name of its run folder."""
        return f"{self.variant}-seed{self.seed}"


def load_study(name: str) -> Study:
    """Read a study by name, `<method>/<study>`, or from a YAML file; raises as `load_card` does."""
    return load_card(study_path(name), Study)


def arms(study: Study) -> Iterator[Arm]:
    """Yield every training of a study, one seed after the other, so that an early end leaves whole comparisons.

    Raises:
        RecipeError, CardError: an override does not fit the recipe.
    """
    for seed in study.seeds:
        for variant in study.variants:
            recipe = load_recipe(study.recipe, [*study.set, *variant.set, f"seed={seed}"])
            yield Arm(variant.name, seed, recipe)


def run_study(
    study: Study, data: Path, out: Path, *, records: Path, workers: int = 0, progress: Progress = _SILENT
) -> list[Record]:
    """Run a study on prepared data.

    Args:
        study: what to compare.
        data: prepared dataset.
        out: folder for runs and predictions.
        records: folder for the records.
        workers: processes that decode while training.
        progress: is told of everything.

    Returns:
        One record per training, in the order of `arms`.

    Raises:
        UserError: as training and evaluation do.
    """
    from rgbtbench.training.run import train

    found: list[Record] = []
    planned = list(arms(study))
    for number, arm in enumerate(planned, start=1):
        progress.say(f"[{number}/{len(planned)}] {arm.recipe.model.method} {arm.variant}, seed {arm.seed}")
        run = out / "runs" / arm.folder
        result = train(arm.recipe, data, run, resume=run.is_dir(), workers=workers, cached=True, progress=progress)
        known = find_record(records, Sought.of(read_manifest(data), study.protocol, result.info.sha256))
        if known is not None:
            progress.say("its result is among the records already")
            found.append(known[1])
            continue
        evaluation = Subject(result.weights).evaluate(
            data, study.protocol, condition=arm.recipe.condition, variant=arm.variant, progress=progress
        )
        write_record(evaluation.record, records, statistics=evaluation.score.statistics)
        found.append(evaluation.record)
    return found
