"""The index finds every member, and is made again from the shards where it cannot be trusted."""

import hashlib
import io
import json
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rgbtbench.errors import ShardError
from rgbtbench.shards.arrow_columns import arrow_column
from rgbtbench.shards.build import prepare
from rgbtbench.shards.index import read_index
from rgbtbench.shards.index_file import attribute_type
from rgbtbench.shards.tar import TarReader, TarWriter, samples

from .street import Street, card

REPOSITORY = Path(__file__).parents[2]


def same(one, other):
    return pickle.dumps(one) == pickle.dumps(other)


@pytest.mark.parametrize("split", ["train", "test"])
def test_every_place_holds_what_its_name_says(pristine, split):
    index = read_index(pristine, split)
    assert len(index) == len(index.keys)
    readers = [TarReader(pristine / file) for file in index.shards]
    for row, key in enumerate(index.keys):
        reader = readers[index.shard[row]]
        content = {
            name: bytes(reader.member(int(index.offsets[name][row]), int(index.sizes[name][row])))
            for name in index.offsets
        }
        record = json.loads(content["json"])
        assert (record["key"], record["image_id"], record["cluster"]) == (
            key,
            index.image_ids[row],
            index.clusters[row],
        )
        assert record["attributes"] == {name: values[row] for name, values in index.attributes.items()}
        assert (index.widths[row], index.heights[row]) == (48, 32)
        assert index.box_counts["people"][row] == len(record["boxes"]["people"]["labels"])
        assert content["rgb.jpg"].startswith(b"\xff\xd8\xff")
        assert content["lwir.png"].startswith(b"\x89PNG")


def test_a_missing_index_is_read_from_the_shards(prepared):
    stored = read_index(prepared, "train")
    (prepared / "index.parquet").unlink()
    assert same(read_index(prepared, "train"), stored)


def test_an_index_of_other_shards_is_not_used(prepared, pristine, official, tmp_path):
    prepare(Street(), card(), official, tmp_path / "one_shard", workers=1)
    for name in ("index.parquet", "index.sha256"):
        shutil.copy(tmp_path / "one_shard" / name, prepared / name)
    assert same(read_index(prepared, "train"), read_index(pristine, "train"))


def test_the_checksum_beside_the_index_is_that_of_the_file(pristine):
    stated = (pristine / "index.sha256").read_text()
    assert stated == hashlib.sha256((pristine / "index.parquet").read_bytes()).hexdigest() + "  index.parquet\n"


def test_a_damaged_index_is_not_used(prepared, pristine):
    path = prepared / "index.parquet"
    content = path.read_bytes()
    expected = read_index(pristine, "train")
    for at in range(0, len(content), 97):
        path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        assert same(read_index(prepared, "train"), expected), at


def test_pandas_reads_one_row_per_sample(pristine):
    frame = pd.read_parquet(pristine / "index.parquet")
    assert frame.groupby("split")["row"].apply(list).to_dict() == {"test": [0, 1, 2, 3], "train": list(range(7))}
    assert frame["attr.time_of_day"].isin(["day", "night"]).all()
    assert frame["attr.temperature"].dtype == np.float64
    assert frame["boxes.people.count"].tolist() == [0, 1, 2, 0, 0, 1, 2, 0, 1, 2, 0]


def test_shards_that_hold_other_samples_than_the_manifest_says_are_refused(prepared):
    (prepared / "index.parquet").unlink()
    one, other = prepared / "shards/train-000000.tar", prepared / "shards/train-000001.tar"
    if one.stat().st_size != other.stat().st_size:
        pytest.fail("the two shards were made to have one size")
    one.write_bytes(other.read_bytes())
    with pytest.raises(ShardError, match="holds other samples than the manifest says"):
        read_index(prepared, "train")


def test_a_record_that_is_damaged_is_named(prepared):
    (prepared / "index.parquet").unlink()
    path = prepared / "shards/train-000000.tar"
    path.write_bytes(path.read_bytes().replace(b'"images"', b'"imagfs"', 1))
    with pytest.raises(ShardError, match="the record of train_0000 is missing or damaged"):
        read_index(prepared, "train")


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ((None,), "string"),
        (("day", None), "string"),
        ((True, None), "bool"),
        ((1, None), "int64"),
        ((1, 2.5), "float64"),
    ],
)
def test_a_column_has_one_kind_of_value(values, kind):
    assert attribute_type(values) == kind


@pytest.mark.parametrize("values", [("day", 1), (True, 1)])
def test_attributes_of_mixed_kinds_are_refused(values):
    with pytest.raises(ShardError, match="expected one kind of value"):
        attribute_type(values)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["é", None, "", "b"], "string"),
        ([None, None], "string"),
        ([True, None, False] * 5, "bool"),
        ([1, None, -(2**63), 2**63 - 1], "int64"),
        ([0.1, None, 3], "float64"),
        ([], "string"),
        ([7] * 9, "int64"),
    ],
)
def test_columns_are_those_that_arrow_makes_of_the_same_values(values, kind):
    import pyarrow as pa

    column = arrow_column(values, kind)
    column.validate(full=True)
    assert column.equals(pa.array(values, pa.type_for_alias(kind)))


def test_neither_writing_nor_reading_an_index_imports_pandas(official, tmp_path):
    code = (
        "import sys; from pathlib import Path; from rgbtbench.shards.build import prepare;"
        "from rgbtbench.shards.index import read_index; from tests.shards.street import Street, card;"
        "out = Path(sys.argv[2]);"
        "prepare(Street(), card(), Path(sys.argv[1]), out, workers=1, allow_differences=True);"
        "assert len(read_index(out, 'train')) == 7;"
        "print('pandas' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, official, tmp_path / "out"],
        cwd=REPOSITORY, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.split() == ["False"]


def test_a_member_that_some_samples_lack_is_noticed(prepared):
    (prepared / "index.parquet").unlink()
    path = prepared / "shards/train-000001.tar"
    reader, renamed = TarReader(path), io.BytesIO()
    writer = TarWriter(renamed)
    for sample in samples(reader):
        content = {name: bytes(reader.member(place.offset, place.size)) for name, place in sample.members.items()}
        writer.add(sample.key, {name.replace("jpg", "jpx"): data for name, data in content.items()})
    writer.finish()
    path.write_bytes(renamed.getvalue())
    with pytest.raises(ShardError, match=r"rgb\.jpg\.offset is not known of every sample of split train"):
        read_index(prepared, "train")
