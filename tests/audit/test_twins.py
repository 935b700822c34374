"""Alike samples: found across splits, counted on both sides, grouped, and expected within a cluster."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from rgbtbench.audit.joins import groups, joins
from rgbtbench.audit.redundancy import clusters_in_several_splits, redundancy
from rgbtbench.audit.twins import LIKENESSES, find_twins, samples_of


def split(name, signatures, clusters=None, digests=None, modality="rgb"):
    """A split of samples with these signatures (integers), as far as twins are concerned."""
    count = len(signatures)
    words = np.array([[0, one] for one in signatures], np.uint64).reshape(-1, 2)
    prints = np.array([[0, one] for one in (digests or signatures)], np.uint64).reshape(-1, 2)
    return _Split(
        title=f"made/{name}",
        data=SimpleNamespace(
            keys=tuple(f"{name}{place}" for place in range(count)),
            clusters=tuple(clusters or [None] * count),
            manifest=SimpleNamespace(dataset="made"),
        ),
        signatures={modality: words},
        digests={modality: prints},
        textured={modality: np.ones(count, np.bool_)},
        count=count,
    )


class _Split(SimpleNamespace):
    def __len__(self):
        return self.count


def bits(count):
    return (1 << count) - 1


def test_the_planted_copies_are_found_with_their_likeness(found):
    [join] = found.joins
    listed = {
        tuple(found.samples.key(int(sample)) for sample in found.twins.pairs[pair]): (
            LIKENESSES[found.twins.likeness[pair]],
            found.twins.shared(int(pair)),
        )
        for pair in join.pairs
    }
    assert listed == {
        ("copy-of-sound4", "sound4"): ("same", ("rgb", "lwir")),
        ("like-sound5", "sound5"): ("near", ("rgb", "lwir")),
        ("rgb-of-sound6", "sound6"): ("part", ("rgb",)),
    }
    assert join.images == {"same": (1, 1), "near": (1, 1), "part": (1, 1)}
    assert [one.splits for one in found.groups] == [(0, 1), (0, 1)]


def test_both_sides_are_counted_each_sample_once_under_its_closest():
    far = 0xFFFFFFFF00000000
    samples = samples_of([split("a", [0, bits(3), far], digests=[1, 2, 3]), split("b", [0], digests=[1])])
    [across, within] = joins(samples, find_twins(samples))
    assert (across.splits, across.images) == ((0, 1), {"same": (1, 1), "near": (1, 0), "part": (0, 0)})
    assert (within.splits, within.images) == ((0, 0), {"same": (0, 0), "near": (2, 2), "part": (0, 0)})


def test_only_the_wanted_splits_are_joined():
    samples = samples_of([split(name, [5]) for name in "abc"])
    assert [join.splits for join in joins(samples, find_twins(samples), [(0, 2)])] == [(0, 2)]


def test_frames_of_one_cluster_are_expected_to_resemble_each_other_and_across_splits_are_not():
    first = split("a", [0, 1, 3], clusters=["walk", "walk", "walk"])
    samples = samples_of([first, split("b", [1], clusters=["walk"])])
    twins = find_twins(samples)
    assert {tuple(pair) for pair in twins.pairs.tolist()} == {(0, 3), (1, 3), (2, 3)}
    assert clusters_in_several_splits(list(samples.splits)) == {(0, 1): ["walk"]}
    assert (redundancy(first).samples, redundancy(first).repeated) == (3, 2)


def test_many_equal_frames_cost_no_pair_each_and_all_are_counted():
    samples = samples_of([split("a", [7] * 500), split("b", [7] * 300)])
    twins = find_twins(samples)
    [across, *_] = joins(samples, twins)
    assert across.images["same"] == (500, 300)
    assert len(twins) < 5000


def test_a_group_is_what_hangs_together_directly_or_through_others():
    samples = samples_of([split("a", [0, bits(12)], digests=[1, 2]), split("b", [bits(24)], digests=[3])])
    [group] = groups(samples, find_twins(samples))
    assert (group.samples, group.likeness, group.splits) == ((0, 1, 2), "near", (0, 1))


def test_a_modality_without_texture_neither_joins_nor_parts():
    one, other = split("a", [0]), split("b", [bits(40)])
    for made in (one, other):
        made.signatures["lwir"], made.digests["lwir"] = made.signatures["rgb"] * 0, made.digests["rgb"] * 0 + 1
        made.textured["lwir"] = np.ones(1, np.bool_)
        made.textured["rgb"][:] = False
    twins = find_twins(samples_of([one, other]))
    assert LIKENESSES[twins.likeness[0]] == "same"
    assert twins.shared(0) == ("lwir",)
