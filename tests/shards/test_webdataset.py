"""webdataset reads the same samples, values and counts from the shards as we do."""

import json

import pytest

from rgbtbench.shards.manifest import read_manifest
from rgbtbench.shards.records import shard_records

webdataset = pytest.importorskip("webdataset")


@pytest.mark.parametrize("split", ["train", "test"])
def test_every_sample_arrives_with_every_byte(street, split):
    facts = read_manifest(street).split(split)
    urls = [str(street / shard.file) for shard in facts.shards]
    theirs = list(webdataset.WebDataset(urls, shardshuffle=False))
    ours = [found for shard in facts.shards for found in shard_records(street, shard)]
    assert len(theirs) == len(ours) == facts.samples
    for sample, (record, placed, reader) in zip(theirs, ours, strict=True):
        members = {name: value for name, value in sample.items() if not name.startswith("__")}
        assert sample["__key__"] == record["key"]
        assert tuple(sorted(members)) == facts.members
        for name, member in placed.members.items():
            assert members[name] == reader.member(member.offset, member.size)


def test_decoded_records_equal_the_annotations(pristine, official):
    urls = [str(pristine / shard.file) for shard in read_manifest(pristine).split("train").shards]
    for sample in webdataset.WebDataset(urls, shardshuffle=False).decode(only=["json"]):
        record = sample["json"]
        notes = json.loads((official / "notes" / f"{record['official_id']}.json").read_text())
        boxes = record["boxes"]["people"]
        assert boxes["boxes_xyxy"] == notes["boxes"]
        assert all(type(number) is float for box in boxes["boxes_xyxy"] for number in box)
        assert boxes["raw"] == [[number + 1 for number in box] for box in notes["boxes"]]
        assert record["text"]["captions"]["captions"] == notes["captions"]
        assert record["attributes"]["temperature"] == notes["temperature"]


def test_every_record_of_a_split_has_the_same_keys(street):
    def shape(value):
        return {name: shape(inner) for name, inner in value.items()} if isinstance(value, dict) else None

    facts = read_manifest(street).split("train")
    shapes = [shape(record) for shard in facts.shards for record, _, _ in shard_records(street, shard)]
    assert all(other == shapes[0] for other in shapes)
