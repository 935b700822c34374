"""What the configurations of methods on a Mix Transformer share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from rgbtbench.cards.schema import Strict
from rgbtbench.zoo.encoders import require_encoder
from rgbtbench.zoo.parts.mit import LAYER_NORM_EPS, MIT_SIZES, LayerNormEps, LayerNormRule, MitName, MitSize
from rgbtbench.zoo.spec import Wiring

Stream = Literal["rgb", "x"]

#: Channels that an encoder takes of each stream.
STREAM_CHANNELS: Final[Mapping[str, int]] = {"rgb": 3, "x": 3}
#: Stream to the modality that feeds it unless a recipe says otherwise.
FED_BY: Final[Wiring] = {"rgb": "rgb", "x": "lwir"}


def _distinct(streams: tuple[Stream, ...]) -> tuple[Stream, ...]:
    if not streams or len(set(streams)) != len(streams):
        raise ValueError("streams are one or both of rgb and x")
    return tuple(sorted(streams))


#: One or both, colour first.
Streams = Annotated[tuple[Stream, ...], AfterValidator(_distinct)]


class MlpHeadConfig(Strict):
    """Configuration of a network with an all-MLP head, whatever its encoder."""

    layer_norms: LayerNormRule | None = Field(
        None, description="whose eps the layer normalisations take, which weights were trained with; null: the method's"
    )
    head_width: int | None = Field(None, ge=1, description="unified width of the head; null: the method's")
    drop_path: float = Field(0.1, ge=0, lt=1, description="chance of leaving out a branch of the deepest block")

    def eps(self, own: LayerNormRule) -> LayerNormEps:
        """Return those of a Mix Transformer's layer normalisations, of a method whose own rule is `own`."""
        return LAYER_NORM_EPS[self.layer_norms or own]


class MitConfig(MlpHeadConfig):
    """Configuration of a network for semantic segmentation on a Mix Transformer, with an all-MLP head."""

    backbone: MitName = "b2"

    @property
    def size(self) -> MitSize:
        """Widths and depths of the encoder."""
        return MIT_SIZES[self.backbone]

    def width_of_head(self, *, small: int, large: int) -> int:
        """Return the head's width, of a method that has `small` on b0 and b1 and `large` on the others."""
        return self.head_width or (small if self.backbone in ("b0", "b1") else large)

    def require_encoder(self, name: str) -> None:
        """Make sure that pre-trained weights are of this encoder.

        Args:
            name: of the encoder whose weights there are.

        Raises:
            RecipeError: they are of another.
        """
        require_encoder(name, wanted=f"mit_{self.backbone}")
