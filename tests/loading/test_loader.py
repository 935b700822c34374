"""Loaders: batches that depend on data, seed and place alone, in any number of processes."""

import itertools
import shutil
from dataclasses import fields

import numpy as np
import pytest
import torch

from rgbtbench.cards.augmentations import Augmentations, Photometric
from rgbtbench.errors import RecipeError, ShardError
from rgbtbench.loading.batch import Batch, BoxTargets
from rgbtbench.loading.loader import eval_loader, train_loader
from rgbtbench.loading.prepared import open_split
from tests.loading import tiny

RULES = Augmentations(
    scale=(0.7, 1.5),
    horizontal_flip=0.5,
    crop=(10, 20),
    photometric={"rgb": Photometric(gain=0.3, noise=0.05), "lwir": Photometric(offset=0.1)},
)
EVERYTHING = Augmentations(
    scale=(0.5, 2.0),
    horizontal_flip=0.5,
    crop=(8, 12),
    photometric={
        name: Photometric(gamma=0.3, gain=0.5, contrast=0.2, offset=0.1, noise=0.2) for name in ("rgb", "lwir")
    },
)


@pytest.fixture(scope="module")
def train(prepared):
    return open_split(prepared, "train")


@pytest.fixture(scope="module")
def snapshots(tmp_path_factory):
    return open_split(tiny.prepare_tiny(tmp_path_factory.mktemp("snapshots"), tiny.Snapshots()), "train")


def same(one, other):
    """Whether two batches agree in every bit."""
    if isinstance(one, (Batch, BoxTargets)):
        return all(same(getattr(one, field.name), getattr(other, field.name)) for field in fields(one))
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def first(loader, count):
    return list(itertools.islice(loader, count))


def semantic_loader(split, **options):
    return train_loader(split, **{"task": "semantic", "batch_size": 4, "seed": 5, "augmentations": RULES} | options)


def test_batches_do_not_depend_on_the_number_of_workers(train):
    alone = first(semantic_loader(train), 5)
    shared = first(semantic_loader(train, workers=2), 5)
    assert all(map(same, alone, shared))
    assert alone[0].images["rgb"].shape == (4, 3, 10, 20)
    assert alone[0].images["lwir"].shape == (4, 1, 10, 20)
    assert alone[0].images["lwir"].dtype == torch.uint16


def test_two_ranks_share_the_batches_of_one(train):
    whole = first(semantic_loader(train), 4)
    parts = [first(semantic_loader(train, rank=rank, world=2), 4) for rank in range(2)]
    for step, batch in enumerate(whole):
        assert parts[0][step].keys == batch.keys[0::2]
        assert parts[1][step].keys == batch.keys[1::2]
        assert torch.equal(parts[1][step].images["rgb"], batch.images["rgb"][1::2])
        assert torch.equal(parts[1][step].semantic, batch.semantic[1::2])


@pytest.mark.parametrize("workers", [0, 1])
def test_a_resumed_loader_gives_exactly_the_remaining_batches(train, workers):
    whole = first(semantic_loader(train), 6)
    interrupted = semantic_loader(train, workers=workers)
    first(interrupted, 3)
    resumed = semantic_loader(train, workers=workers)
    resumed.load_state_dict(interrupted.state_dict())
    assert all(map(same, first(resumed, 3), whole[3:]))
    assert interrupted.state_dict() == {"seed": 5, "samples": 7, "epoch": 1, "position": 5}


def test_iterating_again_goes_on_where_the_last_iteration_stopped(train):
    whole = first(semantic_loader(train), 4)
    loader = semantic_loader(train, workers=1)
    assert all(map(same, first(loader, 2) + first(loader, 2), whole))


def test_a_state_of_another_order_is_refused(train):
    state = semantic_loader(train, seed=6).state_dict()
    with pytest.raises(RecipeError, match="seed 5; expected 7 samples with seed 6"):
        semantic_loader(train).load_state_dict(state)


