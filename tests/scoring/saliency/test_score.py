"""Maps of anyone against masks in files or in shards: from the command to the numbers, with every fault named."""

import json
import zipfile

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

import rgbtbench
from rgbtbench import threads
from rgbtbench.cards import catalog
from rgbtbench.cards.rules import SaliencyRules
from rgbtbench.cli.app import app
from rgbtbench.datasets import dataset
from rgbtbench.errors import LabelError, PredictionError
from rgbtbench.formats.image_file import encode_png
from rgbtbench.formats.write_image import write_image
from rgbtbench.predictions import SaliencyPrediction, read_sidecar
from rgbtbench.scoring.resolve import protocols_of
from rgbtbench.shards.build import prepare_dataset
from tests.scoring.saliency.golden import GOLDEN, TOOL, expected_rows, needs_golden
from tests.scoring.saliency.plain import ours
from tests.scoring.saliency.scenes import scene

IMAGES = 5
SATURATED = np.uint8(255)


def pairs():
    return {f"{number:02d}": scene(number) for number in range(IMAGES)}


def write(folder, images, ending="png"):
    folder.mkdir(parents=True, exist_ok=True)
    for name, levels in images.items():
        write_image(folder / f"{name}.{ending}", levels)
    return folder


@pytest.fixture
def masks(tmp_path):
    return write(tmp_path / "masks", {name: truth for name, (_, truth) in pairs().items()})


@pytest.fixture
def maps(tmp_path):
    return write(tmp_path / "maps", {name: prediction for name, (prediction, _) in pairs().items()})


def means(name, rules=None):
    return np.mean([ours(*pair, rules or SaliencyRules())[name] for pair in pairs().values()], axis=0)


def test_a_folder_of_maps_is_scored_against_a_folder_of_masks(maps, masks):
    found = rgbtbench.score("generic/saliency", maps, ground_truth=masks)
    for name in ("mae", "s_measure", "e_adaptive", "f_adaptive", "f_weighted"):
        assert found.metrics[name] == pytest.approx(means(name), abs=1e-14), name
    for letter in "ef":
        curve = means(f"{letter}_curve")
        assert found.metrics[f"{letter}_max"] == pytest.approx(curve.max(), abs=1e-14)
        assert found.metrics[f"{letter}_mean"] == pytest.approx(curve.mean(), abs=1e-14)
    assert found.images == found.clusters == IMAGES
    assert set(found.intervals) == set(found.metrics)


def test_the_command_prints_one_object_with_flat_metrics(maps, masks):
    arguments = ["score", "generic/saliency", str(maps), "--ground-truth", str(masks), "--json"]
    printed = json.loads(CliRunner().invoke(app, arguments, catch_exceptions=False).stdout)
    assert set(printed["metrics"]) == {
        "mae", "s_measure", "e_max", "e_mean", "e_adaptive", "f_max", "f_mean", "f_adaptive", "f_weighted",
    }  # fmt: skip
    assert printed["protocol"] == "generic/saliency"
    assert printed["intervals"]["s_measure"]["low"] <= printed["metrics"]["s_measure"]
    assert printed["per_class"] == {}
    assert len(printed["curves"]["recall_precision"]["x"]) == 256


@needs_golden
@pytest.mark.parametrize(("predictions", "truth", "expected"), expected_rows()[:3])
def test_published_maps_score_as_pysodmetrics_scores_them(predictions, truth, expected):
    found = rgbtbench.score("generic/saliency", GOLDEN / predictions, ground_truth=GOLDEN / truth)
    for name, value in expected.items():
        assert found.metrics[name] == pytest.approx(value, abs=5.1e-11), name


def test_a_zip_scores_as_its_folder(maps, masks, tmp_path):
    archive = tmp_path / "maps.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in sorted(maps.iterdir(), reverse=True):
            file.write(path, f"ours/{path.name}")
    plain, zipped = (rgbtbench.score("generic/saliency", form, ground_truth=masks) for form in (maps, archive))
    assert zipped.metrics == plain.metrics
    assert zipped.intervals == plain.intervals
    assert zipped.predictions_sha256 == plain.predictions_sha256


@pytest.mark.parametrize("cores", [1, 3])
def test_the_number_of_threads_changes_nothing(maps, masks, monkeypatch, cores):
    expected = rgbtbench.score("generic/saliency", maps, ground_truth=masks)
    monkeypatch.setattr(threads, "available_cores", lambda: cores)
    found = rgbtbench.score("generic/saliency", maps, ground_truth=masks)
    assert (found.metrics, found.intervals) == (expected.metrics, expected.intervals)


