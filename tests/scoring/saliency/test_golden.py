"""Equal to PySODMetrics and to the tool that M-SpecGene used, on maps that authors published."""

import numpy as np
import pytest

from rgbtbench.cards.rules import SaliencyRules
from tests.scoring.saliency.golden import TOOL, TWO, expected_rows, needs_golden, pairs, tool_log
from tests.scoring.saliency.plain import ours
from tests.scoring.saliency.scenes import scene


def dataset_means(predictions, masks, rules):
    found = [ours(prediction, truth, rules) for _, prediction, truth in pairs(predictions, masks)]
    means = {name: np.mean([image[name] for image in found], axis=0) for name in found[0]}
    for letter in "ef":
        curve = means.pop(f"{letter}_curve")
        means |= {f"{letter}_max": curve.max(), f"{letter}_mean": curve.mean()}
    return means


@needs_golden
@pytest.mark.parametrize(("predictions", "masks", "expected"), expected_rows())
def test_pysodmetrics_on_published_maps_to_all_printed_digits(predictions, masks, expected):
    found = dataset_means(predictions, masks, SaliencyRules())
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, abs=5.1e-11), name


@needs_golden
@pytest.mark.parametrize("dataset", ["Dataset_1", "Dataset_2"])
@pytest.mark.parametrize("method", ["Method_1", "Method_2"])
def test_the_other_tool_on_every_published_map_within_its_32_bits(dataset, method):
    found = {
        name: ours(prediction, truth, TOOL)
        for name, prediction, truth in pairs(f"{TWO}/pred_maps/{method}/{dataset}", f"{TWO}/gt/{dataset}")
    }
    logs = {
        "MAE": lambda image: image["mae"],
        "SMeasure_0.5": lambda image: image["s_measure"],
        "FbwMeasure": lambda image: image["f_weighted"],
        "EMeasure": lambda image: image["e_curve"].max(),
        "FMeasure": lambda image: image["f_curve"].max(),
    }
    for measure, of_image in logs.items():
        images, _ = tool_log(dataset, method, measure)
        assert images.keys() == found.keys()
        for name, value in images.items():
            assert of_image(found[name]) == pytest.approx(value, abs=1e-6), (measure, name)
    for measure, curve in (("EMeasure", "e_curve"), ("FMeasure", "f_curve")):
        _, logged = tool_log(dataset, method, measure)
        np.testing.assert_allclose(
            np.mean([image[curve] for image in found.values()], axis=0), logged, rtol=0, atol=1e-6
        )


def pysodmetrics_of(module, prediction, truth):
    maes, structures, alignments, fs, weighted = (
        module.MAE(), module.Smeasure(), module.Emeasure(), module.Fmeasure(), module.WeightedFmeasure(),
    )  # fmt: skip
    for measure in (maes, structures, alignments, fs, weighted):
        measure.step(prediction, truth)
    return {
        "mae": maes.maes[0],
        "s_measure": structures.sms[0],
        "e_curve": alignments.changeable_ems[0][::-1],
        "f_curve": fs.changeable_fms[0][::-1],
        "e_adaptive": alignments.adaptive_ems[0],
        "f_adaptive": fs.adaptive_fms[0],
        "f_weighted": weighted.weighted_fms[0],
    }


@pytest.mark.parametrize("kind", ["soft", "specks", "noise", "hard"])
@pytest.mark.filterwarnings("ignore:This class will be removed")
def test_pysodmetrics_itself_on_made_up_maps(kind):
    module = pytest.importorskip("py_sod_metrics", reason="pysodmetrics is not installed")
    rules = SaliencyRules()
    for seed in range(12):
        prediction, truth = scene(seed, kind=kind, shape=(70 + seed, 95 - seed))
        found = ours(prediction, truth, rules)
        for name, value in pysodmetrics_of(module, prediction, truth).items():
            np.testing.assert_allclose(found[name], value, rtol=0, atol=1e-12, err_msg=f"{name}, seed {seed}")


@pytest.mark.filterwarnings("ignore:This class will be removed")
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_centroid_in_the_last_row_is_no_number_for_pysodmetrics_and_one_here():
    module = pytest.importorskip("py_sod_metrics", reason="pysodmetrics is not installed")
    prediction, truth = np.zeros((20, 30), np.uint8), np.zeros((20, 30), np.uint8)
    truth[-1, 10:20] = prediction[-1, 12:22] = 255
    theirs = pysodmetrics_of(module, prediction, truth)
    found = ours(prediction, truth, SaliencyRules())
    assert np.isnan(theirs.pop("s_measure"))
    assert 0 < found["s_measure"] < 1
    for name, value in theirs.items():
        np.testing.assert_allclose(found[name], value, rtol=0, atol=1e-12, err_msg=name)
