"""`features.json` types every field of every record, the empty lists of the first samples included."""

import json

import pyarrow as pa

from rgbtbench.shards.manifest import read_manifest
from rgbtbench.shards.records import shard_records


def arrow_type(feature):
    """The Arrow type of a feature, by the rules of `datasets.Features`."""
    if isinstance(feature, list):
        return pa.list_(arrow_type(feature[0]))
    if "_type" not in feature:
        return pa.struct([(name, arrow_type(inner)) for name, inner in feature.items()])
    if feature["_type"] == "Image":
        return pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    assert feature["_type"] == "Value"
    return pa.type_for_alias(feature["dtype"])


def test_every_record_fits_the_features_and_loses_nothing(pristine):
    features = json.loads((pristine / "features.json").read_text())
    manifest = read_manifest(pristine)
    for split in manifest.splits.values():
        assert set(features) == {"__key__", "__url__", *split.members}
        records = [record for shard in split.shards for record, _, _ in shard_records(pristine, shard)]
        assert not records[0]["boxes"]["people"]["boxes_xyxy"], "the first sample has no boxes, the hard case"
        assert pa.array(records, arrow_type(features["json"])).to_pylist() == records


def test_images_and_masks_are_images(pristine):
    features = json.loads((pristine / "features.json").read_text())
    assert {name for name, kind in features.items() if kind == {"_type": "Image"}} == {
        "rgb.jpg",
        "lwir.png",
        "semantic.png",
    }