def test_a_missing_and_a_surplus_map_are_one_clear_error(maps, masks):
    write(maps, {"99": np.zeros((60, 80), np.uint8)})
    with pytest.raises(PredictionError, match=r"1 image \(99\) that the split does not have"):
        rgbtbench.score("generic/saliency", maps, ground_truth=masks)
    (maps / "99.png").unlink()
    (maps / "03.png").unlink()
    with pytest.raises(PredictionError, match=r"1 image \(03\) of 5 missing"):
        rgbtbench.score("generic/saliency", maps, ground_truth=masks)


def test_the_first_fault_is_told_whatever_the_threads_do(maps, masks):
    for name in ("01", "03"):
        (maps / f"{name}.png").write_bytes(b"\x89PNG\r\n\x1a\n nothing")
    with pytest.raises(PredictionError, match=r"01\.png: truncated PNG"):
        rgbtbench.score("generic/saliency", maps, ground_truth=masks)


def test_masks_of_0_and_1_count_as_those_of_0_and_255_and_are_noted(maps, masks, tmp_path):
    expected = rgbtbench.score("generic/saliency", maps, ground_truth=masks)
    ones = write(tmp_path / "ones", {name: truth // SATURATED for name, (_, truth) in pairs().items()})
    found = rgbtbench.score("generic/saliency", maps, ground_truth=ones)
    assert found.metrics == expected.metrics
    assert "masks of 0 and 1, whose 1 is taken as foreground: 5" in found.notes


def test_maps_of_0_and_1_are_stretched_or_refused(masks, tmp_path):
    ones = write(tmp_path / "ones", {name: truth // SATURATED for name, (_, truth) in pairs().items()})
    assert rgbtbench.score("generic/saliency", ones, ground_truth=masks).metrics["mae"] == 0
    with pytest.raises(PredictionError, match="all maps are of 0 and 1"):
        rgbtbench.score("generic/saliency+unstretched", ones, ground_truth=masks)


def test_grey_borders_of_jpeg_masks_count_where_the_rules_keep_them(maps, masks, tmp_path):
    lossy = write(tmp_path / "jpeg", {name: truth for name, (_, truth) in pairs().items()}, ending="jpg")
    stored = {name: cv2.imread(str(lossy / f"{name}.jpg"), cv2.IMREAD_GRAYSCALE) for name in pairs()}
    assert any(((mask > 0) & (mask < 255)).any() for mask in stored.values())
    for name, rules in (("saliency", SaliencyRules()), ("saliency+mspecgene", TOOL)):
        found = rgbtbench.score(f"generic/{name}", maps, ground_truth=lossy)
        expected = np.mean([ours(pairs()[key][0], mask, rules)["mae"] for key, mask in stored.items()])
        assert found.metrics["mae"] == pytest.approx(expected, abs=1e-12)


def test_a_map_of_another_size_is_refused_or_resized_as_the_rules_say(maps, masks):
    pillow = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    small = pairs()["02"][0][::2, ::2]
    write(maps, {"02": small})
    with pytest.raises(PredictionError, match=r"02.png: is 40x30; expected 80x60, the size of the mask"):
        rgbtbench.score("generic/saliency", maps, ground_truth=masks)
    stretched = np.asarray(pillow.fromarray(small).resize((80, 60), pillow.Resampling.BILINEAR))
    expected = [ours(stretched if key == "02" else pair[0], pair[1], TOOL)["mae"] for key, pair in pairs().items()]
    found = rgbtbench.score("generic/saliency+mspecgene", maps, ground_truth=masks)
    assert found.metrics["mae"] == pytest.approx(np.mean(expected), abs=1e-12)


def test_maps_of_16_bits_are_scored_as_finely_as_they_are(masks, tmp_path):
    fine = {name: prediction.astype(np.uint16) * np.uint16(257) for name, (prediction, _) in pairs().items()}
    found = rgbtbench.score("generic/saliency", write(tmp_path / "fine", fine), ground_truth=masks)
    assert found.metrics["s_measure"] == pytest.approx(means("s_measure"), abs=1e-12)
    assert found.metrics["f_max"] == pytest.approx(means("f_curve").max(), abs=1e-12)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (encode_png(np.arange(12, dtype=np.uint16).reshape(3, 4)), "a mask of 16 bits"),
        (encode_png(np.dstack([np.eye(5, dtype=np.uint8) * 9, *[np.zeros((5, 5), np.uint8)] * 2])), "is in colours"),
        (b"GIF89a", "neither JPEG nor PNG"),
    ],
)
def test_what_is_no_mask_is_named(maps, masks, content, message):
    (masks / "04.png").write_bytes(content)
    with pytest.raises(LabelError, match=message) as caught:
        rgbtbench.score("generic/saliency+mspecgene", maps, ground_truth=masks)
    assert "04.png" in str(caught.value)


def test_masks_without_any_or_twice_are_refused(maps, masks, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(LabelError, match="holds no mask"):
        rgbtbench.score("generic/saliency", maps, ground_truth=tmp_path / "empty")
    write(masks, {"00": pairs()["00"][1]}, ending="bmp")
    with pytest.raises(LabelError, match=r"holds 00\.bmp and 00\.png"):
        rgbtbench.score("generic/saliency", maps, ground_truth=masks)


def test_masks_of_8_bits_in_16_are_those_of_8(maps, masks, tmp_path):
    deep = write(
        tmp_path / "deep", {name: truth.astype(np.uint16) * np.uint16(257) for name, (_, truth) in pairs().items()}
    )
    found, expected = (rgbtbench.score("generic/saliency", maps, ground_truth=form) for form in (deep, masks))
    assert found.metrics == expected.metrics


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    folder = tmp_path_factory.mktemp("vt821")
    source = dataset("vt821")
    (folder / "raw").mkdir()
    source.fake(folder / "raw", source.layouts[1], {"test": 6}, seed=0)
    manifest = prepare_dataset("vt821", folder / "raw", folder / "shards", workers=1, allow_differences=True)
    return folder, {name.partition("/")[2]: name for name in protocols_of(manifest)}


def test_every_saliency_set_has_the_same_four_protocols(shards):
    _, ids = shards
    assert set(ids) == {"sod", "sod+unstretched", "sod+matlab", "sod+mspecgene"}
    for name in ("vt821", "vt1000", "vt5000", "vi_rgbt1500"):
        for variant in ids:
            rules = catalog.protocol(f"{name}/{variant}").rules
            assert rules == catalog.protocol(f"generic/{variant.replace('sod', 'saliency')}").rules
    assert catalog.protocol("vt5000/sod").rules == SaliencyRules()
    assert catalog.protocol("vt5000/sod+mspecgene").rules == TOOL


def test_a_network_that_knows_the_masks_is_scored_through_16_bits(shards, tmp_path):
    folder, ids = shards
    truth = {sample.key: sample.masks["saliency"] for sample in rgbtbench.open(folder / "shards", "test")}

    def network(batch):
        real = zip(batch.keys, batch.valid, strict=True)
        return [SaliencyPrediction(key, (truth[key] / 255).astype(np.float32)) for key, valid in real if valid]

    result = rgbtbench.evaluate(network, folder / "shards", ids["sod"], out=tmp_path / "out")
    assert result.score.metrics["mae"] == 0
    assert result.score.metrics["f_weighted"] == pytest.approx(1)
    assert read_sidecar(tmp_path / "out").predictions_sha256 == result.score.predictions_sha256
    assert result.record.metrics["s_measure"] == pytest.approx(1)


def test_shards_and_files_give_the_same_numbers(shards, tmp_path):
    folder, ids = shards
    samples = {sample.key: sample.masks["saliency"] for sample in rgbtbench.open(folder / "shards", "test")}
    rng = np.random.default_rng(0)
    guesses = {
        key: cv2.GaussianBlur(np.roll(mask, 5, 1), (0, 0), 4) + rng.integers(0, 9) for key, mask in samples.items()
    }
    maps = write(tmp_path / "maps", {key: guess.astype(np.uint8) for key, guess in guesses.items()})
    masks = write(tmp_path / "masks", samples)
    for variant in ("sod", "sod+mspecgene"):
        prepared = rgbtbench.score(ids[variant], maps, data=folder / "shards")
        plain = rgbtbench.score(f"generic/{variant.replace('sod', 'saliency')}", maps, ground_truth=masks)
        for name, value in plain.metrics.items():
            assert prepared.metrics[name] == pytest.approx(value, abs=1e-14), (variant, name)


@pytest.mark.parametrize("layout", [0, 1], ids=["png", "jpeg"])
def test_a_datasets_own_masks_say_what_prepared_data_says(tmp_path, layout):
    source = dataset("vt5000")
    (tmp_path / "raw").mkdir()
    source.fake(tmp_path / "raw", source.layouts[layout], {"test": 11}, seed=0)
    manifest = prepare_dataset("vt5000", tmp_path / "raw", tmp_path / "shards", workers=1, allow_differences=True)
    samples = {sample.key: sample.masks["saliency"] for sample in rgbtbench.open(tmp_path / "shards", "test")}
    assert "Test/10" in samples
    rng = np.random.default_rng(1)
    noisy = {
        key.partition("/")[2]: mask // 2 + rng.integers(0, 100, mask.shape, np.uint8) for key, mask in samples.items()
    }
    maps = write(tmp_path / "maps", noisy)
    own = next(name for name in protocols_of(manifest) if name.endswith("/sod"))
    prepared = rgbtbench.score(own, maps, data=tmp_path / "shards")
    plain = rgbtbench.score("vt5000/sod", maps, ground_truth=tmp_path / "raw" / "Test" / "GT")
    # Eleven masks are not the 2,500 of the set, and the id says so.
    assert plain.protocol.id == own
    assert plain.metrics == prepared.metrics
    assert plain.intervals == prepared.intervals
