"""A model's cost as one record, and the command that prints it."""

import json

import pytest
import torch
from typer.testing import CliRunner

from rgbtbench.cli.app import app
from rgbtbench.efficiency import timing
from rgbtbench.efficiency.counts import count_model
from rgbtbench.efficiency.inputs import noise_batch
from rgbtbench.efficiency.profile import profile_model
from rgbtbench.efficiency.timing import Setting, time_model
from rgbtbench.errors import RecipeError, UnknownNameError, UserError
from rgbtbench.leaderboard.records import Efficiency
from rgbtbench.profiling import named_model, parse_size, profile
from rgbtbench.zoo.registry import build
from rgbtbench.zoo.weights import save_weights

CLASSES = {number: str(number) for number in range(9)}
QUICK = Setting(seconds=0.01, batch_size=2, threads=1)


def mfnet(**config):
    torch.manual_seed(0)
    return build("mfnet", config, task="semantic", classes=CLASSES)


def test_a_profile_states_cost_and_conditions():
    found = profile_model(mfnet(), (64, 96), QUICK, device_name="a processor")
    assert (found.method, found.classes, found.size, found.batch_size) == ("mfnet", 9, (64, 96), 2)
    assert found.inputs == {"rgb": "rgb", "inf": "lwir"}
    assert found.parameters == found.trainable_parameters == 736_275
    assert sum(found.flops_by_operator.values()) == found.flops
    assert found.uncounted_operators == ()
    assert (found.device, found.threads, found.cudnn_benchmark) == ("a processor", 1, None)
    assert found.latency_p10_ms <= found.latency_ms <= found.latency_p90_ms
    assert "1 threads" in found.measured
    assert "32-true" in found.measured


