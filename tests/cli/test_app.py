"""The program as a user meets it: help, exit codes, one-line errors, and nothing heavy before it is needed."""

import json
import subprocess
import sys
from dataclasses import dataclass

import pytest

from rgbtbench import __version__
from rgbtbench.cli import main

VERBS = [
    "audit", "export",
    "datasets card", "datasets croissant", "datasets joint", "datasets statistics",
    "demo", "doctor", "datasets list", "datasets show", "prepare", "verify", "inspect", "models list", "models show",
    "models flops", "models latency", "models profile",
    "train", "study", "predict", "features", "match", "weights convert", "weights encoder", "weights list",
    "protocols list", "protocols show", "eval", "score", "reproduce", "leaderboard build", "leaderboard check",
]  # fmt: skip

HEAVY = {
    "torch", "torchvision", "cv2", "pandas", "pyarrow", "scipy", "numpy", "pydantic", "fiftyone", "lightning_fabric",
    "jinja2", "yaml", "fsspec", "upath", "s3fs", "ray",
}  # fmt: skip


@dataclass
class Outcome:
    """What a command printed and returned."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def rgbtbench(monkeypatch, capsys):
    """The program itself, run in this process: starting an interpreter for each case would take minutes."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["rgbtbench", *arguments])
        monkeypatch.setenv("COLUMNS", "200")
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        printed = capsys.readouterr()
        return Outcome(code, printed.out, printed.err)

    return call


