from pathlib import Path

import numpy as np
import pytest

from rgbtbench.errors import InputFileError
from rgbtbench.synthesis.parameters import GENERATOR_VERSION
from rgbtbench.synthesis.realism import as_markdown, compare_with_real, statistics_of

MFNET = Path(__file__).parents[2] / ".." / "shared" / "samples" / "mfnet" / "images"


def ramp(step):
    return np.broadcast_to((np.arange(128) * step).astype(np.uint8), (96, 128))


def test_statistics_of_a_ramp_can_be_worked_out_by_hand():
    heat = ramp(1)
    found = statistics_of(np.repeat(heat[..., None], 3, 2), heat)
    assert found.lwir_mean == pytest.approx(63.5)
    assert found.lwir_spread == pytest.approx(np.sqrt((128**2 - 1) / 12), rel=1e-4)
    assert found.lwir_local == pytest.approx(np.sqrt((8**2 - 1) / 12), rel=1e-4)
    assert found.lwir_edges == pytest.approx(126 / 128, rel=1e-3)  # one grey level per pixel, none at the two borders
    assert found.grey_correlation == pytest.approx(1.0)


def test_a_negative_has_opposite_greys_and_the_same_edges():
    picture = np.random.default_rng(0).integers(0, 256, (96, 128), dtype=np.uint8)
    found = statistics_of(np.repeat(picture[..., None], 3, 2), 255 - picture)
    assert found.grey_correlation == pytest.approx(-1.0)
    assert found.edge_correlation == pytest.approx(1.0)


def test_unrelated_pictures_share_no_edges():
    rng = np.random.default_rng(0)
    rgb, lwir = rng.integers(0, 256, (96, 128, 3), dtype=np.uint8), rng.integers(0, 256, (96, 128), dtype=np.uint8)
    assert abs(statistics_of(rgb, lwir).edge_correlation) < 0.05


def test_a_file_that_is_no_picture_is_named(tmp_path):
    path = tmp_path / "rgb.png"
    path.write_bytes(b"nothing")
    with pytest.raises(InputFileError, match=r"rgb\.png"):
        compare_with_real({"mine": [(path, path)]}, count=1)


@pytest.mark.skipif(not MFNET.is_dir(), reason="needs the optional MFNet samples beside the repository")
def test_shared_edges_are_as_frequent_as_in_real_pairs():
    files = sorted(MFNET.glob("*.png"))[::8]
    report = compare_with_real({"MFNet": [(file, file) for file in files]}, count=24)
    groups = report["groups"]
    assert report["generator"] == GENERATOR_VERSION
    real = groups["MFNet"]["quartiles"]["edge_correlation"]
    for name in ("synthetic, day", "synthetic, night"):
        assert abs(groups[name]["quartiles"]["edge_correlation"][1] - real[1]) < 0.25
    assert as_markdown(report).count("\n") == 12
