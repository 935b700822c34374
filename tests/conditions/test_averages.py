"""Means over conditions, against examples worked out by hand."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rgbtbench.conditions import parse_condition
from rgbtbench.conditions.averages import corruption_means, misregistration_means, retention, subset_means

CAMERAS = ("rgb", "lwir")


def results(values, modalities=CAMERAS):
    return {parse_condition(text, modalities): value for text, value in values.items()}


def test_mpc_is_the_mean_over_severities_and_then_over_corruptions():
    # fog has two severities, snow one: (mean(30, 10) + 40) / 2, not mean(30, 10, 40).
    found = corruption_means(
        results(
            {
                "corrupt:rgb/fog/1": 30.0,
                "corrupt:rgb/fog/5": 10.0,
                "corrupt:rgb/snow/3": 40.0,
                "corrupt:rgb/spatter/3": 9.0,
                "corrupt:lwir/drift/3": 45.0,
                "corrupt:lwir/drift/3+corrupt:rgb/fog/1": 1.0,
                "missing:rgb/mean": 2.0,
            }
        ),
        60.0,
    )
    assert found == {
        "rgb/common": {"mpc": 30.0, "rpc": 0.5},
        "rgb/extra": {"mpc": 9.0, "rpc": 0.15},
        "lwir/thermal": {"mpc": 45.0, "rpc": 0.75},
    }


def test_emm_of_two_cameras():
    # Full 60, without rgb 20, without lwir 40. E(0.2): (0.64·60 + 0.16·20 + 0.16·40) / 0.96 = 50.
    found = subset_means(
        results({"missing:rgb/zero_norm": 20.0, "missing:lwir/zero_norm": 40.0, "corrupt:rgb/fog/1": 3.0}),
        60.0,
        CAMERAS,
    )
    assert found["zero_norm"]["avg"] == pytest.approx(40.0)
    assert found["zero_norm"]["e0.2"] == pytest.approx(50.0)
    assert list(found["zero_norm"]) == ["avg", "e0.2", "e0.1", "e0.05"]


def test_fills_and_shares_are_averaged_by_themselves_and_only_when_no_subset_is_lacking():
    values = {f"missing:{camera}/{fill}": 10.0 for camera in CAMERAS for fill in ("mean", "zero_norm/0.5")}
    found = subset_means(results({**values, "missing:rgb/noise": 5.0}), 40.0, CAMERAS)
    assert set(found) == {"mean", "zero_norm/0.5"}
    assert found["mean"]["avg"] == pytest.approx(20.0)


@settings(deadline=None, derandomize=True)
@given(st.lists(st.floats(0, 100), min_size=7, max_size=7), st.sampled_from([0.2, 0.1, 0.05]))
def test_emm_of_three_modalities_is_the_expectation_given_that_one_is_left(values, probability):
    modalities = ("rgb", "lwir", "nir")
    gone = [subset for size in (1, 2) for subset in combinations(modalities, size)]
    texts = {"+".join(f"missing:{name}/mean" for name in subset): v for subset, v in zip(gone, values, strict=False)}
    found = subset_means(results(texts, modalities), values[6], modalities)["mean"]
    weights = {(): (1 - probability) ** 3} | {
        subset: probability ** len(subset) * (1 - probability) ** (3 - len(subset)) for subset in gone
    }
    by_set = {(): values[6]} | dict(zip(gone, values, strict=False))
    wanted = sum(weights[s] * by_set[s] for s in weights) / (1 - probability**3)
    assert found[f"e{probability:g}"] == pytest.approx(wanted)
    assert min(values) - 1e-9 <= found["avg"] <= max(values) + 1e-9


def test_misregistration_is_averaged_by_kind():
    found = misregistration_means(
        results({"shift:lwir/4,0": 30.0, "shift:lwir/0,-4": 20.0, "scale:lwir/1.1": 45.0, "missing:lwir/mean": 1.0}),
        50.0,
    )
    assert found == {
        "shift:lwir": {"mean": 25.0, "retention": 0.5},
        "scale:lwir": {"mean": 45.0, "retention": 0.9},
    }


def test_nothing_is_retained_of_nothing():
    assert retention(3.0, 4.0) == 0.75
    assert retention(None, 4.0) is retention(3.0, None) is retention(3.0, 0.0) is None
    assert corruption_means(results({"corrupt:rgb/fog/1": 0.0}), 0.0) == {"rgb/common": {"mpc": 0.0}}
