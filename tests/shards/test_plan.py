"""Which samples lie in which shard follows from names and sizes alone."""

import dataclasses

import pytest

from rgbtbench.errors import InputFileError, LayoutError, ShardError, UnknownNameError
from rgbtbench.pair import Entry
from rgbtbench.shards.listing import TOGETHER
from rgbtbench.shards.plan import Options, plan

from .street import SMALL_SHARDS, Street, card


class Listed(Street):
    """A street whose entries the test rewrites."""

    def __init__(self, change):
        self.change = change

    def entries(self, root, layout):
        return (self.change(entry) for entry in super().entries(root, layout))


def keys(planned):
    return [[entry.key for entry in shard.entries] for shard in planned.shards]


def test_samples_keep_the_official_order_and_shards_hold_equally_many(raw):
    planned = plan(Street(), card(), raw, SMALL_SHARDS)
    assert [shard.file for shard in planned.shards] == [
        *(f"shards/test-{n:06d}.tar" for n in range(2)),
        *(f"shards/train-{n:06d}.tar" for n in range(4)),
    ]
    assert [len(shard) for shard in keys(planned)] == [2, 2, 2, 2, 2, 1]
    flat = [key for shard in keys(planned) for key in shard]
    assert flat == [f"test_{n:04d}" for n in range(4)] + [f"train_{n:04d}" for n in range(7)]


@pytest.mark.parametrize(
    ("times", "samples"), [(0.5, 1), (1.01, 1), (1.9, 1), (2.01, 2), (3.9, 2), (4.01, 4), (99, 64)]
)
def test_a_shard_holds_the_largest_power_of_two_of_samples_that_fits(raw, times, samples):
    total = sum((raw / path).stat().st_size for path in raw.glob("*/train.*"))
    planned = plan(Street(), card(), raw, Options(splits=("train",), shard_bytes=int(times * total / 7)))
    assert max(len(shard) for shard in keys(planned)) == min(samples, 7)


def test_a_damaged_file_moves_no_boundary(raw):
    whole = keys(plan(Street(), card(), raw, SMALL_SHARDS))
    (raw / "rgb" / "train.0001.jpg").write_bytes(b"")
    assert keys(plan(Street(), card(), raw, SMALL_SHARDS)) == whole


def test_a_file_that_all_samples_share_counts_once(raw):
    (raw / "shared.json").write_bytes(b" " * 1_000_000)
    source = Listed(lambda entry: dataclasses.replace(entry, files={**entry.files, "all": "shared.json"}))
    planned = plan(source, card(), raw, Options(splits=("train",), shard_bytes=605_000))
    assert [len(shard.entries) for shard in planned.shards] == [4, 3]


def test_nothing_but_lists_is_opened(raw):
    class Closed(Street):
        def pair(self, root, layout, entry):
            raise AssertionError("opened")

    assert plan(Closed(), card(), raw, SMALL_SHARDS).samples == 11


def test_a_limit_takes_the_first_samples_of_each_split(raw):
    planned = plan(Street(), card(), raw, Options(limit=2))
    assert keys(planned) == [["test_0000", "test_0001"], ["train_0000", "train_0001"]]


@pytest.mark.parametrize("options", [{"limit": 0}, {"shard_bytes": 0}])
def test_numbers_below_one_are_refused(options):
    with pytest.raises(ShardError, match="numbers from 1"):
        Options(**options)


def test_two_ids_that_give_one_key_are_named_both(raw):
    (raw / "train.txt").write_text("a.b\na_b\n")
    with pytest.raises(InputFileError, match=r"'a\.b' and 'a_b' in split train share the key 'a_b'"):
        plan(Street(), card(), raw, Options())


def test_one_key_for_two_samples_in_different_splits_is_refused(raw):
    (raw / "train.txt").write_text("a.b\n")
    (raw / "test.txt").write_text("a_b\n")
    with pytest.raises(InputFileError, match=r"'a_b' in split test and 'a\.b' in split train share the key 'a_b'"):
        plan(Street(), card(), raw, Options())


