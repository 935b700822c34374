"""Samples come out of their packing as they went in, in order, and what repeats is noticed."""

from array import array
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rgbtbench.pair import Entry
from rgbtbench.shards.fingerprint import MISSING, InputFile
from rgbtbench.shards.listing import TOGETHER, DistinctSizes, Listing, PackedEntries, PackedFiles, common, repeated

TEXTS = st.text(st.characters(exclude_categories=[]), max_size=8)  # lone surrogates too: names that are no UTF-8
VALUES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS
ENTRIES = st.builds(
    Entry,
    key=TEXTS,
    official_id=TEXTS,
    split=st.just("train"),
    order=st.integers(0, 2**40),
    files=st.dictionaries(TEXTS, TEXTS, max_size=3),
    attributes=st.dictionaries(TEXTS, VALUES, max_size=3),
    cluster=st.none() | TEXTS,
    image_id=st.none() | st.integers(),
)


def entry(number, *, key=None):
    name = f"{number:06d}"
    return Entry(key or name, name, "train", number, {"rgb": f"rgb/{name}.jpg", "list": "all.json"})


def listing_of(entries):
    listing = Listing()
    for one in entries:
        listing.add(one)
    return listing


@settings(max_examples=60, deadline=None)
@given(st.lists(ENTRIES, min_size=1, max_size=4))
def test_a_sample_is_the_same_after_packing(entries):
    packed = PackedEntries.of(entries)
    assert packed.count == len(entries)
    assert list(packed) == entries
    assert [type(value) for one in packed for value in one.attributes.values()] == [
        type(value) for one in entries for value in one.attributes.values()
    ]


def test_a_file_is_the_same_after_packing():
    files = [InputFile("rgb/1.jpg", 10, 1_600_000_000_000_000_001), InputFile("é\udc80", MISSING, "tag")]
    assert list(PackedFiles.of(files)) == files


@pytest.mark.parametrize("count", [1, TOGETHER - 1, TOGETHER, TOGETHER + 1, 3 * TOGETHER])
def test_samples_come_in_order_and_as_many_as_asked_for(count):
    entries = [entry(number) for number in range(count)]
    listing = listing_of(reversed(entries)).sorted()
    assert list(listing) == entries
    for limit in (None, 1, count // 2 + 1, count, count + 9):
        parts = list(listing.packed(limit))
        assert [one for part in parts for one in part] == entries[:limit]
        assert [part.count for part in parts[:-1]] == [TOGETHER] * (len(parts) - 1)


def test_samples_of_one_place_keep_the_order_in_which_they_were_listed():
    entries = [entry(5, key="a"), entry(3, key="b"), entry(5, key="c"), entry(3, key="d")]
    assert [one.key for one in listing_of(entries).sorted()] == ["b", "d", "a", "c"]


def test_many_samples_take_a_few_dozen_bytes_each():
    listing = listing_of(entry(number) for number in range(20 * TOGETHER))
    assert sum(len(part.content) for part in listing.packed(None)) < 20 * 20 * TOGETHER


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 9)), max_size=12))
def test_a_file_counts_once_and_a_missing_one_not_at_all(named):
    sizes = dict(reversed(named))
    files = [InputFile(name, sizes[name] or MISSING, 0) for name, _ in named]
    distinct = DistinctSizes()
    distinct.add(files)
    assert distinct.total() == sum(sizes.values())


@given(st.lists(st.lists(st.integers(-5, 5), max_size=6), min_size=1, max_size=4))
def test_what_repeats_within_a_list_and_between_lists_is_found(lists):
    numbers = [array("q", values) for values in lists]
    assert [repeated(column) for column in numbers] == [len(set(values)) < len(values) for values in lists]
    counts = Counter(value for values in lists for value in set(values))
    assert common(numbers) == {value for value, count in counts.items() if count > 1}
