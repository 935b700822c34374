"""MCubeS, DeLiVER, ZJU-RGB-P and UrbanLF: what is special about polarisation, simulation and light fields."""

import io

import numpy as np
import pytest

from rgbtbench.cards import dataset_card
from rgbtbench.datasets import dataset, recognise
from rgbtbench.errors import InputFileError, LabelError
from rgbtbench.formats.image_file import decode_image, probe
from tests.formats.files import file_of, noise, pixels_of, put


def array_file(values):
    stream = io.BytesIO()
    np.save(stream, values)
    return stream.getvalue()


def pairs(name, root):
    source = dataset(name)
    layout = recognise(source, root)
    return [source.pair(root, layout, entry) for entry in source.entries(root, layout)]


def mcubes(root, stem="outscene1208_2_0000000150", **changed):
    random = np.random.default_rng(1)
    raster = random.standard_normal((3, 13, 17)).astype(np.float32)
    files = {
        "polL_color": file_of(noise(channels=3)),
        "polL_aolp_sin": array_file(raster[0]),
        "polL_aolp_cos": array_file(raster[1]),
        "polL_dolp": array_file(raster[2]),
        "NIR_warped": file_of(noise(below=65536, dtype=np.uint16)),
        "NIR_warped_mask": file_of(noise(below=3)),
        "GT": file_of(noise(below=20)),
    } | changed
    for folder, data in files.items():
        put(root, f"{folder}/{stem}.{'npy' if data.startswith(bytes([0x93])) else 'png'}", data)
    put(root, "list_folder/test.txt", f"{stem}\n")
    return raster


def test_sine_and_cosine_are_two_channels_and_the_degree_keeps_its_bytes(tmp_path):
    raster = mcubes(tmp_path)
    (pair,) = pairs("mcubes", tmp_path)
    aolp = pair.images["aolp"]
    np.testing.assert_array_equal(decode_image(aolp.data, probe(aolp.data)), np.stack(raster[:2], axis=-1))
    assert pair.images["dolp"].data == array_file(raster[2])
    assert (pair.images["nir"].bit_depth, pair.entry.cluster) == (16, "outscene1208")


def test_what_near_infrared_does_not_see_is_a_mask_of_its_own(tmp_path):
    mcubes(tmp_path)
    (pair,) = pairs("mcubes", tmp_path)
    np.testing.assert_array_equal(pixels_of(pair.labels["nir_hidden"].data), noise(below=3) > 0)
    assert 255 in dataset_card("mcubes").label_sets["semantic"].ignore_ids


def test_a_material_that_does_not_exist_is_an_error(tmp_path):
    mcubes(tmp_path, GT=file_of(np.full((13, 17), 20, np.uint8)))
    with pytest.raises(LabelError, match=r"GT/outscene1208_2_0000000150\.png: holds id 20 on 221 pixels"):
        pairs("mcubes", tmp_path)


def deliver(root, sample="cloud/{}/MAP_1_point102/110100", split="test"):
    weather, _, scene, frame = sample.split("/")
    label = np.dstack([noise(below=25) + 1, noise(seed=5), noise(seed=6)]).astype(np.uint8)
    pictures = {
        "img": ("rgb", noise(channels=3)), "depth": ("depth", noise()), "hha": ("depth", noise(channels=3)),
        "lidar": ("lidar", noise(channels=3)), "event": ("event", noise(6, 8, 3)), "semantic": ("semantic", label),
    }  # fmt: skip
    for folder, (word, pixels) in pictures.items():
        put(root, f"{folder}/{weather}/{split}/{scene}/{frame}_{word}_front.png", file_of(pixels))
    return label


def test_the_id_is_in_the_red_channel_and_raw(tmp_path):
    label = deliver(tmp_path)
    (pair,) = pairs("deliver", tmp_path)
    np.testing.assert_array_equal(pixels_of(pair.labels["semantic"].data), label[..., 0])
    names = {entry.id: entry.name for entry in dataset_card("deliver").label_sets["semantic"].classes}
    assert (names[1], names[25], len(names)) == ("Building", "Truck", 25)


def test_depth_and_its_surface_encoding_are_two_modalities(tmp_path):
    deliver(tmp_path)
    (pair,) = pairs("deliver", tmp_path)
    assert (pair.images["depth"].channels, pair.images["hha"].channels) == (1, 3)
    assert (pair.images["event"].width, pair.images["rgb"].width) == (8, 17)


@pytest.mark.parametrize(
    ("scene", "case"),
    [
        ("MAP_1_point102", "clean"),
        ("MAP_6_point9_motionblur", "motionblur"),
        ("MAP_2_point1_LidarJitter", "lidarjitter"),
    ],
)
def test_weather_and_case_come_from_folders_and_never_from_the_split(tmp_path, scene, case):
    deliver(tmp_path / "rain", f"sun/-/{scene}/000001", split="train")
    (pair,) = pairs("deliver", tmp_path / "rain")
    assert dict(pair.attributes) == {"weather": "sun", "case": case}
    assert (pair.entry.key, pair.entry.cluster) == (f"sun/{scene}/000001", scene)


