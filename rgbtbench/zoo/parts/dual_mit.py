"""The encoder of CMX: two Mix Transformers that rectify each other after every stage.

Zhang, Liu, Yang, Hu, Liu and Stiefelhagen, "CMX: Cross-Modal Fusion for RGB-X Semantic Segmentation with
Transformers", IEEE T-ITS 2023, section III-A. Rectification and fusion carry the published names.
"""

from __future__ import annotations

from torch import Tensor, nn

from rgbtbench.zoo.parts.frm_ffm import FeatureFusion, FeatureRectification
from rgbtbench.zoo.parts.mit import HEADS, LayerNormEps, Mit, MitSize


class DualMit(nn.Module):
    """Two encoders; each stage's maps are rectified, fused for the head, and handed on rectified.

    Args:
        size: widths and depths of both.
        eps: of their layer normalisations.
        drop_path: chance of leaving out a branch of the deepest blocks.
    """

    def __init__(self, size: MitSize, *, eps: LayerNormEps, drop_path: float) -> None:
        super().__init__()
        self.rgb = Mit(size, eps=eps, drop_path=drop_path)
        self.x = Mit(size, eps=eps, drop_path=drop_path)
        self.FRMs = nn.ModuleList(FeatureRectification(width) for width in size.widths)
        self.FFMs = nn.ModuleList(FeatureFusion(width, heads) for width, heads in zip(size.widths, HEADS, strict=True))

    def forward(self, rgb: Tensor, x: Tensor) -> list[Tensor]:
        """Map two images (B, 3, H, W) to the fused maps of the four stages, finest first."""
        fused = []
        for stage, (rectify, fuse) in enumerate(zip(self.FRMs, self.FFMs, strict=True)):
            rgb, x = rectify(self.rgb.stage(stage, rgb), self.x.stage(stage, x))
            fused.append(fuse(rgb, x))
        return fused
