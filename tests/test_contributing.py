"""The examples of CONTRIBUTING.md work as printed, installed as a third party's plugin."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[1] / "CONTRIBUTING.md"
BLOCK = re.compile(r"^```\w+ file=(\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def plugin(tmp_path_factory):
    """The plugin as an installer would leave it: its package, and the entry points in its dist-info."""
    site = tmp_path_factory.mktemp("site")
    blocks = dict(BLOCK.findall(PAGE.read_text()))
    for name, text in blocks.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(text)
    (site / "fieldpark" / "__init__.py").touch()
    card = site / "fieldpark/datasets_cards/fieldpark.yaml"
    card.write_text(card.read_text() + blocks["protocol"])
    info = site / "fieldpark-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: fieldpark\nVersion: 0.1.0\n")
    groups = tomllib.loads(blocks["pyproject.toml"])["project"]["entry-points"]
    lines = [f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in points.items()) for group, points in groups.items()]
    (info / "entry_points.txt").write_text("\n".join(lines))
    return site


@pytest.fixture(scope="module")
def work(plugin, tmp_path_factory):
    folder = tmp_path_factory.mktemp("work")
    (folder / "raw").mkdir()
    code = (
        "from pathlib import Path; from fieldpark.source import SOURCE;"
        "SOURCE.fake(Path('raw'), SOURCE.layouts[0], {'train': 4, 'test': 3}, seed=0)"
    )
    run(plugin, folder, "-c", code)
    return folder


def run(plugin, folder, *arguments):
    environment = os.environ | {"PYTHONPATH": str(plugin), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def rgbtbench(plugin, folder, line):
    return run(plugin, folder, "-m", "rgbtbench", *line.split()[1:])


def commands():
    return re.findall(r"^rgbtbench .*$", "".join(re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)), re.M)


def test_every_printed_command_runs(plugin, work):
    for line in commands():
        rgbtbench(plugin, work, line)
    records = [json.loads(path.read_text()) for path in (work / "records").rglob("*.json")]
    assert {record["protocol"] for record in records} == {"fieldpark/miou-2", "fieldpark/miou-1"}
    assert {record["data"]["images"] for record in records} == {3}
    assert all(0 <= record["metrics"]["miou"] <= 100 for record in records)


def test_the_plugin_is_listed_beside_the_datasets_and_methods_that_ship(plugin, work):
    datasets = {row["name"] for row in json.loads(rgbtbench(plugin, work, "rgbtbench datasets list --json"))}
    models = {row["name"] for row in json.loads(rgbtbench(plugin, work, "rgbtbench models list --json"))}
    assert {"fieldpark", "mfnet"} <= datasets
    assert {"threshold", "mfnet"} <= models