def test_flops_are_those_of_every_convolution_of_the_paper():
    """MFNet's by hand, at 32×32: every layer is a 3×3 convolution at a known size."""
    encoder = {
        "rgb": (3, 16, 48, 48, 96, 96),
        "inf": (1, 16, 16, 16, 36, 36),
    }
    products = 0
    for inputs, first, second, third, fourth, fifth in encoder.values():
        products += 32**2 * inputs * first
        products += 16**2 * (first * second + second * second)
        products += 8**2 * (second * third + third * third)
        for side, before, after in ((4, third, fourth), (2, fourth, fifth)):
            products += side**2 * (before * after + after * after + after * after)
    widths = [sum(pair) for pair in zip(*(values[1:] for values in encoder.values()), strict=True)]
    _, second, third, _, fifth = widths
    products += 4**2 * fifth * third + 8**2 * third * second
    products += 16**2 * second * (second // 2) + 32**2 * (second // 2) * 9
    found = profile_model(mfnet(), (32, 32), QUICK, device_name="")
    assert found.flops == 2 * 9 * products


def test_of_a_pre_training_a_pass_with_its_hidden_patches_is_measured():
    """By hand: 16 patches of 16x16 pixels in each image, of which four are looked at."""
    config = {
        "encoder": {"width": 32, "depth": 2, "heads": 4, "mlp_ratio": 2},
        "decoder": {"width": 16, "depth": 1, "heads": 2, "mlp_ratio": 2},
        "masking": {"name": "independent", "mask_ratio": 0.75},
        "cross_attention": False,
        "preprocess": {"size": [64, 64]},
    }
    torch.manual_seed(0)
    model = build("m_specgene", config, task="pretraining", classes={})
    found = profile_model(model, (64, 64), QUICK, device_name="")
    assert (found.task, found.classes) == ("pretraining", 0)
    assert "one pass of the pre-training" in found.measured
    pixels, patches, seen = 16 * 16 * 3, 16, 4

    def block(tokens, width):
        return tokens * width * width * (4 + 2 * 2) + 2 * tokens**2 * width

    encoder = patches * pixels * 32 + 2 * block(1 + seen, 32)
    decoder = (1 + seen) * 32 * 16 + block(1 + patches, 16)
    assert found.flops == 2 * 2 * (encoder + decoder + (1 + patches) * 16 * pixels)


def test_flops_do_not_depend_on_the_batch_or_the_threads():
    one = profile_model(mfnet(), (32, 32), QUICK, device_name="")
    other = profile_model(mfnet(), (32, 32), Setting(seconds=0.01, batch_size=5, channels_last=True), device_name="")
    assert one.flops == other.flops
    assert (one.channels_last, other.channels_last) == (False, True)


def test_threads_are_as_before_afterwards():
    before = torch.get_num_threads()
    profile_model(mfnet(), (32, 32), QUICK, device_name="")
    assert torch.get_num_threads() == before


def test_half_precision_is_stated_and_runs():
    found = profile_model(mfnet(), (32, 32), Setting(seconds=0.01, precision="bf16-mixed"), device_name="")
    assert "bf16-mixed" in found.measured


def test_the_batch_has_what_the_model_is_fed_and_is_always_the_same():
    batch = noise_batch(mfnet().spec, (4, 6), count=3)
    assert {name: tuple(image.shape) for name, image in batch.images.items()} == {
        "lwir": (3, 1, 4, 6),
        "rgb": (3, 3, 4, 6),
    }
    assert torch.equal(batch.images["rgb"], noise_batch(mfnet().spec, (4, 6), count=3).images["rgb"])


def test_a_profile_fits_into_a_record():
    found = profile_model(mfnet(), (32, 32), QUICK, device_name="a processor")
    kept = found.model_dump(include=set(Efficiency.model_fields)) | {"measured": found.measured}
    record = Efficiency.model_validate(kept)
    assert set(Efficiency.model_fields) == set(kept)
    assert (record.flops, record.size) == (found.flops, (32, 32))


def test_weights_are_profiled_as_they_are(tmp_path):
    save_weights(mfnet(streams=["rgb"]), tmp_path / "one.safetensors")
    found = profile(named_model(str(tmp_path / "one.safetensors")), (32, 32), QUICK)
    assert found.inputs == {"rgb": "rgb"}
    assert found.flops < count_model(named_model("mfnet"), (32, 32)).flops
    assert found.flops == count_model(named_model("mfnet", config={"streams": ["rgb"]}), (32, 32)).flops
    with pytest.raises(UserError, match="bring task, classes"):
        named_model(str(tmp_path / "one.safetensors"), classes=3)
    with pytest.raises(UnknownNameError, match="did you mean mfnet"):
        named_model("mfnte")
    with pytest.raises(UserError, match="3 classes for saliency, which has none"):
        named_model("mit_saliency", classes=3)
    with pytest.raises(RecipeError, match="mfnet does no painting; expected semantic; no method does"):
        named_model("mfnet", task="painting")


def test_counts_and_times_alone_are_those_of_the_whole_profile():
    whole = profile_model(mfnet(), (32, 48), QUICK, device_name="a processor")
    counts, times = count_model(mfnet(), (32, 48)), time_model(mfnet(), (32, 48), QUICK, device_name="a processor")
    assert counts.model_dump() == whole.model_dump(include=set(type(counts).model_fields))
    found_anew = {
        "latency_ms",
        "latency_p10_ms",
        "latency_p90_ms",
        "runs",
        "warm_up",
        "images_per_second",
        "peak_memory_bytes",
    }
    stated = set(type(times).model_fields) - found_anew
    assert times.model_dump(include=stated) == whole.model_dump(include=stated)
    assert set(type(whole).model_fields) == set(type(counts).model_fields) | set(type(times).model_fields)


@pytest.mark.parametrize("text", ["480", "480x", "480x640x3", "0x5", "-1x5", "99999x5", "axb"])
def test_a_size_that_is_none_is_refused(text):
    with pytest.raises(UserError, match="such as 480x640"):
        parse_size(text)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["flops"], ["parameters", "multiplications with additions"]),
        (["latency", "--device", "cpu", "--seconds", "0.1"], ["throughput", "memory", "32-true"]),
        (["profile", "--device", "cpu", "--seconds", "0.1"], ["multiplications with additions", "throughput"]),
    ],
    ids=lambda value: value[0],
)
def test_commands_print_facts_or_one_json_object(command, said):
    arguments = ["models", *command, "mfnet", "--size", "32x48"]
    done = CliRunner().invoke(app, [*arguments, "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["size"] == [32, 48]
    shown = CliRunner().invoke(app, arguments).stdout
    assert all(word in shown for word in said)


def test_flops_are_counted_of_weights_or_of_a_method_as_configured(tmp_path, monkeypatch):
    def never(*arguments, **options):
        raise AssertionError("counting needs no clock")

    monkeypatch.setattr(timing, "measure_latency", never)
    save_weights(mfnet(streams=["rgb"]), tmp_path / "one.safetensors")

    def counted(*arguments):
        done = CliRunner().invoke(app, ["models", "flops", *arguments, "--size", "32x32", "--json"])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    one = counted(str(tmp_path / "one.safetensors"))
    assert one == counted("mfnet", "--config", "{streams: [rgb]}", "--task", "semantic", "--classes", "9")
    assert counted("mfnet", "--classes", "5")["parameters"] < counted("mfnet")["parameters"]
