"""Rules of answers in words name what they measure, and nothing else passes."""

import pytest
from pydantic import ValidationError

from rgbtbench.cards import protocol, protocol_ids
from rgbtbench.cards.rules import LanguageRules
from rgbtbench.cards.rules.language import NEGATIVE, POSITIVE


@pytest.mark.parametrize(
    ("answers", "headline", "reading"),
    [
        ({"a": "option"}, "ap50", "stated"),
        ({"a": "box"}, "recall", "stated"),
        ({"a": "box"}, "ap50", "authors"),
        ({"a": "points"}, "count_mae", "stated"),
        ({"a": "count"}, "nsum", "stated"),
        ({"a": "option", "b": "yes_no"}, "accuracy", "stated"),
        (dict.fromkeys(NEGATIVE[1:], "count"), "nsum", "stated"),
        (dict.fromkeys(POSITIVE[1:], "option"), "psum", "stated"),
    ],
)
def test_a_headline_that_the_answers_do_not_give_is_refused(answers, headline, reading):
    with pytest.raises(ValidationError, match=f"{headline} is not what answers to .* are measured by"):
        LanguageRules(answers=answers, headline=headline, reading=reading)


def test_the_cards_protocols_cover_the_nine_tasks_and_both_sums_in_both_readings():
    found = {name: protocol(name) for name in protocol_ids("irtd")}
    repaired = {one.rules.headline: one for one in found.values() if one.rules.reading == "stated"}
    assert {task for one in found.values() for task in one.rules.answers} == {*POSITIVE, *NEGATIVE}
    assert set(repaired["psum"].rules.answers) == set(POSITIVE)
    assert set(repaired["nsum"].rules.answers) == set(NEGATIVE)
    for name, one in found.items():
        assert (one.rules.reading == "authors") == name.endswith("+authors")
        assert one.label_set == {"stated": "target", "authors": "answer"}[one.rules.reading]
        twin = found[name.partition("+")[0] + "+authors"]
        assert (twin.split, twin.rules.answers) == (one.split, one.rules.answers)


def test_rules_in_words_say_both_readings_and_the_units():
    stated, authors = (dict(protocol(f"irtd/{name}").rules.in_words({}, "x")) for name in ("nsum", "nsum+authors"))
    assert "100 for each without a partner" in stated["Location"]
    assert "first come first served" in authors["Location"]
    assert "answers that hold a number" in authors["Pedestrian counting"]
    assert stated["Answers"] != authors["Answers"]
    assert dict(protocol("irtd/grounding").rules.in_words({}, "x"))["Boxes"] == "in pixels"
    assert dict(protocol("irtd/grounding+thousandths").rules.in_words({}, "x"))["Boxes"] == "in thousandths"
