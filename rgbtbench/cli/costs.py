"""`rgbtbench models flops`, `latency` and `profile`: what a method or weights cost."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from rgbtbench.cli.output import JsonOption, print_facts, print_json
from rgbtbench.cli.train import DeviceName, DeviceOption

if TYPE_CHECKING:
    from rgbtbench.cards.augmentations import Size
    from rgbtbench.efficiency.counts import Counts
    from rgbtbench.efficiency.measured import Measured
    from rgbtbench.efficiency.timing import Setting, Timing
    from rgbtbench.zoo.model import Model


class PrecisionName(StrEnum):
    """Of the products."""

    SINGLE = "32-true"
    BF16 = "bf16-mixed"
    HALF = "16-mixed"


Target = Annotated[str, typer.Argument(help="Method, run folder or .safetensors file.")]
SizeOption = Annotated[str, typer.Option(help="Height x width of the images.")]
ClassesOption = Annotated[int | None, typer.Option(min=1, help="Of a method; 9 by default.")]
TaskOption = Annotated[str | None, typer.Option(help="Of a method; the first of its card by default.")]
ConfigOption = Annotated[str | None, typer.Option(help="Of a method, as YAML: '{streams: [rgb]}'.")]
BatchSizeOption = Annotated[int, typer.Option(min=1, help="Images per call for the throughput.")]
ThreadsOption = Annotated[int | None, typer.Option(min=1, help="Of a processor; PyTorch's own choice by default.")]
PrecisionOption = Annotated[PrecisionName, typer.Option(help="Of the products.")]
ChannelsLastOption = Annotated[bool, typer.Option("--channels-last", help="Keep weights in NHWC order.")]
SecondsOption = Annotated[float, typer.Option(min=0.1, help="That latency and throughput may take each.")]


def show_flops(
    target: Target,
    size: SizeOption = "480x640",
    classes: ClassesOption = None,
    task: TaskOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Count parameters and FLOPs by one pass, and time nothing.

    One multiplication with its addition is two FLOPs.

    Example: rgbtbench models flops cmx --size 480x640 --config '{backbone: b4}'
    """
    model, frame = _subject(target, size, task, classes, config)
    from rgbtbench.efficiency.counts import count_model

    found = count_model(model, frame)
    _show(found, _counts_in_words(found), as_json=as_json)


def show_latency(
    target: Target,
    size: SizeOption = "480x640",
    classes: ClassesOption = None,
    task: TaskOption = None,
    config: ConfigOption = None,
    batch_size: BatchSizeOption = 8,
    device: DeviceOption = DeviceName.AUTO,
    threads: ThreadsOption = None,
    precision: PrecisionOption = PrecisionName.SINGLE,
    channels_last: ChannelsLastOption = False,
    seconds: SecondsOption = 60.0,
    as_json: JsonOption = False,
) -> None:
    """Measure latency, throughput and memory on a device, and print them with their conditions.

    Timed is the whole way from pixels to predictions.

    Example: rgbtbench models latency mfnet --size 480x640 --device cpu --threads 1
    """
    model, frame = _subject(target, size, task, classes, config)
    from rgbtbench.profiling import timing

    setting = _setting(device, threads, precision, channels_last, batch_size, seconds)
    found = timing(model, frame, setting)
    _show(found, _timing_in_words(found), as_json=as_json)


def show_profile(
    target: Target,
    size: SizeOption = "480x640",
    classes: ClassesOption = None,
    task: TaskOption = None,
    config: ConfigOption = None,
    batch_size: BatchSizeOption = 8,
    device: DeviceOption = DeviceName.AUTO,
    threads: ThreadsOption = None,
    precision: PrecisionOption = PrecisionName.SINGLE,
    channels_last: ChannelsLastOption = False,
    seconds: SecondsOption = 60.0,
    as_json: JsonOption = False,
) -> None:
    """Measure parameters, FLOPs, latency, throughput and memory: `flops` and `latency` in one.

    Example: rgbtbench models profile mfnet --size 480x640 --json
    """
    model, frame = _subject(target, size, task, classes, config)
    from rgbtbench.profiling import profile

    setting = _setting(device, threads, precision, channels_last, batch_size, seconds)
    found = profile(model, frame, setting)
    _show(found, [*_counts_in_words(found), *_timing_in_words(found)], as_json=as_json)


def _subject(target: str, size: str, task: str | None, classes: int | None, config: str | None) -> tuple[Model, Size]:
    from rgbtbench.cli.torch_extra import require_torch

    require_torch()
    from rgbtbench.conversion import config_from_yaml
    from rgbtbench.profiling import named_model, parse_size

    frame = parse_size(size)
    own = None if config is None else config_from_yaml(config)
    return named_model(target, task=task, classes=classes, config=own), frame


def _setting(
    device: DeviceName,
    threads: int | None,
    precision: PrecisionName,
    channels_last: bool,
    batch_size: int,
    seconds: float,
) -> Setting:
    from rgbtbench.efficiency.timing import Setting

    return Setting(
        device=device.value,
        threads=threads,
        precision=precision.value,
        channels_last=channels_last,
        batch_size=batch_size,
        seconds=seconds,
    )


def _show(found: Measured, facts: Iterable[tuple[str, object]], *, as_json: bool) -> None:
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    print_facts(
        [
            ("method", f"{found.method}, {found.task}, {found.classes} classes"),
            ("inputs", ", ".join(f"{slot}: {modality}" for slot, modality in found.inputs.items())),
            ("size", "{} x {} (height x width)".format(*found.size)),
            *facts,
        ]
    )


def _counts_in_words(found: Counts) -> list[tuple[str, object]]:
    return [
        ("parameters", f"{found.parameters:,}, {found.trainable_parameters:,} of them trainable"),
        ("FLOPs", f"{found.flops / 1e9:,.3f} G ({found.flops / 2e9:,.3f} G multiplications with additions)"),
        ("not counted", ", ".join(found.uncounted_operators)),
        ("counted", found.scope),
    ]


def _timing_in_words(found: Timing) -> list[tuple[str, object]]:
    memory = None if found.peak_memory_bytes is None else f"{found.peak_memory_bytes / 2**20:,.0f} MiB"
    return [
        (
            "latency",
            f"{found.latency_ms:,.2f} ms, 10 % below {found.latency_p10_ms:,.2f}, 90 % below "
            f"{found.latency_p90_ms:,.2f} ({found.runs} runs after {found.warm_up})",
        ),
        ("throughput", f"{found.images_per_second:,.1f} images/s in batches of {found.batch_size}"),
        ("memory", memory and f"{memory}, {found.peak_memory_of}"),
        ("device", found.device),
        ("measured", found.measured),
    ]
