"""The order of a mixture: pure, exact in its shares, the same on any number of ranks, resumable anywhere."""

import itertools
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rgbtbench.errors import RecipeError
from rgbtbench.loading.mixture_order import apportioned
from rgbtbench.loading.mixture_stream import MixtureStream, Part


def stream(sizes, *, weights=None, groups=None, **options):
    weights = weights or sizes
    parts = tuple(
        Part(f"set{n}/train", size, weights[n], groups[n] if groups else f"set{n}/train")
        for n, size in enumerate(sizes)
    )
    rules = {"round_robin": False, "single": True, "epoch": "sum", "batch_size": 2, "seed": 3} | options
    return MixtureStream(parts, **rules)


def taken(found, count):
    return list(itertools.islice(found, count))


mixtures = st.fixed_dictionaries(
    {
        "sizes": st.lists(st.integers(1, 9), min_size=2, max_size=4),
        "round_robin": st.booleans(),
        "single": st.booleans(),
        "epoch": st.sampled_from(["sum", "longest", 40]),
        "seed": st.integers(0, 2**32 - 1),
    }
)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(rules=mixtures, batch=st.integers(1, 3), world=st.integers(1, 3))
def test_the_global_batches_are_the_same_for_any_number_of_ranks(rules, batch, world):
    size = batch * world
    rules = rules | {"epoch": 40 * size}
    whole = taken(stream(**rules, batch_size=size), 6)
    parts = [taken(stream(**rules, batch_size=size, rank=rank, world=world), 6) for rank in range(world)]
    for step, expected in enumerate(whole):
        assert [parts[place % world][step][place // world] for place in range(size)] == expected


@settings(deadline=None, derandomize=True, max_examples=60)
@given(rules=mixtures, skipped=st.integers(0, 30))
def test_a_stream_goes_on_from_any_batch_as_if_it_had_never_stopped(rules, skipped):
    rules = rules | {"epoch": 60}
    first, resumed = stream(**rules), stream(**rules)
    whole = taken(first, skipped + 4)
    first.position = skipped * 2
    resumed.load_state_dict(first.state_dict())
    assert taken(resumed, 4) == whole[skipped:]


@settings(deadline=None, derandomize=True, max_examples=60)
@given(rules=mixtures)
def test_each_member_is_walked_without_replacement_pass_after_pass(rules):
    draws = [draw for batch in taken(stream(**rules | {"epoch": 60}), 80) for draw in batch]
    for member, size in enumerate(rules["sizes"]):
        own = [draw for draw in draws if draw.member == member]
        assert [draw.epoch for draw in own] == [place // size for place in range(len(own))]
        for epoch in range(len(own) // size):
            assert sorted(draw.index for draw in own if draw.epoch == epoch) == list(range(size))


def test_a_batch_holds_one_member_or_several():
    single = taken(stream([8, 8]), 8)
    assert all(len({draw.member for draw in batch}) == 1 for batch in single)
    mixed = taken(stream([8, 8], single=False, round_robin=True), 8)
    assert all({draw.member for draw in batch} == {0, 1} for batch in mixed)


def test_an_epoch_holds_exactly_the_share_of_each_weight():
    found = stream([10, 10, 10], weights=[3, 2, 1], epoch=48)
    assert found.turns == {"set0/train": 12, "set1/train": 8, "set2/train": 4}
    for epoch in range(3):
        batches = taken(found, 24 * (epoch + 1))[24 * epoch :]
        assert Counter(batch[0].member for batch in batches) == {0: 12, 1: 8, 2: 4}


def test_two_epochs_have_different_orders_of_turns():
    turns = [batch[0].member for batch in taken(stream([20, 20], epoch=40), 40)]
    assert turns[:20] != turns[20:]
    assert Counter(turns[:20]) == Counter(turns[20:])


def test_without_weights_a_mixture_is_the_shuffled_sum_of_its_members():
    found = stream([3, 9], single=False, batch_size=4)
    draws = [(draw.member, draw.index) for batch in taken(found, 3) for draw in batch]
    assert sorted(draws) == [(0, index) for index in range(3)] + [(1, index) for index in range(9)]


def test_members_take_turns():
    found = stream([3, 9], round_robin=True)
    assert [batch[0].member for batch in taken(found, 6)] == [0, 1] * 3


def test_sets_of_modalities_take_turns_and_members_share_the_turns_of_their_set():
    found = stream([4, 8, 5], groups=["rgb+lwir", "rgb+lwir", "depth+rgb"], round_robin=True, epoch=24)
    assert found.turns == {"set0/train": 2, "set1/train": 4, "set2/train": 6}
    members = [batch[0].member for batch in taken(found, 12)]
    assert members[1::2] == [2] * 6
    assert Counter(members[0::2]) == {0: 2, 1: 4}


@pytest.mark.parametrize(
    ("options", "samples"),
    [
        ({"epoch": "sum"}, 14),  # 3 + 10 in batches of 2
        ({"epoch": "sum", "single": False}, 13),
        ({"epoch": 6}, 6),
        ({"epoch": "longest", "round_robin": True}, 20),  # the ten of the second, and as many of the first
        ({"epoch": "longest", "weights": [3, 1], "single": False}, 40),  # ten are a quarter of forty
    ],
)
def test_an_epoch_is_as_long_as_its_rule_says(options, samples):
    assert stream([3, 10], **options).epoch_samples == samples


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    sizes=st.lists(st.integers(1, 12), min_size=2, max_size=4),
    weights=st.lists(st.floats(0.1, 9), min_size=4, max_size=4),
    single=st.booleans(),
    round_robin=st.booleans(),
)
def test_the_longest_epoch_walks_through_every_member(sizes, weights, single, round_robin):
    found = stream(sizes, weights=weights, single=single, round_robin=round_robin, epoch="longest")
    draws = [draw for batch in taken(found, -(-found.epoch_samples // 2)) for draw in batch][: found.epoch_samples]
    seen = {(draw.member, draw.index) for draw in draws}
    assert seen == {(member, index) for member, size in enumerate(sizes) for index in range(size)}


def test_a_walk_does_not_depend_on_what_it_is_mixed_with():
    def walk(sizes):
        draws = [draw for batch in taken(stream(sizes, epoch=60), 60) for draw in batch]
        return [(draw.index, draw.epoch) for draw in draws if draw.member == 0][:12]

    assert walk([5, 3]) == walk([5, 8, 4])


def test_two_members_of_one_size_are_walked_in_different_orders():
    draws = [draw for batch in taken(stream([40, 40], round_robin=True), 40) for draw in batch]
    assert [d.index for d in draws if d.member == 0] != [d.index for d in draws if d.member == 1]


def test_old_runs_stay_reproducible():
    draws = [draw for batch in taken(stream([3, 5]), 4) for draw in batch]
    assert [(draw.member, draw.index, draw.epoch) for draw in draws] == [
        (0, 1, 0), (0, 2, 0), (1, 1, 0), (1, 4, 0), (0, 0, 0), (0, 1, 1), (1, 0, 0), (1, 2, 0),
    ]  # fmt: skip


@given(
    shares=st.lists(st.integers(1, 1000), min_size=1, max_size=6),
    turns=st.integers(6, 500),
)
@settings(deadline=None, derandomize=True)
def test_turns_are_apportioned_to_within_one_of_the_exact_share_unless_a_member_would_have_none(shares, turns):
    counts = apportioned({n: Fraction(share) for n, share in enumerate(shares)}, turns)
    assert sum(counts.values()) == turns
    assert min(counts.values()) >= 1
    exact = {n: turns * share / sum(shares) for n, share in enumerate(shares)}
    if min(exact.values()) >= 1:
        assert all(abs(counts[n] - exact[n]) < 1 for n in counts)


@pytest.mark.parametrize(
    ("sizes", "options", "words"),
    [
        ([4, 0], {}, "no samples"),
        ([4, 4], {"batch_size": 3, "world": 2}, "a batch of 3 for 2 processes"),
        ([4, 4, 4], {"epoch": 2}, "an epoch with 1 turns for set0/train, set1/train, set2/train; expected at least 3"),
    ],
)
def test_impossible_mixtures_are_refused_before_the_first_batch(sizes, options, words):
    with pytest.raises(RecipeError, match=words):
        stream(sizes, **options)


@pytest.mark.parametrize("change", [{"seed": 4}, {"batch_size": 4}, {"round_robin": True}, {"sizes": [4, 6]}])
def test_a_state_of_another_mixture_is_refused(change):
    state = stream([4, 5]).state_dict()
    with pytest.raises(RecipeError, match="of another mixture"):
        stream(**({"sizes": [4, 5]} | change)).load_state_dict(state)


def test_an_epoch_that_no_memory_holds_is_refused():
    with pytest.raises(RecipeError, match=r"an epoch of 5000000050 turns .* bring the weights closer together"):
        stream([100, 100], weights=[1.0, 1e-8], epoch="longest")
