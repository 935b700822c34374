"""Running a study: train every variant with every seed, evaluate each under one protocol, store the records.

Whatever is finished is found again: trainings by their run folders, predictions by their weights, records by both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rgbtbench.cards.catalog import protocol_hash, study_path
from rgbtbench.cards.recipe import Recipe, load_recipe
from rgbtbench.cards.study import Study
from rgbtbench.cards.yaml_file import load_card
from rgbtbench.evaluation import evaluate_weights
from rgbtbench.leaderboard.records import Record
from rgbtbench.leaderboard.store import read_records, write_record
from rgbtbench.progress import Progress, Silent
from rgbtbench.scoring.score import resolve_protocol
from rgbtbench.shards.manifest import read_manifest

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
        known = _stored(records, study.protocol, weights_sha256=result.info.sha256, data=data)
        if known is not None:
            progress.say("its result is among the records already")
            found.append(known)
            continue
        evaluation = evaluate_weights(
            result.weights,
            data,
            study.protocol,
            condition=arm.recipe.condition,
            variant=arm.variant,
            progress=progress,
        )
        write_record(evaluation.record, records, statistics=evaluation.score.statistics)
        found.append(evaluation.record)
    return found


def _stored(records: Path, protocol_id: str, *, weights_sha256: str, data: Path) -> Record | None:
    """Return the record of these weights on this data under the protocol as it stands, if there is one."""
    manifest = read_manifest(data)
    wanted = (
        protocol_hash(resolve_protocol(protocol_id, manifest)), weights_sha256, manifest.data_hash, manifest.labels_hash
    )  # fmt: skip
    for record in read_records(records).values():
        if record.data is not None and wanted == (
            record.protocol_hash, record.weights_sha256, record.data.data_hash, record.data.labels_hash
        ):  # fmt: skip
            return record
    return None
