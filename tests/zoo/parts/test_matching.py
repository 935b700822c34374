from __future__ import annotations

import pytest
import torch
from torchvision.models.detection._utils import BalancedPositiveNegativeSampler, BoxCoder, Matcher
from torchvision.ops import box_iou

from rgbtbench.zoo.parts.box_coder import decoded, encoded
from rgbtbench.zoo.parts.detector import Targets
from rgbtbench.zoo.parts.matching import BACKGROUND, UNDECIDED, MatchRule, match, sampled


def random_boxes(count: int, seed: int, *, side: float = 100) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    corner = torch.rand((count, 2), generator=generator) * side
    return torch.cat((corner, corner + 5 + torch.rand((count, 2), generator=generator) * side / 2), dim=1)


def targets(boxes: torch.Tensor, ignore: list[bool] | None = None) -> Targets:
    hidden = torch.tensor(ignore or [False] * len(boxes), dtype=torch.bool)
    return Targets(boxes, torch.zeros(len(boxes), dtype=torch.int64), hidden)


@pytest.mark.parametrize("best", [None, 0.0])
def test_under_torchvisions_rule_matches_are_torchvisions(best):
    boxes, candidates = random_boxes(12, 0), random_boxes(300, 1)
    rule = MatchRule(0.7, 0.3, best_from=best, best_learns="its nearest")
    theirs = Matcher(0.7, 0.3, allow_low_quality_matches=best is not None)(box_iou(boxes, candidates))
    assert torch.equal(match(candidates, targets(boxes), rule), theirs)


def literal_mmdetection(overlaps: torch.Tensor, positive: float, negative: float, least: float) -> list[int]:
    """mmdetection's assigner with its loop over boxes."""
    found = []
    for column in overlaps.T.tolist():
        most = max(column)
        found.append(column.index(most) if most >= positive else BACKGROUND if most < negative else UNDECIDED)
    for box, row in enumerate(overlaps.tolist()):
        if max(row) >= least:
            for candidate, overlap in enumerate(row):
                if overlap == max(row):
                    found[candidate] = box
    return found


@pytest.mark.parametrize("least", [0.3, 0.5])
def test_under_mmdetections_rule_matches_are_those_of_its_loop(least):
    boxes = random_boxes(20, 2)
    candidates = torch.cat((random_boxes(200, 3), boxes[3:5]))
    boxes = torch.cat((boxes, boxes[3:4]))
    overlaps = box_iou(boxes, candidates)
    expected = literal_mmdetection(overlaps, 0.7, 0.3, least)
    assert match(candidates, targets(boxes), MatchRule(0.7, 0.3, best_from=least)).tolist() == expected


def test_a_candidate_in_an_ignored_box_is_no_background_but_may_learn_another():
    ignored, known = [0.0, 0.0, 40.0, 40.0], [10.0, 10.0, 20.0, 20.0]
    candidates = torch.tensor([[0.0, 0, 10, 10], [10, 10, 20, 20], [30, 30, 60, 60], [80, 80, 90, 90]])
    found = match(candidates, targets(torch.tensor([ignored, known]), [True, False]), MatchRule(0.5, 0.5))
    assert found.tolist() == [UNDECIDED, 1, BACKGROUND, BACKGROUND]


def test_without_boxes_everything_is_background_and_without_candidates_nothing_is():
    none = torch.zeros((0, 4))
    rule = MatchRule(0.7, 0.3, best_from=0.0)
    assert match(random_boxes(3, 0), targets(none), rule).tolist() == [BACKGROUND] * 3
    assert match(none, targets(random_boxes(3, 0)), rule).tolist() == []


def test_equal_seeds_choose_what_torchvision_chooses():
    matches = torch.tensor([BACKGROUND, 0, UNDECIDED, 2] * 50)
    labels = torch.where(matches == UNDECIDED, -1, (matches >= 0).long())
    torch.manual_seed(3)
    ours = sampled(matches, count=40, positive_share=0.25)
    torch.manual_seed(3)
    (positive,), (negative,) = BalancedPositiveNegativeSampler(40, 0.25)([labels])
    assert sorted(ours.tolist()) == (positive | negative).nonzero()[:, 0].tolist()
    assert (matches[ours[:10]] >= 0).all()


def test_told_boxes_are_torchvisions_and_lead_back():
    boxes, anchors = random_boxes(50, 4), random_boxes(50, 5)
    deviations = torch.tensor([0.1, 0.1, 0.2, 0.2])
    told = encoded(boxes, anchors, deviations)
    theirs = BoxCoder((10.0, 10.0, 5.0, 5.0))
    torch.testing.assert_close(told, theirs.encode_single(boxes, anchors), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(decoded(told, anchors, deviations), boxes, atol=1e-3, rtol=1e-5)
    wild = told * 40
    expected = theirs.decode_single(wild, anchors)
    torch.testing.assert_close(decoded(wild, anchors, deviations), expected, atol=1e-1, rtol=1e-4)
