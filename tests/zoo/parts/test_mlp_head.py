from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from rgbtbench.zoo.parts.mlp_head import MlpHead

WIDTHS = (4, 6, 5, 7)


def maps(count: int = 2, *, seed: int = 0) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    sizes = ((12, 16), (6, 8), (3, 4), (2, 2))
    return [torch.randn(count, width, *size, generator=generator) for width, size in zip(WIDTHS, sizes, strict=True)]


def as_the_paper_says(head: MlpHead, features: list[torch.Tensor]) -> torch.Tensor:
    """Unify the widths, enlarge, concatenate the coarsest first, mix, classify (SegFormer, equation 4)."""
    size = features[0].shape[2:]
    unified = []
    for number, scale in enumerate(features, start=1):
        layer = head.get_submodule(f"linear_c{number}.proj")
        mapped = layer(scale.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        unified.append(F.interpolate(mapped, size, mode="bilinear", align_corners=False))
    return head.linear_pred(F.relu(head.linear_fuse.bn(head.linear_fuse.conv(torch.cat(unified[::-1], dim=1)))))


def head(**options) -> MlpHead:
    torch.manual_seed(1)
    made = MlpHead(WIDTHS, 8, 3, dropout=0.0, **options)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.normal_(std=0.5)
        made.linear_fuse.bn.running_mean.normal_()
    return made


@pytest.mark.parametrize("fuse_bias", [True, False])
@pytest.mark.parametrize("training", [True, False])
def test_logits_and_gradients_are_those_of_the_papers_formula(fuse_bias, training):
    made, scales = head(fuse_bias=fuse_bias).train(training).double(), [scale.double() for scale in maps()]
    state = {key: tensor.clone() for key, tensor in made.state_dict().items()}
    results = []
    for function in (made, lambda features: as_the_paper_says(made, features)):
        made.load_state_dict(state)
        made.zero_grad()
        inputs = [scale.clone().requires_grad_() for scale in scales]
        logits = function(inputs)
        logits.square().sum().backward()
        results.append([logits, *(x.grad for x in inputs), *(parameter.grad for parameter in made.parameters())])
    assert results[0][0].shape == (2, 3, 12, 16)
    torch.testing.assert_close(*results)


def test_names_and_shapes_are_those_of_segformers_head():
    shapes = {key: tuple(tensor.shape) for key, tensor in head().state_dict().items()}
    assert shapes == {
        **{f"linear_c{number}.proj.weight": (8, width) for number, width in enumerate(WIDTHS, start=1)},
        **{f"linear_c{number}.proj.bias": (8,) for number in range(1, 5)},
        "linear_fuse.conv.weight": (8, 32, 1, 1),
        **{f"linear_fuse.bn.{name}": (8,) for name in ("weight", "bias", "running_mean", "running_var")},
        "linear_fuse.bn.num_batches_tracked": (),
        "linear_pred.weight": (3, 8, 1, 1),
        "linear_pred.bias": (3,),
    }


def test_eps_may_differ_between_training_and_evaluation():
    made = head(eps=1e-5, eps_in_training=1e-3)
    assert made.linear_fuse.bn.eps == 1e-3
    assert made.eval().linear_fuse.bn.eps == 1e-5
    assert made.train().linear_fuse.bn.eps == 1e-3
    assert head(eps=1e-4).linear_fuse.bn.eps == head(eps=1e-4).eval().linear_fuse.bn.eps == 1e-4


def test_whole_channels_are_left_out_in_training_only():
    made = MlpHead(WIDTHS, 64, 64, dropout=0.5)
    with torch.no_grad():
        made.linear_pred.weight.copy_(torch.eye(64)[..., None, None])
        made.linear_fuse.bn.bias.fill_(3.0)
        dropped = (made(maps()) == 0).flatten(2).all(dim=2)
        assert 0.3 < dropped.float().mean() < 0.7
        assert not (made.eval()(maps()) == 0).flatten(2).all(dim=2).any()
