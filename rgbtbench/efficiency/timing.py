"""What a model costs on a device: latency, throughput and memory, with the conditions of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Final, Literal

import torch
from pydantic import Field

from rgbtbench.cards.augmentations import Size
from rgbtbench.efficiency.inputs import noise_batch
from rgbtbench.efficiency.latency import measure_latency
from rgbtbench.efficiency.measured import Measured, measured
from rgbtbench.efficiency.memory import measure_peak
from rgbtbench.efficiency.passes import one_pass
from rgbtbench.loading.batch import Batch
from rgbtbench.zoo.model import Model

Precision = Literal["32-true", "bf16-mixed", "16-mixed"]
_TYPES: Final = {"bf16-mixed": torch.bfloat16, "16-mixed": torch.float16}


@dataclass(frozen=True, slots=True)
class Setting:
    """Under which conditions a model is timed.

    Attributes:
        device: `cpu` or `cuda`.
        threads: that a processor computes with; None for as many as PyTorch takes.
        precision: of the products.
        channels_last: keep weights in NHWC order.
        batch_size: of the throughput.
        seconds: that each of latency and throughput may take.
    """

    device: str = "cpu"
    threads: int | None = None
    precision: Precision = "32-true"
    channels_last: bool = False
    batch_size: int = 8
    seconds: float = 60.0


class Timing(Measured):
    """Latency and memory of one image (or pair), throughput of a batch."""

    latency_ms: float = Field(description="median")
    latency_p10_ms: float
    latency_p90_ms: float
    runs: int = Field(description="that were timed")
    warm_up: int = Field(description="that ran before, untimed")
    images_per_second: float = Field(description="by the median of a batch")
    batch_size: int = Field(description="of the throughput")
    peak_memory_bytes: int | None
    peak_memory_of: str | None
    device: str
    threads: int | None = Field(description="of a processor")
    precision: Precision
    channels_last: bool
    cudnn_benchmark: bool | None = Field(description="of a GPU")

    @property
    def measured(self) -> str:
        """The conditions in one line."""
        layout = ", channels last" if self.channels_last else ""
        threads = "" if self.threads is None else f", {self.threads} threads"
        return f"{self.scope}; {self.precision}{layout}{threads}, PyTorch {self.torch}; {self.runs} runs"


def time_model(model: Model, size: Size, setting: Setting, *, device_name: str) -> Timing:
    """Time a model.

    It is in evaluation mode afterwards, on the setting's device. The first call shows the memory, then it is warmed up
    and timed.

    Args:
        model: of the zoo.
        size: height, width of the images.
        setting: device, precision and limits.
        device_name: of the processor or GPU, for people.
    """
    layout = torch.channels_last if setting.channels_last else torch.contiguous_format
    model.to(setting.device).eval()
    model.to(memory_format=layout)
    one, several = (noise_batch(model.spec, size, count=count).to(setting.device) for count in (1, setting.batch_size))
    with _threads(setting.threads):
        peak = measure_peak(pass_under(model, one, setting), device=setting.device)
        latency = measure_latency(pass_under(model, one, setting), device=setting.device, seconds=setting.seconds)
        whole = measure_latency(pass_under(model, several, setting), device=setting.device, seconds=setting.seconds)
        threads = torch.get_num_threads() if setting.device == "cpu" else None
    return Timing(
        **measured(model, size),
        latency_ms=round(latency.median, 4),
        latency_p10_ms=round(latency.p10, 4),
        latency_p90_ms=round(latency.p90, 4),
        runs=latency.runs,
        warm_up=latency.warm_up,
        images_per_second=round(1e3 * setting.batch_size / whole.median, 4),
        batch_size=setting.batch_size,
        peak_memory_bytes=peak and peak.bytes,
        peak_memory_of=peak and peak.what,
        device=device_name,
        threads=threads,
        precision=setting.precision,
        channels_last=setting.channels_last,
        cudnn_benchmark=None if setting.device == "cpu" else torch.backends.cudnn.benchmark,
    )


def pass_under(model: Model, batch: Batch, setting: Setting) -> Callable[[], object]:
    """Return a pass of a model over a batch, without gradients and in the setting's precision, to be measured."""

    def call() -> object:
        with torch.inference_mode(), _autocast(setting):
            return one_pass(model, batch)

    return call


def _autocast(setting: Setting) -> AbstractContextManager[object]:
    if setting.precision == "32-true":
        return nullcontext()
    return torch.autocast(setting.device, dtype=_TYPES[setting.precision])


@contextmanager
def _threads(count: int | None) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
