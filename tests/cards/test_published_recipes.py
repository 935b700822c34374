"""Recipes of published trainings have the papers' numbers, one for every result, and fit the data's card."""

from __future__ import annotations

import csv

import pytest

from rgbtbench.cards import dataset_card, dataset_names, recipe_names
from rgbtbench.cards.catalog import data_root
from rgbtbench.cards.data_choice import DataChoice
from rgbtbench.cards.recipe import load_recipe
from rgbtbench.cards.schema import WITHOUT_CLASSES
from rgbtbench.training.schedule import learning_rate
from rgbtbench.zoo.registry import resolve

PUBLISHED = data_root() / "leaderboards" / "published"
#: Not for any one dataset.
OWN = ("demo", "smoke")

#: Of the settings in the papers' texts and appendices, and in DELIVER's configuration files:
#: recipe, epochs, samples per step, height and width of the crop, width of the head, loss.
CMX = """
mfnet-b2          500  8  480  640  512
mfnet-b4          500  8  480  640  512
nyudepthv2-b2     500  8  480  640  512
nyudepthv2-b4     500  6  480  640  512
nyudepthv2-b5     500  6  480  640  512
sun_rgbd-b2       200  8  480  480  512
sun_rgbd-b4       250 32  480  480  512
sun_rgbd-b5       300 32  480  480  512
stanford2d3d-b2    32 12  480  480  512
stanford2d3d-b4    32  8  480  480  512
scannetv2-b2      100 12  480  640  512
cityscapes-b2     500  8 1024 1024  512
cityscapes-b4     500  8 1024 1024  768
zju_rgbp-b2       400  8  512  612  512
zju_rgbp-b4       400  4  512  612  512
eventscape-b2     100  4  256  512  512
eventscape-b4     100  4  256  512  768
kitti_360-b2       40  2  376 1408  512
"""
CMNEXT = """
deliver-b2-{}     200  8 1024 1024  ohem_cross_entropy
mfnet-b4          500  4  480  640  cross_entropy
nyudepthv2-b4     500  4  480  640  cross_entropy
mcubes-b2-{}      500  4  512  512  ohem_cross_entropy
urbanlf-b4-{}     500  2  480  640  ohem_cross_entropy
kitti_360-b2-{}    40  4  376 1408  ohem_cross_entropy
"""
#: Of GeminiFusion's and StitchFusion's scripts and configuration files: recipe, epochs, samples per step, height and
#: width of the crop, learning rate; crops of StitchFusion's are turned to landscape.
GEMINIFUSION = """
deliver-b2-{}     200  8 1024 1024  2e-4
nyudepthv2-b3     300  6  480  640  6e-5
nyudepthv2-b5     300  6  480  640  6e-5
sun_rgbd-b3       300  8  480  480  6e-5
sun_rgbd-b5       300  8  480  480  6e-5
nyudepthv2-swin_tiny           300  6  480  640  6e-5
nyudepthv2-swin_small          300  6  480  640  6e-5
nyudepthv2-swin_large          300  6  480  640  6e-5
nyudepthv2-swin_large_window12 300  6  480  640  6e-5
sun_rgbd-swin_tiny             300  8  480  480  6e-5
sun_rgbd-swin_large_window12   300  8  480  480  6e-5
"""
STITCHFUSION = """
deliver-b2-{}     200  8 1024 1024  6e-5
mfnet-b4          250 12  480  640  1.2e-4
fmb-b3            120 12  600  800  1.2e-4
pst900-b4         200  4  720 1280  6e-5
mcubes-b4-{}      400  8  512  512  6e-5
"""
STREET = ["rgb", "hha", "event", "lidar", "hha-event", "hha-lidar", "hha-event-lidar"]
VARIANTS = {
    "deliver-b2-{}": STREET,
    "kitti_360-b2-{}": STREET,
    "mcubes-b2-{}": ["rgb", "aolp", "aolp-dolp", "aolp-dolp-nir"],
    "urbanlf-b4-{}": ["rgb", "8", "32", "80"],
}
GEMINI_DROP_PATH = {
    "nyudepthv2-b5": 0.35,
    "nyudepthv2-swin_tiny": 0.2,
    "nyudepthv2-swin_large_window12": 0.2,
}
GEMINI_VARIANTS = {"deliver-b2-{}": ["hha", "event", "lidar", "hha-event-lidar"]}
STITCH_VARIANTS = {
    "deliver-b2-{}": STREET[1:],
    "mcubes-b4-{}": ["aolp", "dolp", "nir", "aolp-dolp", "aolp-dolp-nir"],
}


def rows(table):
    return [line.split() for line in table.strip().splitlines()]


def shipped(method):
    return {name.split("/")[1] for name in recipe_names() if name.startswith(f"{method}/")}


def lengths(recipe):
    return [recipe.epochs, recipe.batch_size, *recipe.augmentations.crop]


