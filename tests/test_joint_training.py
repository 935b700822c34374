"""The examples of docs/joint-training.md run as printed, on fake trees of both datasets."""

import json
import re
from pathlib import Path

import pytest
import yaml

from rgbtbench.cards.data_choice import Member, Mixing
from rgbtbench.cards.recipe import recipe_from
from rgbtbench.cli import main
from rgbtbench.datasets import dataset
from rgbtbench.shards.build import prepare_dataset

PAGE = (Path(__file__).parents[1] / "docs" / "joint-training.md").read_text()
RECIPE = re.search(r"```yaml file=(\S+)\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = re.findall(r"^rgbtbench (.*)$", re.search(r"```sh\n(.*?)```", PAGE, re.DOTALL)[1], re.MULTILINE)
#: Command to the rows that the page prints of its output.
TABLES = dict(re.findall(r"^\$ rgbtbench (.*)\n(id .*\n(?:.+\n)*?)(?:\n|```)", PAGE, re.MULTILINE))
COUNTS = {"mfnet": {"train": 5, "val": 2, "test": 3}, "synthetic": {"train": 3, "val": 2, "test": 3}}


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """A folder with the recipe and `shards/mfnet` and `shards/synthetic`, as the page assumes."""
    folder = tmp_path_factory.mktemp("joint")
    (folder / RECIPE[1]).write_text(RECIPE[2])
    for name, counts in COUNTS.items():
        source, raw = dataset(name), folder / "raw" / name
        raw.mkdir(parents=True)
        source.fake(raw, source.layouts[0], counts, 0)
        prepare_dataset(name, raw, folder / "shards" / name, workers=1, allow_differences=True)
    return folder


def unlisted(line, folder):
    """Return a command with the ids that protocols have on data of no listed edition."""
    for name in COUNTS:
        splits = json.loads((folder / f"shards/{name}/manifest.json").read_text())["splits"]
        line = line.replace(f"--protocol {name}/", f"--protocol {name}-unlisted-{splits['test']['keys_sha256'][:8]}/")
    return line


def test_every_printed_command_runs_and_each_dataset_is_scored_in_its_own_classes(work, monkeypatch, capsys):
    monkeypatch.chdir(work)
    monkeypatch.setenv("COLUMNS", "200")
    printed = []
    for line in COMMANDS:
        monkeypatch.setattr("sys.argv", ["rgbtbench", *unlisted(line, work).split()])
        with pytest.raises(SystemExit) as end:
            main()
        assert not end.value.code
        printed.append(capsys.readouterr())
    notes = [line.removeprefix("note: ") for line in printed[0].out.splitlines() if line.startswith("note: ")]
    assert notes
    assert all(note in printed[1].err for note in notes)

    records = {}
    for path in (work / "records").rglob("*.json"):
        record = json.loads(path.read_text())
        records[record["data"]["dataset"]] = record
    assert set(records) == set(COUNTS)
    assert set(records["mfnet"]["per_class"]) > {"bike", "color_cone", "bump"}
    assert set(records["synthetic"]["per_class"]) > {"road", "bicycle", "traffic_cone"}
    for record in records.values():
        assert record["kind"] == "measured"
        for member in record["training"]["members"]:
            manifest = json.loads((work / "shards" / member["dataset"] / "manifest.json").read_text())
            assert (member["data_hash"], member["labels_hash"]) == (manifest["data_hash"], manifest["labels_hash"])


@pytest.mark.parametrize("command", TABLES)
def test_printed_tables_are_excerpts_of_what_is_printed(command, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr("sys.argv", ["rgbtbench", *command.split()])
    with pytest.raises(SystemExit):
        main()
    rows = [row.split() for row in capsys.readouterr().out.splitlines()]
    assert len(TABLES) == 2
    assert all(row.split() in rows for row in TABLES[command].splitlines())


def test_the_page_describes_every_field_of_members_and_mixing():
    for section, schema in (("Members", Member), ("Mixing", Mixing)):
        text = PAGE.split(f"## {section}\n", 1)[1].split("\n## ", 1)[0]
        described = re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)
        assert described == [name for name in schema.model_fields if name != "over"]
    assert "(`over: datasets`)" in PAGE
    assert "(`over: modalities`)" in PAGE


def test_the_printed_recipe_is_a_recipe():
    assert recipe_from(yaml.safe_load(RECIPE[2])).data.mixing.remap
