"""The audit as a whole: operands, workers, JSON, tables, and images found inside a training set."""

from __future__ import annotations

import json
import shutil

import pytest

from rgbtbench.audit.as_json import to_json
from rgbtbench.audit.audit import audit
from rgbtbench.audit.tables import tables
from rgbtbench.errors import InputFileError, ShardError, UnknownNameError, UserError
from rgbtbench.shards.build import prepare
from rgbtbench.shards.plan import Options
from tests.audit.planted import CARD, Planted


def listed(tmp_path, name, *ids):
    path = tmp_path / name
    path.write_text("\n".join(ids) + "\n")
    return path


def test_two_workers_find_what_one_finds(planted, found):
    assert to_json(audit([str(planted)], workers=2)) == to_json(found)


def test_a_folder_that_is_prepared_again_is_measured_anew(planted, found, tmp_path):
    data = tmp_path / "data"
    prepare(Planted(), CARD, planted.parent / "raw", data, options=Options(splits=("test",), limit=2), workers=1)
    assert len(audit([str(data)], workers=1).splits[0].measures) == 2
    shutil.rmtree(data)
    shutil.copytree(planted, data)
    again = audit([str(data)], only=["test"], workers=1)
    assert again.splits[0].measures.official_ids == found.splits[0].measures.official_ids


def test_the_json_is_strict_and_says_what_it_is(found):
    plain = json.loads(json.dumps(to_json(found), allow_nan=False))
    assert (plain["format"], plain["version"]) == ("rgbtbench-audit", 1)
    test, train = plain["splits"]
    assert (test["title"], train["title"], train["pairs"]) == ("planted/test", "planted/train", 20)
    assert train["samples_with"] == {"error": 6, "warning": 6, "note": 2}
    assert plain["refused"][0]["kind"] == "missing-twin"
    assert plain["duplicates"][0]["samples"] == {"same": [1, 1], "near": [1, 1], "part": [1, 1]}
    [registration] = train["registration"]
    assert registration["farthest"][0]["key"] == "shifted"
    assert (round(registration["farthest"][0]["x"]), round(registration["farthest"][0]["y"])) == (-7, 4)
    assert {one["label_set"] for one in train["labels"]} == {"semantic", "things"}


def test_tables_hold_as_many_cells_as_headings(found):
    made = list(tables(found))
    assert [table.name for table in made[:4]] == ["audited", "faults", "duplicates", "registration"]
    assert all(len(row) == len(table.columns) for table in made for row in table.rows)


def test_images_are_found_inside_another_prepared_set_and_nothing_else_is_compared(planted, tmp_path):
    training = shutil.copytree(planted, tmp_path / "training")
    found = audit([str(planted)], only=["test"], against=[str(training)], workers=1)
    assert [one.measures.title for one in found.splits] == ["planted/test"]
    titles = [one.title for one in found.samples.splits]
    joined = {tuple(titles[place] for place in one.splits): one.images for one in found.joins}
    assert joined["planted/test", "planted/test"] == {"same": (7, 7), "near": (0, 0), "part": (0, 0)}
    assert joined["planted/test", "planted/train"] == {"same": (1, 1), "near": (1, 1), "part": (1, 1)}
    assert all(one.splits[0] == 0 for one in found.joins)


def test_the_same_split_twice_is_an_error(planted):
    with pytest.raises(UserError, match="split test is given twice"):
        audit([str(planted)], against=[str(planted)], workers=1)


def test_lists_are_compared_by_rules(tmp_path):
    test = listed(tmp_path, "test.txt", "190001", "190002")
    training = listed(tmp_path, "seeds.txt", "LLVIP_190001.jpg", "FLIR_00001.jpg")
    found = audit([f"llvip/test={test}"], against=[f"ir500k={training}"])
    [comparison] = found.by_id
    assert (comparison.evaluated.title, comparison.training.title) == ("llvip/test", "ir500k")
    assert (comparison.count("same image"), found.splits) == (1, ())


def test_lists_among_what_is_audited_are_compared_with_each_other(tmp_path):
    test, train = listed(tmp_path, "a.txt", "01189N"), listed(tmp_path, "b.txt", "01189N")
    [comparison] = audit([f"mfnet/test={test}", f"msrs/train={train}"]).by_id
    assert comparison.count("derived from") == 1


@pytest.mark.parametrize(
    ("data", "against", "error", "words"),
    [
        (["nowhere"], [], ShardError, "rgbtbench prepare"),
        (["kaist/test=nowhere.txt"], [], InputFileError, r"nowhere\.txt: cannot be read"),
        (["kiast/test={list}"], [], UnknownNameError, "did you mean kaist"),
        (["llvip/test={list}"], ["mfnet={list}"], UserError, "no rule says how ids of mfnet name images of llvip"),
        (["llvip/test={list}", "mfnet/test={list}"], [], UserError, "no rule says how ids of mfnet"),
        (["kaist/test={list}"], ["kp={list}"], InputFileError, "are no ids of kaist"),
    ],
)
def test_a_mistake_is_one_clear_error(tmp_path, monkeypatch, data, against, error, words):
    monkeypatch.chdir(tmp_path)
    path = listed(tmp_path, "list.txt", "190001")
    filled = [[text.format(list=path) for text in texts] for texts in (data, against)]
    with pytest.raises(error, match=words):
        audit(filled[0], against=filled[1], workers=1)


def test_a_split_that_is_not_there_is_named(planted):
    with pytest.raises(ShardError, match="no split 'tset'"):
        audit([str(planted)], only=["tset"], workers=1)
