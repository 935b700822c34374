"""Prepared data from anyone: shards, manifest and index that vouch for each other and are still not believed."""

import contextlib
import hashlib
import io
import json
import os
import shutil
import tarfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import rgbtbench
from rgbtbench.canonical import content_sha256
from rgbtbench.cards import dataset_card
from rgbtbench.errors import ShardError, UserError
from rgbtbench.shards.build import prepare
from rgbtbench.shards.index import read_index
from rgbtbench.shards.tar import TarReader, header
from rgbtbench.shards.tar import read_index as read_headers
from rgbtbench.shards.verify import verify
from tests.hostile import mutate_bytes, mutate_text
from tests.hostile.confined import confined
from tests.hostile.mendable import refused
from tests.hostile.trees import MFNET, mfnet_tree

SHARD = "shards/test-000000.tar"


def within_bounds(folder):
    return confined(writable=folder / "none", secret=folder / "secret", seconds=20, megabytes=512)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mfnet")
    prepare(MFNET, dataset_card("mfnet"), mfnet_tree(folder / "raw"), folder / "out", workers=1, allow_differences=True)
    return folder / "out"


@pytest.fixture
def prepared(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "prepared")


def everything(root):
    split = rgbtbench.open(root, "test")
    return [split[row].images["rgb"].shape for row in range(len(split))]


def vouched(root, shard):
    """Let the manifest state size and hash of a shard, and its own."""
    (root / SHARD).write_bytes(shard)
    manifest = json.loads((root / "manifest.json").read_bytes())
    del manifest["self_sha256"]
    manifest["splits"]["test"]["shards"][0] |= {"bytes": len(shard), "sha256": hashlib.sha256(shard).hexdigest()}
    seal(root, manifest)


def seal(root, manifest):
    (root / "manifest.json").write_text(json.dumps({**manifest, "self_sha256": content_sha256(manifest)}))
    (root / "index.parquet").unlink(missing_ok=True)


def members_of(root):
    with tarfile.open(root / SHARD) as shard:
        return [(member, shard.extractfile(member).read()) for member in shard]


