"""The stand-in for `mmcv.ops` computes what the operators do, and stays away where they exist."""

import importlib
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from rgbtbench.bridges import mmcv_ops

torch = pytest.importorskip("torch")
pytest.importorskip("mmcv")


@pytest.fixture
def ops(bridge):
    if importlib.util.find_spec("mmcv._ext") is not None:
        pytest.skip("mmcv has its compiled operators")
    return importlib.import_module("mmcv.ops")


@pytest.mark.parametrize("shape", [(2, 5, 2), (2, 3, 4, 2)])
def test_points_are_sampled_bilinearly(ops, shape):
    generator = torch.Generator().manual_seed(0)
    maps = torch.rand((2, 3, 7, 9), generator=generator, dtype=torch.float64)
    points = torch.rand(shape, generator=generator, dtype=torch.float64)
    found = ops.point_sample(maps, points)
    assert found.shape == (2, 3, *shape[1:-1])
    # Pixel centres lie at (i + 0.5) / size; beyond the border there is nothing.
    rows, columns = points[..., 1].numpy() * 7 - 0.5, points[..., 0].numpy() * 9 - 0.5
    for image in range(2):
        for channel in range(3):
            padded = np.pad(maps[image, channel].numpy(), 1)
            expected = map_coordinates(padded, [rows[image] + 1, columns[image] + 1], order=1)
            assert found[image, channel].numpy() == pytest.approx(expected)


def test_the_focal_loss_is_that_of_mmsegmentation_in_python(ops):
    from mmseg.models.losses.focal_loss import py_sigmoid_focal_loss

    generator = torch.Generator().manual_seed(0)
    logits = torch.randn((40, 5), generator=generator, requires_grad=True)
    # Index 5 is no class.
    target = torch.randint(0, 6, (40,), generator=generator)
    one_hot = torch.nn.functional.one_hot(target, 6)[:, :5].float()
    expected = py_sigmoid_focal_loss(logits, one_hot, one_hot, gamma=1.5, alpha=0.3, reduction="none")
    found = ops.sigmoid_focal_loss(logits, target, 1.5, 0.3, None, "none")
    assert torch.allclose(found, expected, atol=1e-6)
    assert torch.allclose(ops.sigmoid_focal_loss(logits, target, 1.5, 0.3), expected.sum() / 40, atol=1e-6)
    (gradient,) = torch.autograd.grad(found.sum(), logits)
    assert torch.allclose(gradient, torch.autograd.grad(expected.sum(), logits)[0], atol=1e-6)


def test_other_operators_are_missing_as_a_module_would_be(ops):
    with pytest.raises(ModuleNotFoundError, match="CrissCrossAttention"):
        ops.CrissCrossAttention  # noqa: B018
    assert not hasattr(ops, "__file__")


def test_compiled_operators_are_left_alone(monkeypatch):
    monkeypatch.setattr(mmcv_ops.importlib.util, "find_spec", lambda name: SimpleNamespace(name=name))
    monkeypatch.delitem(sys.modules, "mmcv.ops", raising=False)
    mmcv_ops.provide_mmcv_ops()
    assert "mmcv.ops" not in sys.modules
