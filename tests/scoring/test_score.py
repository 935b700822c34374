"""From files on disk to a result: protocols meet their own data only, and no image goes missing."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from rgbtbench.cards import catalog
from rgbtbench.cards.protocol import Protocol
from rgbtbench.errors import PredictionError, UnknownNameError, UserError
from rgbtbench.loading.prepared import open_split
from rgbtbench.predictions import BoxTable, MaskPrediction, MaskWriter, Sidecar
from rgbtbench.predictions.boxes import sorted_table
from rgbtbench.scoring.average_precision.tables import TruthTable
from rgbtbench.scoring.families import family_of
from rgbtbench.scoring.score import resolve_protocol, score
from rgbtbench.scoring.statistics import from_arrays
from rgbtbench.scoring.summary import summarise
from rgbtbench.shards.build import prepare_dataset
from rgbtbench.shards.plan import Options
from tests.scoring.average_precision.reference_coco import pycocotools_metrics
from tests.scoring.published_masks import decoded, published_png
from tests.scoring.town import (
    CARD,
    IMAGES,
    KEYS,
    detected,
    label,
    predicted,
    prepare_town,
    scene_boxes,
    sidecar,
    visibility,
    write_boxes,
    write_masks,
)

SHARED = Path(__file__).parents[2] / ".." / "shared"
EXPECTED = SHARED / "golden" / "segmentation" / "expected.jsonl"
needs_shared = pytest.mark.skipif(
    not EXPECTED.is_file(), reason="real MFNet images and published predictions are not at ../shared"
)
CLASSES = np.array([0, 1, 4, 7])


def protocol(name, **changes):
    block = CARD.protocols[name].model_dump(exclude={"editions"})
    return Protocol.model_validate({"id": f"town/{name}", "dataset": "town", "edition": "official", **block, **changes})


def counted(orders, inside=None):
    """The confusion matrix by a plain loop over pixels."""
    counts = np.zeros((4, 4), np.int64)
    for order in orders:
        chosen = np.ones(label(0).shape, bool) if inside is None else visibility(order) == inside
        for true, found in zip(label(order)[chosen], predicted(order)[chosen], strict=True):
            if true != 255:
                counts[np.flatnonzero(true == CLASSES), np.flatnonzero(found == CLASSES)] += 1
    return counts


def mean_iou(counts):
    present = counts.sum(axis=1) > 0
    union = counts.sum(axis=0) + counts.sum(axis=1) - np.diag(counts)
    return 100 * (np.diag(counts)[present] / union[present]).mean()


@pytest.fixture(scope="module")
def masks(tmp_path_factory):
    return write_masks(tmp_path_factory.mktemp("masks") / "predictions")


@pytest.fixture(scope="module")
def boxes(tmp_path_factory):
    return write_boxes(tmp_path_factory.mktemp("boxes") / "predictions")


def test_a_whole_result_agrees_with_a_loop_over_pixels(truth, masks):
    result = score(protocol("miou"), truth, masks)
    total = counted(range(IMAGES))
    assert result.metrics["miou"] == pytest.approx(mean_iou(total))
    assert result.metrics["aacc"] == pytest.approx(100 * np.trace(total) / total.sum())
    assert result.per_class["pedestrian"]["acc"] == pytest.approx(100 * total[1, 1] / total[1].sum())
    assert result.per_class["never"] == {"iou": None, "acc": None, "f1": None}
    assert (result.images, result.clusters) == (IMAGES, 4)
    assert result.notes == ("intervals are rough: they resample 4 clusters",)
    assert result.intervals["miou"].low <= result.metrics["miou"] <= result.intervals["miou"].high


def test_subsets_are_scored_over_the_classes_present_in_them(truth, masks):
    subsets = score(protocol("miou"), truth, masks).subsets
    nights = [order for order in range(IMAGES) if order % 3]
    assert subsets["time_of_day=night"].metrics["miou"] == pytest.approx(mean_iou(counted(nights)))
    assert subsets["time_of_day=night"].images == len(nights)
    assert subsets["raining=true"].images == 5  # of the first image nobody knows
    assert list(subsets)[:4] == ["time_of_day=day", "time_of_day=night", "raining=false", "raining=true"]


def test_strata_divide_pixels_and_report_recall(truth, masks):
    stratum = score(protocol("miou"), truth, masks).subsets["visibility=rgb_only"]
    counts = counted(range(IMAGES), inside=1)
    present = counts.sum(axis=1) > 0
    assert set(stratum.metrics) == {"macc", "aacc"}
    assert stratum.metrics["macc"] == pytest.approx(
        100 * (np.diag(counts)[present] / counts.sum(axis=1)[present]).mean()
    )
    assert stratum.metrics["aacc"] == pytest.approx(100 * np.trace(counts) / counts.sum())


def test_a_filter_leaves_images_out_and_lets_their_predictions_be(truth, masks):
    result = score(protocol("miou-night"), truth, masks)
    assert result.metrics["miou"] == pytest.approx(mean_iou(counted([order for order in range(IMAGES) if order % 3])))
    assert result.images == 8


def test_unified_labels_are_scored_in_unified_ids(prepared_town, tmp_path):
    truth = open_split(prepared_town, "test", label_space="unified")
    names = truth.classes("semantic")
    table = np.full(256, 255, np.uint8)
    for native, name in {0: "unlabeled", 1: "person", 4: "car", 7: "animal"}.items():
        table[native] = next(number for number, other in names.items() if other == name)
    with MaskWriter(tmp_path / "unified", sidecar("semantic", label_space="unified")) as writer:
        for order in range(IMAGES):
            writer.write(MaskPrediction(KEYS[order], table[predicted(order)]))
    result = score(protocol("miou-unified"), truth, tmp_path / "unified")
    assert result.metrics["miou"] == pytest.approx(mean_iou(counted(range(IMAGES))))
    assert set(result.per_class) == {"unlabeled", "person", "car", "animal"}


def test_boxes_are_scored_with_ignored_ones_as_crowds(truth, boxes):
    def xywh(corners):
        return np.column_stack([corners[:, :2], corners[:, 2:] - corners[:, :2]])

    scenes, found = [scene_boxes(order) for order in range(IMAGES)], [detected(order) for order in range(IMAGES)]
    real = xywh(np.vstack([scene.xyxy for scene in scenes]))
    table = TruthTable(
        image_ids=np.concatenate([np.full(len(scene.labels), 100 - order) for order, scene in enumerate(scenes)]),
        labels=np.concatenate([scene.labels for scene in scenes]),
        xywh=real,
        areas=real[:, 2] * real[:, 3],
        crowd=np.concatenate([scene.ignore for scene in scenes]),
    )
    detections = sorted_table(
        BoxTable(
            image_ids=np.concatenate([np.full(len(one.scores), 100 - order) for order, one in enumerate(found)]),
            labels=np.concatenate([one.labels for one in found]),
            xywh=xywh(np.vstack([one.boxes_xyxy for one in found])),
            scores=np.concatenate([one.scores for one in found]),
        )
    )
    reference = pycocotools_metrics(
        table, detections, image_ids=sorted(100 - order for order in range(IMAGES)), class_ids=[1, 2, 3]
    )
    result = score(protocol("ap"), truth, boxes)
    ours = {name: np.nan if value is None else value for name, value in result.metrics.items()}
    assert ours == pytest.approx(reference, nan_ok=True)
    assert result.metrics["ap_large"] is None
    assert set(result.intervals) >= {"ap", "ap50"}
    assert result.subsets["time_of_day=day"].images == 4


def test_a_zip_of_the_folder_gives_the_same_result_and_hash(truth, masks, tmp_path):
    archive = tmp_path / "submission.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in sorted(masks.rglob("*.png"), reverse=True):
            file.write(path, f"mine/{path.relative_to(masks)}")
    zipped, plain = score(protocol("miou"), truth, archive), score(protocol("miou"), truth, masks)
    assert zipped.predictions_sha256 == plain.predictions_sha256
    assert zipped.metrics == plain.metrics
    assert zipped.intervals == plain.intervals


def test_a_missing_image_is_named(truth, tmp_path):
    folder = write_masks(tmp_path / "some", orders=range(2, IMAGES))
    (folder / "predictions.json").unlink()
    with pytest.raises(PredictionError, match=r"2 images \(night/001, day/000\) of 12 missing"):
        score(protocol("miou"), truth, folder)


def test_an_unfinished_detection_run_is_found_by_its_list_of_keys(truth, tmp_path):
    folder = write_boxes(tmp_path / "some", orders=range(4))
    with pytest.raises(PredictionError, match="keys_sha256"):
        score(protocol("ap"), truth, folder)


def test_predictions_of_other_data_are_refused(truth, tmp_path):
    with MaskWriter(tmp_path / "other", sidecar("semantic", split="val")) as writer:
        for order in range(IMAGES):
            writer.write(MaskPrediction(KEYS[order], predicted(order)))
    with pytest.raises(PredictionError, match="made for split 'val'"):
        score(protocol("miou"), truth, tmp_path / "other")


def test_a_part_of_the_split_is_refused(truth, masks):
    with pytest.raises(UserError, match=r"needs all of split test; expected 12 images"):
        score(protocol("miou"), truth.select(range(5)), masks)


def test_a_protocol_of_other_data_is_refused(truth, masks):
    with pytest.raises(UserError, match="not a protocol of this town"):
        score(protocol("miou", edition="excerpt"), truth, masks)
    with pytest.raises(UserError, match="opened in label space native"):
        score(protocol("miou", label_space="unified"), truth, masks)


@pytest.mark.usefixtures("known_town")
def test_an_id_means_the_protocol_of_the_prepared_edition(truth):
    assert resolve_protocol("town/miou", truth.manifest) == catalog.protocol("town/miou")
    with pytest.raises(UnknownNameError, match=r"no protocol 'town/mio'.*did you mean town/miou"):
        resolve_protocol("town/mio", truth.manifest)
    with pytest.raises(UserError, match="mfnet/miou-9 is not a protocol of town, edition official"):
        resolve_protocol("mfnet/miou-9", truth.manifest)


@pytest.mark.usefixtures("known_town")
def test_data_of_no_listed_edition_has_protocols_of_its_own(tmp_path):
    truth = open_split(prepare_town(tmp_path, limit=6), "test")
    facts = truth.manifest.split("test")
    own = f"town-unlisted-{facts.keys_sha256[:8]}/miou"
    with pytest.raises(UserError, match=f"use {own}"):
        resolve_protocol("town/miou", truth.manifest)
    resolved = resolve_protocol(own, truth.manifest)
    assert (resolved.id, resolved.edition) == (own, "unlisted")
    with MaskWriter(tmp_path / "few", sidecar("semantic", edition="unlisted")) as writer:
        for order in range(6):
            writer.write(MaskPrediction(KEYS[order], predicted(order)))
    result = score(resolved, truth, tmp_path / "few")
    assert result.metrics["miou"] == pytest.approx(mean_iou(counted(range(6))))
    with pytest.raises(UserError, match="not a protocol of this town"):
        score(catalog.protocol("town/miou"), truth, tmp_path / "few")


@needs_shared
def test_published_predictions_of_mfnet_score_what_the_reference_scripts_print(tmp_path):
    only_test = Options(splits=("test",))
    prepare_dataset("mfnet", SHARED / "samples" / "mfnet", tmp_path / "mfnet", options=only_test, workers=1)
    truth = open_split(tmp_path / "mfnet", "test")
    about = Sidecar(task="semantic", dataset="mfnet", edition="excerpt20", split="test", label_set="semantic")
    with MaskWriter(tmp_path / "lasnet", about) as writer:
        for key in truth.keys:
            writer.write(MaskPrediction(key, decoded(published_png("LASNet", key))))
    expected = [json.loads(line) for line in EXPECTED.read_text().splitlines()]
    whole, day, night = [line for line in expected if line["method"] == "LASNet"]

    result = score(resolve_protocol("mfnet-excerpt20/miou-9-union", truth.manifest), truth, tmp_path / "lasnet")
    assert result.metrics["miou"] == pytest.approx(100 * whole["rtfnet_mIoU"], abs=1e-4)
    assert result.metrics["fwiou"] == pytest.approx(100 * whole["lasnet_metrics"]["fwIou"], abs=1e-4)
    for name, part in (("day", day), ("night", night)):
        found = result.subsets[f"time_of_day={name}"].metrics
        assert found["miou"] == pytest.approx(100 * part["rtfnet_mIoU"], abs=1e-4)
        assert found["macc"] == pytest.approx(100 * part["rtfnet_mAcc"], abs=1e-4)
    zero = score(resolve_protocol("mfnet-excerpt20/miou-9-nan0", truth.manifest), truth, tmp_path / "lasnet")
    assert zero.metrics["miou"] == pytest.approx(100 * whole["rtfnet_mIoU_nan0"], abs=1e-4)
    with pytest.raises(UserError, match="use mfnet-excerpt20/miou-9"):
        resolve_protocol("mfnet/miou-9", truth.manifest)


def test_a_score_can_be_summarised_again_from_its_arrays(truth, masks, boxes):
    for name, predictions in (("miou", masks), ("ap", boxes)):
        result = score(protocol(name), truth, predictions)
        again = summarise(result.protocol, from_arrays(result.statistics, family_of(result.protocol.rules).counts))
        assert {field: getattr(result, field) for field in vars(again)} == vars(again)
        assert all(array.dtype.kind in "uUb" for array in result.statistics.values())
