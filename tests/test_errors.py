"""One line that names the place, what is wrong and what to do."""

import pickle

from rgbtbench.errors import InputFileError, did_you_mean


def test_an_error_is_one_line_with_place_finding_expectation_and_remedy():
    error = InputFileError("no end marker", expected="a whole JPEG", remedy="copy it again", path="a/b.jpg", line=3)
    assert str(error) == "a/b.jpg:3: no end marker; expected a whole JPEG; copy it again"


def test_errors_come_back_whole_from_worker_processes():
    error = InputFileError("short", path="x.png", remedy="copy it again")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes, as multiprocessing sends them
    assert (type(again), str(again), again.path) == (InputFileError, str(error), "x.png")


def test_the_closest_names_are_suggested_and_few_names_are_listed():
    assert did_you_mean("mfnte", ["mfnet", "llvip"]) == "did you mean mfnet?"
    assert did_you_mean("zzz", ["mfnet", "llvip"]) == "known: llvip, mfnet"
    assert did_you_mean("zzz", [f"name{i:02}" for i in range(20)]).endswith("and 8 more")
