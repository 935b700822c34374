"""Seeds: a pure function of sample and step, the same on every machine."""

import hashlib

from rgbtbench.conditions.seeds import generator_of, seed_of


def test_a_seed_is_the_start_of_sha256_over_key_and_step():
    digest = hashlib.sha256(b"set00/V000/I00019\ncorrupt:rgb/fog/3").hexdigest()
    assert f"{seed_of('set00/V000/I00019', 'corrupt:rgb/fog/3'):032x}" == digest[:32]


def test_raw_numbers_are_philoxs_own():
    # Philox is specified to the bit (Salmon et al., SC 2011); these came from numpy 2.4 with that key.
    assert generator_of("a", "corrupt:rgb/fog/3").bit_generator.random_raw(2).tolist() == [
        1891706188695456978,
        17815091417523948809,
    ]


def test_another_key_modality_corruption_or_severity_gives_other_numbers():
    pairs = [("a", "corrupt:rgb/fog/3"), ("b", "corrupt:rgb/fog/3"), ("a", "corrupt:lwir/fog/3"),
             ("a", "corrupt:rgb/snow/3"), ("a", "corrupt:rgb/fog/4")]  # fmt: skip
    assert len({seed_of(*pair) for pair in pairs}) == len(pairs)
