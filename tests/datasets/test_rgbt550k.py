"""RGBT550K: the thermal tree decides, its twin mirrors it, keys fit, and twice the same image is marked."""

import re
import shutil

import pytest
import yaml

from rgbtbench.cards import dataset_card
from rgbtbench.datasets import dataset, recognise
from rgbtbench.datasets.rgbt550k import EXAMPLE, key_of_path
from rgbtbench.errors import InputFileError, LayoutError
from rgbtbench.loading.prepared import open_split
from rgbtbench.shards.build import prepare
from tests.datasets.shared import SAMPLES, needs
from tests.formats.files import file_of, noise, pixels_of, put

SOURCE = dataset("rgbt550k")
CARD = dataset_card("rgbt550k")
THERMAL, COLOUR = noise(), noise(channels=3, seed=1)
KINDS = {"jpg": "jpeg", "jpeg": "jpeg", "png": "png", "bmp": "bmp", "ppm": "ppm", "pgm": "ppm", "tif": "tiff"}


def put_pair(root, path, twin=None, *, thermal=THERMAL, colour=COLOUR):
    kind = KINDS[path.rpartition(".")[2].lower()]
    put(root, f"RGBT_CLEAN_v6/ir/{path}", file_of(thermal, kind))
    put(root, f"RGBT_CLEAN_v6/rgb/{twin or path}", file_of(colour, kind))
    return root


def pairs(root):
    layout = recognise(SOURCE, root)
    return [SOURCE.pair(root, layout, entry) for entry in SOURCE.entries(root, layout)]


@pytest.mark.parametrize(
    ("path", "twin"),
    [
        ("1.jpg", "1.jpg"),
        ("LLVIP/infrared/train/1.jpg", "LLVIP/visible/train/1.jpg"),
        ("a/ir/b/ir/ir.jpg", "a/rgb/b/rgb/ir.jpg"),
        ("infrared_ir/infrared.jpg", "infrared_ir/infrared.jpg"),
    ],
)
def test_folders_of_the_twin_are_called_otherwise_and_files_are_not(tmp_path, path, twin):
    (pair,) = pairs(put_pair(tmp_path, path, twin))
    assert pair.images["rgb"].source == f"RGBT_CLEAN_v6/rgb/{twin}"
    assert pair.entry.key == path.removesuffix(".jpg")
    assert pair.attributes["folder"] == (path.partition("/")[0] if "/" in path else None)


def test_jpeg_pairs_and_others_are_splits_in_the_order_of_their_paths(tmp_path):
    for path in ("b.PNG", "a.jpg", "c/1.jpeg", "b.bmp.png", "c/1.tif", "d.pgm"):
        put_pair(tmp_path, path, colour=THERMAL + 1 if path.endswith("pgm") else COLOUR)
    put(tmp_path, "RGBT_CLEAN_v6/ir/read me.txt", "no image")
    assert [(pair.entry.split, pair.entry.order, pair.entry.official_id) for pair in pairs(tmp_path)] == [
        ("train", 0, "a.jpg"),
        ("train_png", 0, "b.PNG"),
        ("train_png", 1, "b.bmp.png"),
        ("train", 1, "c/1.jpeg"),
        ("train_png", 2, "c/1.tif"),
        ("train_png", 3, "d.pgm"),
    ]


def test_foreign_images_become_png_and_all_pixels_stay(tmp_path):
    (pair,) = pairs(put_pair(tmp_path, "a.bmp"))
    assert {image.conversion for image in pair.images.values()} == {"BMP as PNG"}
    assert (pixels_of(pair.images["rgb"].data) == COLOUR).all()


def test_twice_the_same_image_is_kept_and_marked(tmp_path):
    put_pair(tmp_path, "1.png")
    put_pair(tmp_path, "2.png", colour=THERMAL)
    assert [pair.attributes["identical"] for pair in pairs(tmp_path)] == [False, True]


