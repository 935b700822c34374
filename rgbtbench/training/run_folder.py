"""What lies where in a run folder, and what its content says about the run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rgbtbench.errors import RecipeError
from rgbtbench.outputs import require_folder
from rgbtbench.zoo.weights_info import WEIGHTS_FILE, info_path


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The files of one training, all below `root`."""

    root: Path

    @property
    def recipe(self) -> Path:
        """The recipe as resolved, every field written out."""
        return self.root / "recipe.yaml"

    @property
    def environment(self) -> Path:
        """Versions, hardware and data of the (last) process that trained."""
        return self.root / "environment.json"

    @property
    def metrics(self) -> Path:
        """One JSON line per step."""
        return self.root / "metrics.jsonl"

    @property
    def snapshots(self) -> Path:
        """What a pre-training made of a few pairs, a file for each validation."""
        return self.root / "snapshots"

    @property
    def curves(self) -> Path:
        """TensorBoard's files."""
        return self.root / "logs"

    @property
    def last(self) -> Path:
        """The checkpoint to resume from."""
        return self.root / "checkpoints" / "last.pt"

    @property
    def best(self) -> Path:
        """Weights of the best validation so far, where the recipe selects by it."""
        return self.root / "checkpoints" / "best.pt"

    @property
    def weights(self) -> Path:
        """The result; its description is written last of all."""
        return self.root / WEIGHTS_FILE

    @property
    def is_finished(self) -> bool:
        """Whether the training came to its end."""
        return info_path(self.weights).is_file()

    @property
    def is_begun(self) -> bool:
        """Whether there is a checkpoint to go on from."""
        return self.last.is_file()

    def claim(self, *, resume: bool) -> None:
        """Make the folder, or make sure that what lies there may be gone on with.

        Raises:
            RecipeError: without `resume`, the folder holds a run or something else.
            UserError: it is a file, or may not be written to.
        """
        require_folder(self.root)
        there = sorted(path.name for path in self.root.iterdir()) if self.root.is_dir() else []
        if there and not resume:
            what = "a finished run" if self.is_finished else "an unfinished run" if self.recipe.is_file() else None
            shown = ", ".join(there[:6]) + (f" and {len(there) - 6} more" if len(there) > 6 else "")
            raise RecipeError(
                f"holds {what or 'other files'} ({shown})",
                path=self.root,
                remedy="pass --resume to go on with it, or choose another folder" if what else "choose another folder",
            )
        if there and not self.recipe.is_file():
            raise RecipeError("is not empty and holds no run", path=self.root, remedy="choose another folder")
        self.root.mkdir(parents=True, exist_ok=True)
