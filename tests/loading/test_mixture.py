"""Mixtures of prepared splits as batches: what they hold, and that nothing but data, seed and place decides it."""

import itertools

import numpy as np
import pytest
import torch

from rgbtbench.cards.augmentations import Augmentations, Photometric
from rgbtbench.cards.data_choice import Mixing
from rgbtbench.errors import RecipeError, ShardError
from rgbtbench.loading.joint_space import joint_space
from rgbtbench.loading.loader import eval_loader, train_loader
from rgbtbench.loading.mixture import Mixture, MixtureMember, mixture_loader
from rgbtbench.loading.mixture_order import member_seed
from rgbtbench.loading.prepared import open_split
from tests.blobs import prepare_blobs
from tests.loading.test_loader import same

RULES = Augmentations(
    scale=(0.7, 1.5), horizontal_flip=0.5, crop=(10, 20), photometric={"rgb": Photometric(gain=0.3, noise=0.05)}
)


@pytest.fixture(scope="module")
def tiny(prepared):
    return MixtureMember(open_split(prepared, "train"), "semantic")


@pytest.fixture(scope="module")
def nir(tmp_path_factory):
    """Blobs with 8-bit nir, 64x48, where the tiny dataset has 16-bit lwir, 24x16."""
    root = prepare_blobs(tmp_path_factory.mktemp("nir"), name="nirs", second="nir", counts={"train": 5})
    return MixtureMember(open_split(root, "train"), "semantic")


def loader(*members, by="weights", batches="single", **options):
    mixture = Mixture(members, by=by, batches=batches)
    rules = {"task": "semantic", "batch_size": 4, "seed": 5, "augmentations": RULES}
    return mixture_loader(mixture, **rules | options)


def first(found, count):
    return list(itertools.islice(found, count))


def test_every_batch_says_which_dataset_its_samples_came_from(tiny, nir):
    batches = first(loader(tiny, nir, by="round_robin"), 4)
    assert [set(batch.datasets) for batch in batches] == [{"tiny"}, {"nirs"}] * 2
    assert [sorted(batch.images) for batch in batches[:2]] == [["lwir", "rgb"], ["nir", "rgb"]]
    assert all(key.startswith("train") for batch in batches for key in batch.keys)


def test_single_datasets_say_their_name_too(tiny):
    assert set(next(iter(eval_loader(tiny.split, batch_size=3))).datasets) == {"tiny"}


@pytest.mark.parametrize("batches", ["single", "mixed"])
def test_batches_do_not_depend_on_workers_and_are_shared_by_ranks(tiny, nir, batches):
    members = (tiny, nir)
    if batches == "mixed":
        members = tuple(
            MixtureMember(m.split.only(modalities=("rgb",)), "semantic", missing=("lwir",)) for m in members
        )
    whole = first(loader(*members, batches=batches), 4)
    assert all(map(same, whole, first(loader(*members, batches=batches, workers=2), 4)))
    for rank in range(2):
        part = first(loader(*members, batches=batches, rank=rank, world=2), 4)
        assert [batch.keys for batch in part] == [batch.keys[rank::2] for batch in whole]
        assert [batch.datasets for batch in part] == [batch.datasets[rank::2] for batch in whole]
        assert all(torch.equal(p.semantic, w.semantic[rank::2]) for p, w in zip(part, whole, strict=True))


@pytest.mark.parametrize("workers", [0, 1])
def test_a_resumed_mixture_gives_exactly_the_remaining_batches(tiny, nir, workers):
    whole = first(loader(tiny, nir), 7)
    interrupted = loader(tiny, nir, workers=workers)
    first(interrupted, 3)
    resumed = loader(tiny, nir, workers=workers)
    resumed.load_state_dict(interrupted.state_dict())
    assert all(map(same, first(resumed, 4), whole[3:]))
    assert resumed.epoch_samples == 12
    assert resumed.epoch == pytest.approx(7 * 4 / 12)