def test_keys_fit_and_long_paths_stay_apart():
    assert key_of_path("set 1/ä.b.jpg") == "set_1/__b"
    long = "folder/" * 11 + "0000001"
    assert key_of_path(f"{'x' * 80}.jpg") == "x" * 80
    # sha256 of the path, from `printf %s PATH | sha256sum`.
    assert key_of_path(f"{long}.jpg") == f"{long[:67]}-e829ed61db7d"
    assert len({key_of_path(f"{'folder/' * 11}{number:07d}.jpg") for number in range(100)}) == 100


def test_two_paths_with_one_key_are_an_error(tmp_path):
    put_pair(tmp_path / "raw", "a b.jpg")
    put_pair(tmp_path / "raw", "a_b.jpg")
    with pytest.raises(InputFileError, match=r"'a b\.jpg' and 'a_b\.jpg' in split train share the key 'a_b'"):
        prepare(SOURCE, CARD, tmp_path / "raw", tmp_path / "out", workers=1)
    put_pair(tmp_path / "other", "a.jpg")
    put_pair(tmp_path / "other", "a.png")
    with pytest.raises(InputFileError, match=r"share the key 'a'"):
        prepare(SOURCE, CARD, tmp_path / "other", tmp_path / "out", workers=1)


def test_a_missing_twin_is_named(tmp_path):
    put_pair(tmp_path, "infrared/1.jpg", "visible/1.jpg")
    (tmp_path / "RGBT_CLEAN_v6/rgb/visible/1.jpg").unlink()
    with pytest.raises(
        InputFileError, match=r"rgb/visible/1\.jpg: missing, while its twin .*ir/infrared/1\.jpg exists"
    ):
        pairs(tmp_path)


def test_links_that_lead_in_a_circle_and_empty_trees_are_named(tmp_path):
    put_pair(tmp_path, "1.jpg")
    (tmp_path / "RGBT_CLEAN_v6/ir/again").symlink_to(tmp_path / "RGBT_CLEAN_v6/ir", target_is_directory=True)
    with pytest.raises(InputFileError, match="ir/again: symbolic links lead in a circle"):
        pairs(tmp_path)
    for folder in ("ir", "rgb"):
        (tmp_path / "empty/RGBT_CLEAN_v6" / folder).mkdir(parents=True)
    with pytest.raises(LayoutError, match=r"RGBT_CLEAN_v6/ir: holds no image"):
        pairs(tmp_path / "empty")


def test_a_described_tree_outranks_the_released_one(tmp_path):
    put_pair(tmp_path / "raw", "1.png")
    put(tmp_path, "raw/thermal/7.png", file_of(THERMAL))
    put(tmp_path, "raw/visible/7.png", file_of(COLOUR))
    put(tmp_path, "raw/layout.yaml", EXAMPLE)
    prepare(SOURCE, CARD, tmp_path / "raw", tmp_path / "out", workers=1)
    assert open_split(tmp_path / "out", "train_png").keys == ("7",)


@needs("samples/roadscene")
def test_real_pairs_are_read_where_they_lie_as_a_description_says(tmp_path):
    names = sorted(path.name for path in (SAMPLES / "roadscene/cropinfrared").iterdir())
    for folder in ("crop_LR_visible", "cropinfrared"):
        shutil.copytree(SAMPLES / "roadscene" / folder, tmp_path / folder)
    put(tmp_path, "layout.yaml", "modalities: {rgb: 'crop_LR_visible/{stem}.jpg', lwir: 'cropinfrared/{stem}.jpg'}\n")
    found = pairs(tmp_path)
    assert [f"{pair.entry.official_id}.jpg" for pair in found] == names
    assert len(found) == 221
    for pair in found[::20]:
        rgb, lwir = pair.images["rgb"], pair.images["lwir"]
        assert (rgb.width, rgb.height) == (lwir.width, lwir.height)
        assert lwir.data == (SAMPLES / f"roadscene/cropinfrared/{pair.entry.official_id}.jpg").read_bytes()


def test_the_example_of_the_card_is_the_one_that_is_shown():
    (note,) = [note for note in CARD.notes if "layout.yaml" in note]
    assert yaml.safe_load(re.search(r"`(\{.*\})`", note)[1]) == yaml.safe_load(EXAMPLE)
