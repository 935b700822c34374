"""The examples of docs/training.md run as printed, on a fake tree of MFNet."""

import re
from pathlib import Path

import pytest
import yaml

from rgbtbench.cards.adapters import Adapter, Bottleneck, Lora
from rgbtbench.cards.losses import PixelLoss
from rgbtbench.cards.optimisation import Freezing, Schedule, WarmUp, _Grouped
from rgbtbench.cards.recipe import recipe_from
from rgbtbench.cards.stages import Stage
from rgbtbench.cli import main
from rgbtbench.datasets import dataset
from rgbtbench.shards.build import prepare_dataset
from rgbtbench.zoo.weights_info import read_info

PAGE = (Path(__file__).parents[1] / "docs" / "training.md").read_text()
RECIPE = re.search(r"```yaml file=(\S+)\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = re.findall(r"^rgbtbench (.*)$", re.search(r"```sh\n(.*?)```", PAGE, re.DOTALL)[1], re.MULTILINE)


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    folder = tmp_path_factory.mktemp("training")
    (folder / RECIPE[1]).write_text(RECIPE[2])
    source, raw = dataset("mfnet"), folder / "raw"
    raw.mkdir()
    source.fake(raw, source.layouts[0], {"train": 4, "val": 2, "test": 2}, 0)
    prepare_dataset("mfnet", raw, folder / "shards" / "mfnet", workers=1, allow_differences=True)
    return folder


def test_every_printed_command_runs(work, monkeypatch, capsys):
    monkeypatch.chdir(work)
    printed = []
    for line in COMMANDS:
        monkeypatch.setattr("sys.argv", ["rgbtbench", *line.split()])
        with pytest.raises(SystemExit) as end:
            main()
        assert not end.value.code
        printed.append(capsys.readouterr())
    # What a dry run prints is a recipe; what it adds to it is a comment.
    resolved = recipe_from(yaml.safe_load(printed[0].out))
    assert resolved.inputs == {"rgb": "rgb", "inf": "lwir"}
    assert re.search(r"^# 40 steps of 8 samples, 80 epochs of 4$", printed[0].out, re.MULTILINE)
    assert re.search(r"^# +7\d\d,\d{3} parameters in \d+ tensors, lr 0.01, weight decay 0.0005: ", printed[0].out, re.M)
    assert not (work / "runs/preview").exists()
    assert read_info(work / "runs/head_first").training.steps == 5
    assert "finished; nothing to do" in printed[2].err


def names_of(union):
    return [kind.model_fields["name"].annotation.__args__[0] for kind in union.__args__[0].__args__]


def test_the_page_names_every_field_and_every_choice():
    adapters = {*Lora.model_fields, *Bottleneck.model_fields, *names_of(Adapter)} - {"match", "name"}
    fields = [*_Grouped.model_fields, *Freezing.model_fields, *WarmUp.model_fields, *adapters]
    choices = [*names_of(PixelLoss), *names_of(Schedule)]
    stages = [name for name in Stage.model_fields if name != "name"]
    for name in (*fields, *choices, *stages):
        assert f"`{name}`" in PAGE or f"`{name}:" in PAGE or f"`warm_up.{name}`" in PAGE, name