def test_help_imports_nothing_heavy():
    code = (
        "import sys; sys.argv = ['rgbtbench', '--help']\n"
        "from rgbtbench.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print('MODULES', *sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = set(done.stdout.rpartition("MODULES")[2].split())
    assert "typer" in modules
    assert modules & HEAVY == set()


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself_with_an_example(rgbtbench, verb):
    done = rgbtbench(*verb.split(), "--help")
    assert done.returncode == 0
    assert f"rgbtbench {verb}" in done.stdout.split("Usage:")[1].split("Example", 1)[-1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["datasets", "show", "mfnett"], "no dataset 'mfnett'; did you mean mfnet?"),
        (["datasets", "list", "--modality", "lwr"], "did you mean lwir?"),
        (
            ["datasets", "list", "--task", "segmentation"],
            "no task 'segmentation'; expected semantic or detection or",
        ),
        (["datasets", "croissant", "mfnet", "--data", "nowhere"], "rgbtbench prepare"),
        (["datasets", "croissant", "mfnet", "--out", "."], "is a folder; expected a file"),
        (["models", "show", "mfnat"], "did you mean mfnet?"),
        (["protocols", "show", "mfnet/miou9"], "did you mean mfnet/miou-9"),
        (["prepare", "mfnet", "--root", "nowhere", "--out", "x"], "nowhere: no such folder"),
        (["prepare", "mfnet", "--root", "memory://nowhere", "--out", "x"], "memory://nowhere: no such folder"),
        (["prepare", "mfnet", "--root", "nope://x", "--out", "x"], "no store speaks nope://"),
        (["prepare", "mfnet", "--root", "sftp://me:secret@x/y", "--out", "x"], "an address that holds a password"),
        (["prepare", "mfnet", "--root", ".", "--out", "x", "--ray-address", "auto"], "without --executor ray"),
        (["train", "mfnet/mfnat", "--data", "x", "--out", "y"], "did you mean mfnet/mfnet"),
        (["train", "mfnet/mfnet", "--data", "nowhere", "--out", "y"], "rgbtbench prepare"),
        (["train", "mfnet/mfnet", "--data", "x", "--out", "y", "--set", "optimiser.lrr=1", "--dry-run"], "lr"),
        (["score", "mfnet/miou-9", "p", "--data", "nowhere"], "rgbtbench prepare"),
        (["eval", "nowhere", "--data", "x", "--protocol", "mfnet/miou-9"], "nowhere"),
        (["verify", "nowhere"], "nowhere"),
        (["verify", "nowhere.json"], "nowhere.json"),
        (["verify", "nowhere/manifest.json"], "nowhere: no such folder; run `rgbtbench prepare` for it"),
        (["verify", "memory://nowhere"], "memory://nowhere: no such folder"),
        (["inspect", "nowhere"], "rgbtbench prepare"),
        (["inspect", "memory://nowhere"], "rgbtbench prepare"),
        (["export", "nowhere", "--as", "coco", "--out", "x"], "rgbtbench prepare"),
        (["export", "nowhere", "--as", "cocoa", "--out", "x"], "did you mean coco"),
        (["export", "nowhere", "--out", "x"], "give one of both"),
        (["export", "nowhere", "--onnx", "--out", "x.onnx"], "nowhere"),
        (["predict", "nowhere", "--out", "x"], "give --data or --images"),
        (["predict", "nowhere", "--images", ".", "--out", "x"], "nowhere"),
        (["reproduce", "mfnt.csv:2", "--weights", "nowhere", "--data", "x"], "nowhere"),
        (["audit", "nowhere"], "rgbtbench prepare"),
        (["leaderboard", "check", "--published", "nowhere"], "nowhere: no such folder"),
        (["audit", "kiast/test=list.txt"], "did you mean kaist?"),
        (["audit", "kaist/test=list.txt"], "list.txt: cannot be read"),
        (
            ["weights", "convert", "no.pth", "--method", "mfnet", "--dataset", "mfnet", "--out", "o.safetensors"],
            "no.pth",
        ),
        (["weights", "encoder", "no.pth", "--name", "mit_b9", "--out", "o.safetensors"], "did you mean mit_b"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(rgbtbench, arguments, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = rgbtbench(*arguments)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("rgbtbench: error: ")
    assert done.stderr.count("\n") == 1
    assert words in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["eval", "x", "--data", "x", "--protocol", "mfnet/miou-9", "--records", "notes.txt"],
        ["score", "mfnet/miou-9", "p", "--data", "x", "--records", "notes.txt"],
        ["score", "mfnet/miou-9", "p", "--data", "x", "--records", "notes.txt/records"],
        ["leaderboard", "build", "--out", "notes.txt"],
        ["demo", "--out", "notes.txt"],
        ["datasets", "card", "mfnet", "--out", "notes.txt/card.md"],
        ["weights", "convert", "notes.txt", "--method=mfnet", "--dataset=mfnet", "--out", "notes.txt/a.safetensors"],
        ["weights", "convert", "notes.txt", "--method=mfnet", "--dataset=mfnet", "--out", "a.safetensors"],
        ["weights", "encoder", "notes.txt", "--name=mit_b0", "--out", "notes.txt/a.safetensors"],
    ],
)  # fmt: skip
def test_a_file_in_the_way_is_named_before_any_work_and_kept(rgbtbench, arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("precious")
    done = rgbtbench(*arguments)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("rgbtbench: error: ")
    assert done.stderr.count("\n") == 1
    assert "notes.txt: " in done.stderr
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("notes.txt", "precious")]


@pytest.mark.parametrize("listing", ["datasets list", "models list", "protocols list", "weights list", "doctor"])
def test_every_listing_speaks_json(rgbtbench, listing):
    rows = json.loads(rgbtbench(*listing.split(), "--json").stdout)
    assert rows
    assert all(isinstance(row, dict) for row in rows)


def test_checking_published_tables_fails_on_what_no_flag_explains(rgbtbench, tmp_path):
    assert rgbtbench("leaderboard", "check").returncode == 0
    table = tmp_path / "mfnet.csv"
    facts = "method,variant,inputs,protocol,protocol_version,source,where,training_data,selection,note,flag"
    table.write_text(f"{facts},ap,ap50\nMFNet,,rgb,unknown,,a paper,,,,,,60,50\nMFNot,,rgb,unknown,,a paper,,,,,,1,2\n")
    done = rgbtbench("leaderboard", "check", "--published", str(tmp_path), "--json")
    assert done.returncode == 1
    assert [(found["rows"], found["found"], found["flagged"]) for found in json.loads(done.stdout)] == [
        (["mfnet.csv:3 MFNot"], "method 'MFNot' is not listed; did you mean MFNet or MLFNet or MFFENet?", False),
        (["mfnet.csv:2 MFNet"], "ap 60 above ap50 50", False),
    ]


def test_datasets_are_chosen_by_task_and_modality(rgbtbench):
    def listed(*options):
        return [row["name"] for row in json.loads(rgbtbench("datasets", "list", "--json", *options).stdout)]

    everything = listed()
    assert everything == sorted(everything)
    assert {"mfnet", "llvip"} < set(everything)
    semantic = listed("--task", "semantic")
    assert "mfnet" in semantic
    assert "llvip" not in semantic
    assert "llvip" in listed("--modality", "lwir", "--modality", "rgb")
    assert "llvip" not in listed("--modality", "nir")


def test_a_dataset_shows_where_it_is_to_be_had_and_on_which_terms(rgbtbench):
    shown = " ".join(rgbtbench("datasets", "show", "llvip").stdout.split())
    assert "access after registration size about 4 GB" in shown
    assert "Baidu https://pan.baidu.com/s/1eQO1Is2NPyd-mgmv1Csbfg (code 14lc)" in shown
    assert "licence LLVIP terms of use, no commercial use" in shown
    facts = json.loads(rgbtbench("datasets", "show", "llvip", "--json").stdout)
    assert facts["source"]["links"]["Baidu"]["code"] == "14lc"


def test_a_method_shows_its_licence_where_weights_are_to_be_had_and_what_papers_report(rgbtbench):
    shown = " ".join(rgbtbench("models", "show", "cmx").stdout.split())
    assert "licence this implementation: Apache-2.0" in shown
    assert "https://github.com/NVlabs/SegFormer; converter: mit_b2, mit_b4, mit_b5" in shown
    facts = json.loads(rgbtbench("models", "show", "cmx", "--json").stdout)
    on_mfnet = [row for row in facts["published"] if row["protocol"] == "mfnet/miou-9"]
    assert {(row["variant"], row["metrics"]["miou"]) for row in on_mfnet} == {("MiT-B2", "58.2"), ("MiT-B4", "59.7")}
    row = on_mfnet[0]
    assert f"published {row['file']}:{row['line']} mfnet/miou-9: miou {row['metrics']['miou']}" in shown


@pytest.mark.parametrize("show", ["datasets show mfnet", "models show mfnet", "protocols show mfnet/miou-9"])
def test_every_card_is_shown_as_text_and_as_json(rgbtbench, show):
    text = rgbtbench(*show.split())
    assert text.returncode == 0
    name = show.split()[-1]
    assert name.partition("/")[0] in text.stdout
    assert isinstance(json.loads(rgbtbench(*show.split(), "--json").stdout), dict)


def test_the_version_is_printed(rgbtbench):
    assert rgbtbench("--version").stdout.strip() == f"rgbtbench {__version__}"
