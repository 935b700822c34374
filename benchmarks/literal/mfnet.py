"""MFNet after its figure 2 and table 1: two encoders, and a decoder that adds what both saw at each scale."""

import torch
import torch.nn.functional as F
from torch import nn

WIDTHS = {"rgb": (3, 16, 48, 48, 96, 96), "inf": (1, 16, 16, 16, 36, 36)}


class Unit(nn.Module):
    def __init__(self, inputs, outputs, dilation=1):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, padding=dilation, dilation=dilation)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, features):
        return F.leaky_relu(self.bn(self.conv(features)), 0.2)


class Inception(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        for number, width in enumerate((inputs, outputs, outputs), 1):
            self.add_module(f"conv{number}_left", Unit(width, outputs // 2))
            self.add_module(f"conv{number}_right", Unit(width, outputs // 2, dilation=2))

    def forward(self, features):
        for number in (1, 2, 3):
            left, right = (self.get_submodule(f"conv{number}_{side}") for side in ("left", "right"))
            features = torch.cat((left(features), right(features)), dim=1)
        return features


class MFNet(nn.Module):
    def __init__(self, classes):
        super().__init__()
        for stream, (channels, first, second, third, fourth, fifth) in WIDTHS.items():
            self.add_module(f"conv1_{stream}", Unit(channels, first))
            self.add_module(f"conv2_1_{stream}", Unit(first, second))
            self.add_module(f"conv2_2_{stream}", Unit(second, second))
            self.add_module(f"conv3_1_{stream}", Unit(second, third))
            self.add_module(f"conv3_2_{stream}", Unit(third, third))
            self.add_module(f"conv4_{stream}", Inception(third, fourth))
            self.add_module(f"conv5_{stream}", Inception(fourth, fifth))
        self.decode4, self.decode3, self.decode2 = Unit(132, 64), Unit(64, 64), Unit(64, 32)
        self.decode1 = Unit(32, classes)

    def encode(self, stream, image):
        def run(*names, features):
            for name in names:
                features = self.get_submodule(f"{name}_{stream}")(features)
            return features

        half = run("conv2_1", "conv2_2", features=F.max_pool2d(run("conv1", features=image), 2))
        quarter = run("conv3_1", "conv3_2", features=F.max_pool2d(half, 2))
        eighth = run("conv4", features=F.max_pool2d(quarter, 2))
        return half, quarter, eighth, run("conv5", features=F.max_pool2d(eighth, 2))

    def forward(self, rgb, inf):
        scales = zip(self.encode("rgb", rgb), self.encode("inf", inf), strict=True)
        half, quarter, eighth, features = (torch.cat(pair, dim=1) for pair in scales)
        features = self.decode4(F.interpolate(features, scale_factor=2) + eighth)
        features = self.decode3(F.interpolate(features, scale_factor=2) + quarter)
        features = self.decode2(F.interpolate(features, scale_factor=2) + half)
        return self.decode1(F.interpolate(features, scale_factor=2))