def test_a_member_comes_as_it_does_alone_with_the_seed_of_its_name(tiny, nir):
    """Order and pixels: mixing decides when a member has its turn, and nothing else."""
    mixed = [batch for batch in first(loader(tiny, nir, by="round_robin"), 6) if "tiny" in batch.datasets]
    alone = train_loader(
        tiny.split, task="semantic", label_set="semantic", batch_size=4, augmentations=RULES,
        seed=member_seed(5, "tiny/train"),
    )  # fmt: skip
    assert all(map(same, mixed, first(alone, 3)))


def test_a_modality_that_a_member_lacks_comes_as_zeros_that_say_so(tiny, nir):
    filled = MixtureMember(nir.split.only(modalities=("rgb",)), "semantic", missing=("lwir",))
    for batch in first(loader(tiny, filled, by="round_robin", batches="mixed"), 3):
        here = torch.tensor([dataset == "tiny" for dataset in batch.datasets])
        assert here.tolist() == [True, False] * 2
        assert torch.equal(batch.present["lwir"], here)
        assert batch.present["rgb"].all()
        # The zeros take the kind of the images beside them.
        assert batch.images["lwir"].dtype == torch.uint16
        assert not batch.images["lwir"][~here].to(torch.int64).any()
        assert batch.images["lwir"][here].to(torch.int64).any()


def test_a_batch_of_fills_alone_holds_8_bit_zeros(nir):
    batches = eval_loader(nir.split.only(modalities=("rgb",)), batch_size=2, missing=("lwir",))
    batch = next(iter(batches))
    assert batch.images["lwir"].shape == (2, 1, 48, 64)
    assert batch.images["lwir"].dtype == torch.uint8
    assert not batch.present["lwir"].any()


def test_mixed_batches_need_the_same_modalities(tiny, nir):
    with pytest.raises(RecipeError, match=r"different modalities \(tiny/train: lwir, rgb; nirs/train: nir, rgb\)"):
        Mixture((tiny, nir), batches="mixed")


def test_images_of_two_kinds_cannot_be_mixed(tiny, tmp_path):
    eight = open_split(prepare_blobs(tmp_path, counts={"train": 2}), "train")
    found = loader(tiny, MixtureMember(eight, "semantic"), by="round_robin", batches="mixed", augmentations=None)
    with pytest.raises(ShardError, match=r"lwir of .* differ in channels or bit depth.*batches of one dataset"):
        first(found, 1)


def test_a_split_is_mixed_with_others_only(tiny):
    with pytest.raises(RecipeError, match="tiny/train, tiny/train"):
        Mixture((tiny, tiny))


def test_sets_of_modalities_are_those_that_the_splits_decode(tiny, nir):
    rgb_only = MixtureMember(nir.split.only(modalities=("rgb",)), "semantic", missing=("lwir",))
    mixture = Mixture.of([tiny, rgb_only], Mixing(by="round_robin", over="modalities"))
    parts = mixture.stream(batch_size=2, seed=0).parts
    assert [part.group for part in parts] == ["lwir+rgb", "rgb"]
    assert [part.weight for part in parts] == [7.0, 5.0]


def test_a_mixture_of_a_member_with_ids_of_a_joint_space(tiny, nir):
    members = (tiny, nir)
    maps = {m.split.manifest.dataset: m.split.label_map("semantic") for m in members}
    space = joint_space(maps, kind="semantic", label_set="semantic")
    views = [
        MixtureMember(m.split.in_space("joint", "semantic", space.lookup(m.split.manifest.dataset)), "semantic")
        for m in members
    ]
    seen = {name: set() for name in ("tiny", "nirs")}
    for batch in first(loader(*views, by="round_robin", augmentations=None), 6):
        seen[batch.datasets[0]] |= set(np.unique(batch.semantic.numpy()).tolist())
    assert dict(space.classes) == {0: "unlabeled", 1: "street_lamp", 2: "person", 3: "car"}
    assert seen == {"tiny": {0, 2, 3, 255}, "nirs": {0, 1, 2}}
