"""mmsegmentation trains and tests on a prepared dataset, and its numbers are ours."""

import pickle

import numpy as np
import pytest

from rgbtbench.errors import ShardError, UserError
from rgbtbench.evaluation import score_predictions
from rgbtbench.loading.prepared import open_split
from rgbtbench.scoring.resolve import protocols_of
from rgbtbench.shards.manifest import read_manifest

torch = pytest.importorskip("torch")

LOAD = [{"type": "mmseg.LoadPreparedImages"}, {"type": "mmseg.LoadPreparedMask"}]


def built(bridge, data, split="train", **arguments):
    return bridge.PreparedDataset(str(data), split, **{"pipeline": LOAD, **arguments})


def test_samples_are_the_channels_and_indices_of_the_shards(bridge, mfnet):
    ours, theirs = open_split(mfnet, "train"), built(bridge, mfnet)
    assert len(theirs) == len(ours)
    for sample, found in zip(ours, theirs, strict=True):
        assert found["img_path"] == sample.key
        assert found["img"].dtype == np.uint8
        assert np.array_equal(found["img"], np.dstack([sample.images["rgb"], sample.images["lwir"]]))
        assert np.array_equal(found["gt_seg_map"], sample.masks["semantic"])
        assert found["img_shape"] == found["ori_shape"] == (120, 160)


def test_classes_and_colours_are_those_of_the_card(bridge, mfnet):
    facts = built(bridge, mfnet).metainfo
    assert facts["classes"][:3] == ("unlabeled", "car", "person")
    assert tuple(facts["palette"][1]) == (64, 0, 128)
    assert facts["class_ids"] == tuple(range(9))
    assert facts["reduce_zero_label"] is False


def test_building_opens_no_shard(bridge, mfnet, tmp_path, monkeypatch):
    from rgbtbench.shards import tar

    def refuse(*arguments):
        raise AssertionError("a shard was opened")

    monkeypatch.setattr(tar, "_mapped", refuse)
    dataset = built(bridge, mfnet)
    assert [dataset.get_data_info(index)["img_path"] for index in range(len(dataset))] == list(
        open_split(mfnet, "train").keys
    )


def test_modalities_are_chosen_and_ordered(bridge, mfnet):
    sample = open_split(mfnet, "train")[0]
    assert np.array_equal(built(bridge, mfnet, modalities=["lwir"])[0]["img"], sample.images["lwir"])
    swapped = built(bridge, mfnet, modalities=["lwir", "rgb"])[0]["img"]
    assert np.array_equal(swapped, np.dstack([sample.images["lwir"], sample.images["rgb"]]))


def test_sixteen_bits_and_other_sizes_keep_their_values_on_the_grid_of_the_labels(bridge, tiny):
    sample = open_split(tiny, "train")[0]
    found = built(bridge, tiny)[0]["img"]
    assert (found.shape, found.dtype) == ((16, 24, 4), np.float32)
    assert np.array_equal(found[..., :3], sample.images["rgb"])
    coarse = sample.images["lwir"][..., 0]
    assert coarse.min() <= found[..., 3].min() <= found[..., 3].max() <= coarse.max()
    assert found[..., 3].max() > 255
    assert found[..., 3].mean() == pytest.approx(coarse.mean(), rel=0.1)


@pytest.mark.parametrize("label_space", ["native", "unified"])
def test_class_ids_become_indices_without_gaps(bridge, tiny, label_space):
    ours = open_split(tiny, "train", label_space=label_space)
    dataset = built(bridge, tiny, label_space=label_space)
    ids = np.array([*dataset.metainfo["class_ids"]])
    for sample, found in zip(ours, dataset, strict=True):
        seen = found["gt_seg_map"] != 255
        assert found["gt_seg_map"][seen].max() < len(ids)
        assert np.array_equal(ids[found["gt_seg_map"][seen]], sample.masks["semantic"][seen])
        assert (sample.masks["semantic"][~seen] == 255).all()


def test_worker_processes_get_a_small_copy(bridge, mfnet):
    dataset = built(bridge, mfnet)
    content = pickle.dumps(dataset)
    assert len(content) < 100_000
    assert np.array_equal(pickle.loads(content)[1]["img"], dataset[1]["img"])  # noqa: S301


def test_a_wrong_name_is_answered_with_the_closest(bridge, mfnet):
    with pytest.raises(ShardError, match="did you mean train"):
        built(bridge, mfnet, "trian")
    with pytest.raises(ShardError, match="did you mean lwir"):
        built(bridge, mfnet, modalities=["lwirr"])