def test_a_frame_that_one_camera_lacks_is_named(tmp_path):
    deliver(tmp_path)
    (tmp_path / "event/cloud/test/MAP_1_point102/110100_event_front.png").unlink()
    with pytest.raises(InputFileError, match=r"110100_event_front\.png: missing, while its twin"):
        pairs("deliver", tmp_path)


def zju(root, colour, *, split="val"):
    for angle in (0, 45, 90, 135):
        put(root, f"{split}/{angle}/12_{angle}.png", file_of(noise(channels=3, seed=angle)))
    put(root, f"{split}/{split}_label/12.png", file_of(np.full((13, 17, 3), colour, np.uint8)))
    return root


def test_the_four_angles_stay_and_rgb_is_the_one_at_0_degrees(tmp_path):
    (pair,) = pairs("zju_rgbp", zju(tmp_path, (128, 0, 0)))
    assert pair.entry.split == "test"
    np.testing.assert_array_equal(pixels_of(pair.images["rgb"].data), noise(channels=3, seed=0))
    np.testing.assert_array_equal(pixels_of(pair.images["polarisation_135"].data), noise(channels=3, seed=135))
    assert pair.labels["semantic"].values == (1,)


def test_a_colour_that_is_no_class_is_an_error(tmp_path):
    with pytest.raises(LabelError, match=r"val/val_label/12\.png: holds 1 colours that are no class: \(1, 0, 0\)"):
        pairs("zju_rgbp", zju(tmp_path, (1, 0, 0)))


def test_a_copy_with_ids_keeps_its_bytes(tmp_path):
    zju(tmp_path, (0, 0, 0))
    data = file_of(noise(below=9))
    put(tmp_path, "val/val_label/12.png", data)
    (pair,) = pairs("zju_rgbp", tmp_path)
    assert pair.labels["semantic"].data == data


def light_field(root, split, folder, labels=None):
    for u in range(1, 10):
        for v in range(1, 10):
            put(root, f"{split}/{folder}/{u}_{v}.png", file_of(noise(channels=3, seed=10 * u + v)))
    if labels is not None:
        put(root, f"{split}/{folder}/label.npy", array_file(labels))
    return root


def test_all_81_views_stay_and_the_centre_is_rgb(tmp_path):
    (pair,) = pairs("urbanlf", light_field(tmp_path, "val", "Image3", np.ones((13, 17), np.int64)))
    assert len(pair.images) == 81
    np.testing.assert_array_equal(pixels_of(pair.images["rgb"].data), noise(channels=3, seed=55))
    np.testing.assert_array_equal(pixels_of(pair.images["lightfield_1_5"].data), noise(channels=3, seed=15))


def test_minus_one_is_never_scored_and_14_is_sky(tmp_path):
    labels = np.full((13, 17), 14, np.int32)
    labels[0] = -1
    (pair,) = pairs("urbanlf", light_field(tmp_path, "train", "Image1", labels))
    facts = dataset_card("urbanlf").label_sets["semantic"]
    assert pair.labels["semantic"].values == (0, 14)
    assert (facts.ignore_ids, facts.classes[-1].name) == ((0,), "sky")


def test_0_is_refused_because_a_copy_that_counts_from_0_would_be_shifted_by_a_class(tmp_path):
    light_field(tmp_path, "train", "Image1", np.arange(14).repeat(17).reshape(14, 17)[:13])
    with pytest.raises(InputFileError, match=r"label\.npy: holds the id 0; expected ids that count from 1, and -1"):
        pairs("urbanlf", tmp_path)


@pytest.mark.parametrize("unknown", [15, 255])
def test_ids_beyond_the_classes_are_refused(tmp_path, unknown):
    light_field(tmp_path, "train", "Image1", np.full((13, 17), unknown))
    with pytest.raises(LabelError, match=f"{unknown}"):
        pairs("urbanlf", tmp_path)


def test_the_test_split_has_no_labels(tmp_path):
    light_field(tmp_path, "val", "Image1", np.ones((13, 17), np.uint8))
    light_field(tmp_path, "test", "Image1")
    assert [(pair.entry.key, set(pair.labels)) for pair in pairs("urbanlf", tmp_path)] == [
        ("val/Image1", {"semantic"}),
        ("test/Image1", set()),
    ]


@pytest.mark.parametrize(
    "values", [np.full((13, 17), 300), np.full((13, 17), -2), np.ones((13, 17), np.float32), np.ones(5, int)]
)
def test_other_label_arrays_are_refused(tmp_path, values):
    with pytest.raises(InputFileError, match=r"label\.npy: an array of type"):
        pairs("urbanlf", light_field(tmp_path, "val", "Image1", values))


def test_a_folder_of_another_name_is_named(tmp_path):
    light_field(tmp_path, "val", "Image1", np.ones((13, 17), np.uint8))
    put(tmp_path, "val/Image1 (copy)/5_5.png", b"x")
    with pytest.raises(InputFileError, match=r"'Image1 \(copy\)' is no sample of urbanlf"):
        pairs("urbanlf", tmp_path)
