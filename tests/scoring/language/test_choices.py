"""Free wording is read when it says one thing, and counts as no answer when it hedges, denies or contradicts itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rgbtbench.scoring.language.choices import option_chosen, options_chosen, tile_chosen, yes_or_no

OPTIONS = {"A": "person", "B": "motor", "C": "other vehicle", "D": "car"}


@pytest.mark.parametrize(
    ("answer", "letters"),
    [
        ("(A) person (B) motor", "AB"),  # as the released labels write it
        ("(a) Person, (b) MOTOR.", "AB"),
        ("A", "A"),
        ("a.", "A"),
        ("A, B and d.", "ABD"),
        ("A B D", "ABD"),
        ("ABD", "ABD"),
        ("A. person", "A"),
        ("D) the car; B) a motor", "BD"),
        ("person, a motor and other vehicle", "ABC"),
        ("Person", "A"),
        ("A person", "A"),  # an article, or the letter: both say the same
        ("a car", "D"),  # an article
        ("The answer is (D).", "D"),
        ("The correct answers are: A and D", "AD"),
        ("Option C", "C"),
        ("**(B)** motor", "B"),
        ("The picture shows neither (A) person nor (C) other vehicle.", "AC"),
        ("(D) car\n(B) motor", "BD"),
    ],
)
def test_lists_of_options_are_read_however_they_are_written(answer, letters):
    assert options_chosen(answer, OPTIONS) == set(letters)


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "(E) dog",  # no such option
        "A, E",
        "(A) car",  # the letter of one and the name of another
        "B. person",
        "dog",
        "There is no car and no motor.",  # a sentence, which may mean the opposite
        "person or car",
        "carpet",
        "AAB",
        "All of them",
    ],
)
def test_what_is_no_list_chooses_nothing(answer):
    assert options_chosen(answer, OPTIONS) is None


@pytest.mark.parametrize(
    ("answer", "letter"),
    [
        ("(A) person", "A"),
        ("C", "C"),
        ("other vehicle.", "C"),
        ("It shows a person.", "A"),
        ("The object in the picture is an other vehicle", "C"),
        ("I think the answer is (D) car, seen from behind", "D"),
        ("It is not a person", None),
        ("It isn't a person", None),
        ("There is no car", None),
        ("A and B", None),
        ("(A) person or (B) motor", None),
        ("A person beside a car", None),
        ("(A) car", None),
        ("a dog", None),
        ("", None),
    ],
)
def test_one_option_is_chosen_or_none(answer, letter):
    assert option_chosen(answer, OPTIONS) == letter


@given(letters=st.sets(st.sampled_from("ABCD"), min_size=1), end=st.sampled_from(["", ".", " ", "\n"]))
def test_every_list_in_the_form_of_the_labels_is_read_as_itself(letters, end):
    written = " ".join(f"({letter}) {OPTIONS[letter]}" for letter in sorted(letters)) + end
    assert options_chosen(written, OPTIONS) == letters
    assert option_chosen(written, OPTIONS) == (min(letters) if len(letters) == 1 else None)


@given(st.text(max_size=60))
def test_whatever_is_written_chooses_among_the_options(answer):
    chosen = options_chosen(answer, OPTIONS)
    assert chosen is None or (chosen and chosen <= set(OPTIONS))
    assert option_chosen(answer, OPTIONS) in {None, *OPTIONS}


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("yes", True),
        ("No", False),
        ("Yes.", True),
        ("**Yes**", True),
        ("no, the car is behind", False),
        ("Yes, there is no doubt", True),
        ("There is no car on the left side.", False),
        ("The answer is yes", True),
        ("yes or no", None),
        ("Yes/No", None),
        ("It says yes, then no", None),
        ("I do not know", None),
        ("nope", None),
        ("", None),
    ],
)
def test_yes_and_no(answer, says):
    assert yes_or_no(answer) is says


@pytest.mark.parametrize(
    ("answer", "tile"),
    [("7", 7), (" 7.", 7), ("(7)", 7), ("The answer is 7.", 7), ("7, that is tile 7", 7), ("1", 1)]
    + [(answer, None) for answer in ("7 or 8", "0", "9", "17", "7.5", "2,3", "seven", "", "1234\n5678")],
)
def test_one_tile_is_named_or_none(answer, tile):
    assert tile_chosen(answer) == tile
