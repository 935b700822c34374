"""Orders: the same for any number of ranks, resumable anywhere, each sample exactly once in evaluation."""

import itertools
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rgbtbench.errors import RecipeError
from rgbtbench.loading.sampler import Purpose, TrainingStream, epoch_order, evaluation_batches, random_bits


def taken(samples, count, **options):
    return list(itertools.islice(TrainingStream(samples, **options), count))


def test_an_epoch_is_a_permutation_and_the_next_one_another():
    first, second = (epoch_order(50, seed=3, epoch=epoch) for epoch in (0, 1))
    assert sorted(first.tolist()) == list(range(50))
    assert first.tolist() != second.tolist()
    assert first.tolist() != epoch_order(50, seed=4).tolist()


def philox_4x64_10(counter, key):
    """One block of the generator as its paper defines it (Salmon et al., SC 2011, section 3.3 and table 2)."""
    whole = 2**64 - 1
    x, k = list(counter), list(key)
    for _ in range(10):
        high0, low0 = divmod(x[0] * 0xD2E7470EE14C6C93, 2**64)
        high1, low1 = divmod(x[2] * 0xCA5A826395121157, 2**64)
        x = [high1 ^ x[1] ^ k[0], low1, high0 ^ x[3] ^ k[1], low0]
        k = [(k[0] + 0x9E3779B97F4A7C15) & whole, (k[1] + 0xBB67AE8584CAA73B) & whole]
    return x


def test_the_order_sorts_the_indices_by_their_philox_numbers():
    # NumPy counts a block up before it computes it.
    blocks = [philox_4x64_10((block, 0, 0, Purpose.ORDER), (5, 2)) for block in (1, 2, 3)]
    numbers = [number for block in blocks for number in block][:10]
    assert epoch_order(10, seed=5, epoch=2).tolist() == sorted(range(10), key=numbers.__getitem__)
    assert epoch_order(10, seed=0).tolist() == [0, 2, 9, 1, 8, 5, 4, 3, 6, 7]  # old runs must stay reproducible


def test_random_streams_of_different_purpose_index_and_part_differ():
    first = {
        int(random_bits(seed=1, epoch=2, index=index, purpose=purpose, part=part).random_raw())
        for index in range(4)
        for purpose in Purpose
        for part in range(3)
    }
    assert len(first) == 4 * len(Purpose) * 3


@settings(deadline=None, derandomize=True)
@given(samples=st.integers(1, 40), batch=st.integers(1, 6), world=st.integers(1, 4), seed=st.integers(0, 2**32))
def test_the_global_batches_are_the_same_for_any_number_of_ranks(samples, batch, world, seed):
    size = batch * world
    whole = taken(samples, 5, batch_size=size, seed=seed)
    parts = [taken(samples, 5, batch_size=size, seed=seed, rank=rank, world=world) for rank in range(world)]
    for step, expected in enumerate(whole):
        assert all(len(part[step]) == batch for part in parts)
        dealt = [parts[position % world][step][position // world] for position in range(size)]
        assert dealt == expected


@settings(deadline=None, derandomize=True)
@given(samples=st.integers(1, 30), batch=st.integers(1, 7), skipped=st.integers(0, 12))
def test_a_stream_goes_on_from_any_batch_as_if_it_had_never_stopped(samples, batch, skipped):
    whole = taken(samples, skipped + 4, batch_size=batch, seed=9)
    resumed = taken(samples, 4, batch_size=batch, seed=9, position=skipped * batch)
    assert resumed == whole[skipped:]


def test_every_sample_is_seen_equally_often_though_batches_straddle_epochs():
    draws = [draw for batch in taken(7, 7, batch_size=4, seed=0) for draw in batch]
    assert Counter(draw.index for draw in draws) == dict.fromkeys(range(7), 4)
    assert [draw.epoch for draw in draws] == sorted(draw.epoch for draw in draws)
    assert {draw.epoch for draw in draws} == {0, 1, 2, 3}


def test_seven_samples_on_three_ranks_are_evaluated_exactly_once():
    ranks = [evaluation_batches(7, batch_size=2, rank=rank, world=3) for rank in range(3)]
    assert [[len(batch) for batch in batches] for batches in ranks] == [[2, 1]] * 3
    draws = [draw for batches in ranks for batch in batches for draw in batch]
    assert sorted(draw.index for draw in draws if draw.valid) == list(range(7))
    assert sum(not draw.valid for draw in draws) == 2


@settings(deadline=None, derandomize=True)
@given(samples=st.integers(1, 60), batch=st.integers(1, 9), world=st.integers(1, 8))
def test_evaluation_counts_each_sample_once_and_keeps_all_ranks_equally_long(samples, batch, world):
    ranks = [evaluation_batches(samples, batch_size=batch, rank=rank, world=world) for rank in range(world)]
    assert len({tuple(len(part) for part in batches) for batches in ranks}) == 1
    draws = [draw for batches in ranks for part in batches for draw in part]
    assert sorted(draw.index for draw in draws if draw.valid) == list(range(samples))
    assert all(0 <= draw.index < samples for draw in draws)


def test_evaluation_on_one_rank_is_the_official_order_without_padding():
    draws = [draw for batch in evaluation_batches(5, batch_size=2) for draw in batch]
    assert [draw.index for draw in draws] == [0, 1, 2, 3, 4]
    assert all(draw.valid for draw in draws)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"samples": 0, "batch_size": 2}, "no samples"),
        ({"samples": 5, "batch_size": 3, "world": 2}, "a batch of 3 for 2 processes"),
        ({"samples": 5, "batch_size": 0}, "a batch of 0"),
        ({"samples": 5, "batch_size": 2, "rank": 2, "world": 2}, "rank 2 of 2"),
    ],
)
def test_impossible_numbers_are_refused_before_the_first_batch(options, words):
    with pytest.raises(RecipeError, match=words):
        TrainingStream(seed=0, **options)


def test_the_order_cannot_be_changed_by_who_reads_it():
    with pytest.raises(ValueError, match="read-only"):
        epoch_order(4, seed=0)[0] = 3
