"""Folders of images of several sizes, some without one modality: MFNet and an FCOS with random weights."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
import torch

from rgbtbench.cli import main
from rgbtbench.errors import InputFileError, RecipeError, UserError
from rgbtbench.folder_prediction import predict_folder
from rgbtbench.formats.write_image import write_image
from rgbtbench.zoo.load import load_model
from rgbtbench.zoo.ready import ReadyModel
from rgbtbench.zoo.registry import build
from rgbtbench.zoo.weights import save_weights
from tests.training.recipes import AtStep
from tests.zoo.batches import varied_mfnet

SIZES = {"a": (40, 60), "b": (33, 47), "c": (40, 60)}


@pytest.fixture(scope="module")
def walk(tmp_path_factory):
    """Three photographs and two thermal images; the third has none."""
    folder = tmp_path_factory.mktemp("walk")
    draw = np.random.default_rng(1)
    for key, size in SIZES.items():
        write_image(folder / "rgb" / f"{key}.jpg", draw.integers(0, 256, (*size, 3), dtype=np.uint8))
        if key != "c":
            write_image(folder / "lwir" / f"{key}.png", draw.integers(0, 65536, size, dtype=np.uint16))
    (folder / "rgb" / "notes.txt").write_text("no image")
    return folder


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    torch.set_num_threads(1)
    path = tmp_path_factory.mktemp("weights") / "mfnet.safetensors"
    save_weights(varied_mfnet({0: "unlabeled", 1: "car", 2: "person"}), path)
    return path


def test_every_image_has_a_mask_and_a_picture(walk, weights, tmp_path):
    listener = AtStep()
    summary = predict_folder(weights, walk, tmp_path / "out", device="cpu", progress=listener)
    assert (summary.images, summary.without) == (3, {"lwir": 1})
    assert "lwir is not given: zeros after normalisation stand in for it (1 of 3 images)" in listener.said
    model = ReadyModel(load_model(weights))
    for key, size in SIZES.items():
        mask = cv2.imread(str(tmp_path / "out" / "masks" / f"{key}.png"), cv2.IMREAD_UNCHANGED)
        images = {"rgb": walk / "rgb" / f"{key}.jpg", "lwir": walk / "lwir" / f"{key}.png"}
        given = {name: path for name, path in images.items() if path.is_file()}
        assert mask.shape == size
        assert np.array_equal(mask, model(**given).mask)
        picture = cv2.imread(str(tmp_path / "out" / "overlays" / f"{key}.png"))
        photograph = cv2.imread(str(images["rgb"]))
        assert picture.shape == photograph.shape
        assert len(np.unique(mask)) > 1
        # Where there is nothing the photograph shows, and elsewhere its half.
        change = np.abs(picture.astype(int) - photograph)
        assert change[mask == 0].max(initial=0) <= 3
        assert change[mask > 0].mean() > 10
    classes = json.loads((tmp_path / "out" / "classes.json").read_text())
    assert {number: entry["name"] for number, entry in classes.items()} == {"0": "unlabeled", "1": "car", "2": "person"}


def test_one_modality_alone_and_folders_of_other_names_are_enough(walk, weights, tmp_path):
    summary = predict_folder(weights, walk, tmp_path / "out", names={"rgb": "nothing", "lwir": "lwir"}, device="cpu")
    assert (summary.images, summary.without) == (2, {"rgb": 2})


def test_boxes_are_rows_with_the_name_of_their_image(walk, tmp_path):
    torch.manual_seed(0)
    config = {"widths": [8, 16, 32, 32], "head_channels": 32, "head_depth": 1, "score_threshold": 0.0}
    model = build("two_stream_fcos", config, task="detection", classes={4: "person"})
    save_weights(model, tmp_path / "fcos.safetensors")
    predict_folder(tmp_path / "fcos.safetensors", walk, tmp_path / "out", device="cpu")
    rows = json.loads((tmp_path / "out" / "detections.json").read_text())
    assert {row["image"] for row in rows} <= set(SIZES)
    assert {(row["category_id"], row["category"]) for row in rows} == {(4, "person")}
    assert sorted(path.stem for path in (tmp_path / "out" / "overlays").iterdir()) == sorted(SIZES)


def test_what_lies_there_is_named_where_it_is_no_folder_of_images(walk, weights, tmp_path):
    with pytest.raises(InputFileError, match=r"it holds lwir, rgb; expected x/ or y/ with images"):
        predict_folder(weights, walk, tmp_path / "out", names={"rgb": "x", "lwir": "y"})
    with pytest.raises(RecipeError, match="the model is fed rgb, lwir, and not nir"):
        predict_folder(weights, walk, tmp_path / "out", names={"nir": "x"})
    assert not (tmp_path / "out").exists()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("precious")
    with pytest.raises(UserError, match="holds other things"):
        predict_folder(weights, walk, tmp_path / "out", device="cpu")


def test_two_files_of_one_name_are_refused(weights, tmp_path):
    for ending in ("png", "jpg"):
        write_image(tmp_path / "rgb" / f"a.{ending}", np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(InputFileError, match=r"a\.png: a\.jpg has the same name"):
        predict_folder(weights, tmp_path, tmp_path / "out")


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ([], 0, "written to"),
        (["--data", "shards"], 2, "give --data or --images"),
        (["--flip"], 2, "each image as it is"),
        (["--folder", "visible"], 2, "modality=folder"),
    ],
)
def test_the_command(walk, weights, tmp_path, monkeypatch, capsys, options, code, said):
    out = ["--images", str(walk), "--out", str(tmp_path / "out"), "--device", "cpu"]
    monkeypatch.setattr("sys.argv", ["rgbtbench", "predict", str(weights), *out, *options])
    with pytest.raises(SystemExit) as end:
        main()
    assert (end.value.code or 0) == code
    assert said in "".join(capsys.readouterr())
