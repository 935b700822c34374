"""A record is written once; an edit shows, and nothing that is stored is ever replaced."""

import hashlib
import io
import json
import zipfile

import numpy as np
import pytest

from rgbtbench.errors import RecordError
from rgbtbench.leaderboard import store
from rgbtbench.leaderboard.environment import environment
from rgbtbench.leaderboard.store import find_records, pack_statistics, read_record, read_records, read_statistics


def test_a_record_comes_back_as_it_was_written(scored_masks):
    stored = read_record(scored_masks.path)
    assert stored.model_copy(update={"statistics_sha256": None}) == scored_masks.record
    assert scored_masks.path.parent.name == "town__miou"
    assert scored_masks.path.name.startswith("someone-")
    arrays = read_statistics(scored_masks.path, stored)
    assert arrays.keys() == scored_masks.score.statistics.keys()
    assert all(np.array_equal(arrays[name], array) for name, array in scored_masks.score.statistics.items())


def test_the_same_result_is_stored_once(scored_masks):
    later = scored_masks.record.model_copy(update={"created": "2030-01-01T00:00:00+00:00"})
    before = scored_masks.path.read_bytes()
    assert (
        store.write_record(later, scored_masks.records, statistics=scored_masks.score.statistics) == scored_masks.path
    )
    assert scored_masks.path.read_bytes() == before
    assert len(read_records(scored_masks.records)) == 1


def test_another_result_is_another_file(scored_masks):
    other = scored_masks.record.model_copy(update={"condition": "missing:rgb/zero_norm"})
    path = store.write_record(other, scored_masks.records, statistics=scored_masks.score.statistics)
    assert path != scored_masks.path
    assert set(read_records(scored_masks.records)) == {
        f"town__miou/{scored_masks.path.stem}",
        f"town__miou/{path.stem}",
    }


def test_an_edited_number_is_noticed(scored_masks):
    content = json.loads(scored_masks.path.read_text())
    content["metrics"]["miou"] += 1.0
    scored_masks.path.write_text(json.dumps(content))
    with pytest.raises(RecordError, match="was changed after it was written"):
        read_record(scored_masks.path)
    with pytest.raises(RecordError, match="was changed after it was written"):
        store.write_record(scored_masks.record, scored_masks.records, statistics=scored_masks.score.statistics)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_a_number_that_is_none_is_damage(scored_masks, number):
    content = json.loads(scored_masks.path.read_text())
    content["metrics"]["miou"] = "here"
    scored_masks.path.write_text(json.dumps(content).replace('"here"', number))
    with pytest.raises(RecordError, match="is not JSON of finite numbers") as caught:
        read_record(scored_masks.path)
    assert caught.value.path == str(scored_masks.path)


def test_laying_the_file_out_anew_is_no_edit(scored_masks):
    scored_masks.path.write_text(json.dumps(json.loads(scored_masks.path.read_text()), sort_keys=True))
    assert read_record(scored_masks.path).method == "someone"


def test_a_damaged_record_does_not_hide_the_others(scored_masks):
    (scored_masks.path.parent / "torn-000000000000.json").write_text("{")
    (scored_masks.path.parent / "odd-000000000000.json").write_text('{"version": 1, "colour": "red"}')
    records, errors = find_records(scored_masks.records)
    assert list(records) == [f"town__miou/{scored_masks.path.stem}"]
    assert [error.found for error in errors] == ["kind: Field required", "is not JSON of finite numbers"]
    with pytest.raises(RecordError, match=r"2 records are damaged: .*odd-.*torn-"):
        read_records(scored_masks.records)


def test_an_absent_folder_holds_no_records(tmp_path):
    assert read_records(tmp_path / "nothing") == {}


def test_a_record_that_does_not_exist_is_a_clear_mistake(tmp_path):
    with pytest.raises(RecordError, match="cannot be read: No such file"):
        read_record(tmp_path / "none.json")


def test_statistics_of_another_record_are_noticed(scored_masks):
    packed = pack_statistics({"confusion": np.zeros(3, np.int64)})
    scored_masks.path.with_suffix(".npz").write_bytes(packed)
    with pytest.raises(RecordError, match="is not the file that the record names"):
        read_statistics(scored_masks.path, read_record(scored_masks.path))


def test_statistics_with_objects_are_never_unpickled(scored_masks):
    buffer = io.BytesIO()
    np.savez(buffer, evil=np.array([object()], dtype=object))
    scored_masks.path.with_suffix(".npz").write_bytes(buffer.getvalue())
    record = scored_masks.record.model_copy(update={"statistics_sha256": hashlib.sha256(buffer.getvalue()).hexdigest()})
    with pytest.raises(RecordError, match="holds no plain arrays"):
        read_statistics(scored_masks.path, record)


def test_equal_statistics_give_equal_bytes():
    arrays = {"b": np.arange(9).reshape(3, 3), "a": np.array(["x", "yy"])}
    again = dict(reversed(arrays.items()))
    assert pack_statistics(arrays) == pack_statistics(again)


def test_statistics_that_are_too_large_are_refused(scored_masks):
    noise = np.random.default_rng(0).integers(0, 256, 2 << 20, np.uint8)
    with pytest.raises(RecordError, match="the per-image statistics take"):
        store.write_record(scored_masks.record, scored_masks.records, statistics={"noise": noise})
    assert len(read_records(scored_masks.records)) == 1


def test_statistics_are_compressed():
    keys = np.array([f"set06/V000/I{number:05d}" for number in range(20_000)])
    assert len(pack_statistics({"keys": keys})) < keys.nbytes / 20


def test_a_full_mfnet_test_split_fits():
    rng = np.random.default_rng(0)
    confusion = rng.integers(0, 40_000, (393, 9, 10), np.uint16)  # far busier than any real result
    assert len(pack_statistics({"confusion": confusion})) < store.MAX_STATISTICS_BYTES


def test_a_file_that_appears_meanwhile_is_not_replaced(tmp_path, monkeypatch):
    path = tmp_path / "record.json"
    real = store.os.link
    monkeypatch.setattr(store.os, "link", lambda source, target: (path.write_bytes(b"theirs"), real(source, target)))
    with pytest.raises(RecordError, match="another process"):
        store._write_once(path, b"ours")
    assert path.read_bytes() == b"theirs"
    assert [file.name for file in tmp_path.iterdir()] == ["record.json"]


def test_method_names_cannot_leave_the_folder(scored_masks):
    hostile = scored_masks.record.model_copy(update={"method": "../../evil method"})
    path = store.write_record(hostile, scored_masks.records)
    assert path.parent == scored_masks.path.parent
    assert zipfile.is_zipfile(scored_masks.path.with_suffix(".npz"))


def test_the_environment_names_what_can_change_a_number():
    found = environment()
    assert found.rgbtbench
    assert {"numpy", "hotcoco"} <= found.libraries.keys()
    assert found.hardware
    assert (found.commit is None) == (found.dirty is None)
