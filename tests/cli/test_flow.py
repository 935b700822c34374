"""The whole flow by the command line, from files in MFNet's official layout to a page."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rgbtbench.datasets import dataset

#: Hides torch and its relatives, as on a machine that never installed them.
WITHOUT_TORCH = """
import sys
from importlib.machinery import PathFinder

class Hiding(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name.partition(".")[0] in {"torch", "torchvision", "lightning_fabric", "timm"}:
            return None
        return super().find_spec(name, path, target)

sys.meta_path = [Hiding if finder is PathFinder else finder for finder in sys.meta_path]
"""


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    folder = tmp_path_factory.mktemp("flow")
    source = dataset("mfnet")
    (folder / "raw").mkdir()
    source.fake(folder / "raw", source.layouts[0], {"train": 4, "val": 2, "test": 3}, seed=0)
    run(folder, "prepare mfnet --root raw --out shards --workers 1 --allow-differences")
    run(folder, "train mfnet/smoke --data shards --out run --set data.validation=val")
    return folder


def run(folder, line, *, returns=0, **environment):
    done = subprocess.run(
        [sys.executable, "-m", "rgbtbench", *line.split()],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"OMP_NUM_THREADS": "1"} | environment,
    )
    assert done.returncode == returns, done.stderr
    return done


def protocol_id(folder):
    keys = json.loads((folder / "shards/manifest.json").read_text())["splits"]["test"]["keys_sha256"]
    return f"mfnet-unlisted-{keys[:8]}/miou-9"


def test_trained_weights_are_evaluated_and_stand_on_the_page(work):
    run(work, f"eval run --data shards --protocol {protocol_id(work)} --records records")
    (path,) = (work / "records").rglob("*.json")
    record = json.loads(path.read_text())
    assert record["kind"] == "measured"
    assert record["training"]["initial_weights"] == "random"
    assert record["data"]["images"] == 3
    run(work, f"verify {path.relative_to(work)}")
    run(work, "leaderboard build --records records --out site")
    assert protocol_id(work) in (work / "site/index.html").read_text()


def test_another_plan_is_refused_and_the_manifest_names_the_data(work):
    refused = run(work, "prepare mfnet --root raw --out shards --limit 1 --workers 1 --allow-differences", returns=2)
    assert "shards: holds the result of another plan: it has the limit none instead of 1" in refused.stderr
    assert "intact, 9 pairs of mfnet" in run(work, "verify shards/manifest.json").stdout


def test_predictions_score_the_same_from_anyone(work):
    run(work, f"eval run --data shards --protocol {protocol_id(work)} --predictions predicted --json")
    own = json.loads(run(work, f"eval run --data shards --protocol {protocol_id(work)} --json").stdout)
    scored = json.loads(run(work, f"score {protocol_id(work)} predicted --data shards --json").stdout)
    assert scored["kind"] == "scored"
    assert scored["metrics"] == own["metrics"]


def test_a_published_protocol_refuses_other_images_and_names_the_right_one(work):
    done = run(work, "eval run --data shards --protocol mfnet/miou-9", returns=2)
    assert protocol_id(work) in done.stderr


def test_a_second_preparation_says_what_it_reuses(work):
    assert (
        "re-used 3 of 3 shards"
        in run(work, "prepare mfnet --root raw --out shards --workers 1 --allow-differences").stderr
    )


def test_a_finished_training_is_not_repeated(work):
    done = run(work, "train mfnet/smoke --data shards --out run --set data.validation=val --resume")
    assert "finished" in done.stderr


def test_the_viewer_is_written(work):
    run(work, "inspect shards --html viewer")
    assert "00000" in (work / "viewer/index.html").read_text()


@pytest.mark.parametrize(
    "line",
    [
        "prepare mfnet --root raw --out again --workers 1 --allow-differences",
        "verify shards",
        "score {protocol} predictions --data shards --records without",
        "leaderboard build --records records --out site-without",
        "inspect shards --html viewer-without",
        "datasets show mfnet",
    ],
)
def test_the_core_works_without_torch(work, tmp_path, line):
    if not (work / "predictions").exists():
        run(work, f"predict run --data shards --out {work / 'predictions'}")
    (tmp_path / "sitecustomize.py").write_text(WITHOUT_TORCH)
    path = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[2])])
    run(work, line.format(protocol=protocol_id(work)), PYTHONPATH=path)


def test_a_command_that_needs_torch_says_so(work, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(WITHOUT_TORCH)
    path = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[2])])
    done = run(work, "train mfnet/smoke --data shards --out new", returns=2, PYTHONPATH=path)
    assert "pip install 'rgbtbench[train]'" in done.stderr
