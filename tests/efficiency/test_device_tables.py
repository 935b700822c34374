"""`python -m benchmarks.devices`: what is measured on a device, and the file of it as tables."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from benchmarks.devices import measuring
from benchmarks.devices.entries import Entry, load_entries, recipe_of
from benchmarks.devices.measuring import Measurement, spec_of
from benchmarks.devices.page import tables
from rgbtbench.errors import RecipeError
from rgbtbench.zoo.registry import method_names

ROOT = Path(__file__).parents[2]
RESULTS = sorted((ROOT / "benchmarks" / "results").glob("*.json"))
TINY = Entry.model_validate({"name": "tiny", "recipe": "mfnet/mfnet", "size": [32, 64], "batch_size": 2})


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    torch.set_num_threads(1)


def test_every_method_is_measured_and_every_line_can_be_built():
    known = load_entries()
    lines = [*known.entries, *known.comparisons]
    assert len({line.name for line in lines}) == len(lines)
    specs = [spec_of(recipe_of(entry)) for entry in known.entries]
    assert set(method_names()) == {spec.method for spec in specs}
    for comparison in known.comparisons:
        assert comparison.reference in comparison.variants
        for variant in comparison.variants.values():
            assert recipe_of(comparison, variant.changes).batch_size == comparison.batch_size


def test_a_line_has_figures_of_training_and_of_prediction():
    measurement = Measurement(TINY, "cpu", is_compiled=False, seconds=0.02)
    measurement.prepare()
    found = measurement.measure()
    assert found["parameters"] == 736_275  # of MFNet's card
    training, prediction = found["training"], found["prediction"]
    assert training["pairs_per_second"] == pytest.approx(2e3 / training["step_ms"]["median"])
    assert 0 < prediction["latency_ms"]["p10"] <= prediction["latency_ms"]["median"]
    assert prediction["batch_size"] == 2


def test_a_batch_that_does_not_fit_is_halved(monkeypatch):
    whole = measuring.take_step

    def scarce(fabric, trainee, recipe, batches):
        if recipe.batch_size > 1:
            raise RecipeError("out of memory at step 1")
        return whole(fabric, trainee, recipe, batches)

    monkeypatch.setattr(measuring, "take_step", scarce)
    measurement = Measurement(TINY, "cpu", is_compiled=False, seconds=0.02)
    measurement.prepare()
    assert measurement.measure()["training"]["batch_size"] == 1


def test_what_fails_is_noted_and_the_rest_is_measured(monkeypatch):
    def broken(*arguments):
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    monkeypatch.setattr(measuring, "take_step", broken)
    measurement = Measurement(TINY, "cpu", is_compiled=False, seconds=0.02)
    measurement.prepare()
    found = measurement.measure()
    assert found["training"] == {"error": "RuntimeError: CUDA error: an illegal memory access was encountered"}
    assert found["prediction"]["pairs_per_second"] > 0


def test_tables_say_what_is_known_and_leave_out_what_is_not():
    plain = {
        "size": [480, 640],
        "training": {"batch_size": 8, "pairs_per_second": 31.26, "peak_memory_bytes": 12_340_000_000},
        "prediction": {
            "batch_size": 8,
            "latency_ms": {"median": 20.04, "p10": 19.5, "p90": 22.0},
            "pairs_per_second": 140.4,
            "peak_memory_bytes": {"1": 5, "8": 2_000_000_000},
        },
    }
    content = {
        "results": {"A": {"plain": plain, "compiled": {"error": "no"}}, "B": {}},
        "comparisons": {"masking": {"not_measured": "the time was over"}},
    }
    rows = tables(content).splitlines()
    assert rows[2] == "| A | 480x640 | 8 | 31.3 | – | 12.3 | 20.0 (19.5, 22.0) | – | 140 | – | 2.0 |"
    assert set(rows[3].split("|")[2:-1]) == {" – "}


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_documentation_shows_the_tables_of_every_file(path):
    shown = (ROOT / "docs" / "efficiency.md").read_text(encoding="utf-8")
    for row in tables(json.loads(path.read_text(encoding="utf-8"))).splitlines():
        assert row in shown