def schedule(recipe):
    rise = recipe.warm_up
    return (
        recipe.optimiser.name, recipe.optimiser.lr, recipe.optimiser.weight_decay, recipe.schedule.name,
        recipe.schedule.power, rise.epochs, rise.rise, rise.start, rise.schedule,
    )  # fmt: skip


@pytest.mark.parametrize(("stem", "epochs", "batch", "height", "width", "head"), rows(CMX))
def test_cmx_is_trained_as_its_paper_says(stem, epochs, batch, height, width, head):
    recipe = load_recipe(f"cmx/{stem}")
    assert lengths(recipe) == [int(epochs), int(batch), int(height), int(width)]
    assert schedule(recipe) == ("adamw", 6e-5, 0.01, "poly", 0.9, 10, "linear", 0, "replaced")
    assert recipe.optimiser.undecayed == ("biases", "norms")
    assert (recipe.augmentations.scale, recipe.augmentations.horizontal_flip) == ((0.5, 1.75), 0.5)
    assert recipe.model.config["backbone"] == stem.rpartition("-")[2]
    assert recipe.model.config.get("head_width", 512) == int(head)
    assert recipe.losses.pixels == ()


@pytest.mark.parametrize(("stem", "epochs", "batch", "height", "width", "loss"), rows(CMNEXT))
def test_cmnext_is_trained_as_delivers_configuration_files_say(stem, epochs, batch, height, width, loss):
    for variant in VARIANTS.get(stem, [""]):
        recipe = load_recipe(f"cmnext/{stem.format(variant)}")
        assert lengths(recipe) == [int(epochs), int(batch), int(height), int(width)]
        assert schedule(recipe) == ("adamw", 6e-5, 0.01, "poly", 0.9, 10, "exponential", 0.1, "waits")
        assert recipe.optimiser.undecayed == ("vectors",)
        assert (recipe.augmentations.scale, recipe.augmentations.horizontal_flip) == ((0.5, 2.0), 0.5)
        assert recipe.model.config["backbone"] == stem.split("-")[1]
        assert [loss.name for loss in recipe.losses.pixels] == [loss]
        assert recipe.seed == 3407
        others = recipe.model.config.get("extra", 1)
        assert others == (int(variant) if variant.isdecimal() else 0 if variant == "rgb" else variant.count("-") + 1)
        assert sorted(recipe.inputs) == sorted(["rgb", *(f"x{k}" if k > 1 else "x" for k in range(1, others + 1))])
        if not variant.isdecimal() and variant != "rgb":
            assert "-".join(modality for slot, modality in recipe.inputs.items() if slot != "rgb") in (
                variant,
                "lwir",
                "hha",
            )


def with_variants(table, variants):
    """Each recipe of a table with the modalities that its name tells, and its numbers."""
    for stem, *numbers in rows(table):
        for variant in variants.get(stem, [""]):
            yield stem.format(variant), variant, [float(number) for number in numbers]


@pytest.mark.parametrize(("stem", "variant", "numbers"), with_variants(GEMINIFUSION, GEMINI_VARIANTS))
def test_geminifusion_is_trained_as_its_scripts_say(stem, variant, numbers):
    recipe = load_recipe(f"geminifusion/{stem}")
    epochs = recipe.epochs or sum(stage.epochs for stage in recipe.stages)
    assert [epochs, recipe.batch_size, *recipe.augmentations.crop, recipe.optimiser.lr] == numbers
    config = recipe.model.config
    assert config["backbone"] == stem.split("-")[1]
    if stem.startswith("deliver"):
        assert (config["variant"], config["drop_path"]) == ("deliver", 0.2 if "-" in variant else 0.4)
        assert recipe.losses.pixels[0].name == "ohem_cross_entropy"
        assert "-".join(recipe.inputs.values()) == f"rgb-{variant}"
        return
    stages = [recipe.optimiser, *(stage.optimiser for stage in recipe.stages[1:])]
    assert [optimiser.lr for optimiser in stages] == [6e-5, 3e-5, 1.5e-5]
    assert {optimiser.weight_decay for optimiser in stages} == {0.05 if stem == "sun_rgbd-b5" else 0.01}
    assert config["drop_path"] == GEMINI_DROP_PATH.get(stem, 0.4)
    assert (recipe.schedule.power, recipe.schedule.steps, recipe.warm_up.steps) == (1, 40_000, 1500)


@pytest.mark.parametrize(("stem", "variant", "numbers"), with_variants(STITCHFUSION, STITCH_VARIANTS))
def test_stitchfusion_is_trained_as_its_configuration_files_say(stem, variant, numbers):
    recipe = load_recipe(f"stitchfusion/{stem}")
    assert [*lengths(recipe), recipe.optimiser.lr] == numbers
    rate = recipe.optimiser.lr
    assert schedule(recipe) == ("adamw", rate, 0.01, "poly", 0.9, 10, "exponential", 0.1, "waits")
    assert recipe.losses.pixels[0].name == "ohem_cross_entropy"
    assert recipe.model.config["backbone"] == stem.split("-")[1]
    assert "-".join(recipe.inputs.values()) == f"rgb-{variant or 'lwir'}"
    assert recipe.model.config.get("extra", 1) == len(recipe.inputs) - 1


