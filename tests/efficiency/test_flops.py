"""FLOPs against numbers worked out by hand; one multiplication with its addition is two."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from rgbtbench.efficiency.flops import count_flops

TOKENS, WIDTH, HIDDEN = 196, 64, 640
#: 2 · (4 products of 196×64×64, 2 of 196×64×640, 2 of 196×196×64).
BLOCK_FLOPS = 2 * (4 * TOKENS * WIDTH**2 + 2 * TOKENS * WIDTH * HIDDEN + 2 * TOKENS**2 * WIDTH)


class Block(nn.Module):
    """A transformer block with 4 heads."""

    def __init__(self, *, fused):
        super().__init__()
        self.fused = fused
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.grow, self.shrink = nn.Linear(WIDTH, HIDDEN), nn.Linear(HIDDEN, WIDTH)

    def forward(self, tokens):
        query, key, value = self.qkv(self.norm1(tokens)).view(1, TOKENS, 3, 4, WIDTH // 4).permute(2, 0, 3, 1, 4)
        if self.fused:
            mixed = F.scaled_dot_product_attention(query, key, value)
        else:
            mixed = (query @ key.transpose(-2, -1) / (WIDTH // 4) ** 0.5).softmax(dim=-1) @ value
        tokens = tokens + self.out(mixed.transpose(1, 2).reshape(1, TOKENS, WIDTH))
        return tokens + self.shrink(F.gelu(self.grow(self.norm2(tokens))))


class Scan(nn.Module):
    """Something whose products PyTorch's counter cannot see, and that says what they cost."""

    def forward(self, tokens):
        return tokens.cumsum(dim=1)

    def analytic_flops(self, arguments, output):
        (tokens,) = arguments
        assert output.shape == tokens.shape
        return 9 * tokens.numel()


def test_the_block_is_the_one_that_the_survey_of_counters_names():
    assert round(BLOCK_FLOPS / 1e6, 3) == 48.370


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode, torch.enable_grad])
def test_a_transformer_block_counts_its_products_however_attention_is_written(fused, mode):
    block, tokens = Block(fused=fused).eval(), torch.rand(1, TOKENS, WIDTH)

    def call():
        with mode():
            block(tokens)

    assert count_flops(call, block).total == BLOCK_FLOPS


def test_a_fused_encoder_layer_counts_its_products():
    layer = nn.TransformerEncoderLayer(WIDTH, 4, HIDDEN, batch_first=True).eval()
    tokens = torch.rand(1, TOKENS, WIDTH)
    found = count_flops(lambda: layer(tokens), layer)
    assert (found.total, found.uncounted) == (BLOCK_FLOPS, ())
    assert torch.backends.mha.get_fastpath_enabled()


def test_convolutions_and_their_transposes_count_and_all_else_is_free():
    network = nn.Sequential(
        nn.Conv2d(3, 64, 7, stride=2, padding=3),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.ConvTranspose2d(64, 16, 4, stride=2, padding=1),
        nn.Upsample(scale_factor=2, mode="bilinear"),
    ).eval()
    # 112² outputs of 7·7·3 products in 64 channels; 112² inputs of 64 channels, each for 4·4 outputs in 16 channels.
    convolution, transposed = 2 * 112**2 * 64 * 7 * 7 * 3, 2 * 112**2 * 64 * 16 * 4 * 4
    image = torch.rand(1, 3, 224, 224)
    found = count_flops(lambda: network(image), network)
    assert found.total == convolution + transposed == 647_069_696
    assert found.by_operator == {"aten.convolution": found.total}


def test_grouped_and_dilated_convolutions_count_what_they_compute():
    network = nn.Sequential(nn.Conv2d(8, 8, 3, padding=2, dilation=2, groups=8), nn.Conv2d(8, 4, 1))
    image = torch.rand(2, 8, 10, 12)
    assert count_flops(lambda: network(image), network).total == 2 * 2 * 120 * (8 * 9 + 8 * 4)


def test_what_runs_twice_counts_twice():
    shared = nn.Linear(10, 20)
    vector = torch.rand(3, 10)
    assert count_flops(lambda: (shared(vector), shared(vector)), shared).total == 2 * (2 * 3 * 10 * 20)


def test_a_module_with_kernels_of_its_own_says_what_they_cost():
    network = nn.Sequential(nn.Linear(8, 8), Scan(), Scan())
    tokens = torch.rand(1, 5, 8)
    found = count_flops(lambda: network(tokens), network)
    assert found.by_operator == {"aten.addmm": 2 * 5 * 64, "Scan": 2 * 9 * 40}
    assert found.total == 2 * 5 * 64 + 2 * 9 * 40
    assert count_flops(lambda: network(tokens), network) == found


def test_operators_that_nothing_is_known_of_are_named():
    from torchvision.ops import DeformConv2d

    layer = DeformConv2d(3, 4, 3)
    image, offsets = torch.rand(1, 3, 9, 9), torch.rand(1, 18, 7, 7)
    assert count_flops(lambda: layer(image, offsets), layer).uncounted == ("torchvision.deform_conv2d",)

    class Known(DeformConv2d):
        def analytic_flops(self, arguments, output):
            return 2 * output[0].numel() * self.in_channels * 9

    known = Known(3, 4, 3)
    found = count_flops(lambda: known(image, offsets), known)
    assert (found.total, found.uncounted) == (2 * 4 * 49 * 27, ())


def test_nothing_is_counted_of_a_call_that_computes_nothing():
    assert count_flops(lambda: None, nn.Identity()).total == 0