def config(data, out, *, iterations):
    """A config as mmsegmentation's users write them: four channels into a small network."""
    normalised = {"type": "SegDataPreProcessor", "mean": [120.0] * 4, "std": [60.0] * 4, "seg_pad_val": 255}
    batches = {"type": "SyncBN"}  # the Runner turns it into BN on the CPU
    loader = {
        "batch_size": 2,
        "num_workers": 0,
        "dataset": {"type": "PreparedDataset", "data_root": str(data), "pipeline": [*LOAD, {"type": "PackSegInputs"}]},
    }
    return {
        "default_scope": "mmseg",
        "model": {
            "type": "EncoderDecoder",
            "data_preprocessor": {**normalised, "size": (120, 160)},
            "backbone": {
                "type": "ResNetV1c",
                "depth": 18,
                "in_channels": 4,
                "base_channels": 8,
                "stem_channels": 8,
                "strides": (1, 2, 1, 1),
                "norm_cfg": batches,
            },
            "decode_head": {
                "type": "UPerHead",
                "in_channels": [8, 16, 32, 64],
                "in_index": [0, 1, 2, 3],
                "pool_scales": (1, 2),
                "channels": 16,
                "dropout_ratio": 0.0,
                "num_classes": 9,
                "norm_cfg": batches,
                "align_corners": False,
                "loss_decode": {"type": "CrossEntropyLoss", "class_weight": [0.1, *[1.0] * 8]},
            },
            "test_cfg": {"mode": "whole"},
        },
        "train_dataloader": {
            **loader,
            "dataset": {**loader["dataset"], "split": "train"},
            "sampler": {"type": "InfiniteSampler"},
        },
        "test_dataloader": {
            **loader,
            "dataset": {**loader["dataset"], "split": "test"},
            "sampler": {"type": "DefaultSampler", "shuffle": False},
        },
        "train_cfg": {"type": "IterBasedTrainLoop", "max_iters": iterations},
        "test_cfg": {"type": "TestLoop"},
        "optim_wrapper": {"optimizer": {"type": "AdamW", "lr": 0.01}},
        "test_evaluator": [{"type": "IoUMetric"}, {"type": "WritePredictions", "out": str(out / "predictions")}],
        "default_hooks": {"logger": {"type": "LoggerHook", "interval": 1}},
        "work_dir": str(out / "work"),
        "randomness": {"seed": 0},
        "log_level": "ERROR",
    }


@pytest.fixture(scope="module")
def trained(bridge, mfnet, tmp_path_factory):
    """A runner after training and test: folder, losses, mmsegmentation's numbers."""
    from mmengine.config import Config
    from mmengine.registry import DefaultScope
    from mmengine.runner import Runner

    out = tmp_path_factory.mktemp("mmseg")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with DefaultScope.overwrite_default_scope("mmseg"):
            runner = Runner.from_cfg(Config(config(mfnet, out, iterations=24)))
            runner.train()
            losses = [value for value, _ in zip(*runner.message_hub.get_scalar("train/loss").data, strict=True)]
            return out, losses, runner.test()
    finally:
        torch.set_num_threads(threads)


def test_the_loss_falls(trained):
    _, losses, _ = trained
    assert len(losses) == 24
    assert np.isfinite(losses).all()
    assert np.mean(losses[-3:]) < 0.6 * np.mean(losses[:3])


def test_its_miou_is_our_score_of_the_same_predictions(trained, mfnet):
    out, _, numbers = trained
    (protocol,) = (name for name in protocols_of(read_manifest(mfnet)) if name.endswith("/miou-9-union"))
    ours = score_predictions(out / "predictions", mfnet, protocol)
    assert 0 < numbers["mIoU"] < 100
    # mmsegmentation rounds to two digits.
    for own, name in (("miou", "mIoU"), ("macc", "mAcc"), ("aacc", "aAcc")):
        assert ours.score.metrics[own] == pytest.approx(numbers[name], abs=0.00501)
    assert numbers["predictions/images"] == 3


def test_predictions_in_another_datasets_ids_are_not_written(bridge, mfnet, tmp_path):
    metric = bridge.WritePredictions(str(tmp_path / "out"))
    metric.dataset_meta = built(bridge, mfnet, label_space="synthetic").metainfo
    with pytest.raises(UserError, match="predictions in the label space of synthetic"):
        metric.compute_metrics([])
    assert list(tmp_path.iterdir()) == []