def test_loading_takes_no_number_from_the_trainings_own_generators(train):
    torch.manual_seed(0)
    np.random.seed(0)
    before = torch.random.get_rng_state(), np.random.get_state()[1].copy()
    first(semantic_loader(train, workers=1), 2)
    list(eval_loader(train, batch_size=2))
    assert torch.equal(torch.random.get_rng_state(), before[0])
    assert np.array_equal(np.random.get_state()[1], before[1])


def test_steps_of_an_epoch_are_rounded_up(train):
    loader = semantic_loader(train)
    assert (loader.steps(1), loader.steps(4), loader.steps(0.5)) == (2, 7, 1)
    first(loader, 7)
    assert loader.epoch == 4


def test_detection_batches_carry_one_set_of_boxes_per_image(prepared):
    split = open_split(prepared, "train", label_space="unified")
    batches = list(eval_loader(split, batch_size=4, task="detection", label_set="people"))
    targets = [target for batch in batches for target in batch.boxes]
    assert len(targets) == 7
    assert torch.equal(targets[0].boxes_xyxy, torch.tensor(tiny.BOXES[:2]))
    assert targets[0].labels.tolist() == [91, 255]
    assert targets[0].ignore.tolist() == [False, True]
    assert targets[6].boxes_xyxy.shape == (0, 4)
    assert (targets[0].boxes_xyxy.dtype, targets[0].labels.dtype) == (torch.float32, torch.int64)


def test_boxes_of_the_thermal_frame_put_everything_on_its_grid(train):
    batch = next(iter(eval_loader(train, batch_size=2, task="detection", label_set="hot")))
    assert batch.sizes.tolist() == [[8, 12], [8, 12]]
    assert batch.images["rgb"].shape == (2, 3, 8, 12)
    assert np.array_equal(batch.images["lwir"][1, 0].numpy(), tiny.lwir("train", 1))
    assert batch.boxes[0].boxes_xyxy.tolist() == [[1, 2, 3, 5]]


def test_saliency_and_text_have_their_fields(train):
    salient = next(iter(eval_loader(train, batch_size=2, task="saliency")))
    assert salient.saliency[1, 0].numpy() == pytest.approx(tiny.rgb("train", 1)[..., 0] / 255)
    texts = next(iter(eval_loader(train, batch_size=2, task="language")))
    assert texts.text == (("sample 0", "street"), ("sample 1", "street"))


