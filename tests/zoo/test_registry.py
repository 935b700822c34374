from __future__ import annotations

import subprocess
import sys

import pytest

from rgbtbench.cards import method_names as card_names
from rgbtbench.errors import RecipeError, UnknownNameError
from rgbtbench.zoo.registry import build, method_names, resolve

CLASSES = {0: "a", 1: "b"}


def test_every_method_has_a_card_and_every_card_a_method():
    assert set(method_names()) == set(card_names())


def test_a_misspelt_method_names_the_closest():
    with pytest.raises(UnknownNameError, match="did you mean mfnet"):
        build("mfnt", {}, task="semantic", classes=CLASSES)


def test_a_task_that_a_method_does_not_do_is_refused():
    with pytest.raises(RecipeError, match="mfnet does no detection; expected semantic"):
        build("mfnet", {}, task="detection", classes=CLASSES)


def test_a_misspelt_configuration_key_names_the_closest():
    with pytest.raises(RecipeError, match=r"model\.config\.stream: unknown key; did you mean streams"):
        build("mfnet", {"stream": ["rgb"]}, task="semantic", classes=CLASSES)


@pytest.mark.parametrize("inputs", [{"rgb": "rgb"}, {"rgb": "rgb", "inf": "lwir", "depth": "depth"}, {}])
def test_wiring_must_feed_exactly_the_slots_of_the_method(inputs):
    with pytest.raises(RecipeError, match="expected exactly the slots inf, rgb of mfnet"):
        resolve("mfnet", {}, task="semantic", classes=CLASSES, inputs=inputs)


def test_a_resolved_description_is_complete_and_survives_json():
    spec = resolve("mfnet", {}, task="semantic", classes=CLASSES)
    assert spec.inputs == {"rgb": "rgb", "inf": "lwir"}
    assert spec.config["preprocess"]["multiple_of"] == 16
    assert type(spec).model_validate_json(spec.model_dump_json()) == spec


def test_listing_methods_imports_no_torch():
    code = (
        "import sys; from rgbtbench.zoo.registry import method_names; method_names(); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
