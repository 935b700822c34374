"""`prepare` writes the same bytes whoever runs it, and refuses what would lose or mix data."""

import dataclasses
import json
import os
import socket

import numpy as np
import pytest

from rgbtbench.canonical import canonical_json, keys_sha256
from rgbtbench.cards.catalog import protocol_hash
from rgbtbench.cards.protocol import Protocol
from rgbtbench.errors import ShardError
from rgbtbench.formats.image_file import encode_png
from rgbtbench.shards import build
from rgbtbench.shards.build import Options, prepare
from rgbtbench.shards.lock import locked
from rgbtbench.shards.manifest import read_manifest
from rgbtbench.shards.records import shard_records
from rgbtbench.shards.verify import verify

from .street import HEIGHT, SMALL_SHARDS, WIDTH, Street, card, tree


def prepared_from(raw, out, **options):
    chosen = card(**options.pop("card", {}))
    source = options.pop("source", Street())
    return prepare(source, chosen, raw, out, **{"options": SMALL_SHARDS, "workers": 1, **options})


def records(out):
    manifest = read_manifest(out)
    return {
        split: [record for shard in facts.shards for record, _, _ in shard_records(out, shard)]
        for split, facts in manifest.splits.items()
    }


def quarantine(out):
    return [json.loads(line) for line in (out / "quarantine.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("workers", [2, 8])
def test_the_bytes_do_not_depend_on_the_number_of_workers(pristine, official, tmp_path, workers):
    prepared_from(official, tmp_path / "out", workers=workers)
    assert tree(tmp_path / "out") == tree(pristine)


def test_the_bytes_do_not_depend_on_times_or_on_where_the_files_lie(pristine, raw, tmp_path):
    for path in raw.rglob("*.*"):
        os.utime(path)
    prepared_from(raw, tmp_path / "out")
    assert tree(tmp_path / "out") == tree(pristine)


def test_photographs_and_masks_are_the_official_bytes(pristine, official):
    manifest = read_manifest(pristine)
    for split in manifest.splits.values():
        for shard in split.shards:
            for record, sample, reader in shard_records(pristine, shard):
                for facts in [*record["images"].values(), *record["masks"].values()]:
                    member = sample.members[facts["file"]]
                    assert bytes(reader.member(member.offset, member.size)) == (official / facts["source"]).read_bytes()


def test_hashes_cover_exactly_what_the_page_says(pristine):
    import hashlib

    def content(image):
        return image["pixels_sha256"] or image["sha256"]

    manifest, found = read_manifest(pristine), records(pristine)
    data = {
        split: [[one["key"], {name: content(image) for name, image in one["images"].items()}] for one in all_of_it]
        for split, all_of_it in found.items()
    }
    labels = {
        split: [
            [
                one["key"],
                {
                    "masks": {name: content(mask) for name, mask in one["masks"].items()},
                    "boxes": one["boxes"],
                    "text": one["text"],
                },
            ]
            for one in all_of_it
        ]
        for split, all_of_it in found.items()
    }
    maps = {name: facts.map_sha256 for name, facts in manifest.label_sets.items()}
    block = card().protocols["miou-3"].model_dump(exclude={"editions"})
    protocol = Protocol(id="street/miou-3", dataset="street", edition="official", **block)
    expected = {
        "data_hash": {"dataset": "street", "splits": data},
        "labels_hash": {"dataset": "street", "label_maps": maps, "splits": labels},
        "protocol_hash": {"street/miou-3": protocol_hash(protocol)},
    }
    for name, content in expected.items():
        assert getattr(manifest, name) == hashlib.sha256(canonical_json(content)).hexdigest()


def test_a_corrected_citation_changes_nothing(pristine, official, tmp_path):
    prepared_from(official, tmp_path / "out", card={"citation": {"text": "corrected"}, "title": "The Street"})
    assert tree(tmp_path / "out") == tree(pristine)


def test_a_corrected_unified_name_changes_the_label_hash_and_no_shard(prepared, official):
    before = read_manifest(prepared)
    sets = card().model_dump()["label_sets"]
    sets["semantic"]["classes"][2]["unified"] = "building"
    shards = {path: path.stat().st_mtime_ns for path in (prepared / "shards").iterdir()}
    after = prepared_from(official, prepared, card={"label_sets": sets})
    assert after.labels_hash != before.labels_hash
    assert after.data_hash == before.data_hash
    assert {path: path.stat().st_mtime_ns for path in (prepared / "shards").iterdir()} == shards


@pytest.mark.parametrize(
    ("splits", "options", "edition"),
    [
        ({"train": {"count": 7}, "test": {"count": 4}}, {}, "official"),
        ({"train": {"count": 7}, "test": {"count": 4}}, {"splits": ("test",)}, "official"),
        ({"train": {"count": 7}, "test": {"count": 4}}, {"limit": 3}, "unlisted"),
        ({"train": {"count": 8}, "test": {"count": 4}}, {}, "unlisted"),
        ({"test": {"count": 4}}, {}, "unlisted"),
        ({"train": {}, "test": {}}, {}, "official"),
        ({"train": {}, "test": {}}, {"limit": 3}, "unlisted"),
        ({"test": {"keys_sha256": keys_sha256(f"test_{n:04d}" for n in range(4))}}, {"splits": ("test",)}, "official"),
        ({"test": {"count": 4, "keys_sha256": keys_sha256("abcd")}}, {"splits": ("test",)}, "unlisted"),
    ],
)
def test_the_edition_is_decided_by_keys(official, tmp_path, splits, options, edition):
    changed = {"editions": {"official": {"splits": splits}}, "protocols": {}}
    out = tmp_path / "out"
    manifest = prepared_from(official, out, card=changed, options=Options(**options), allow_differences=True)
    assert manifest.edition == edition


def test_a_faulty_sample_is_set_aside_and_the_rest_keeps_its_order(raw, tmp_path):
    photograph = raw / "rgb" / "train.0002.jpg"
    photograph.write_bytes(photograph.read_bytes()[:-200])
    (raw / "lwir" / "train.0004.png").unlink()
    manifest = prepared_from(raw, tmp_path / "out", card={"allowed_faulty": 2})
    train = records(tmp_path / "out")["train"]
    assert [one["key"] for one in train] == [f"train_{n:04d}" for n in (0, 1, 3, 5, 6)]
    assert [(one["order"], one["image_id"]) for one in train] == [(n, n + 1) for n in (0, 1, 3, 5, 6)]
    assert manifest.quarantined == 2
    first, second = quarantine(tmp_path / "out")
    assert first == {
        "key": "train_0002",
        "split": "train",
        "files": [f"{folder}/train.0002.{end}" for folder, end in
                  (("labels", "png"), ("lwir", "png"), ("notes", "json"), ("rgb", "jpg"))],
        "reason": first["reason"],
        "error": "InputFileError",
    }  # fmt: skip
    assert first["reason"].startswith("rgb/train.0002.jpg: truncated JPEG")
    assert second["reason"].startswith("lwir/train.0004.png: no such file")
    assert verify(tmp_path / "out") == []


def test_more_faulty_samples_than_the_card_allows_is_an_error_with_a_table(raw, tmp_path):
    for path in sorted((raw / "notes").glob("*.json"))[:11]:
        path.write_text("{")
    with pytest.raises(ShardError) as raised:
        prepared_from(raw, tmp_path / "out", card={"allowed_faulty": 10})
    message = str(raised.value)
    assert "11 of 11 samples are faulty and the card allows 10" in message
    assert message.count("InputFileError") == 10
    assert "and 1 more" in message
    assert not (tmp_path / "out" / "manifest.json").exists()


def test_after_a_repair_the_finished_shards_are_used_again(raw, tmp_path, pristine):
    notes = raw / "notes" / "train.0005.json"
    sound, facts = notes.read_bytes(), notes.stat()
    notes.write_text("{")
    with pytest.raises(ShardError, match="1 of 11 samples are faulty and the card allows 0"):
        prepared_from(raw, tmp_path / "out")
    kept = (tmp_path / "out/shards/train-000000.tar").stat().st_mtime_ns
    notes.write_bytes(sound)
    os.utime(notes, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    prepared_from(raw, tmp_path / "out")
    assert (tmp_path / "out/shards/train-000000.tar").stat().st_mtime_ns == kept
    assert tree(tmp_path / "out") == tree(pristine)


def test_a_split_without_one_sound_sample_is_an_error_whatever_the_allowance(raw, tmp_path):
    for path in (raw / "notes").glob("test*"):
        path.unlink()
    with pytest.raises(ShardError, match="not one sample of split test can be stored"):
        prepared_from(raw, tmp_path / "out", card={"allowed_faulty": 100})


def test_a_shard_of_which_every_sample_is_refused_is_left_out(raw, tmp_path):
    for n in range(2):
        (raw / "notes" / f"train.{n:04d}.json").write_text("{")
    manifest = prepared_from(raw, tmp_path / "out", card={"allowed_faulty": 2})
    assert [shard.file for shard in manifest.splits["train"].shards] == [f"shards/train-{n:06d}.tar" for n in (1, 2, 3)]
    assert verify(tmp_path / "out") == []


def faults(raw, out, source=None, **changes):
    prepared_from(raw, out, source=source or Street(), card={"allowed_faulty": 10, **changes})
    return {entry["key"]: f"{entry['error']}: {entry['reason']}" for entry in quarantine(out)}


def test_a_mask_value_that_the_card_does_not_name_is_a_label_error(raw, tmp_path):
    (raw / "labels" / "train.0001.png").write_bytes(encode_png(np.full((HEIGHT, WIDTH), 9, np.uint8)))
    found = faults(raw, tmp_path / "out")
    assert list(found) == ["train_0001"]
    assert found["train_0001"].startswith(
        "LabelError: label set semantic holds ids [9]; expected the card's [0, 1, 2, 255]"
    )


def test_a_box_label_that_the_card_does_not_name_is_a_label_error(raw, tmp_path):
    (raw / "notes" / "train.0001.json").write_text(
        json.dumps({"boxes": [[0, 0, 1, 1]], "label": 5, "captions": [], "temperature": None})
    )
    assert "label set people holds ids [5]" in faults(raw, tmp_path / "out")["train_0001"]


def test_an_infinite_coordinate_is_not_stored(raw, tmp_path):
    (raw / "notes" / "train.0001.json").write_text('{"boxes": [[0, 0, 1, 1e999]], "captions": [], "temperature": null}')
    assert "InputFileError: boxes_xyxy.0.3 cannot be stored" in faults(raw, tmp_path / "out")["train_0001"]


class Changed(Street):
    """A street in which one pair differs from the others."""

    def __init__(self, **changes):
        self.changes = changes

    def pair(self, root, layout, entry):
        pair = super().pair(root, layout, entry)
        return dataclasses.replace(pair, **self.changes) if entry.key == "train_0001" else pair


def test_a_sample_that_lacks_a_label_set_is_refused(raw, tmp_path):
    found = faults(raw, tmp_path / "out", Changed(labels={}))
    assert "lacks captions, people" in found["train_0001"]
    assert "the same members in every sample" in found["train_0001"]


def test_an_attribute_outside_the_cards_list_is_refused(raw, tmp_path):
    found = faults(raw, tmp_path / "out", Changed(attributes={"time_of_day": "dusk"}))
    assert found["train_0001"].startswith("LabelError: attribute time_of_day is 'dusk'; expected day or night")


def test_an_unreadable_file_is_a_faulty_input(raw, tmp_path):
    class Unreadable(Street):
        def pair(self, root, layout, entry):
            if entry.key == "train_0001":
                raise PermissionError(13, "Permission denied", str(root / entry.files["rgb"]))
            return super().pair(root, layout, entry)

    assert "cannot be read: Permission denied" in faults(raw, tmp_path / "out", Unreadable())["train_0001"]


def test_a_defect_of_a_module_keeps_its_traceback_and_names_the_sample(raw, tmp_path):
    class Defective(Street):
        def pair(self, root, layout, entry):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as raised:
        prepared_from(raw, tmp_path / "out", source=Defective())
    assert raised.value.__notes__ == [f"while opening test/test_0000 of street below {raw}"]


def test_only_a_full_check_decodes_photographs(raw, tmp_path):
    photograph = raw / "rgb" / "train.0001.jpg"
    data = bytearray(photograph.read_bytes())
    data[-400:-300] = bytes(100)
    photograph.write_bytes(data)
    assert prepared_from(raw, tmp_path / "probed").quarantined == 0
    with pytest.raises(ShardError, match=r"train/train_0001  InputFileError: .*cannot be decoded"):
        prepared_from(raw, tmp_path / "decoded", options=Options(check="full"))


def test_without_checks_a_photograph_that_is_cut_short_is_taken_and_the_manifest_says_what_was_not_looked_at(
    raw, tmp_path
):
    photograph = raw / "rgb" / "train.0001.jpg"
    photograph.write_bytes(photograph.read_bytes()[:-400])
    with pytest.raises(ShardError, match=r"train/train_0001  InputFileError: .*the end marker is missing"):
        prepared_from(raw, tmp_path / "probed")
    manifest = prepared_from(raw, tmp_path / "believed", options=Options(check="none"))
    assert (manifest.quarantined, manifest.plan.check) == (0, "none")


def test_without_checks_sound_photographs_give_the_same_shards(pristine, official, tmp_path):
    options = dataclasses.replace(SMALL_SHARDS, check="none")
    manifest = prepared_from(official, tmp_path / "out", options=options)
    assert manifest.splits == read_manifest(pristine).splits


def test_without_checks_masks_and_headers_are_read_as_ever(raw, tmp_path):
    label, photograph = raw / "labels" / "train.0001.png", raw / "rgb" / "train.0002.jpg"
    label.write_bytes(label.read_bytes()[:-20])
    photograph.write_bytes(b"GIF89a")
    with pytest.raises(ShardError, match=r"train/train_0001 .*\n.*train/train_0002 .*neither JPEG"):
        prepared_from(raw, tmp_path / "out", options=Options(check="none"))


def test_the_result_may_not_lie_among_the_official_files(raw):
    for out in (raw, raw / "shards"):
        with pytest.raises(ShardError, match="inside the folder of the official files"):
            prepared_from(raw, out)


def test_a_folder_with_other_things_is_left_alone(raw, tmp_path):
    out = tmp_path / "home"
    out.mkdir()
    (out / "thesis.txt").write_text("mine")
    with pytest.raises(ShardError, match=r"holds something else already \(thesis.txt\); choose an empty or new folder"):
        prepared_from(raw, out)
    assert [path.name for path in out.iterdir()] == ["thesis.txt"]


def test_a_file_in_the_place_of_the_folder_is_refused(raw, tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(ShardError, match="is no folder"):
        prepared_from(raw, tmp_path / "out")


def test_another_prepared_dataset_is_not_overwritten(raw, prepared):
    class Avenue(Street):
        name = "avenue"

    with pytest.raises(ShardError, match="holds street in format version 1; expected avenue in version 1"):
        prepared_from(raw, prepared, source=Avenue(), card={"name": "avenue"})


def test_prepared_data_of_another_format_version_is_not_overwritten(raw, prepared):
    path = prepared / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"version": 2}))
    with pytest.raises(ShardError, match="holds street in format version 2"):
        prepared_from(raw, prepared)


def test_shards_of_a_former_plan_go_when_the_new_manifest_is_there(raw, prepared):
    prepared_from(raw, prepared, options=Options(), replace=True)
    assert sorted(path.name for path in (prepared / "shards").iterdir()) == ["test-000000.tar", "train-000000.tar"]
    assert verify(prepared) == []


def test_a_published_dataset_stays_readable_until_the_new_one_is_complete(raw, prepared):
    before = tree(prepared)
    (raw / "notes" / "train.0006.json").write_text("{")
    with pytest.raises(ShardError, match="1 of 11"):
        prepared_from(raw, prepared, options=Options(), replace=True)
    after = tree(prepared)
    assert {name: after[name] for name in before} == before
    assert [name for name in after if name not in before] == [
        "shards/test-000000.tar.next",
        "shards/train-000000.tar.next",
    ]


def test_two_runs_into_one_folder_exclude_each_other(raw, prepared):
    with locked(prepared), pytest.raises(ShardError, match=rf"process {os.getpid()} on .* is preparing this folder"):
        prepared_from(raw, prepared)


def test_the_lock_of_a_dead_process_is_taken_over(raw, prepared):
    (prepared / ".state/lock").write_text(json.dumps({"pid": 1, "host": socket.gethostname()}))
    prepared_from(raw, prepared)


def test_the_lock_of_another_machine_is_believed(raw, prepared):
    (prepared / ".state/lock").write_text(json.dumps({"pid": 1, "host": "elsewhere"}))
    with pytest.raises(ShardError, match=r"process 1 on elsewhere .* delete this file and run again"):
        prepared_from(raw, prepared)


def test_what_killed_processes_left_is_cleared_away(raw, prepared, pristine):
    (prepared / "shards/.train-000000.tar.4711.part").write_bytes(b"half")
    prepared_from(raw, prepared)
    assert tree(prepared) == tree(pristine)


def test_progress_counts_every_sample_once(raw, tmp_path):
    class Counting:
        def __init__(self):
            self.total, self.done, self.lines = 0, 0, []

        def start(self, stage, total, unit):
            self.total = total

        def advance(self, count=1):
            self.done += count

        def say(self, message):
            self.lines.append(message)

        def finish(self):
            pass

    for workers in (1, 2):
        progress = Counting()
        prepared_from(raw, tmp_path / f"by{workers}", workers=workers, progress=progress)
        assert (progress.done, progress.total, progress.lines) == (11, 11, [])
    again = Counting()
    prepared_from(raw, tmp_path / "by1", progress=again)
    assert (again.done, again.lines) == (11, ["re-used 6 of 6 shards: their inputs have not changed"])


def test_errors_of_workers_arrive_as_they_are(raw, tmp_path):
    for path in (raw / "notes").iterdir():
        path.write_text("{")
    with pytest.raises(ShardError, match="11 of 11 samples"):
        prepared_from(raw, tmp_path / "out", workers=2)


def test_a_dataset_is_found_by_its_name(official, tmp_path, monkeypatch):
    monkeypatch.setattr(build, "dataset", lambda name: Street())
    monkeypatch.setattr(build, "dataset_card", lambda name: card())
    summary = build.plan_dataset("street", official, options=SMALL_SHARDS)
    assert summary.to_json() == {
        "dataset": "street",
        "layout": "official",
        "edition": "official",
        "bytes": sum(path.stat().st_size for path in official.glob("*/*")),
        "splits": ({"split": "test", "pairs": 4, "shards": 2}, {"split": "train", "pairs": 7, "shards": 4}),
        "differences": [],
    }
    assert build.prepare_dataset("street", official, tmp_path / "out", workers=1).dataset == "street"


@pytest.mark.parametrize(
    ("options", "difference"),
    [
        ({"limit": 3}, "it has the limit none instead of 3"),
        ({"splits": ("test",)}, "it has split train, which is not asked for now"),
        ({"shard_bytes": 9}, "it has shards of 20000 bytes instead of 9"),
        (
            {"limit": 3, "shard_bytes": 9},
            "it has the limit none instead of 3; it has shards of 20000 bytes instead of 9",
        ),
    ],
)
def test_another_plan_does_not_take_the_place_of_a_finished_dataset_unasked(raw, prepared, options, difference):
    before = tree(prepared)
    other = dataclasses.replace(SMALL_SHARDS, **options)
    with pytest.raises(ShardError) as raised:
        prepared_from(raw, prepared, options=other)
    assert f"holds the result of another plan: {difference}; choose another folder" in str(raised.value)
    assert "--replace" in str(raised.value)
    assert tree(prepared) == before
    assert prepared_from(raw, prepared, options=other, replace=True).plan.limit == other.limit


def test_a_new_split_among_the_official_files_is_no_other_plan(raw, prepared):
    (raw / "val.txt").write_text("test.0001\n")
    assert set(prepared_from(raw, prepared, allow_differences=True).splits) == {"test", "train", "val"}
