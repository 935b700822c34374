from __future__ import annotations

import json
import math
import sys

import pytest
import torch
from torch import nn
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.roi_heads import RoIHeads
from torchvision.models.detection.rpn import RegionProposalNetwork, RPNHead
from torchvision.ops import MultiScaleRoIAlign, roi_align

from rgbtbench.zoo.parts.averaged import averaged
from rgbtbench.zoo.parts.detector import Limits, Targets, clipped, strongest
from rgbtbench.zoo.parts.matching import match
from rgbtbench.zoo.parts.rcnn import CONVENTIONS, Rcnn, lessons_of
from rgbtbench.zoo.parts.roi_heads import BoxHead, MaskHead, Pooling, box_masks, placed, pooled
from rgbtbench.zoo.parts.rpn import RpnHead, anchors
from rgbtbench.zoo.parts.simple_fpn import SimpleFpn
from rgbtbench.zoo.parts.vit import VIT_SIZES
from rgbtbench.zoo.parts.vitdet import VitDet

from ..references import GOLDEN, needs_references
from .test_matching import random_boxes

STRIDES = (4, 8, 16, 32, 64)
CHANNELS, CLASSES = 8, 3
SIDE = 128


def make_levels(images: int = 2, seed: int = 0) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn((images, CHANNELS, SIDE // stride, SIDE // stride), generator=generator) for stride in STRIDES]


def make_detector(convention: str, *, masks: bool = False) -> Rcnn:
    torch.manual_seed(0)
    detector = Rcnn(
        RpnHead(CHANNELS),
        BoxHead(CHANNELS, CLASSES, width=16),
        MaskHead(CHANNELS, CLASSES) if masks else None,
        classes=CLASSES,
        strides=STRIDES,
        convention=convention,
    )
    for module in detector.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.normal_(module.weight, std=0.1)
    return detector.eval()


def make_targets(count: int, *, seed: int = 0, ignore: tuple[int, ...] = ()) -> Targets:
    hidden = torch.zeros(count, dtype=torch.bool)
    hidden[list(ignore)] = True
    return Targets(random_boxes(count, seed, side=80), torch.arange(count) % CLASSES, hidden)


class Torchvision:
    """torchvision's own network with the weights of one of ours."""

    def __init__(self, ours: Rcnn) -> None:
        sizes = tuple((8 * stride,) for stride in STRIDES)
        head = RPNHead(CHANNELS, 3)
        limits = {"training": 2000, "testing": 1000}
        kept = {"training": 1000, "testing": 1000}
        self.rpn = RegionProposalNetwork(
            AnchorGenerator(sizes, ((0.5, 1.0, 2.0),) * 5), head, 0.7, 0.3, 256, 0.5, limits, kept, 0.7
        )
        self.roi = RoIHeads(
            MultiScaleRoIAlign(["0", "1", "2", "3"], 7, 2), TwoMLPHead(CHANNELS * 49, 16),
            FastRCNNPredictor(16, CLASSES + 1), 0.5, 0.5, 512, 0.25, None, 0.05, 0.5, 100,
        )  # fmt: skip
        theirs, own = head.state_dict(), ours.rpn_head.state_dict()
        pairs = zip(theirs, own, strict=True)
        head.load_state_dict({name: own[other] for name, other in pairs})
        box, (first, second) = ours.roi_head.bbox_head, ours.roi_head.bbox_head.shared_fcs
        self.roi.box_head.fc6.load_state_dict(first.state_dict())
        self.roi.box_head.fc7.load_state_dict(second.state_dict())
        # Their background comes first, and has a box.
        predictor = self.roi.box_predictor
        predictor.cls_score.load_state_dict({name: t.roll(1, 0) for name, t in box.fc_cls.state_dict().items()})
        state = box.fc_reg.state_dict().items()
        predictor.bbox_pred.load_state_dict({name: torch.cat((torch.zeros_like(t[:4]), t)) for name, t in state})

    def run(self, levels, targets=None):
        images = ImageList(torch.zeros(len(levels[0]), 3, SIDE, SIDE), [(SIDE, SIDE)] * len(levels[0]))
        features = {str(number): level for number, level in enumerate(levels)}
        told = [{"boxes": t.boxes, "labels": t.classes + 1} for t in targets] if targets else None
        for module in (self.rpn, self.roi):
            module.train(targets is not None)
        boxes, rpn_losses = self.rpn(images, features, told)
        found, roi_losses = self.roi(features, boxes, images.image_sizes, told)
        return found, rpn_losses | roi_losses


def test_under_torchvisions_conventions_detections_are_torchvisions():
    ours, levels = make_detector("torchvision"), make_levels()
    with torch.no_grad():
        expected, _ = Torchvision(ours).run(levels)
        found = ours.detections(
            levels, extents=[(SIDE, SIDE)] * 2, class_ids=torch.tensor([1, 2, 3]), limits=Limits(0.05, 0.5, 100)
        )
    for one, other in zip(found, expected, strict=True):
        assert len(one.scores) > 10
        torch.testing.assert_close(one.scores, other["scores"], atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(one.boxes, other["boxes"], atol=1e-3, rtol=1e-5)
        assert torch.equal(one.labels, other["labels"])


def test_under_torchvisions_conventions_losses_and_gradients_are_torchvisions():
    ours, levels = make_detector("torchvision").train(), make_levels()
    theirs, targets = Torchvision(ours), [make_targets(5), make_targets(2, seed=1)]
    torch.manual_seed(1)
    found = ours.losses(levels, targets, extents=[(SIDE, SIDE)] * 2, valid=torch.tensor([True, True]))
    sum(found.values()).backward()
    torch.manual_seed(1)
    _, expected = theirs.run(levels, targets)
    sum(expected.values()).backward()
    names = {
        "objectness": "loss_objectness", "proposals": "loss_rpn_box_reg",
        "classification": "loss_classifier", "boxes": "loss_box_reg",
    }  # fmt: skip
    assert found.keys() == names.keys()
    for name, value in found.items():
        assert value.item() == pytest.approx(expected[names[name]].item(), rel=1e-5)
    torch.testing.assert_close(
        ours.rpn_head.rpn_cls.weight.grad, theirs.rpn.head.cls_logits.weight.grad, atol=1e-6, rtol=1e-4
    )
    torch.testing.assert_close(
        ours.roi_head.bbox_head.fc_reg.weight.grad, theirs.roi.box_predictor.bbox_pred.weight.grad[4:],
        atol=1e-6, rtol=1e-4,
    )  # fmt: skip


def test_anchors_lie_at_corners_of_cells_with_the_area_of_eight_strides_squared():
    found = anchors(make_levels(1), STRIDES, scale=8, rounded=False)
    boxes = found.boxes
    assert found.counts == tuple(3 * (SIDE // stride) ** 2 for stride in STRIDES)
    centres, sizes = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    torch.testing.assert_close(centres[:6], torch.tensor([[0.0, 0.0]] * 3 + [[4.0, 0.0]] * 3))
    torch.testing.assert_close(sizes[:3, 1] / sizes[:3, 0], torch.tensor([0.5, 1.0, 2.0]))
    torch.testing.assert_close(sizes[:3].prod(dim=1), torch.full((3,), 32.0**2))
    # Half a stride is no multiple of a pixel everywhere, so that rounding would move corners.
    rounded = anchors(make_levels(1), STRIDES, scale=8, rounded=True).boxes
    assert (rounded == rounded.round()).all()
    assert not torch.equal(rounded, boxes)


def test_a_proposal_is_read_from_the_level_that_suits_its_size():
    """By mmdetection's formula: floor(log2(sqrt(area) / 56 + 1e-6)), from 0 to 3."""
    levels = [torch.full((1, 1, SIDE // s, SIDE // s), float(number)) for number, s in enumerate(STRIDES[:4])]
    sides = [20.0, 111.0, 112.0, 223.0, 224.0, 448.0, 2000.0]
    boxes = torch.tensor([[64 - side / 2, 64 - side / 2, 64 + side / 2, 64 + side / 2] for side in sides])
    found = pooled(levels, placed([boxes]), strides=STRIDES[:4], side=1, rule=Pooling(aligned=True, samples=1))
    wanted = [min(3, max(0, math.floor(math.log2(side / 56 + 1e-6)))) for side in sides]
    assert found.flatten().tolist() == wanted


def test_aligned_reading_takes_features_for_the_middles_of_pixels():
    levels = make_levels(1)
    boxes = torch.tensor([[3.0, 5.0, 40.0, 30.0]])
    rule = CONVENTIONS["mmdetection"].pooling
    found = pooled(levels[:4], placed([boxes]), strides=STRIDES[:4], side=7, rule=rule)
    expected = roi_align(levels[0], [boxes], 7, spatial_scale=0.25, sampling_ratio=-1, aligned=True)
    torch.testing.assert_close(found, expected)


def test_features_are_read_by_the_operator_where_torchvision_would_look_at_every_place(monkeypatch):
    """As its function does on GPUs in a training: with as many samples as cells are wide that needs terabytes."""

    def everywhere(*arguments):
        raise AssertionError("looked at every place")

    module = sys.modules["torchvision.ops.roi_align"]
    monkeypatch.setattr(module, "_has_ops", lambda: False)
    monkeypatch.setattr(module, "is_compile_supported", lambda device: True)
    monkeypatch.setattr(module, "_roi_align", everywhere)
    boxes = torch.tensor([[3.0, 5.0, 40.0, 30.0]])
    with pytest.raises(AssertionError, match="every place"):
        roi_align(make_levels(1)[0], [boxes], 7)
    rule = CONVENTIONS["mmdetection"].pooling
    assert pooled(make_levels(1)[:4], placed([boxes]), strides=STRIDES[:4], side=7, rule=rule).shape[-2:] == (7, 7)


def test_a_box_as_a_mask_covers_the_cells_that_lie_in_it():
    proposals = torch.tensor([[0.0, 0.0, 8.0, 4.0], [10.0, 10.0, 20.0, 20.0]])
    boxes = torch.tensor([[2.0, 0.0, 20.0, 2.9], [0.0, 0.0, 5.0, 5.0]])
    first, second = box_masks(boxes, proposals, 4)
    assert first.tolist() == [[0, 1, 1, 1], [0, 1, 1, 1], [0, 1, 1, 1], [0, 0, 0, 0]]
    assert second.sum() == 0


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_without_boxes_only_background_is_learnt_and_every_parameter_has_a_gradient(convention):
    detector = make_detector(convention, masks=True).train()
    none = Targets(torch.zeros((0, 4)), torch.zeros(0, dtype=torch.int64), torch.zeros(0, dtype=torch.bool))
    losses = detector.losses(make_levels(), [none, none], extents=[(SIDE, SIDE)] * 2, valid=torch.ones(2).bool())
    assert losses["proposals"] == losses["boxes"] == losses["masks"] == 0
    assert losses["objectness"] > 0
    assert losses["classification"] > 0
    sum(losses.values()).backward()
    assert all(parameter.grad is not None for parameter in detector.parameters())


@pytest.mark.parametrize(("convention", "learnt"), [("mmdetection", 1), ("torchvision", 0)])
def test_a_proposal_that_two_boxes_claim_learns_the_last_of_them_or_its_nearest(convention, learnt):
    """It overlaps the first with IoU 0.8 and the second with 0.6, and is the best proposal of both."""
    target = Targets(
        torch.tensor([[0.0, 0.0, 10.0, 8.0], [0.0, 0.0, 6.0, 10.0]]), torch.tensor([0, 1]), torch.zeros(2).bool()
    )
    proposals = torch.tensor([[0.0, 0.0, 10.0, 10.0], [50.0, 50.0, 60.0, 60.0]])
    lessons = lessons_of(proposals, target, CONVENTIONS[convention].match, background=9)
    found = {tuple(box): (label, tuple(wanted)) for box, label, wanted in zip(
        lessons.boxes.tolist(), lessons.classes.tolist(), lessons.wanted.tolist(), strict=True
    )}  # fmt: skip
    boxes = [tuple(box) for box in target.boxes.tolist()]
    assert found[tuple(proposals[0].tolist())] == (learnt, boxes[learnt])
    assert found[tuple(proposals[1].tolist())][0] == 9
    # The boxes themselves are proposals, and learn themselves.
    assert [found[box] for box in boxes] == [(0, boxes[0]), (1, boxes[1])]


def test_images_that_only_fill_the_batch_add_nothing():
    detector = make_detector("mmdetection", masks=True).train()
    levels, target = make_levels(), make_targets(4)
    torch.manual_seed(0)
    alone = detector.losses(
        [level[:1] for level in levels], [target], extents=[(SIDE, SIDE)], valid=torch.tensor([True])
    )
    torch.manual_seed(0)
    filled = detector.losses(
        levels, [target, make_targets(9, seed=7)], extents=[(SIDE, SIDE)] * 2, valid=torch.tensor([True, False])
    )
    for name, value in alone.items():
        assert filled[name].item() == pytest.approx(value.item(), rel=1e-5)
    nothing = detector.losses(levels, [target, target], extents=[(SIDE, SIDE)] * 2, valid=torch.zeros(2).bool())
    assert all(value == 0 for value in nothing.values())


def test_what_is_said_inside_an_ignored_region_changes_no_loss_of_anchors():
    """The whole image is ignored but for one box: only anchors that learn it are looked at."""
    detector = make_detector("mmdetection").train()
    box = torch.tensor([[-500.0, -500.0, 500.0, 500.0], [40.0, 40.0, 80.0, 80.0]])
    target = Targets(box, torch.zeros(2, dtype=torch.int64), torch.tensor([True, False]))
    losses = detector.losses(make_levels(1), [target], extents=[(SIDE, SIDE)], valid=torch.tensor([True]))
    logits, _ = detector.rpn_head(make_levels(1))
    found = anchors(make_levels(1), STRIDES, scale=8, rounded=False)
    learning = match(found.boxes, target, detector.rules.rpn.match) == 1
    expected = nn.functional.softplus(-logits[0, learning]).mean()
    assert losses["objectness"].item() == pytest.approx(expected.item(), rel=1e-5)


def test_several_heads_answer_by_their_average():
    torch.manual_seed(0)
    both = averaged(lambda: RpnHead(CHANNELS), 2)
    levels = make_levels()
    doubled = [torch.cat((level, level.flip(0)), dim=1) for level in levels]
    logits, told = both(doubled)
    first, second = both.heads
    torch.testing.assert_close(logits, (first(levels)[0] + second([level.flip(0) for level in levels])[0]) / 2)
    assert told.shape[2] == 4
    assert isinstance(averaged(lambda: RpnHead(CHANNELS), 1), RpnHead)


@needs_references
def test_names_and_shapes_are_those_of_m_specgenes_published_detector():
    """Two cameras' maps side by side; parts are put together under the published names of its modules."""
    keys = json.loads((GOLDEN / "models" / "keys" / "keys_det_vitb_flir.json").read_text())
    with torch.device("meta"):
        detector = Rcnn(
            RpnHead(256, depth=2),
            BoxHead(256, 3, convolutions=4, linear=1, eps=1e-5),
            MaskHead(256, 3, eps=1e-5),
            classes=3,
            strides=STRIDES,
        )
        parts = nn.ModuleDict(
            {"backbone": VitDet(VIT_SIZES["vit_b"], side=60, eps=1e-5), "neck": SimpleFpn(1536, eps=1e-5)}
        )
    own = {**parts.state_dict(), **detector.state_dict()}
    assert {key: list(tensor.shape) for key, tensor in own.items()} == keys


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_detections_are_chosen_from_what_is_said_of_a_fixed_number_of_proposals(convention):
    detector, levels, extent = make_detector(convention), make_levels(), (100, 120)
    limits = Limits(0.05, 0.5, 100)
    with torch.no_grad():
        expected = detector.detections(levels, extents=[extent] * 2, class_ids=torch.arange(CLASSES), limits=limits)
        boxes, scores = detector.everywhere(levels, extent)
    assert (boxes.shape, scores.shape) == ((2, 1000, CLASSES, 4), (2, 1000, CLASSES))
    for box, score, wanted in zip(boxes, scores, expected, strict=True):
        place, output = (score > limits.score).nonzero(as_tuple=True)
        found = strongest(clipped(box[place, output], extent), score[place, output], output, limits)
        assert len(wanted.scores) > 10
        torch.testing.assert_close(found.scores, wanted.scores)
        torch.testing.assert_close(found.boxes, wanted.boxes)
        assert torch.equal(found.labels, wanted.labels)
