"""What is counted is what a loop over the decoded samples counts."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from rgbtbench.description import statistics as module
from rgbtbench.description.count_rows import count_rows
from rgbtbench.description.statistics import SplitStatistics, Statistics, statistics
from rgbtbench.errors import ShardError
from rgbtbench.labels import IGNORE
from rgbtbench.loading.prepared import open_split


@pytest.mark.parametrize("name", ["synthetic", "street", "overlapping", "withheld", "aerial"])
def test_counts_are_those_of_the_decoded_samples(name, request):
    prepared = request.getfixturevalue(name)
    counted = statistics(prepared.data)
    for split, found in counted.splits.items():
        samples = list(open_split(prepared.data, split))
        assert found.pairs == len(samples)
        held_sets = {*samples[0].boxes, *samples[0].masks, *samples[0].text}
        assert {*found.objects, *found.images, *found.captions} <= held_sets
        for label_set, facts in prepared.card.label_sets.items():
            if label_set not in held_sets:
                continue
            names = {entry.id: entry.name for entry in facts.classes}
            if facts.kind == "boxes":
                boxes = [sample.boxes[label_set] for sample in samples]
                labels = Counter(names[label] for one in boxes for label in one.labels.tolist())
                held = Counter(names[label] for one in boxes for label in set(one.labels.tolist()))
                assert Counter(found.objects[label_set]) == Counter(dict.fromkeys(names.values(), 0)) | labels
                assert found.ignored[label_set] == sum(int(one.ignore.sum()) for one in boxes)
            elif facts.kind == "semantic":
                masks = [sample.masks[label_set] for sample in samples]
                held = Counter(names[value] for mask in masks for value in np.unique(mask).tolist() if value != IGNORE)
            elif facts.kind == "text":
                assert found.captions[label_set] == sum(len(sample.text[label_set]) for sample in samples)
                continue
            else:
                continue
            assert {value: count for value, count in found.images[label_set].items() if count} == held
            assert list(found.images[label_set]) == list(names.values())


def test_attributes_have_a_count_for_every_value_in_every_split(street):
    counted = statistics(street.data)
    assert {split: found.attributes["time_of_day"] for split, found in counted.splits.items()} == {
        "train": {"day": 3, "night": 4},
        "test": {"day": 2, "night": 2},
    }
    assert counted.splits["train"].attributes["temperature"] == {"3.0": 4, "unknown": 3}
    assert [found.clusters for found in counted.splits.values()] == [3, 2]


def test_free_values_are_listed_only_while_they_are_few(street, monkeypatch):
    monkeypatch.setattr(module, "MOST_VALUES", 1)
    found = statistics(street.data).splits["train"]
    assert found.attributes == {}
    assert found.distinct == {"time_of_day": 2, "temperature": 2}


def test_sizes_are_those_of_the_images(synthetic):
    sizes = statistics(synthetic.data).splits["test"].sizes
    assert {name: (found.width, found.height) for name, found in sizes.items()} == {
        "lwir": ((128, 128), (96, 96)),
        "rgb": ((128, 128), (96, 96)),
    }


def test_the_json_says_what_was_counted_and_comes_back(street):
    counted = statistics(street.data)
    assert Statistics.model_validate(json.loads(counted.model_dump_json())) == counted
    manifest = json.loads((street.data / "manifest.json").read_text())
    assert (counted.data_hash, counted.edition) == (manifest["data_hash"], "official")


def test_rows_keep_values_of_one_kind_together(street):
    rows = count_rows(list(statistics(street.data).splits.values()))
    kinds = [(what, unit) for what, _, unit, _ in rows]
    assert kinds == sorted(kinds, key=kinds.index)
    assert ("time_of_day", "night", "pairs", (4, 2)) in rows


def test_a_folder_that_is_not_prepared_is_named(tmp_path):
    with pytest.raises(ShardError, match="rgbtbench prepare"):
        statistics(tmp_path)


def test_the_page_describes_every_field_and_no_other():
    page = (Path(__file__).parents[2] / "docs" / "croissant-and-cards.md").read_text()
    described = re.findall(r"^\| `(\w+)` \|", page.split("## Statistics\n", 1)[1], flags=re.MULTILINE)
    assert described == list(SplitStatistics.model_fields)
    assert f"more than {module.MOST_VALUES} " in page
