"""How parameters move: the part of a recipe that names optimiser, learning rates, schedule and what stays frozen.

Fields that came after the first recorded runs are left out of a recipe's written form while they say nothing, so that
hashes of earlier recipes stand.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from rgbtbench.cards.schema import Strict

#: Names of parameters or modules: `*` stands for any characters, and a module stands for everything in it.
Pattern = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.*?\[\]!-]+$", max_length=200)]


def _as_tuple(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


#: One pattern, or a list of them.
Patterns = Annotated[tuple[Pattern, ...], BeforeValidator(_as_tuple)]
#: Parameters without weight decay: with one dimension or none, named `bias`, or of a normalisation.
Undecayed = Literal["vectors", "biases", "norms"]


def _is_empty(value: Any) -> bool:
    return value is None or value == ()


class ParameterRule(Strict):
    """Factors for some parameters; a parameter gets the product of those of all rules that match it."""

    match: Patterns = Field(min_length=1)
    lr_factor: float = Field(1.0, gt=0, allow_inf_nan=False, description="on the learning rate")
    decay_factor: float = Field(1.0, ge=0, allow_inf_nan=False, description="on the weight decay; 0: none")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.lr_factor == self.decay_factor == 1:
            raise ValueError("a rule gives lr_factor, decay_factor or both")
        return self


class _Grouped(Strict):
    """What every optimiser may say about parts of a model."""

    rules: tuple[ParameterRule, ...] = Field((), exclude_if=_is_empty, description="for parts of the model")
    undecayed: tuple[Undecayed, ...] = Field((), exclude_if=_is_empty, description="kinds without weight decay")
    layer_decay: float | None = Field(
        None,
        gt=0,
        le=1,
        exclude_if=_is_empty,
        description="factor on the learning rate from each layer to the one before it, the head's being 1 (BEiT)",
    )


class Sgd(_Grouped):
    """Stochastic gradient descent with momentum."""

    name: Literal["sgd"]
    lr: float = Field(gt=0)
    momentum: float = Field(0.9, ge=0, lt=1)
    nesterov: bool = False
    weight_decay: float = Field(0.0, ge=0)


class AdamW(_Grouped):
    """Adam with decoupled weight decay."""

    name: Literal["adamw"]
    lr: float = Field(gt=0)
    betas: tuple[Annotated[float, Field(ge=0, lt=1)], Annotated[float, Field(ge=0, lt=1)]] = (0.9, 0.999)
    weight_decay: float = Field(0.01, ge=0)


Optimiser = Annotated[Sgd | AdamW, Field(discriminator="name")]


class Constant(Strict):
    """The learning rate stays."""

    name: Literal["constant"] = "constant"


class Exponential(Strict):
    """The learning rate is multiplied by `gamma` after each epoch."""

    name: Literal["exponential"]
    gamma: float = Field(gt=0, le=1)


class Step(Strict):
    """The learning rate is multiplied by `gamma` each time that so many epochs or steps are done."""

    name: Literal["step"]
    gamma: float = Field(0.1, gt=0, le=1)
    epochs: int | None = Field(None, ge=1)
    steps: int | None = Field(None, ge=1)

    @model_validator(mode="after")
    def _one_unit(self) -> Self:
        _require_one(self.epochs, self.steps, "a step schedule")
        return self


class MultiStep(Strict):
    """The learning rate is multiplied by `gamma` when these epochs or steps are done."""

    name: Literal["multi_step"]
    gamma: float = Field(0.1, gt=0, le=1)
    epochs: tuple[Annotated[int, Field(ge=1)], ...] | None = Field(None, min_length=1)
    steps: tuple[Annotated[int, Field(ge=1)], ...] | None = Field(None, min_length=1)

    @model_validator(mode="after")
    def _one_rising_list(self) -> Self:
        _require_one(self.epochs, self.steps, "a multi_step schedule")
        milestones = self.epochs or self.steps or ()
        if list(milestones) != sorted(set(milestones)):
            raise ValueError(f"milestones must rise: {', '.join(map(str, milestones))}")
        return self


class Cosine(Strict):
    """Half a cosine from the full rate to `final` of it."""

    name: Literal["cosine"]
    final: float = Field(0.0, ge=0, le=1)


class Polynomial(Strict):
    """`(1 - progress) ** power`."""

    name: Literal["poly"]
    power: float = Field(0.9, gt=0)
    steps: int | None = Field(
        None,
        ge=1,
        exclude_if=_is_empty,
        description="after which it is 0, where the training ends before or after that",
    )


Schedule = Annotated[Constant | Exponential | Step | MultiStep | Cosine | Polynomial, Field(discriminator="name")]


class WarmUp(Strict):
    """The learning rate rises from `start` of itself over the first steps or epochs.

    In step `i` of `n`, counted from 0, the factor is `start + (1 - start) (i + 1) / n` where it rises linearly, and
    `start ** (1 - i / n)` where exponentially, as DELIVER's code has it.
    """

    steps: int | None = Field(None, ge=1)
    start: float = Field(0.0, ge=0, le=1)
    epochs: float | None = Field(None, gt=0, allow_inf_nan=False, exclude_if=_is_empty)
    rise: Literal["linear", "exponential"] = Field("linear", exclude_if=lambda rise: rise == "linear")
    schedule: Literal["waits", "replaced", "multiplied"] = Field(
        "waits",
        exclude_if=lambda schedule: schedule == "waits",
        description="waits: the schedule begins after the warm-up; else it runs from the first step on, and its first "
        "part is replaced (CMX), or multiplied by the warm-up's factor (mmengine)",
    )

    @model_validator(mode="after")
    def _one_length_that_can_rise(self) -> Self:
        _require_one(self.epochs, self.steps, "a warm-up")
        if self.rise == "exponential" and self.start == 0:
            raise ValueError("an exponential rise needs a start above 0")
        return self


class Freezing(Strict):
    """What stays as it is.

    Batch normalisations all of whose parameters are frozen keep their running statistics too.
    """

    parameters: Patterns = ()
    but: Patterns = Field((), description="parameters that are trained although `parameters` matches them")
    statistics: Patterns = Field((), description="batch normalisations that keep their running statistics")

    @model_validator(mode="after")
    def _exceptions_have_a_rule(self) -> Self:
        if self.but and not self.parameters:
            raise ValueError("but takes back what parameters freezes, and nothing is frozen")
        return self


def _require_one(epochs: object, steps: object, what: str) -> None:
    if (epochs is None) == (steps is None):
        raise ValueError(f"{what} is given in either epochs or steps")
