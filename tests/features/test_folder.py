from __future__ import annotations

import io
import json

import numpy as np
import pytest

from rgbtbench.errors import InputFileError, PredictionError, UserError
from rgbtbench.features.folder import DESCRIPTION, FeatureFolder, FeaturesInfo, FeatureWriter

INFO = FeaturesInfo(
    dataset="tiny", edition="official", split="test", data_hash="0" * 64, modalities=("rgb", "lwir"), source="noise"
)
KEYS = ("a", "day/b")


def grids(seed: int = 0) -> dict[str, np.ndarray]:
    draw = np.random.default_rng(seed)
    return {"rgb": draw.standard_normal((3, 2, 4)), "lwir": draw.standard_normal((3, 1, 2))}


@pytest.fixture
def written(tmp_path):
    with FeatureWriter(tmp_path / "features", INFO) as writer:
        for seed, key in enumerate(KEYS):
            writer.write(key, grids(seed))
    return tmp_path / "features"


def spoilt(folder, content: bytes):
    (folder / "rgb" / "a.npy").write_bytes(content)
    return FeatureFolder(folder, KEYS)


def packed(array: np.ndarray, **options: bool) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


def test_what_is_written_is_read_in_16_bits(written):
    folder = FeatureFolder(written, KEYS)
    for seed, key in enumerate(KEYS):
        for modality, grid in grids(seed).items():
            found = folder.read(key, modality)
            assert found.dtype == np.float32
            assert np.array_equal(found, grid.astype(np.float16).astype(np.float32))
    assert folder.info.model_copy(update={"keys_sha256": None}) == INFO


def test_anyone_reads_them_with_numpy_alone(written):
    assert np.load(written / "lwir" / "day" / "b.npy").shape == (3, 1, 2)


def test_another_tool_may_write_other_floats_in_either_order(written):
    grid = np.asfortranarray(grids()["rgb"])
    assert np.array_equal(spoilt(written, packed(grid)).read("a", "rgb"), grid.astype(np.float32))


def test_an_interrupted_run_never_looks_finished_and_may_be_repeated(tmp_path):
    writer = FeatureWriter(tmp_path / "out", INFO)
    writer.__enter__()
    writer.write("a", grids())
    writer.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
    with pytest.raises(PredictionError, match="never finished"):
        FeatureFolder(tmp_path / "out", KEYS)
    with FeatureWriter(tmp_path / "out", INFO) as writer:
        for key in KEYS:
            writer.write(key, grids())
    assert FeatureFolder(tmp_path / "out", KEYS).read("a", "rgb").shape == (3, 2, 4)


def test_a_folder_of_other_things_is_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(PredictionError, match="not empty"), FeatureWriter(tmp_path, INFO):
        pass
    with pytest.raises(UserError, match="is a file"), FeatureWriter(tmp_path / "notes.txt", INFO):
        pass
    assert (tmp_path / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("wrong", [np.full((3, 2, 4), np.nan), np.full((3, 2, 4), 1e6), np.zeros((3, 8))])
def test_features_that_cannot_be_stored_are_refused(tmp_path, wrong):
    with (
        pytest.raises(PredictionError, match="a: rgb features of shape"),
        FeatureWriter(tmp_path / "out", INFO) as writer,
    ):
        writer.write("a", grids() | {"rgb": wrong})


def test_a_modality_that_is_missing_is_named(tmp_path):
    with pytest.raises(PredictionError, match="expected rgb and lwir"), FeatureWriter(tmp_path / "out", INFO) as writer:
        writer.write("a", {"rgb": np.zeros((3, 2, 4))})


def test_a_key_leads_nowhere_else(tmp_path):
    with pytest.raises(InputFileError, match="cannot be stored"), FeatureWriter(tmp_path / "out", INFO) as writer:
        writer.write("../a", grids())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no NumPy file"),
        (packed(np.zeros((3, 2, 4)))[:-8], "bytes of samples"),
        (packed(np.array([{}], object), allow_pickle=True), "could run code|plain numbers"),
        (packed(np.zeros((3, 8))), r"expected floats \(D, rows, columns\)"),
        (packed(np.zeros((3, 2, 4), np.int64)), r"expected floats \(D, rows, columns\)"),
        (packed(np.full((3, 2, 4), np.inf)), "no numbers"),
    ],
)
def test_a_file_that_is_damaged_or_of_another_kind_is_named(written, content, words):
    with pytest.raises(PredictionError, match=f"a.npy: .*({words})"):
        spoilt(written, content).read("a", "rgb")


@pytest.mark.parametrize("content", ["", "[]", "{", '{"format": "other"}', "[" * 100_000])
def test_a_description_that_is_none_is_named(written, content):
    (written / DESCRIPTION).write_text(content)
    with pytest.raises(PredictionError, match=DESCRIPTION):
        FeatureFolder(written, KEYS)


def test_an_unknown_and_a_missing_image_are_named(written):
    with pytest.raises(PredictionError, match=r"1 image \(c\) of 3 missing"):
        FeatureFolder(written, (*KEYS, "c"))
    with pytest.raises(PredictionError, match="that the split does not have"):
        FeatureFolder(written, KEYS[:1])
    with pytest.raises(PredictionError, match="no features of nir"):
        FeatureFolder(written, KEYS).read("a", "nir")


def test_a_folder_without_a_description_is_no_features(tmp_path):
    with pytest.raises(PredictionError, match=r"no features\.json"):
        FeatureFolder(tmp_path, KEYS)


def test_the_description_is_plain_json(written):
    assert json.loads((written / DESCRIPTION).read_text())["source"] == "noise"
