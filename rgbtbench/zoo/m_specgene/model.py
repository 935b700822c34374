"""The network of M-SpecGene's pre-training: one encoder for both modalities, two decoders that look at each other."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final, cast

import torch
from torch import Tensor, nn

from rgbtbench.conditions.seeds import generator_of
from rgbtbench.loading.batch import Batch
from rgbtbench.snapshots import Snapshot
from rgbtbench.zoo.encoders import require_encoder
from rgbtbench.zoo.image_features import image_features
from rgbtbench.zoo.m_specgene.config import SLOTS, MSpecGeneConfig
from rgbtbench.zoo.m_specgene.decoder import DecoderBranch
from rgbtbench.zoo.m_specgene.masker import Visible, make_masker
from rgbtbench.zoo.m_specgene.selection import hidden_patches
from rgbtbench.zoo.m_specgene.snapshot import take_snapshot
from rgbtbench.zoo.parts.mit import to_map
from rgbtbench.zoo.parts.patches import standardised, to_patches
from rgbtbench.zoo.parts.vit import Vit, initialise_vit
from rgbtbench.zoo.preprocess import network_inputs
from rgbtbench.zoo.pretraining import PretrainingModel
from rgbtbench.zoo.spec import ModelSpec

_EPS: Final = 1e-6
_ENCODER: Final = "encoder."
_CHANNELS: Final = 3
_TOKEN_DEVIATION: Final = 0.02


class MSpecGene(PretrainingModel):
    """The network; each modality is reconstructed from its own visible patches and from the other's tokens."""

    def __init__(self, spec: ModelSpec, config: MSpecGeneConfig) -> None:
        super().__init__(spec)
        self.config = config
        self.encoder = Vit(config.encoder_size, grid=config.grid, patch=config.patch, eps=_EPS, positions="sin_cos")
        self.decoders = nn.ModuleDict(
            {
                slot: DecoderBranch(
                    config.decoder.size,
                    encoded=config.encoder_size.width,
                    grid=config.grid,
                    pixels=config.patch**2 * _CHANNELS,
                    crosses=config.cross_attention,
                    eps=_EPS,
                )
                for slot in SLOTS
            }
        )
        self.decoder_norm = nn.LayerNorm(config.decoder.width, eps=_EPS)
        self.decoders.apply(initialise_vit)
        for token in (self.encoder.cls_token, *(branch.mask_token for branch in self._branches())):
            nn.init.normal_(token, std=_TOKEN_DEVIATION)
        self.masker = make_masker(config)

    def encoder_state(self, name: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the tensors of a pre-trained encoder of the same size."""
        require_encoder(name, wanted=self.config.encoder_name)
        return {f"{_ENCODER}{key}": tensor for key, tensor in state.items()}

    def pretrained_encoder(self, state: Mapping[str, Tensor]) -> tuple[str, dict[str, Tensor]]:
        """Return the encoder, which has the layers of MAE's."""
        own = {key.removeprefix(_ENCODER): tensor for key, tensor in state.items() if key.startswith(_ENCODER)}
        return self.config.encoder_name, own

    def begin_step(self, progress: float) -> None:
        """Move the masking on."""
        self.masker.begin_step(progress)

    def training_state(self) -> dict[str, Any]:
        """Return what the masking remembers."""
        return self.masker.state()

    def load_training_state(self, state: Mapping[str, Any]) -> None:
        """Let the masking go on from there."""
        self.masker.load_state(state)

    def images(self, batch: Batch) -> dict[str, Tensor]:
        """Return slot to the network's input, float32 (B, 3, H, W)."""
        channels = dict.fromkeys(SLOTS, _CHANNELS)
        return network_inputs(batch, self.config.preprocess, inputs=self.inputs_for(batch), channels=channels)

    def tokens(self, images: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return the patches' tokens (B, L, D) of thermal and of RGB, with their positions."""
        thermal, rgb = (self.encoder.patches(images[slot])[0] for slot in SLOTS)
        return thermal, rgb

    def reconstruct(self, tokens: tuple[Tensor, Tensor], visible: Visible) -> tuple[Tensor, Tensor]:
        """Return the standardised pixels of all patches of thermal and of RGB, (B, L, patch · patch · 3).

        Args:
            tokens: of all patches, as `tokens` gives them.
            visible: int64 (B, N), the patches that may be looked at.
        """
        branches = self._branches()
        begun = [
            branch.begin(self.encoder.encode(self.encoder.with_class_token(_chosen(all_of, seen))), seen)
            for branch, all_of, seen in zip(branches, tokens, visible, strict=True)
        ]
        thermal = branches[0].finish(begun[0], begun[1], self.decoder_norm)
        return thermal, branches[1].finish(begun[1], begun[0], self.decoder_norm)

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """Return the mean squared error of the hidden patches of each modality, over the batch's valid samples.

        In evaluation mode patches are hidden by chance that depends on the sample alone, so that losses can be compared
        over a training and between ways of masking.
        """
        images = self.images(batch)
        tokens = self.tokens(images)
        visible = self.masker.choose(*tokens) if self.training else self.fixed_visible(batch)
        predicted = self.reconstruct(tokens, visible)
        losses = [
            _error(pixels, images[slot], seen, batch.valid, patch=self.config.patch)
            for slot, pixels, seen in zip(SLOTS, predicted, visible, strict=True)
        ]
        if self.training:
            self.masker.observe(*losses)
        return {f"{slot}_reconstruction": loss for slot, loss in zip(SLOTS, losses, strict=True)}

    def features(self, batch: Batch, size: tuple[int, int] | None = None) -> dict[str, Tensor]:
        """Return the tokens of all patches after the last normalisation; positions are interpolated to other sizes."""

        def encode(image: Tensor) -> Tensor:
            tokens, grid = self.encoder(image)
            return to_map(tokens[:, 1:].contiguous(), grid)

        return image_features(
            batch,
            encode,
            rules=self.config.preprocess,
            inputs=self.inputs_for(batch),
            channels=dict.fromkeys(SLOTS, _CHANNELS),
            patch=self.config.patch,
            size=size,
        )

    def snapshot(self, batch: Batch, step: int) -> Snapshot:
        """Return masks, CMSS and reconstructions of a batch."""
        return take_snapshot(self, batch, step)

    def fixed_visible(self, batch: Batch) -> Visible:
        """Return visible patches that depend on the samples' keys alone, int64 (B, N) for each modality."""
        patches, device = math.prod(self.config.grid), self.encoder.pos_embed.device
        thermal, rgb = (
            torch.stack(
                [
                    torch.from_numpy(generator_of(key, f"visible:{slot}").permutation(patches)[: self.config.visible])
                    for key in batch.keys
                ]
            ).to(device)
            for slot in SLOTS
        )
        return thermal, rgb

    def _branches(self) -> tuple[DecoderBranch, DecoderBranch]:
        thermal, rgb = (cast("DecoderBranch", self.decoders[slot]) for slot in SLOTS)
        return thermal, rgb


def _chosen(tokens: Tensor, places: Tensor) -> Tensor:
    return tokens.gather(1, places[:, :, None].expand(-1, -1, tokens.shape[2]))


def _error(pixels: Tensor, image: Tensor, visible: Tensor, valid: Tensor, *, patch: int) -> Tensor:
    target = standardised(to_patches(image, patch))
    errors = (pixels.float() - target).square().mean(dim=-1)
    counted = hidden_patches(visible, errors.shape[1]) & valid[:, None]
    return (errors * counted).sum() / counted.sum().clamp(min=1)