def test_these_are_all_recipes_of_published_trainings():
    for method, table, variants in (
        ("geminifusion", GEMINIFUSION, GEMINI_VARIANTS),
        ("stitchfusion", STITCHFUSION, STITCH_VARIANTS),
    ):
        assert shipped(method) == {stem for stem, *_ in with_variants(table, variants)} | {"smoke"}
    assert shipped("cmx") == {stem for stem, *_ in rows(CMX)} | {"smoke", "mfnet-excerpt20", "mfnet-excerpt20-long"}
    cmnext = {stem.format(variant) for stem, *_ in rows(CMNEXT) for variant in VARIANTS.get(stem, [""])}
    assert shipped("cmnext") == cmnext | {"smoke"}


def test_m_specgene_is_pre_trained_as_its_shipped_configuration_says():
    recipe = load_recipe("m_specgene/rgbt550k")
    assert (recipe.epochs, recipe.batch_size, recipe.accumulate, recipe.precision) == (100, 1024, 1, "16-mixed")
    assert (recipe.optimiser.name, recipe.optimiser.lr, recipe.optimiser.betas) == ("adamw", 2.4e-3, (0.9, 0.95))
    assert recipe.optimiser.weight_decay == 0.05
    assert (recipe.augmentations.resized_crop.area, recipe.augmentations.horizontal_flip) == ((0.2, 1.0), 0.5)
    # 274,119 pairs are 268 steps per epoch; the peak of the published table is in epoch 40.
    rates = {
        epoch: learning_rate(recipe, epoch * 268, steps=26_800, samples=274_119)
        for epoch in (0, 10, 20, 30, 40, 50, 60, 80, 90)
    }
    published = (2.4e-7, 5.86e-4, 1.086e-3, 1.429e-3, 1.571e-3, 1.2e-3, 8.29e-4, 2.29e-4, 5.9e-5)
    for rate, expected in zip(rates.values(), published, strict=True):
        assert rate == pytest.approx(expected, rel=0.01, abs=1e-6)


@pytest.mark.parametrize(
    ("method", "title", "source"),
    [
        ("cmx", "CMX", "CMX paper"),
        ("cmnext", "CMNeXt", "DELIVER README"),
        ("geminifusion", "GeminiFusion", "GeminiFusion README"),
        ("stitchfusion", "StitchFusion", "StitchFusion"),
        ("segformer", "SegFormer", "CMX paper"),
        ("rtfnet", "RTFNet", "RTFNet paper"),
        ("mfnet", "MFNet", "RTFNet paper"),
    ],
)
def test_every_number_that_a_paper_reports_has_a_recipe(method, title, source):
    found = 0
    for table in sorted(PUBLISHED.glob("*.csv")):
        with table.open(newline="") as file:
            for row in csv.DictReader(file):
                if row["method"] != title or not row["source"].startswith(source) or row.get("ablation"):
                    continue
                if table.stem == "efficiency" or (method, row["variant"]) == ("cmx", "Swin-B"):
                    continue
                found += 1
                sizes = {
                    "MiT-B2": "b2",
                    "MiT-B3": "b3",
                    "MiT-B4": "b4",
                    "MiT-B5": "b5",
                    "Swin-T": "swin_tiny",
                    "Swin-S": "swin_small",
                    "Swin-L, 224": "swin_large",
                    "Swin-L, 384": "swin_large_window12",
                    "ResNet-50": "r50",
                    "ResNet-152": "r152",
                }
                size = next((own for name, own in sizes.items() if name in row["variant"]), "")
                start = "-".join(part for part in (table.stem, size) if part)
                assert any(stem.startswith(start) for stem in shipped(method)), row
    assert found


@pytest.mark.parametrize("name", [name for name in recipe_names() if name.split("/")[1] not in OWN])
def test_its_model_can_be_built_and_its_data_has_what_it_asks_for(name):
    recipe = load_recipe(name)
    classes = {} if recipe.task in WITHOUT_CLASSES else {number: str(number) for number in range(9)}
    spec = resolve(recipe.model.method, recipe.model.config, task=recipe.task, classes=classes, inputs=recipe.inputs)
    words = name.split("/")[1].split("-")
    dataset = words[0]
    if dataset not in dataset_names():
        assert recipe.validation.protocol is None
        return
    card = dataset_card(dataset)
    assert set(spec.inputs.values()) <= set(card.modalities)
    splits = card.editions[words[-1] if words[-1] in card.editions else "official"].splits
    members = [recipe.data] if isinstance(recipe.data, DataChoice) else recipe.data.members
    for member in members:
        train = member.train if isinstance(member, DataChoice) else member.split
        assert {train, member.validation} - {None} <= set(splits)
    if recipe.validation.protocol is not None:
        protocol = card.protocols[recipe.validation.protocol]
        assert protocol.task == recipe.task
        assert recipe.data.validation == protocol.split or recipe.selection == "last"
