"""A card's facts in words never sound surer than the card."""

import pytest

from rgbtbench.cards import dataset_card
from rgbtbench.cards.dataset import Edition, Licence, Link, SplitFacts
from rgbtbench.description import wording


@pytest.mark.parametrize(
    ("link", "words"),
    [
        (Link(url="https://x.org/a.zip"), "https://x.org/a.zip"),
        (Link(url="https://pan.baidu.com/s/x", code="14lc"), "https://pan.baidu.com/s/x (code 14lc)"),
        (Link(code="NWn2"), "code NWn2"),
        (
            Link(url="https://x.org", holds="labels only", official=False),
            "https://x.org (labels only, a copy by third parties)",
        ),
    ],
)
def test_a_link_says_its_code_what_it_holds_and_whose_copy_it_is(link, words):
    assert wording.link_in_words(link) == words


def test_terms_that_nobody_checked_say_so():
    stated = Licence(name="CC BY 4.0", spdx="CC-BY-4.0", commercial_use="yes", verified=True)
    heard = Licence(name="none stated", commercial_use="unknown", verified=False)
    assert wording.terms_in_words(stated) == "CC BY 4.0, commercial use allowed"
    assert wording.terms_in_words(heard) == "none stated, commercial use not stated, not verified"


def test_counts_say_which_of_them_nobody_verified():
    splits = {"train": SplitFacts(count=1200), "test": SplitFacts(count=393, verified=True), "extra": SplitFacts()}
    assert wording.counts_in_words(Edition(splits=splits)) == (
        "train 1,200 (not verified), test 393, extra of unknown size"
    )


def test_the_number_of_pairs_is_that_of_the_official_edition_and_unknown_if_a_split_is():
    mfnet = dataset_card("mfnet")
    assert wording.expected_pairs(mfnet) == 1569
    official = mfnet.editions["official"]
    lacking = official.model_copy(update={"splits": official.splits | {"extra": SplitFacts()}})
    assert wording.expected_pairs(mfnet.model_copy(update={"editions": {"official": lacking}})) is None


def test_many_views_of_one_kind_are_a_number():
    assert wording.modalities_in_short(dataset_card("pst900")) == "rgb+lwir+lwir_raw+depth"
    assert wording.modalities_in_short(dataset_card("urbanlf")) == "rgb+lightfield x80"
    assert list(wording.modalities_shown(dataset_card("urbanlf"))) == ["rgb", "lightfield_1_1 and 79 more"]