def test_evaluation_leaves_pixels_and_ids_as_they_are(prepared):
    split = open_split(prepared, "test")
    batches = list(eval_loader(split, batch_size=2, task="semantic"))
    assert [len(batch) for batch in batches] == [2, 2, 1]
    assert [key for batch in batches for key in batch.keys] == list(split.keys)
    for order in range(5):
        batch, row = batches[order // 2], order % 2
        assert np.array_equal(batch.images["rgb"][row].permute(1, 2, 0).numpy(), tiny.rgb("test", order))
        assert np.array_equal(batch.semantic[row].numpy(), tiny.semantic(order))
        assert batch.pixel_mask[row].all()


def test_each_sample_is_evaluated_once_on_any_number_of_ranks(train):
    ranks = [list(eval_loader(train, batch_size=2, rank=rank, world=3)) for rank in range(3)]
    assert [[len(batch) for batch in batches] for batches in ranks] == [[2, 1]] * 3
    counted = [
        key
        for batches in ranks
        for batch in batches
        for key, valid in zip(batch.keys, batch.valid, strict=True)
        if valid
    ]
    assert sorted(counted) == sorted(train.keys)


def test_an_evaluation_can_be_repeated_with_the_same_workers(train):
    loader = eval_loader(train, batch_size=3, task="semantic", workers=2)
    assert len(loader) == 3
    once, again = list(loader), list(loader)
    assert len(once) == 3
    assert all(map(same, once, again))


def test_prediction_on_unlabelled_data_needs_no_task(train):
    batch = next(iter(eval_loader(train, batch_size=2)))
    assert (batch.semantic, batch.boxes, batch.saliency, batch.text) == (None, None, None, None)
    assert batch.sizes.tolist() == [[16, 24]] * 2
    thermal = next(iter(eval_loader(train, batch_size=1, label_set="hot")))
    assert thermal.sizes.tolist() == [[8, 12]]
    assert thermal.boxes is None


def test_a_dropped_modality_is_marked_absent_in_the_batch(train):
    batch = next(iter(semantic_loader(train.under("missing:lwir/drop"))))
    assert not batch.present["lwir"].any()
    assert batch.present["rgb"].all()
    assert not batch.images["lwir"].any()


def test_cached_samples_give_the_same_batches_and_stay_untouched(train):
    cached = train.cached()
    for _ in range(2):
        assert all(map(same, first(semantic_loader(cached), 4), first(semantic_loader(train), 4)))
    first(semantic_loader(cached, augmentations=EVERYTHING), 12)
    for position, sample in enumerate(cached):
        assert np.array_equal(sample.images["rgb"], tiny.rgb("train", position))
        assert np.array_equal(sample.images["lwir"][..., 0], tiny.lwir("train", position))
        assert not any(array.flags.writeable for array in (*sample.images.values(), *sample.masks.values()))


@pytest.mark.parametrize("workers", [0, 1])
def test_a_damaged_sample_is_one_clear_error_in_any_process(prepared, tmp_path, workers):
    copy = shutil.copytree(prepared, tmp_path / "tiny")
    split = open_split(copy, "train")
    shard = copy / split.store.index.shards[0]
    data = bytearray(shard.read_bytes())
    data[int(split.store.index.offsets["rgb.png"][0]) + 60] ^= 0xFF
    shard.write_bytes(data)
    with pytest.raises(ShardError) as caught:
        list(eval_loader(open_split(copy, "train"), batch_size=2, workers=workers))
    assert str(caught.value).startswith("train_0.rgb.png of split train: damaged PNG")
    assert "\n" not in str(caught.value)


def test_wrong_requests_are_refused_before_the_first_batch(train):
    with pytest.raises(RecipeError, match="a batch of 3 for 2 processes"):
        semantic_loader(train, batch_size=3, world=2)
    with pytest.raises(ShardError, match="2 label sets of kind boxes"):
        train_loader(train, task="detection", batch_size=2, seed=0)
    with pytest.raises(ShardError, match="no label set 'peopel' in this tiny; did you mean people"):
        eval_loader(train, batch_size=2, label_set="peopel")
    with pytest.raises(RecipeError, match="no samples"):
        semantic_loader(train.where(time_of_day="dusk"))


@pytest.mark.parametrize("workers", [0, 1])
@pytest.mark.parametrize("threads", [1, 2])
def test_photographs_that_are_decoded_into_the_batch_are_those_of_the_samples(snapshots, workers, threads, monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    batches = eval_loader(snapshots.only(modalities=["rgb"]), batch_size=4, task="semantic", workers=workers)
    samples = iter(snapshots)
    for batch in batches:
        inside = batch.pixel_mask.numpy()
        for row, sample in zip(range(len(batch)), samples, strict=False):
            height, width = sample.images["rgb"].shape[:2]
            assert inside[row, :height, :width].all()
            assert inside[row].sum() == height * width
            image = batch.images["rgb"][row].numpy()
            assert np.array_equal(image[:, :height, :width].transpose(1, 2, 0), sample.images["rgb"])
            assert not image[:, ~inside[row]].any()
            assert np.array_equal(batch.semantic[row].numpy()[:height, :width], sample.masks["semantic"])
    assert next(samples, None) is None


@pytest.mark.parametrize("condition", ["none", "missing:lwir/drop", "missing:lwir/swap", "missing:rgb/repeat_other"])
def test_batches_are_the_same_decoded_in_place_or_from_the_cache(snapshots, condition):
    split = snapshots.under(condition)
    in_place = eval_loader(split, batch_size=3, task="semantic")
    cached = eval_loader(split.cached(), batch_size=3, task="semantic")
    assert all(same(one, other) for one, other in zip(in_place, cached, strict=True))
