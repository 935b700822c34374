"""Seven samples on one process and on three: the same files, hashes, scores and records."""

import json
import subprocess
import sys

import pytest
import torch

from rgbtbench.datasets import dataset
from rgbtbench.errors import PredictionError
from rgbtbench.leaderboard.store import read_records
from rgbtbench.loading.prepared import open_split
from rgbtbench.predictions.folder_writer import in_turn
from rgbtbench.predictions.members import read_sidecar
from rgbtbench.ranks import ALONE, Ranks, joined_ranks
from rgbtbench.scoring.resolve import protocols_of
from rgbtbench.shards.build import prepare_dataset
from rgbtbench.zoo.registry import build
from rgbtbench.zoo.weights import save_weights

from .blobs import prepare_blobs

#: What one process and each of three run alike.
WORK = """
import sys
from pathlib import Path
import numpy as np
import torch
from rgbtbench.errors import PredictionError
from rgbtbench.loading.prepared import open_split
from rgbtbench.predictions.kinds import BoxPrediction
from rgbtbench.ranks import joined_ranks
from rgbtbench.robustness import evaluate_conditions
from rgbtbench.subject import Subject
from rgbtbench.zoo.predict import write_predictions

def boxes(batch):
    for image, key, valid in zip(batch.images["lwir"], batch.keys, batch.valid.tolist(), strict=True):
        if valid:
            bright = np.argwhere(image[0].numpy() > 128)[: int(key[-1]) % 3].astype(np.float64)
            xyxy = np.column_stack([bright[:, ::-1], bright[:, ::-1] + 3])
            yield BoxPrediction(key, xyxy, bright[:, 0] / 7, np.ones(len(bright), np.int64))

def work(ranks, folder, out, protocol, batch_size):
    blobs = open_split(folder / "blobs", "test")
    told = dict(task="detection", label_set="objects", method="bright", ranks=ranks, batch_size=batch_size)
    write_predictions(boxes, blobs, out / "boxes", **told)
    write_predictions(boxes, blobs.select([5]), out / "few", **told)
    subject = Subject(folder / "weights.safetensors", batch_size=batch_size, ranks=ranks)
    for times in range(2):  # the second time predictions lie there, and all processes see it
        evaluate_conditions(
            subject, folder / "shards", protocol, ["none"], out=out / "masks", records=out / "records"
        )

def failing(ranks, folder, out):
    def network(batch):
        if ranks.rank == 1:
            raise ZeroDivisionError("one of three")
        return boxes(batch)
    blobs = open_split(folder / "blobs", "test")
    try:
        write_predictions(network, blobs, out, task="detection", label_set="objects", method="bright", ranks=ranks)
    except ZeroDivisionError:
        return "its own"
    except PredictionError as error:
        return str(error)

def refused(ranks):
    def work():
        raise PredictionError("no")
    try:
        ranks.first(work)
    except PredictionError as error:
        return str(error)
"""
LAUNCHED = (
    WORK
    + """
torch.set_num_threads(1)
folder, out, protocol = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
with joined_ranks() as ranks:
    work(ranks, folder, out, protocol, batch_size=2)
    said = [failing(ranks, folder, out / "failed"), refused(ranks)]
    (out / f"said-{ranks.rank}").write_text("\\n".join(said))
"""
)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Return what one process left, what three left, and their names for it."""
    folder = tmp_path_factory.mktemp("ranks")
    prepare_blobs(folder, counts={"train": 1, "val": 1, "test": 7})
    source = dataset("mfnet")
    (folder / "mfnet").mkdir()
    source.fake(folder / "mfnet", source.layouts[0], {"train": 1, "val": 1, "test": 7}, seed=0)
    manifest = prepare_dataset("mfnet", folder / "mfnet", folder / "shards", workers=1, allow_differences=True)
    protocol = next(name for name in protocols_of(manifest) if name.endswith("/miou-9"))
    torch.manual_seed(0)
    classes = open_split(folder / "shards", "test").classes("semantic")
    save_weights(build("mfnet", {}, task="semantic", classes=classes), folder / "weights.safetensors")
    alone: dict = {}
    exec(WORK, alone)  # noqa: S102  # the same text that the processes run
    alone["work"](ALONE, folder, folder / "one", protocol, batch_size=3)
    (folder / "three").mkdir()
    (folder / "work.py").write_text(LAUNCHED)
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "3"]
    arguments = map(str, (folder / "work.py", folder, folder / "three", protocol))
    done = subprocess.run([*launcher, *arguments], capture_output=True, text=True, timeout=250, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder / "one", folder / "three"


def files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["masks", "boxes"])
def test_files_and_hashes_are_the_same_to_the_last_byte(folders, kind):
    one, three = (files(folder / kind) for folder in folders)
    assert set(one) == set(three)
    assert one == three
    assert len(one) == (8 if kind == "masks" else 2)


@pytest.mark.slow
def test_processes_may_be_more_than_samples(folders):
    one, three = (files(folder / "few") for folder in folders)
    assert one == three
    assert len(json.loads(three["detections.json"])) == 2


@pytest.mark.slow
def test_boxes_stand_in_official_order(folders):
    ids = [row["image_id"] for row in json.loads((folders[1] / "boxes" / "detections.json").read_text())]
    assert ids == sorted(ids)
    assert len(set(ids)) > 2


@pytest.mark.slow
def test_one_record_is_stored_with_the_same_numbers(folders):
    (one,), (three,) = (read_records(folder / "records").values() for folder in folders)
    times = {"created": "", "environment": None}
    assert one.model_copy(update=times) == three.model_copy(update=times)
    assert read_sidecar(folders[1] / "masks").predictions_sha256 == three.predictions_sha256


@pytest.mark.slow
def test_when_one_process_fails_none_finishes_and_none_waits(folders):
    said = [(folders[1] / f"said-{rank}").read_text().split("\n") for rank in range(3)]
    assert [failed for failed, _ in said][1] == "its own"
    assert all("another process failed: the predictions are not finished" in said[rank][0] for rank in (0, 2))
    assert (folders[1] / "failed" / ".incomplete").exists()
    assert not (folders[1] / "failed" / "predictions.json").exists()
    assert [refusal for _, refusal in said] == ["no"] * 3


def test_one_process_needs_no_others(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with joined_ranks() as ranks:
        assert ranks == Ranks(0, 1)
        assert ranks.gathered("a") == ["a"]
        assert ranks.first(lambda: "b") == "b"


def test_shares_are_put_back_in_the_order_that_they_were_dealt_in():
    order = list(range(7))
    for world in (1, 2, 3, 7, 9):
        assert list(in_turn([order[rank::world] for rank in range(world)])) == order


def test_two_processes_with_the_same_image_are_refused(tmp_path):
    """Stand in for a loader that deals one sample out twice."""
    from rgbtbench.predictions import MaskWriter, Sidecar

    class Twice(Ranks):
        def gathered(self, value):
            return [value, value]

    sidecar = Sidecar(task="semantic", dataset="a", edition="official", split="test", label_set="semantic")
    writer = MaskWriter(tmp_path / "out", sidecar, ranks=Twice())
    with pytest.raises(PredictionError, match="two processes predict the same image"), writer:
        writer.enter_key("a")
    assert (tmp_path / "out" / ".incomplete").exists()
