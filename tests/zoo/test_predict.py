from __future__ import annotations

import pytest

from rgbtbench.errors import ConditionError, PredictionError, RecipeError
from rgbtbench.loading.prepared import open_split
from rgbtbench.zoo.predict import predict_split
from rgbtbench.zoo.registry import build

BLOBS = {0: "background", 1: "lamp", 4: "person"}


def test_a_model_that_names_other_classes_is_refused(blobs, tmp_path):
    model = build("mfnet", {}, task="semantic", classes={0: "background", 1: "car", 9: "tree"})
    with pytest.raises(RecipeError, match=r"classes that blobs's semantic does not have \(1 car, 9 tree\)"):
        predict_split(model, open_split(blobs, "test"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_not_empty_is_left_alone(blobs, tmp_path):
    (tmp_path / "mine.txt").write_text("precious")
    model = build("mfnet", {}, task="semantic", classes=BLOBS)
    with pytest.raises(PredictionError, match="not empty"):
        predict_split(model, open_split(blobs, "test"), tmp_path)


def test_a_modality_that_the_data_lacks_is_named(blobs, tmp_path):
    model = build("mfnet", {}, task="semantic", classes=BLOBS, inputs={"rgb": "rgb", "inf": "nir"})
    with pytest.raises(Exception, match="no modality 'nir' in this blobs"):
        predict_split(model, open_split(blobs, "test"), tmp_path / "out")


def test_a_modality_is_dropped_only_for_models_that_can_do_without(blobs, tmp_path):
    model = build("mfnet", {}, task="semantic", classes=BLOBS)
    dropped = open_split(blobs, "test").under("missing:lwir/drop")
    with pytest.raises(ConditionError, match=r"mfnet cannot compute without lwir.*missing:lwir/zero_norm"):
        predict_split(model, dropped, tmp_path / "refused")
    alone = build("mfnet", {"streams": ["rgb"]}, task="semantic", classes=BLOBS, inputs={"rgb": "rgb"})
    assert predict_split(alone, dropped, tmp_path / "untouched").is_dir()

    class DoesWithout(type(model)):
        takes_absent = True

        def predict(self, batch):
            assert not batch.present["lwir"].any()
            return super().predict(batch)

    model.__class__ = DoesWithout
    assert predict_split(model, dropped, tmp_path / "told").is_dir()
