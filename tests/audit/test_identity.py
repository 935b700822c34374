"""Ids in every spelling that circulates name the same image, and an id of one set names images of others."""

from __future__ import annotations

import pytest

from rgbtbench.audit.identity import Identity, check_set, identities
from rgbtbench.errors import UnknownNameError, UserError


@pytest.mark.parametrize(
    ("dataset", "spellings"),
    [
        (
            "kaist",
            [
                "set06/V000/I00019",
                "images/set06/V000/visible/I00019.jpg",
                "set06_V000_I00019.txt",
                "set06_V000_I00019_lwir.png",
            ],
        ),
        ("llvip", ["190001", "LLVIP_190001.jpg", "visible/test/190001.jpg"]),
        ("flir_aligned", ["FLIR_09593", "FLIR_09593_PreviewData", "align/JPEGImages/FLIR_09593_RGB.jpg"]),
        ("mfnet", ["01189N", "images/01189N.png", "01189N_flip", "seperated_images/01189N_th.png"]),
        ("drone_vehicle", ["val/00374", "val/valimgr/00374.jpg"]),
        ("kp", ["set07_V000_I00050.png", "images/set07/V000/lwir/I00050.jpg"]),
    ],
)
def test_every_spelling_of_an_id_is_one_image(dataset, spellings):
    named = {identities(dataset, written, None)[0] for written in spellings}
    assert len(named) == 1


def test_an_id_says_its_video_and_frame():
    assert identities("kaist", "set06/V000/I00019", None) == (
        Identity("kaist", "set06/V000/I00019", "same image", "set06/V000", 19),
    )


def test_rules_apply_in_a_row_and_the_loosest_relation_stays():
    named = identities("ir500k", "MSRS_01189N.png", None)
    assert [(one.dataset, one.image, one.relation) for one in named] == [
        ("ir500k", "MSRS_01189N", "same image"),
        ("msrs", "01189N", "same image"),
        ("mfnet", "01189N", "derived from"),
    ]


def test_text_that_is_no_id_of_the_set_names_nothing():
    assert identities("kaist", "LLVIP_190001.jpg", None) == ()


def test_ids_that_repeat_in_each_split_need_the_split():
    assert identities("drone_vehicle", "00374", "val") == identities("drone_vehicle", "val/00374.jpg", None)
    assert identities("ir500k", "visdrone_val_00374.jpg", None)[1].image == "val/00374"
    with pytest.raises(UserError, match="drone_vehicle counts its images anew in each split, and '00374'"):
        identities("drone_vehicle", "00374", None)


def test_a_set_without_spellings_is_taken_by_its_word():
    assert identities("synthetic", "b096d4-0000001", "test")[0].image == "b096d4-0000001"


def test_a_set_that_nobody_knows_is_an_error_with_the_closest():
    assert check_set("ir500k") == "ir500k"
    with pytest.raises(UnknownNameError, match="no set 'ir50k'; did you mean ir500k"):
        check_set("ir50k")
