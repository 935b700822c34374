"""An installed wheel carries the cards, recipes and tables, and behaves like the checkout."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def listed(python_path, what, work):
    command = [sys.executable, "-m", "rgbtbench", what, "list", "--json"]
    done = subprocess.run(command, cwd=work, env={"PYTHONPATH": str(python_path)}, capture_output=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("what", ["datasets", "models", "protocols"])
def test_a_wheel_lists_what_the_checkout_lists(installed, tmp_path, what):
    assert listed(installed, what, tmp_path) == listed(ROOT, what, tmp_path)


def test_a_wheel_carries_templates_tables_and_types(installed):
    for file in (
        "rgbtbench/leaderboard/templates/index.html.j2",
        "rgbtbench/webpage/base.css",
        "rgbtbench/_data/leaderboards/published/mfnet.csv",
        "rgbtbench/_data/models/mfnet/recipes/mfnet.yaml",
        "rgbtbench/py.typed",
    ):
        assert (installed / file).is_file(), file
