"""Every card that ships is valid, and ids say everything that can change a number."""

import pytest

from rgbtbench.cards import catalog
from rgbtbench.errors import UnknownNameError


@pytest.mark.parametrize("name", catalog.dataset_names())
def test_every_dataset_card_is_valid(name):
    assert catalog.dataset_card(name).name == name


@pytest.mark.parametrize("name", catalog.method_names())
def test_every_method_card_is_valid_and_states_fidelity_for_each_task(name):
    card = catalog.method_card(name)
    assert set(card.fidelity) == set(card.tasks)


@pytest.mark.parametrize("protocol_id", catalog.protocol_ids())
def test_every_protocol_resolves_under_its_own_id(protocol_id):
    found = catalog.protocol(protocol_id)
    assert found.id == protocol_id
    assert protocol_id.startswith(catalog.protocol_prefix(found.dataset, found.edition) + "/")


def test_no_two_protocols_have_the_same_rules():
    hashes = {}
    for protocol_id in catalog.protocol_ids():
        found = catalog.protocol(protocol_id)
        rules = catalog.protocol_hash(found.model_copy(update={"id": "same"}))
        assert rules not in hashes, f"{protocol_id} equals {hashes.get(rules)}"
        hashes[rules] = protocol_id


def test_a_reworded_summary_keeps_the_hash_and_a_changed_rule_does_not():
    found = catalog.protocol("mfnet/miou-9")
    reworded = found.model_copy(update={"summary": "other words"})
    other_rule = found.model_copy(update={"rules": found.rules.model_copy(update={"absent": "zero"})})
    assert catalog.protocol_hash(found) == catalog.protocol_hash(reworded)
    assert catalog.protocol_hash(found) != catalog.protocol_hash(other_rule)


def test_an_excerpt_has_an_id_of_its_own():
    assert "mfnet-excerpt20/miou-9" in catalog.protocol_ids("mfnet")


def test_unlisted_data_ranks_beside_nothing_but_itself():
    found = catalog.unlisted_protocol(catalog.protocol("mfnet/miou-9"), "0123456789abcdef" * 4)
    assert found.id == "mfnet-unlisted-01234567/miou-9"
    assert found.id not in catalog.protocol_ids()


@pytest.mark.parametrize(
    ("look_up", "name", "suggestion"),
    [
        (catalog.dataset_card, "mfnett", "mfnet"),
        (catalog.method_card, "mfnat", "mfnet"),
        (catalog.protocol, "mfnet/miou9", "mfnet/miou-9"),
        (catalog.recipe_path, "mfnet/mfnt", "mfnet/mfnet"),
    ],
)
def test_a_misspelt_name_gets_a_suggestion(look_up, name, suggestion):
    with pytest.raises(UnknownNameError, match=f"did you mean .*{suggestion}"):
        look_up(name)
