"""Views of an image are said in one tag, however they were written."""

from fractions import Fraction

import pytest

from rgbtbench.cards.inference import Inference, read_inference
from rgbtbench.errors import UserError


def test_an_image_that_is_seen_once_and_whole_has_no_tag():
    assert read_inference().tag == Inference().tag == "none"
    assert read_inference(scales="1").tag == read_inference(scales="1.0").tag == "none"


def test_the_tag_says_everything():
    views = read_inference(scales="1.25, 0.75,1", flip=True, window="480x640", stride="2/3", merge="sum_exp")
    assert views.tag == "scales:0.75,1,1.25+flip+window:480x640+stride:2/3+sum_exp"
    assert views.slug == "scales-0.75_1_1.25+flip+window-480x640+stride-2-3+sum_exp"
    assert Inference(flip=True).tag == "flip+mean_softmax"


def test_equal_views_have_equal_tags_however_they_are_written():
    assert read_inference(scales="0.50,1", window="8X16").tag == read_inference(scales="1.0,.5", window="8x16").tag
    assert read_inference(window="8x16", stride="0.5").stride == read_inference(window="8x16", stride="2/4").stride
    assert read_inference(window="769x769", stride="513/769").stride * 769 == Fraction(513)


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ({"scales": ""}, "scale ''; expected numbers with commas"),
        ({"scales": "1,nan"}, "scale 'nan'"),
        ({"scales": "1,0"}, "above 0"),
        ({"scales": "17"}, "at most 16"),
        ({"scales": "1,1.0"}, "each scale once"),
        ({"window": "480"}, "window '480'; expected height x width"),
        ({"window": "480x-1"}, "expected height x width"),
        ({"window": "0x640"}, "at least one pixel"),
        ({"window": "480x640", "stride": "3/2"}, "at most 1"),
        ({"window": "480x640", "stride": "0"}, "above 0"),
        ({"window": "480x640", "stride": "1/0"}, "stride '1/0'; expected a part of the window"),
        ({"stride": "1/2"}, "a stride without a window"),
        ({"flip": True, "merge": "mean"}, "mean_softmax"),
        ({"merge": "sum_exp"}, "nothing to merge"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(written, fault):
    with pytest.raises(UserError, match=fault):
        read_inference(**written)
