"""What a dataset card says about where its files are to be had."""

import pytest
from pydantic import ValidationError

from rgbtbench.cards.dataset import Link, Source


def test_a_bare_address_is_a_link_to_the_official_release():
    source = Source.model_validate({"access": "open", "links": {"Zenodo": "https://zenodo.org/records/1"}})
    assert source.links == {"Zenodo": Link(url="https://zenodo.org/records/1", code=None, holds=None, official=True)}


def test_a_share_that_asks_for_a_code_keeps_it_beside_its_address():
    link = Link.model_validate({"url": "https://pan.baidu.com/s/x", "code": "14lc"})
    assert (link.url, link.code) == ("https://pan.baidu.com/s/x", "14lc")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({}, "needs a url, a code, or both"),
        ("ftp://x", "url"),
        ("https://x y", "url"),
        ({"url": "https://x", "password": "1"}, "password"),
    ],
)
def test_a_link_that_leads_nowhere_is_refused(value, words):
    with pytest.raises(ValidationError, match=words):
        Link.model_validate(value)
