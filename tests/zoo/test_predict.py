from __future__ import annotations

import pytest
import torch

from rgbtbench.cards.inference import Inference
from rgbtbench.errors import ConditionError, PredictionError, RecipeError, UserError
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


@pytest.mark.parametrize(
    "error",
    [torch.OutOfMemoryError("CUDA out of memory"), RuntimeError("DefaultCPUAllocator: can't allocate memory")],
)
@pytest.mark.parametrize("where", ["to", "predict"])
def test_where_memory_does_not_suffice_the_error_says_what_can_be_made_smaller(
    blobs, tmp_path, monkeypatch, error, where
):
    model = failing(where, error, monkeypatch)
    with pytest.raises(UserError) as found:
        predict_split(model, open_split(blobs, "test"), tmp_path / "out", batch_size=4)
    assert str(found.value) == (
        "out of memory while mfnet predicts; halve the batch size (4), or declare windows, or end what else runs on "
        "the device"
    )


def test_what_is_done_already_is_not_advised_again(blobs, tmp_path, monkeypatch):
    model = failing("logits", torch.OutOfMemoryError("CUDA out of memory"), monkeypatch)
    windows = Inference(window=(32, 32))
    with pytest.raises(UserError, match=r"predicts; end what else runs on the device$"):
        predict_split(model, open_split(blobs, "test"), tmp_path / "out", batch_size=1, inference=windows)


def test_windows_are_advised_only_where_they_can_be_merged(blobs, tmp_path, monkeypatch):
    detector = build("two_stream_fcos", {}, task="detection", classes=dict(list(BLOBS.items())[1:]))
    monkeypatch.setattr(detector, "predict", fails_with(torch.OutOfMemoryError("CUDA out of memory")))
    with pytest.raises(UserError, match=r"predicts; halve the batch size \(8\), or end what else runs on the device$"):
        predict_split(detector, open_split(blobs, "test"), tmp_path / "out")


def test_other_errors_stay_what_they_are(blobs, tmp_path, monkeypatch):
    with pytest.raises(RuntimeError, match="a bug"):
        predict_split(failing("predict", RuntimeError("a bug"), monkeypatch), open_split(blobs, "test"), tmp_path / "x")


def failing(where, error, monkeypatch):
    """Return a model one of whose functions raises an error."""
    model = build("mfnet", {}, task="semantic", classes=BLOBS)
    monkeypatch.setattr(model, where, fails_with(error))
    return model


def fails_with(error):
    def fails(*arguments, **options):
        raise error

    return fails
