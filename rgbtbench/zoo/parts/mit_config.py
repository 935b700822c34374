"""What the configurations of methods on a Mix Transformer share."""

from __future__ import annotations

from pydantic import Field

from rgbtbench.cards.schema import Strict
from rgbtbench.zoo.encoders import require_encoder
from rgbtbench.zoo.parts.mit import LAYER_NORM_EPS, MIT_SIZES, LayerNormEps, LayerNormRule, MitName, MitSize


class MitConfig(Strict):
    """Configuration of a network for semantic segmentation on a Mix Transformer, with an all-MLP head."""

    backbone: MitName = "b2"
    layer_norms: LayerNormRule = Field(
        "segformer", description="whose eps the layer normalisations take; weights work with that of their training"
    )
    head_width: int | None = Field(None, ge=1, description="unified width of the head; null: the method's own")
    drop_path: float = Field(0.1, ge=0, lt=1, description="chance of leaving out a branch of the deepest block")

    @property
    def size(self) -> MitSize:
        """Widths and depths of the encoder."""
        return MIT_SIZES[self.backbone]

    @property
    def eps(self) -> LayerNormEps:
        """Of the layer normalisations."""
        return LAYER_NORM_EPS[self.layer_norms]

    def require_encoder(self, name: str) -> None:
        """Make sure that pre-trained weights are of this encoder.

        Args:
            name: of the encoder whose weights there are.

        Raises:
            RecipeError: they are of another.
        """
        require_encoder(name, wanted=f"mit_{self.backbone}")
