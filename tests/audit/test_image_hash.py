"""Signatures: the customary definitions, near for the same picture in other clothes, far for other pictures."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from scipy.fft import dctn

from rgbtbench.audit.image_hash import NEAR_BITS, bits_apart, thumbnail
from rgbtbench.audit.image_hash import signature as signature_of
from rgbtbench.audit.pixels import grey8
from rgbtbench.formats.image_file import decode_image, probe
from tests.audit.planted import scene
from tests.datasets.shared import SAMPLES, needs


def grey(number):
    return cv2.cvtColor(scene(number)[0], cv2.COLOR_RGB2GRAY)


def signature(image):
    return signature_of(thumbnail(image))


def apart(one, other):
    return int(bits_apart(signature(one), signature(other)))


def jpeg(image, quality):
    return cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_GRAYSCALE)


def cropped(image, share):
    height, width = image.shape
    y, x = round(height * share), round(width * share)
    return cv2.resize(image[y : height - y, x : width - x], (width, height))


CLOTHES = {
    "poor jpeg": lambda image: jpeg(image, 30),
    "half size": lambda image: cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA),
    "other aspect": lambda image: cv2.resize(image, (512, 512)),
    "gamma": lambda image: (255 * (image / 255) ** 0.6).astype(np.uint8),
    "stretched": lambda image: (image.astype(np.float32) * 0.7 + 30).astype(np.uint8),
}


def test_a_signature_is_the_dct_hash_and_the_difference_hash():
    image = grey(3)
    small = cv2.resize(image, (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32)
    low = dctn(small.astype(np.float64), norm="ortho")[:8, :8].ravel()
    above = low > np.median(low[1:])
    above[0] = False
    tiny = cv2.resize(small, (9, 8), interpolation=cv2.INTER_AREA)
    bits = np.concatenate([above, (np.diff(tiny, axis=1) > 0).ravel()])
    assert np.array_equal(np.unpackbits(signature(image).view(np.uint8)), bits)


@pytest.mark.parametrize("clothes", CLOTHES)
def test_the_same_picture_in_other_clothes_is_near(clothes):
    assert max(apart(grey(number), CLOTHES[clothes](grey(number))) for number in range(8)) <= NEAR_BITS


def test_other_pictures_are_far():
    signatures = np.array([signature(grey(number)) for number in range(40)])
    distances = bits_apart(signatures[:, None], signatures[None])
    assert distances[np.triu_indices(40, 1)].min() > NEAR_BITS + 10


@pytest.mark.parametrize("value", [0, 3, 255])
def test_an_image_without_texture_has_no_signature(value):
    noise = np.random.default_rng(0).integers(0, 2, (120, 160), np.uint8)
    assert signature(np.full((120, 160), value, np.uint8) - np.minimum(noise, value).astype(np.uint8)) is None


@needs("samples/roadscene")
def test_on_real_pairs_other_clothes_are_near_and_the_only_near_pairs_are_of_one_place():
    for folder in ("crop_LR_visible", "cropinfrared"):
        paths = sorted((SAMPLES / "roadscene" / folder).iterdir())
        images = [grey8(np.atleast_3d(decode_image(path.read_bytes(), probe(path.read_bytes())))) for path in paths]
        for name, change in CLOTHES.items():
            near = [apart(image, change(image)) <= NEAR_BITS for image in images[::6]]
            assert np.mean(near) >= 0.97, name
        assert np.mean([apart(image, cropped(image, 0.02)) <= NEAR_BITS for image in images[::6]]) >= 0.9
        signatures = np.array([signature(image) for image in images])
        close = bits_apart(signatures[:, None], signatures[None]) <= NEAR_BITS
        pairs = [(paths[one].stem, paths[other].stem) for one, other in np.argwhere(np.triu(close, 1))]
        # Frames of one place, looked at by eye: another moment, and a validation image that is also a video frame.
        places = {("FLIR_06099", "FLIR_06128"), ("FLIR_09465", "FLIR_video_02829"), ("FLIR_09437", "FLIR_video_02223")}
        neighbours = {pair for pair in pairs if abs(int(pair[0][-5:]) - int(pair[1][-5:])) <= 10}
        assert set(pairs) - neighbours <= places