def packed(*members, form=tarfile.USTAR_FORMAT):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=form) as shard:
        for info, content in members:
            info.size, info.mtime, info.uid, info.gid, info.uname, info.gname = len(content), 0, 0, 0, "", ""
            shard.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def renamed(name, kind=tarfile.REGTYPE, target=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def shards(root):
    """Shards that someone made by hand: name to bytes."""
    own = members_of(root)
    content = own[0][1]
    negative = header("00001D.json", 0).replace(b"00000000000\0" + b"0" * 11, b"-0000001000\0" + b"0" * 11)
    return {
        "a link": packed(*own, (renamed("x.json", tarfile.SYMTYPE, "/etc/passwd"), b"")),
        "a hard link": packed(*own, (renamed("x.json", tarfile.LNKTYPE, own[0][0].name), b"")),
        "a device": packed(*own, (renamed("x.json", tarfile.CHRTYPE), b"")),
        "a pipe": packed(*own, (renamed("x.json", tarfile.FIFOTYPE), b"")),
        "a folder": packed((renamed("x", tarfile.DIRTYPE), b""), *own),
        "a name that leads elsewhere": packed(*own, (renamed("../../x.json"), content)),
        "an absolute name": packed(*own, (renamed("/etc/x.json"), content)),
        "the same member twice": packed(*own, own[0]),
        "another case": packed(*own, (renamed(own[0][0].name.swapcase()), content)),
        "a long name": packed(*own, (renamed("x" * 300 + ".json"), content), form=tarfile.GNU_FORMAT),
        "a name in a header of its own": packed(*own, (renamed("é.json"), content), form=tarfile.PAX_FORMAT),
        "no members": packed(),
        "a size below nothing": signed(negative) + bytes(10240 - 512),
        "a size beyond the end": header("00001D.json", 8**11 - 1) + bytes(10240 - 512),
        "not a tar": b"<html>" * 2048,
        "zeros": bytes(10240),
    }


def signed(block):
    """A tar header with its checksum made right."""
    blank = block[:148] + b" " * 8 + block[156:]
    return blank[:148] + b"%06o\0 " % sum(blank) + blank[156:]


NAMES = [
    *("a link", "a hard link", "a device", "a pipe", "a folder", "a name that leads elsewhere", "an absolute name"),
    *("the same member twice", "another case", "a long name", "a name in a header of its own", "no members"),
    *("a size below nothing", "a size beyond the end", "not a tar", "zeros"),
]


@pytest.mark.parametrize("name", NAMES)
def test_a_shard_made_by_hand_is_refused_although_the_manifest_vouches_for_it(prepared, tmp_path, name):
    made = shards(prepared)
    assert set(made) == set(NAMES)
    vouched(prepared, made[name])
    with within_bounds(tmp_path) as violations:
        assert any(SHARD in fault or "manifest.json" in fault for fault in verify(prepared))
        with pytest.raises(ShardError):
            everything(prepared)
    assert violations == []


@pytest.mark.parametrize("file", [SHARD, "manifest.json", "index.parquet", "index.sha256"])
@pytest.mark.parametrize("instead", ["a pipe", "a device", "a folder", "a link in a circle"])
def test_what_is_no_ordinary_file_is_never_waited_for(prepared, tmp_path, file, instead):
    (prepared / file).unlink()
    match instead:
        case "a pipe":
            os.mkfifo(prepared / file)
        case "a folder":
            (prepared / file).mkdir()
        case _:
            (prepared / file).symlink_to("/dev/zero" if instead == "a device" else file.rpartition("/")[2])
    with within_bounds(tmp_path):
        if file.startswith("index"):
            assert everything(prepared) == [(24, 32, 3)] * 2
            return
        with refused(prepared, kind=ShardError):
            everything(prepared)
        if file == SHARD:
            assert verify(prepared)
        else:
            with refused(prepared / file, kind=ShardError):
                verify(prepared)


def changed_index(root, change):
    """Write the index again with other columns, and vouch for it."""
    table = pq.read_table(root / "index.parquet")
    kept = table.schema.metadata
    columns = change({name: table[name] for name in table.column_names})
    pq.write_table(pa.table(columns).replace_schema_metadata(kept), root / "index.parquet")
    digest = hashlib.sha256((root / "index.parquet").read_bytes()).hexdigest()
    (root / "index.sha256").write_text(f"{digest}  index.parquet\n")


def column(values):
    return pa.array(values)


INDEXES = {
    "no keys": lambda columns: {name: values for name, values in columns.items() if name != "key"},
    "no split": lambda columns: {name: values for name, values in columns.items() if name != "split"},
    "no places": lambda columns: {name: values for name, values in columns.items() if not name.endswith("offset")},
    "places of text": lambda columns: columns | {"rgb.png.offset": column(["x", "y"])},
    "places that are none": lambda columns: columns | {"json.offset": column([None, None])},
    "places far away": lambda columns: columns | {"rgb.png.offset": column([2**62, 2**62])},
    "places before the start": lambda columns: columns | {"rgb.png.offset": column([-512, -512])},
    "sizes below nothing": lambda columns: columns | {"rgb.png.size": column([-1, -1])},
    "other shards": lambda columns: columns | {"shard": column(["shards/x.tar", "../../x"])},
    "lists": lambda columns: columns | {"width": column([[1], [2]])},
    "other keys": lambda columns: columns | {"key": column(["a", "b"])},
    "numbers for keys": lambda columns: columns | {"key": column([1, 2])},
    "a row more": lambda columns: {name: pa.concat_arrays([*values.chunks] * 2) for name, values in columns.items()},
}


@pytest.mark.parametrize("name", INDEXES)
def test_an_index_that_vouches_for_itself_is_refused_or_not_used(prepared, tmp_path, name):
    changed_index(prepared, INDEXES[name])
    with within_bounds(tmp_path) as violations:
        assert any("index.parquet" in fault for fault in verify(prepared))
        with contextlib.suppress(ShardError):
            assert everything(prepared) == [(24, 32, 3)] * 2
    assert violations == []


@pytest.mark.parametrize(
    "content",
    [b"", b"PAR1", b"PAR1" + bytes(64) + b"PAR1", b"PAR1" + b"\xff" * 64 + (2**31 - 1).to_bytes(4, "little") + b"PAR1"],
)
def test_an_index_that_is_none_is_not_used(prepared, tmp_path, content):
    (prepared / "index.parquet").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    (prepared / "index.sha256").write_text(f"{digest}  index.parquet\n")
    with within_bounds(tmp_path):
        assert len(read_index(prepared, "test")) == 2
        assert verify(prepared)


def test_damage_by_seed_is_found_by_verify_and_never_ends_in_a_traceback(whole, tmp_path):
    files = [SHARD, "manifest.json", "index.parquet", "features.json", "quarantine.jsonl", "_info.json", "index.sha256"]
    found = 0
    for number in range(120):
        random = np.random.default_rng([17, number])
        root = tmp_path / f"{number}"
        shutil.copytree(whole, root, copy_function=os.link)
        path = root / files[number % len(files)]
        data = path.read_bytes()
        table = mutate_text.DAMAGES if path.suffix in (".json", ".jsonl") and number % 2 else mutate_bytes.DAMAGES
        damaged = table[list(table)[random.integers(len(table))]](data or b"\n", random)
        path.unlink()
        path.write_bytes(damaged)
        with within_bounds(tmp_path) as violations:
            faults = []
            try:
                faults = verify(root)
            except UserError as error:
                faults = [str(error)]
            with contextlib.suppress(UserError):
                everything(root)
        assert violations == []
        assert faults or damaged == data, (path, number)
        found += bool(faults)
        shutil.rmtree(root)
    assert found > 100


def test_a_header_with_a_size_below_nothing_ends(tmp_path):
    block = header("a.json", 0)
    block = signed(block[:124] + b"-0000001000\0" + block[136:])
    (tmp_path / "a.tar").write_bytes(block + bytes(10240 - 512))
    with within_bounds(tmp_path), refused("a.tar", "header at byte 0", kind=ShardError):
        read_headers(tmp_path / "a.tar")
    with refused("a.tar", kind=ShardError):
        list(TarReader(tmp_path / "a.tar").members())