def test_official_lists_may_overlap(raw):
    (raw / "trainval.txt").write_text((raw / "train.txt").read_text())
    assert plan(Street(), card(), raw, Options()).facts.splits == ("test", "train", "trainval")


def test_a_list_that_overlaps_another_may_bring_labels_of_its_own_but_no_other_images(raw):
    (raw / "trainval.txt").write_text((raw / "train.txt").read_text())

    def relabelled(role):
        def change(entry):
            files = {**entry.files, role: "other.json"}
            return dataclasses.replace(entry, files=files) if entry.split == "trainval" else entry

        return change

    assert plan(Listed(relabelled("relabelled")), card(), raw, Options()).samples == 18
    with pytest.raises(InputFileError, match="share the key 'train_0000'"):
        plan(Listed(relabelled("rgb")), card(), raw, Options())


def test_two_samples_with_one_image_id_are_refused(raw):
    with pytest.raises(InputFileError, match="share the image_id 7"):
        plan(Listed(lambda entry: dataclasses.replace(entry, image_id=7)), card(), raw, Options())


def test_a_split_that_the_folder_lacks_says_what_to_do(raw):
    (raw / "test.txt").write_text("")
    with pytest.raises(
        LayoutError, match="holds no samples of split 'test'; add the files of test, or choose among train"
    ):
        plan(Street(), card(), raw, Options(splits=("test",)))


def test_a_split_that_nobody_knows_names_the_closest(raw):
    with pytest.raises(UnknownNameError, match="street has no split 'trian'; did you mean train"):
        plan(Street(), card(), raw, Options(splits=("trian",)))


def test_empty_lists_are_an_error_with_a_remedy(raw):
    for listing in raw.glob("*.txt"):
        listing.write_text("\n")
    with pytest.raises(LayoutError, match="lists no samples; unpack the list files again"):
        plan(Street(), card(), raw, Options())


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "rgb/../../secret"])
def test_a_list_that_leads_out_of_the_folder_is_refused(raw, path):
    with pytest.raises(InputFileError, match="does not lie below"):
        plan(Listed(lambda entry: dataclasses.replace(entry, files={"rgb": path})), card(), raw, Options())


def test_a_key_that_webdataset_would_skip_is_refused(raw):
    with pytest.raises(InputFileError, match="webdataset would skip"):
        plan(Listed(lambda entry: dataclasses.replace(entry, key=f"__a__/{entry.key}")), card(), raw, Options())


@pytest.mark.parametrize("step", [TOGETHER // 4, TOGETHER, 4 * TOGETHER])
def test_many_samples_are_divided_as_few_are(tmp_path, step):
    count = 5 * TOGETHER + 3

    class Crowd(Street):
        def entries(self, root, layout):
            for number in range(count):
                files = {"rgb": f"rgb/{number}.jpg", "shared": "all.json"}
                yield Entry(f"{number:06d}", str(number), "train", number, files)

    for folder in ("rgb", "lwir"):
        (tmp_path / folder).mkdir()
    (tmp_path / "all.json").write_bytes(b" " * count)
    planned = plan(Crowd(), card(), tmp_path, Options(shard_bytes=step))
    assert planned.samples == count
    assert planned.input_bytes == count
    assert [shard.samples for shard in planned.shards[:-1]] == [step] * (len(planned.shards) - 1)
    assert [number for shard in planned.shards for number in map(int, (one.key for one in shard.entries))] == list(
        range(count)
    )
    for shard in planned.shards:
        paths = [file.path for file in shard.inputs]
        assert paths[:3] == [shard.entries[0].files["rgb"], "all.json", shard.entries[1].files["rgb"]]
        assert len(paths) == len(set(paths)) == shard.samples + 1


def test_keys_that_only_seem_equal_are_told_apart(raw, monkeypatch):
    monkeypatch.setattr("rgbtbench.shards.listing.hash", lambda value: 1, raising=False)
    monkeypatch.setattr("rgbtbench.shards.listing_checks.hash", lambda value: 1, raising=False)
    assert plan(Street(), card(), raw, Options()).samples == 11
