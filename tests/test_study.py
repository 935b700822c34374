"""A study trains its variants, stores their records, and finds what is finished again."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from rgbtbench.cards import catalog
from rgbtbench.cards.recipe import load_recipe, seed_group
from rgbtbench.cards.study import Study, Variant
from rgbtbench.datasets import dataset
from rgbtbench.errors import CardError, RecipeError, UserError
from rgbtbench.file_lock import file_lock
from rgbtbench.progress import Silent
from rgbtbench.scoring.resolve import protocols_of
from rgbtbench.shards.build import prepare_dataset
from rgbtbench.study import arms, load_study, part_of, run_study


class Told(Silent):
    def __init__(self):
        self.lines = []

    def say(self, message):
        self.lines.append(message)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    source = dataset("mfnet")
    (folder / "raw").mkdir()
    source.fake(folder / "raw", source.layouts[0], {"train": 4, "val": 2, "test": 3}, seed=0)
    manifest = prepare_dataset("mfnet", folder / "raw", folder / "shards", workers=1, allow_differences=True)
    protocol = next(name for name in protocols_of(manifest) if name.endswith("/miou-9"))
    study = Study.model_validate(
        {
            "summary": "one camera against two",
            "recipe": "mfnet/smoke",
            "protocol": protocol,
            "variants": [
                {"name": "rgb+lwir"},
                {"name": "rgb+shuffled-lwir", "set": ["condition=missing:lwir/swap"]},
            ],
        }
    )
    return folder, study


def test_every_variant_becomes_a_record_that_says_how_it_was_made(prepared):
    folder, study = prepared
    records = run_study(study, folder / "shards", folder / "out", records=folder / "records")
    assert [record.variant for record in records] == ["rgb+lwir", "rgb+shuffled-lwir"]
    assert [record.condition for record in records] == ["none", "missing:lwir/swap"]
    assert {record.training.initial_weights for record in records} == {"random"}
    assert {record.fidelity for record in records} == {"architecture-exact"}
    assert records[0].efficiency.parameters == records[1].efficiency.parameters


def test_a_second_run_repeats_nothing_and_says_so(prepared):
    folder, study = prepared
    first = run_study(study, folder / "shards", folder / "out", records=folder / "records")
    told = Told()
    again = run_study(study, folder / "shards", folder / "out", records=folder / "records", progress=told)
    assert [record.metrics for record in again] == [record.metrics for record in first]
    assert sum("finished; nothing to do" in line for line in told.lines) == 2
    assert sum("among the records already" in line for line in told.lines) == 2
    assert len(list((folder / "records").rglob("*.json"))) == 2


def test_parts_of_a_study_run_into_the_same_folders_and_make_the_whole(prepared, tmp_path):
    folder, study = prepared
    places = {"records": tmp_path / "records", "device": "cpu"}
    second = part_of(study, variants=["rgb+shuffled-lwir"])
    [record] = run_study(second, folder / "shards", tmp_path / "out", **places)
    assert record.variant == "rgb+shuffled-lwir"
    told = Told()
    whole = run_study(study, folder / "shards", tmp_path / "out", **places, progress=told)
    assert [record.variant for record in whole] == ["rgb+lwir", "rgb+shuffled-lwir"]
    assert sum("finished; nothing to do" in line for line in told.lines) == 1


def test_who_runs_the_same_at_the_same_time_waits_for_predictions_too(prepared, tmp_path):
    folder, study = prepared
    told = Told()
    places = {"records": tmp_path / "records", "device": "cpu", "progress": told}
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(run_study, study, folder / "shards", tmp_path / "out", **places) for _ in range(2)]
        first, second = (run.result() for run in runs)
    assert [record.metrics for record in first] == [record.metrics for record in second]
    assert sum("among the records already" in line for line in told.lines) == 2
    assert len(list((tmp_path / "records").rglob("*.json"))) == 2


def test_a_part_keeps_the_order_of_the_study(prepared):
    study = prepared[1].model_copy(update={"seeds": (4, 2, 7)})
    part = part_of(study, variants=["rgb+shuffled-lwir", "rgb+lwir"], seeds=[7, 4])
    assert [variant.name for variant in part.variants] == ["rgb+lwir", "rgb+shuffled-lwir"]
    assert part.seeds == (4, 7)
    assert part_of(study) == study


@pytest.mark.parametrize(
    ("wanted", "named"),
    [({"variants": ["rgb+lwirr"]}, r"no variant 'rgb\+lwirr'.*rgb\+lwir"), ({"seeds": [5]}, "no seed 5; expected 0")],
)
def test_what_a_study_does_not_have_is_refused(prepared, wanted, named):
    with pytest.raises(RecipeError, match=named):
        part_of(prepared[1], **wanted)


@pytest.mark.parametrize("protocol", ["mfnet/miou-9", "synthetic/miou"])
def test_data_that_cannot_be_scored_is_refused_before_anything_is_trained(prepared, tmp_path, protocol):
    folder, study = prepared
    wrong = study.model_copy(update={"protocol": protocol})
    with pytest.raises(UserError, match=f"{protocol} is not a protocol of mfnet.*as it was prepared"):
        run_study(wrong, folder / "shards", tmp_path / "out", records=tmp_path / "records")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["out", "pretraining_out"])
def test_a_file_in_place_of_a_folder_is_refused(prepared, tmp_path, place):
    folder, study = prepared
    (tmp_path / "file").write_text("precious")
    places = {"out": tmp_path / "out", "records": tmp_path / "records", place: tmp_path / "file"}
    with pytest.raises(UserError, match="is a file; expected a folder"):
        run_study(study, folder / "shards", **places)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_who_comes_second_waits_for_a_training_and_finds_it_finished(scenes, tmp_path):
    from rgbtbench.training.run import train

    folder, study = scenes
    first = tmp_path / "shared" / "m_specgene-smoke-seed3"
    first.parent.mkdir()
    places = {"records": tmp_path / "records", "pretraining_out": first.parent, "device": "cpu"}
    with ThreadPoolExecutor(1) as pool:
        with file_lock(first.with_name(f".{first.name}.lock")):
            waiting = pool.submit(
                run_study, study, folder / "shards", tmp_path / "out", pretraining_data=[folder / "shards"], **places
            )
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.5)
            train(load_recipe("m_specgene/smoke", ["seed=3"]), [folder / "shards"], first, device="cpu")
            written = (first / "weights.json").stat().st_mtime_ns
        assert len(waiting.result()) == 1
    assert (first / "weights.json").stat().st_mtime_ns == written


#: FCOS with the encoder of `m_specgene/smoke`.
SMALL_VIT = (
    "{backbone: {width: 32, depth: 2, heads: 4, mlp_ratio: 2}, pretrained_grid: [4, 4], image_side: 64,"
    " streams: [inf], head_channels: 32, head_depth: 1, preprocess: {multiple_of: 16}}"
)


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("transfer")
    source = dataset("synthetic")
    source.fake(folder / "raw", source.layouts[0], {"train": 2, "test": 1}, seed=0)
    manifest = prepare_dataset("synthetic", folder / "raw", folder / "shards", workers=1, allow_differences=True)
    study = Study.model_validate(
        {
            "summary": "what is pre-training worth?",
            "recipe": "two_stream_fcos/smoke",
            "set": [f"model.config={SMALL_VIT}", "steps=1", "inputs={inf: lwir}"],
            "protocol": next(name for name in protocols_of(manifest) if name.endswith("/ap")),
            "seeds": [3],
            "variants": [{"name": "pretrained", "pretraining": "m_specgene/smoke"}],
        }
    )
    return folder, study


def test_a_pre_training_comes_first_with_the_same_seed_and_other_studies_find_it(scenes):
    folder, study = scenes
    places = {"records": folder / "records", "pretraining_out": folder / "shared"}
    data = folder / "shards"
    [record] = run_study(study, data, folder / "one", pretraining_data=[data], **places)
    [seen] = record.training.pretraining
    assert seen.name.startswith("synthetic-unlisted/train, 2 pairs")
    assert record.training.initial_weights.startswith("m_specgene pre-trained on synthetic-unlisted/train, 2 pairs, ")
    assert "seed: 3" in (folder / "shared" / "m_specgene-smoke-seed3" / "recipe.yaml").read_text()
    told = Told()
    [again] = run_study(study, data, folder / "two", pretraining_data=[data], **places, progress=told)
    assert sum("finished; nothing to do" in line for line in told.lines) == 1
    assert again.metrics == record.metrics


def test_seeds_of_a_pre_trained_variant_are_one_group_and_other_pre_trainings_another(scenes):
    _, study = scenes
    other = {"name": "by-chance", "pretraining": "m_specgene/pretrain-independent"}
    study = study.model_copy(update={"seeds": (0, 1), "variants": (*study.variants, Variant.model_validate(other))})
    begun = [arm.begun_from(Path(arm.folder)) for arm in arms(study)]
    assert [recipe.initial_weights for recipe in begun][:2] == ["pretrained-seed0", "by-chance-seed0"]
    groups = [seed_group(recipe) for recipe in begun]
    assert groups[:2] == groups[2:]
    assert groups[0] != groups[1]


def test_a_pre_training_without_data_is_refused_before_anything_is_trained(scenes):
    folder, study = scenes
    with pytest.raises(RecipeError, match="pretrained begins with m_specgene/smoke, for which there is no data"):
        run_study(study, folder / "shards", folder / "none", records=folder / "none-records")
    assert not (folder / "none").exists()


@pytest.mark.parametrize("name", catalog.study_names())
def test_every_study_that_ships_fits_its_recipe_and_protocol(name):
    study = load_study(name)
    planned = list(arms(study))
    assert len(planned) == len(study.variants) * len(study.seeds)
    assert study.protocol in catalog.protocol_ids()


@pytest.mark.parametrize("name", ["mfnet/inputs", "mfnet/mfnet-excerpt20", "cmx/mfnet-excerpt20"])
def test_the_controls_of_a_study_of_inputs_have_the_size_of_what_they_control(name):
    import torch

    from rgbtbench.zoo.registry import build_from, resolve

    study = load_study(name)
    owner = catalog.dataset_card(catalog.protocol(study.protocol).dataset)
    classes = {entry.id: entry.name for entry in owner.label_sets["semantic"].classes}
    sizes = {}
    for arm in arms(study):
        choice = arm.recipe.model
        spec = resolve(choice.method, choice.config, task="semantic", classes=classes, inputs=arm.recipe.inputs)
        with torch.device("meta"):
            sizes[arm.variant] = sum(parameter.numel() for parameter in build_from(spec).parameters())
    paired = {sizes[name] for name in ("rgb+lwir", "rgb+rgb", "lwir+lwir", "rgb+shuffled-lwir")}
    assert len(paired) == 1
    assert sizes["rgb"] == sizes.get("lwir", sizes["rgb"]) < paired.pop()


def test_a_study_names_each_variant_once(tmp_path):
    path = tmp_path / "study.yaml"
    study = {
        "summary": "",
        "recipe": "mfnet/smoke",
        "protocol": "mfnet/miou-9",
        "variants": [{"name": "a"}, {"name": "a"}],
    }
    path.write_text(yaml.safe_dump(study))
    with pytest.raises(CardError, match="unique"):
        load_study(str(path))
