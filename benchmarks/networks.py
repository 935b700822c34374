"""A network of the zoo against the same network written as its paper's formulas read: time, memory, equal outputs."""

import time
from collections.abc import Callable, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.ratio import Ratio, compare, of_pairs
from rgbtbench.zoo.segmentation import SegmentationModel
from rgbtbench.zoo.weights import published_names

REFERENCE = "formulas written out"
#: Of single precision, in which products are summed in other orders; double precision is held to more.
_TOLERANCE = 1e-3
_GRADIENT_TOLERANCE = 1e-4


def same_weights(literal: nn.Module, model: SegmentationModel) -> dict[str, str]:
    """Give the literal network the weights of the zoo's; return name in the zoo to published name."""
    own, theirs = model.state_dict(), literal.state_dict()
    names = published_names(model.spec.method, own, theirs)
    complete = {key: names.get(key, key) for key in own}
    literal.load_state_dict({complete[key]: tensor for key, tensor in own.items()})
    return complete


def against_literal(
    name: str, model: SegmentationModel, literal: nn.Module, images: Mapping[str, Tensor], *, repeats: int
) -> list[Ratio]:
    """Compare a forward pass and a training step (forward and backward), after making sure that outputs are equal.

    Gradients are made sure of too. Time is that of the processor, on one thread.

    Args:
        name: what is compared, with its size.
        model: of the zoo.
        literal: takes the images in the order of `images`.
        images: slot to (B, 3, H, W).
        repeats: of each measurement of time.
    """
    torch.set_num_threads(1)
    names = same_weights(literal, model)
    both = {"ours": lambda: model.logits(images), "literal": lambda: literal(*images.values())}
    classes = len(model.spec.classes)
    first = next(iter(images.values()))
    labels = torch.randint(classes, (len(first), *first.shape[2:]), generator=torch.Generator().manual_seed(0))

    def step(logits: Callable[[], Tensor]) -> None:
        F.cross_entropy(logits(), labels).backward()
        for network in (model, literal):
            network.zero_grad(set_to_none=True)

    def forward(logits: Callable[[], Tensor]) -> Tensor:
        with torch.inference_mode():
            return logits()

    results = []
    for what, action, training in (("forward", forward, False), ("training step", step, True)):
        for network in (model, literal):
            network.train(training)
        _require_equal(name, both)
        if training:
            _require_equal_gradients(name, model, literal, images, names)
        ours, theirs = (lambda act=action, key=key: act(both[key]) for key in both)
        label = f"{name}, {what}"
        timing = compare(
            label, ours, theirs, reference_name=REFERENCE, goal=1.0, repeats=repeats, clock=time.process_time
        )
        results.append(timing)
        peaks = (peak_bytes(ours) / 2**20, peak_bytes(theirs) / 2**20)
        results.append(of_pairs(f"{label}, memory", [peaks], reference_name=REFERENCE, unit="MiB", goal=1.0))
    return results


def peak_bytes(action: Callable[[], object]) -> int:
    """Return how many bytes of tensors that an action made were alive at once."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profiled:
        action()
    events = [event for event in profiled.profiler.kineto_results.events() if event.name() == "[memory]"]
    alive = peak = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        alive += event.nbytes()
        peak = max(peak, alive)
    return peak


def _require_equal(name: str, both: Mapping[str, Callable[[], Tensor]]) -> None:
    """Raise unless logits are the same."""
    with torch.no_grad():
        torch.testing.assert_close(
            both["ours"](),
            both["literal"](),
            rtol=_TOLERANCE,
            atol=_TOLERANCE,
            msg=lambda text: f"{name}: other outputs than {REFERENCE}: {text}",
        )


def _require_equal_gradients(
    name: str, model: SegmentationModel, literal: nn.Module, images: Mapping[str, Tensor], names: Mapping[str, str]
) -> None:
    """Raise unless every parameter would be moved alike, in double precision and by a small part of the images."""
    # Two images: PyTorch's gradients of batch normalisation may be wrong for one (see `to_map` in the zoo).
    parts = {slot: image[:1, :, :96, :128].repeat(2, 1, 1, 1).double() for slot, image in images.items()}
    answers = model.double().logits(parts), literal.double()(*parts.values())
    torch.testing.assert_close(*answers)
    for network, logits in zip((model, literal), answers, strict=True):
        logits.square().mean().backward()
        network.float()
    theirs = dict(literal.named_parameters())
    for key, parameter in model.named_parameters():
        torch.testing.assert_close(
            parameter.grad,
            theirs[names[key]].grad,
            rtol=_GRADIENT_TOLERANCE,
            atol=_GRADIENT_TOLERANCE * 1e-3,
            msg=lambda text, key=key: f"{name}: another gradient of {key} than {REFERENCE}: {text}",
        )
    model.zero_grad(set_to_none=True)
    literal.zero_grad(set_to_none=True)
