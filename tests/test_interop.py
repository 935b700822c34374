"""The examples of docs/interop.md run as printed."""

import json
import re
from pathlib import Path

import pytest

from rgbtbench.cli import main
from rgbtbench.datasets.registry import dataset
from rgbtbench.exporting.formats import FORMATS
from rgbtbench.loading.prepared import open_split
from rgbtbench.shards.build import prepare_dataset

PAGE = Path(__file__).parents[1] / "docs" / "interop.md"
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE.read_text(), re.MULTILINE | re.DOTALL))
COUNTS = {"train": 6, "test": 4}
NEEDS = {
    "webdataset": ("webdataset",),
    "timm": ("timm", "webdataset"),
    "Hugging Face datasets": ("datasets",),
    "mmsegmentation": ("mmcv", "mmengine"),
    "Miss rates in training loops": ("mmengine",),
}


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """A folder with `shards/mfnet`, as the page assumes."""
    folder = tmp_path_factory.mktemp("interop")
    source = dataset("mfnet")
    (layout,) = (layout for layout in source.layouts if layout.name == "mrfs")
    (folder / "raw").mkdir()
    source.fake(folder / "raw", layout, COUNTS, 0)
    prepare_dataset("mfnet", folder / "raw", folder / "shards/mfnet", workers=1, allow_differences=True)
    return folder


@pytest.fixture
def run(work, monkeypatch):
    """A function that runs a section's Python examples and returns what they leave behind, by name."""
    monkeypatch.chdir(work)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(work / "cache"))

    def section_names(section):
        for library in NEEDS[section]:
            pytest.importorskip(library)
        names = {}
        for code in re.findall(r"```python\n(.*?)```", SECTIONS[section], re.DOTALL):
            exec(compile(code, str(PAGE), "exec"), names)  # noqa: S102
        return names

    return section_names


def test_every_printed_command_runs(work, monkeypatch, capsys):
    monkeypatch.chdir(work)
    lines = re.findall(r"^rgbtbench (.*)$", SECTIONS["Export"], re.MULTILINE)
    for line in lines:
        monkeypatch.setattr("sys.argv", ["rgbtbench", *line.split()])
        with pytest.raises(SystemExit) as end:
            main()
        assert not end.value.code
        printed = capsys.readouterr().out
    summary = json.loads(printed)
    assert summary["splits"] == COUNTS
    assert summary == json.loads((work / "mfnet-unified/export.json").read_text())
    assert (work / "mfnet-cmx/Modal/00001N.png").is_file()
    assert sorted(path.name for path in (work / "mfnet-ade20k").iterdir()) == [
        "ADEChallengeData2016",
        "ADEChallengeData2016_T",
        "export.json",
    ]


def test_the_page_lists_every_export_format():
    assert re.findall(r"^\| `([a-z][a-z0-9-]+)` \|", SECTIONS["Export"], re.MULTILINE) == list(FORMATS)


def test_webdataset(run):
    found = run("webdataset")
    assert found["record"]["order"] == COUNTS["train"] - 1
    assert found["photograph"].startswith(b"\x89PNG")


def test_timm(run):
    found = run("timm")
    assert len(list(found["train"])) == len(found["train"]) == COUNTS["train"]
    assert (found["image"].size, found["number"]) == ((160, 120), 1)


def test_hugging_face(run):
    found = run("Hugging Face datasets")
    assert found["train"].num_rows == COUNTS["train"]
    assert (found["image"].size, found["record"]["image_id"]) == ((160, 120), 1)


def test_mmsegmentation(run, work):
    found = run("mmsegmentation")
    assert 0 <= found["numbers"]["mIoU"] <= 100
    samples = open_split(work / "shards/mfnet", "test")
    assert sorted(path.stem for path in (work / "mfnet-predictions").glob("*.png")) == sorted(samples.keys)


def test_miss_rates(run, work):
    person = {"category_id": 1, "bbox": [505, 212, 20, 60], "occlusion": 0, "ignore": 0}
    content = {
        "categories": [{"id": 1, "name": "person"}],
        "images": [{"id": number, "im_name": f"set06/V000/I000{20 * number + 19}"} for number in range(2)],
        "annotations": [{**person, "id": number, "image_id": number} for number in range(2)],
    }
    (work / "KAIST_annotation.json").write_text(json.dumps(content))
    names = run("Miss rates in training loops")
    assert names["numbers"]["miss_rate"] == pytest.approx(50)
    assert names["metric"].compute()["miss_rate"] == 100
    assert len(names["evaluator"].metrics) == 1
