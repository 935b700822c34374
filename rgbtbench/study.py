"""Running a study: train every variant with every seed, evaluate each under one protocol, store the records.

A variant may begin with a pre-training of its seed, which variants and studies share that name the same recipe.
Whatever is finished is found again: trainings by their run folders, predictions by their weights, records by both.
Several processes of one machine may each run a part of a study into the same folders: a training with its predictions
is the business of whichever comes first, and the others wait for it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rgbtbench.canonical import content_sha256
from rgbtbench.cards.catalog import study_path
from rgbtbench.cards.recipe import Recipe, load_recipe, seed_group
from rgbtbench.cards.study import Study
from rgbtbench.cards.yaml_file import load_card
from rgbtbench.errors import RecipeError, did_you_mean
from rgbtbench.file_lock import file_lock
from rgbtbench.leaderboard.lookup import Sought, find_record
from rgbtbench.leaderboard.records import Record
from rgbtbench.leaderboard.store import write_record
from rgbtbench.outputs import require_folder
from rgbtbench.progress import Progress, Silent
from rgbtbench.scoring.resolve import resolve_protocol
from rgbtbench.shards.manifest import read_manifest
from rgbtbench.subject import Subject

if TYPE_CHECKING:
    from rgbtbench.training.devices import Device

_SILENT = Silent()


@dataclass(frozen=True, slots=True)
class Arm:
    """One training of a study.

    Attributes:
        variant: name of the variant.
        seed: of this training.
        recipe: complete, but for initial weights that the pre-training gives.
        pretraining: what is trained before; None for nothing.
    """

    variant: str
    seed: int
    recipe: Recipe
    pretraining: Recipe | None = None

    @property
    def folder(self) -> str:
        """Name of its run folder."""
        return f"{self.variant}-seed{self.seed}"

    def begun_from(self, weights: Path) -> Recipe:
        """Return the recipe with a run of the pre-training as initial weights; seeds stay one group nevertheless."""
        groups = [seed_group(recipe) for recipe in (self.recipe, self.pretraining) if recipe is not None]
        group = content_sha256(groups)[:12]
        return self.recipe.model_copy(update={"initial_weights": str(weights), "seed_group": group})


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
            before = None if variant.pretraining is None else load_recipe(variant.pretraining, [f"seed={seed}"])
            yield Arm(variant.name, seed, recipe, before)


def part_of(study: Study, *, variants: Collection[str] = (), seeds: Collection[int] = ()) -> Study:
    """Return the study with some of its variants and seeds, in its own order.

    Args:
        study: the whole.
        variants: names; none for all.
        seeds: likewise.

    Raises:
        RecipeError: the study has no such variant, or no such seed.
    """
    known = {variant.name: variant for variant in study.variants}
    for name in variants:
        if name not in known:
            raise RecipeError(f"the study has no variant {name!r}", remedy=did_you_mean(name, known))
    for seed in seeds:
        if seed not in study.seeds:
            raise RecipeError(f"the study has no seed {seed}", expected=", ".join(map(str, study.seeds)))
    chosen = tuple(variant for name, variant in known.items() if not variants or name in variants)
    return study.model_copy(
        update={"variants": chosen, "seeds": tuple(seed for seed in study.seeds if not seeds or seed in seeds)}
    )


def run_study(
    study: Study,
    data: Path,
    out: Path,
    *,
    records: Path,
    pretraining_data: Sequence[Path] = (),
    pretraining_out: Path | None = None,
    workers: int = 0,
    device: Device = "auto",
    progress: Progress = _SILENT,
) -> list[Record]:
    """Run a study on prepared data.

    Args:
        study: what to compare.
        data: prepared dataset.
        out: folder for runs and predictions.
        records: folder for the records.
        pretraining_data: prepared datasets of the pre-trainings.
        pretraining_out: folder for their runs, where other studies find them; None for one in `out`.
        workers: processes that decode while training.
        device: where to train and to predict; `auto` takes a GPU where there is one.
        progress: is told of everything.

    Returns:
        One record per training, in the order of `arms`.

    Raises:
        UserError: as training and evaluation do; before anything is trained where a folder cannot be written to, or the
            data cannot be scored under the study's protocol.
        RecipeError: a variant begins with a pre-training, for which there is no data.
    """
    from rgbtbench.training.run import train

    found: list[Record] = []
    planned = list(arms(study))
    _require_data(planned, pretraining_data)
    for folder in (out, *([] if pretraining_out is None else [pretraining_out])):
        require_folder(folder)
    manifest = read_manifest(data)
    # Before anything is trained whose result could not be scored.
    resolve_protocol(study.protocol, manifest)
    trained = partial(train, device=device, workers=workers, cached=True, progress=progress)
    for number, arm in enumerate(planned, start=1):
        progress.say(f"[{number}/{len(planned)}] {arm.recipe.model.method} {arm.variant}, seed {arm.seed}")
        recipe = arm.recipe
        if arm.pretraining is not None:
            first = (pretraining_out or out / "pretraining") / _folder_of(arm.pretraining)
            with _alone_in(first):
                trained(arm.pretraining, pretraining_data, first, resume=first.is_dir())
            recipe = arm.begun_from(first)
        run = out / "runs" / arm.folder
        with _alone_in(run):
            result = trained(recipe, data, run, resume=run.is_dir())
            # Predictions lie in the run folder, so that they are one process's business too.
            known = find_record(records, Sought.of(manifest, study.protocol, result.info.sha256))
            if known is not None:
                progress.say("its result is among the records already")
                found.append(known[1])
                continue
            evaluation = Subject(result.weights, device=device).evaluate(
                data, study.protocol, condition=arm.recipe.condition, variant=arm.variant, progress=progress
            )
            write_record(evaluation.record, records, statistics=evaluation.score.statistics)
            found.append(evaluation.record)
    return found


def _folder_of(pretraining: Recipe) -> str:
    return f"{str(pretraining.name).replace('/', '-')}-seed{pretraining.seed}"


@contextmanager
def _alone_in(run: Path) -> Iterator[None]:
    """Let one process at a time go on with a run; the others find it finished."""
    run.parent.mkdir(parents=True, exist_ok=True)
    with file_lock(run.with_name(f".{run.name}.lock")):
        yield


def _require_data(planned: Sequence[Arm], data: Sequence[Path]) -> None:
    for arm in planned:
        if arm.pretraining is not None and not data:
            raise RecipeError(
                f"variant {arm.variant} begins with {arm.pretraining.name}, for which there is no data",
                remedy="give its prepared datasets with --pretraining-data",
            )
