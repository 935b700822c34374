"""A label version is named only when the boxes, or the user, say which it is."""

import pytest

from rgbtbench.cards import dataset_card
from rgbtbench.datasets.versions import UNVERSIONED, VERSION_FILE, label_version
from rgbtbench.errors import InputFileError, LayoutError

CARD = dataset_card("llvip")
SETS = CARD.label_sets


def holding(counts):
    def count_boxes(official_id):
        if official_id not in counts:
            raise InputFileError("no such file")
        return counts[official_id]

    return count_boxes


def test_the_two_fingerprints_differ_on_every_image():
    assert SETS["v1"].fingerprint.keys() == SETS["v2"].fingerprint.keys()
    assert all(SETS["v1"].fingerprint[stem] != SETS["v2"].fingerprint[stem] for stem in SETS["v1"].fingerprint)


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_the_boxes_of_known_images_decide(tmp_path, version):
    counts = SETS[version].fingerprint
    assert label_version(tmp_path, CARD, holding(counts)) == version
    first = dict(list(counts.items())[:1])
    assert label_version(tmp_path, CARD, holding(first)) == version


def test_labels_of_no_version_and_of_two_are_unversioned(tmp_path):
    stems = list(SETS["v1"].fingerprint)
    mixed = {stems[0]: SETS["v1"].fingerprint[stems[0]], stems[1]: SETS["v2"].fingerprint[stems[1]]}
    assert label_version(tmp_path, CARD, holding(mixed)) == UNVERSIONED
    assert label_version(tmp_path, CARD, holding({stems[0]: 99})) == UNVERSIONED
    assert label_version(tmp_path, CARD, holding({})) == UNVERSIONED


def test_a_tree_without_known_images_may_state_its_version(tmp_path):
    (tmp_path / VERSION_FILE).write_text(" v1\r\n")
    assert label_version(tmp_path, CARD, holding({})) == "v1"


def test_a_statement_that_the_boxes_contradict_is_an_error(tmp_path):
    (tmp_path / VERSION_FILE).write_text("v1")
    with pytest.raises(
        LayoutError, match=r"label_version\.txt: says 'v1'; expected v2, as .* of 21 known images shows"
    ):
        label_version(tmp_path, CARD, holding(SETS["v2"].fingerprint))


def test_a_statement_that_names_no_version_is_an_error(tmp_path):
    (tmp_path / VERSION_FILE).write_text("2023")
    with pytest.raises(LayoutError, match=r"says '2023'; expected v2 or v1; correct the file"):
        label_version(tmp_path, CARD, holding({}))
