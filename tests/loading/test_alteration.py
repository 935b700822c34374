"""Conditions in force on a split: which images samples hold, and what the model is told."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rgbtbench.conditions import fills, parse_condition
from rgbtbench.conditions.corruptions import corrupted
from rgbtbench.conditions.seeds import generator_of
from rgbtbench.errors import ConditionError, UnknownNameError
from rgbtbench.loading.alteration import stand_in
from rgbtbench.loading.loader import eval_loader
from rgbtbench.loading.prepared import open_split

from . import tiny

#: Labels of `tiny` that follow rgb alone.
FOLLOWING_RGB = ("semantic", "people")


@pytest.fixture(scope="module")
def train(prepared):
    return open_split(prepared, "train", label_sets=FOLLOWING_RGB)


def thermal(split, order):
    return split[order].images["lwir"]


class TestSwap:
    def test_the_image_comes_from_another_sample_while_all_else_stays(self, train):
        swapped = train.under("missing:lwir/swap")
        givers = []
        for order, sample in enumerate(swapped):
            assert np.array_equal(sample.images["rgb"], tiny.rgb("train", order))
            assert np.array_equal(sample.masks["semantic"], tiny.semantic(order))
            image = sample.images["lwir"][..., 0]
            givers += [other for other in range(7) if np.array_equal(image, tiny.lwir("train", other))]
            assert (sample.missing, sample.filled) == (frozenset(), frozenset())
        assert sorted(givers) == list(range(7))
        assert all(giver != order for order, giver in enumerate(givers))
        assert swapped.condition == "missing:lwir/swap"
        assert swapped.keys == train.keys

    @settings(deadline=None, derandomize=True)
    @given(st.integers(2, 7))
    def test_givers_form_one_cycle_that_depends_on_their_number_alone(self, train, samples):
        view = train.select(range(samples))
        one, other = (view.under(f"missing:{name}/swap").alteration.givers[name] for name in ("rgb", "lwir"))
        assert np.array_equal(one, other)
        place, visited = 0, set()
        while place not in visited:
            visited.add(place)
            place = int(one[place])
        assert len(visited) == samples

    def test_it_stays_the_same_when_fewer_samples_are_looked_at(self, train):
        swapped = train.under("missing:lwir/swap")
        assert np.array_equal(thermal(swapped.select([4, 2]), 1), thermal(swapped, 2))

    def test_a_single_sample_has_nobody_to_swap_with(self, train):
        with pytest.raises(ConditionError, match="at least 2 samples"):
            train.select([0]).under("missing:lwir/swap")


class TestMissing:
    @pytest.mark.parametrize("fill", ["drop", "zero_raw", "zero_norm"])
    def test_black_stands_in_with_the_same_shape_and_type(self, train, fill):
        sample = train.under(f"missing:lwir/{fill}")[2]
        assert (sample.images["lwir"].shape, sample.images["lwir"].dtype) == ((8, 12, 1), np.uint16)
        assert not sample.images["lwir"].any()
        assert np.array_equal(sample.images["rgb"], tiny.rgb("train", 2))
        assert sample.missing == ({"lwir"} if fill == "drop" else set())
        assert sample.filled == {"lwir"}
        assert sample.zeroed == ({"lwir": 1.0} if fill == "zero_norm" else {})

    def test_a_partial_loss_leaves_the_pixels_to_the_model(self, train):
        sample = train.under("missing:lwir/zero_norm/0.25")[1]
        assert np.array_equal(sample.images["lwir"][..., 0], tiny.lwir("train", 1))
        assert (sample.filled, sample.zeroed) == (frozenset(), {"lwir": 0.25})

    def test_the_mean_is_that_of_the_whole_split_whatever_is_looked_at(self, train):
        wanted = np.rint(np.mean([tiny.lwir("train", order).mean() for order in range(7)]))
        view = train.select([3]).under("missing:lwir/mean")
        assert (thermal(view, 0) == wanted).all()

    def test_noise_is_drawn_by_key(self, train):
        noisy = train.under("missing:lwir/noise")
        drawn = fills.noise(np.zeros((8, 12, 1), np.uint16), generator_of("train_4", "missing:lwir/noise"))
        assert np.array_equal(thermal(noisy, 4), drawn)
        assert np.array_equal(thermal(noisy.select([6, 4]), 1), drawn)

    def test_the_other_camera_stands_in(self, train):
        sample = train.under("missing:lwir/repeat_other")[0]
        wanted = fills.adapted(tiny.rgb("train", 0), np.zeros((8, 12, 1), np.uint16))
        assert np.array_equal(sample.images["lwir"], wanted)

    def test_it_does_so_even_where_it_is_not_decoded_for_itself_and_as_it_is(self, train):
        both = train.under("corrupt:rgb/contrast/5+missing:lwir/repeat_other")
        alone = both.only(modalities=("lwir",))
        assert list(alone[0].images) == ["lwir"]
        assert np.array_equal(thermal(alone, 0), thermal(both, 0))
        assert thermal(both, 0).std() < 0.1 * thermal(train.under("missing:lwir/repeat_other"), 0).std()

    def test_nobody_is_left_when_both_are_missing(self, train):
        with pytest.raises(ConditionError, match="another modality that is not missing"):
            train.under("missing:lwir/repeat_other+missing:rgb/mean")
        condition = parse_condition("missing:lwir/repeat_other+missing:rgb/zero_norm/0.5", ("rgb", "lwir"))
        assert stand_in(condition, "lwir", ("rgb", "lwir")) == "rgb"


class TestMisregistration:
    def test_distances_are_pixels_of_the_frame_that_labels_follow(self, train):
        # Labels follow rgb, which has twice the pixels of lwir.
        image = thermal(train.under("shift:lwir/4,-2"), 3)
        assert np.array_equal(image[:-1, 2:, 0], tiny.lwir("train", 3)[1:, :-2])

    def test_only_what_labels_do_not_follow_is_moved(self, prepared, train):
        with pytest.raises(ConditionError, match=r"moves rgb, which the labels semantic of tiny follow.*move lwir"):
            train.under("shift:rgb/4,0")
        thermal_labels = open_split(prepared, "train", label_sets=("hot",))
        with pytest.raises(ConditionError, match=r"moves lwir, which the labels hot of tiny follow.*move rgb"):
            thermal_labels.under("parallax:lwir/8")
        thermal_labels.under("scale:rgb/1.1")
        with pytest.raises(ConditionError, match="hot"):
            open_split(prepared, "train").under("shift:lwir/4,0")

    def test_labels_and_the_other_camera_stay(self, train):
        one, other = train.under("parallax:lwir/6")[2], train[2]
        assert np.array_equal(one.images["rgb"], other.images["rgb"])
        assert np.array_equal(one.masks["semantic"], other.masks["semantic"])
        assert not np.array_equal(one.images["lwir"], other.images["lwir"])


class TestCorruption:
    def test_pixels_depend_on_the_key_alone(self, train):
        condition = "corrupt:rgb/shot_noise/3"
        wanted = corrupted(tiny.rgb("train", 5), "shot_noise", 3, generator_of("train_5", condition))
        assert np.array_equal(train.under(condition)[5].images["rgb"], wanted)
        assert np.array_equal(train.select([5, 1]).under(condition)[0].images["rgb"], wanted)

    @pytest.mark.parametrize("workers", [0, 1])
    def test_batches_are_the_same_for_any_order_batch_size_and_number_of_workers(self, train, workers):
        view = train.under("shift:lwir/1.5,0+corrupt:lwir/nuc_stripes/2+corrupt:rgb/fog/3")
        wanted = torch.cat([batch.images["rgb"] for batch in eval_loader(view, batch_size=1)])
        batches = list(eval_loader(view, batch_size=3, workers=workers))
        assert torch.equal(torch.cat([batch.images["rgb"] for batch in batches]), wanted)
        backwards = view.select(range(6, -1, -1))
        assert torch.equal(next(iter(eval_loader(backwards, batch_size=7))).images["rgb"].flip(0), wanted)

    def test_steps_happen_one_after_the_other(self, train):
        written = train.under("corrupt:rgb/pixelate/5+corrupt:rgb/impulse_noise/1")[0].images["rgb"]
        step = corrupted(tiny.rgb("train", 0), "pixelate", 5, generator_of("train_0", "corrupt:rgb/pixelate/5"))
        noisy = corrupted(step, "impulse_noise", 1, generator_of("train_0", "corrupt:rgb/impulse_noise/1"))
        assert np.array_equal(written, noisy)


def test_conditions_add_up_to_one_with_one_id_whatever_their_order(train):
    one = train.under("missing:rgb/mean").under("corrupt:lwir/drift/2")
    other = train.under("corrupt:lwir/drift/2").under("missing:rgb/mean")
    assert one.condition == other.condition == "corrupt:lwir/drift/2+missing:rgb/mean"
    assert train.under("none") is train
    assert train.condition == "none"


def test_a_condition_in_force_holds_beyond_the_modalities_that_are_decoded(train):
    view = train.under("missing:lwir/swap").only(modalities=("rgb",)).under("corrupt:rgb/fog/1")
    assert view.condition == "corrupt:rgb/fog/1+missing:lwir/swap"


def test_a_condition_that_excludes_one_in_force_is_refused(train):
    with pytest.raises(ConditionError, match="lwir is missing"):
        train.under("missing:lwir/mean").under("corrupt:lwir/drift/1")
    with pytest.raises(UnknownNameError, match="no modality 'nir'"):
        train.under("missing:nir/mean")


def test_what_the_model_is_told_reaches_the_batch(train):
    batch = next(iter(eval_loader(train.under("missing:lwir/zero_norm/0.5"), batch_size=2)))
    assert batch.present["lwir"].all()
    assert {name: share.tolist() for name, share in batch.zeroed.items()} == {"lwir": [0.5, 0.5]}
    assert next(iter(eval_loader(train, batch_size=2))).zeroed == {}
    noisy = next(iter(eval_loader(train.under("noisy:rgb/0.25,0.5"), batch_size=2)))
    assert {name: strengths.tolist() for name, strengths in noisy.noisy.items()} == {"rgb": [[0.25, 0.5]] * 2}
    assert torch.equal(noisy.images["rgb"], batch.images["rgb"])
    dropped = next(iter(eval_loader(train.under("missing:lwir/drop"), batch_size=2)))
    assert (dropped.present["lwir"].any().item(), dropped.zeroed) == (False, {})
