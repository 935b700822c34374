"""The page of an audit: one file with its pictures inside, in which nothing can run or reach a network."""

from __future__ import annotations

import base64
import hashlib
import re

import cv2
import numpy as np
import pytest

from rgbtbench.audit.heat_maps import heat_map
from rgbtbench.audit.page import page, write_page
from tests.audit.planted import FAULTS


@pytest.fixture(scope="module")
def text(found):
    return page(found)


def decoded(address):
    data = base64.b64decode(address.partition(",")[2])
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)


def test_every_picture_is_inside_and_whole(text):
    addresses = re.findall(r'src="([^"]+)"', text)
    assert len(addresses) > 60
    assert all(address.startswith("data:image/") and decoded(address) is not None for address in addresses)
    assert not re.findall(r'href="(?!#|data:,)', text)


def test_only_the_style_and_script_that_the_policy_names_can_act(text):
    [policy] = re.findall(r'Content-Security-Policy" content="([^"]+)"', text)
    policy = policy.replace("&#39;", "'")
    assert "unsafe" not in policy
    assert "img-src data:;" in policy
    for tag in ("style", "script"):
        [content] = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert not re.findall(r"\bstyle=", text)


def test_every_fault_is_shown_with_its_sample(text):
    shown = set(re.findall(r'<span class="key">([^<]+)</span>', text))
    assert set(FAULTS) <= shown
    assert "rgb: damaged" in text
    assert "missing twin" in text


def test_boxes_at_fault_are_drawn(text):
    assert text.count("<rect x=") > 10


def test_duplicates_are_shown_side_by_side(text):
    assert "planted/test copy-of-sound4" in text
    assert "planted/train sound4" in text


def test_the_same_audit_gives_the_same_bytes(found, text, tmp_path):
    write_page(found, tmp_path / "audit.html")
    assert (tmp_path / "audit.html").read_text(encoding="utf-8") == text


def test_hostile_names_stay_text(found, monkeypatch):
    hostile = '<img src=x onerror="alert(1)">'
    monkeypatch.setattr(type(found.splits[0].measures), "title", property(lambda self: hostile))
    made = page(found)
    assert hostile not in made
    assert "&lt;img src=x" in made


def test_a_heat_map_is_darkest_where_nothing_is_and_brightest_at_the_most():
    counts = np.zeros((3, 4))
    counts[1, 2] = 5
    counts[0, 0] = 2
    brightness = decoded(heat_map(counts)).astype(int).sum(axis=2)
    assert brightness.argmax() == 1 * 4 + 2
    assert brightness[2, 3] == brightness.min() < brightness[0, 0] < brightness[1, 2]
