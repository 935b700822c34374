"""What every dataset must hold to, whoever adds it: card, layouts, fake trees, entries, pairs."""

import inspect
from pathlib import Path

import numpy as np
import pytest

from rgbtbench.cards import dataset_card, protocol, protocol_ids
from rgbtbench.cards.schema import LABEL_KIND
from rgbtbench.datasets import dataset, recognise
from rgbtbench.datasets.registry import source_names
from rgbtbench.errors import LayoutError
from rgbtbench.formats.image_header import probe
from rgbtbench.formats.index_mask import index_values
from rgbtbench.labels import IGNORE, LabelMap, unified_space
from rgbtbench.locations import location
from rgbtbench.pair import Boxes, Entry, Mask, Text, check_key
from rgbtbench.shards.mirror import on_disk
from rgbtbench.shards.plan import Options, plan
from rgbtbench.shards.sample import label_maps, stored_sample
from tests.stores import empty_memory, upload

LAYOUTS = [
    pytest.param(name, layout.name, id=f"{name}-{layout.name}")
    for name in source_names()
    for layout in dataset(name).layouts
]
#: A dataset is one short module; what several need belongs in `rgbtbench.formats`.
MOST_LINES = 145


def counts_of(name):
    """Two samples of the first split that the card names, three of the next, and so on; layouts may lack some."""
    splits = dict.fromkeys(split for edition in dataset_card(name).editions.values() for split in edition.splits)
    return {split: number for number, split in enumerate(splits, 2)}


@pytest.fixture(scope="module")
def fakes(tmp_path_factory):
    """Fake trees by dataset and layout, written once."""
    made: dict[tuple[str, str], Path] = {}

    def fake(name, layout_name):
        if (name, layout_name) not in made:
            root = tmp_path_factory.mktemp(f"{name}-{layout_name}")
            layout = next(layout for layout in dataset(name).layouts if layout.name == layout_name)
            dataset(name).fake(root, layout, counts_of(name), seed=3)
            made[name, layout_name] = root
        return made[name, layout_name]

    return fake


def read(name, root):
    source = dataset(name)
    layout = recognise(source, root)
    return [source.pair(root, layout, entry) for entry in source.entries(root, layout)]


@pytest.mark.parametrize("name", source_names())
def test_a_dataset_has_a_card_of_its_name_and_protocols_that_resolve(name):
    card = dataset_card(name)
    assert dataset(name).name == card.name == name
    assert protocol_ids(name) or not {"semantic", "detection"} & set(card.tasks)
    for protocol_id in protocol_ids(name):
        rules = protocol(protocol_id)
        assert rules.task in card.tasks
        assert card.label_sets[rules.label_set].kind == LABEL_KIND[rules.task]


@pytest.mark.parametrize("name", source_names())
def test_every_native_class_has_a_place_in_the_unified_space(name):
    for facts in dataset_card(name).label_sets.values():
        if facts.classes:
            labels = LabelMap.of(facts)
            assert set(labels.unified) == set(labels.native) == {entry.id for entry in facts.classes}
            assert set(labels.unified.values()) <= {-1, IGNORE, *unified_space().names}
            assert max(labels.native) < IGNORE


@pytest.mark.parametrize("name", source_names())
def test_a_dataset_is_one_short_module(name):
    module = inspect.getmodule(type(dataset(name)))
    lines = len(inspect.getsource(module).splitlines())
    assert lines <= MOST_LINES, f"{module.__name__} has {lines} lines; move what others need to rgbtbench.formats"


@pytest.mark.parametrize("name", source_names())
def test_layout_names_are_unique_and_the_official_one_comes_first(name):
    """Only what users say themselves, in a `layout.yaml`, comes before it: they want to be heard."""
    names = [layout.name for layout in dataset(name).layouts]
    assert names[0] in ("official", "described")
    assert "official" not in names[2:]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(("name", "layout"), LAYOUTS)
def test_a_fake_tree_is_recognised_as_its_layout_and_as_no_other(fakes, name, layout):
    root = fakes(name, layout)
    assert recognise(dataset(name), root).name == layout
    matching = [other.name for other in dataset(name).layouts if other.matches(root)]
    assert matching == [layout]


@pytest.mark.parametrize(("name", "layout"), LAYOUTS)
def test_entries_are_complete_in_order_and_name_files_that_exist(fakes, name, layout):
    root = fakes(name, layout)
    source = dataset(name)
    entries = list(source.entries(root, recognise(source, root)))
    assert all(isinstance(entry, Entry) for entry in entries)
    counts, splits = counts_of(name), dict.fromkeys(entry.split for entry in entries)
    assert entries
    assert set(splits) <= set(counts)
    assert [(entry.split, entry.order) for entry in entries] == [
        (split, order) for split in splits for order in range(counts[split])
    ]
    assert len({(entry.split, entry.key) for entry in entries}) == len(entries)
    for entry in entries:
        assert check_key(entry.key) == entry.key
        assert entry.files
        assert all((root / file).is_file() for file in entry.files.values())


@pytest.mark.parametrize(("name", "layout"), LAYOUTS)
def test_listing_is_repeatable_and_so_is_the_fake_tree(fakes, name, layout, tmp_path):
    root, source = fakes(name, layout), dataset(name)
    form = recognise(source, root)
    again = tmp_path / "not there yet"
    source.fake(again, form, counts_of(name), seed=3)
    assert list(source.entries(again, form)) == list(source.entries(root, form))
    for path in sorted(root.rglob("*")):
        if path.is_file():
            assert (again / path.relative_to(root)).read_bytes() == path.read_bytes(), path.name


@pytest.mark.parametrize("name", source_names())
def test_every_modality_of_the_card_is_in_some_layout(fakes, name):
    read_from = {
        modality
        for layout in dataset(name).layouts
        for pair in read(name, fakes(name, layout.name))
        for modality in pair.images
    }
    assert read_from == set(dataset_card(name).modalities)


@pytest.mark.parametrize(("name", "layout"), LAYOUTS)
def test_images_are_the_files_on_disk_unless_they_say_how_they_were_made(fakes, name, layout):
    root, card = fakes(name, layout), dataset_card(name)
    pairs = read(name, root)
    modalities = {modality for pair in pairs for modality in pair.images}
    assert modalities <= set(card.modalities)
    for pair in pairs:
        for modality, image in pair.images.items():
            header = probe(image.data)
            assert (header.format, header.width, header.height, header.channels, header.bit_depth) == (
                image.extension,
                image.width,
                image.height,
                image.channels,
                image.bit_depth,
            )
            assert image.bit_depth == card.modalities[modality].bit_depth
            assert (image.data == (root / image.source).read_bytes()) == (image.conversion is None)


@pytest.mark.parametrize(("name", "layout"), LAYOUTS)
def test_samples_of_a_split_have_the_same_members(fakes, name, layout):
    members = {}
    for pair in read(name, fakes(name, layout)):
        images = (f"{modality}.{image.extension}" for modality, image in pair.images.items())
        members.setdefault(pair.entry.split, set()).add(frozenset([*images, *pair.labels]))
    assert all(len(found) == 1 for found in members.values()), members


@pytest.mark.parametrize(("name", "layout"), LAYOUTS)
def test_labels_are_of_the_kind_and_the_classes_that_the_card_states(fakes, name, layout):
    root, card = fakes(name, layout), dataset_card(name)
    pairs = read(name, root)
    # Of sets to pretrain on, a layout may hold the part without labels.
    assert any(pair.labels for pair in pairs) or not card.label_sets or "pretraining" in card.tasks
    for pair in pairs:
        for label_set, labels in pair.labels.items():
            facts = card.label_sets[label_set]
            known = {entry.id for entry in facts.classes} | set(facts.ignore_ids)
            if isinstance(labels, Mask):
                assert (labels.kind, labels.frame) == (facts.kind, facts.frame)
                header = probe(labels.data)
                values, conversion = index_values(labels.data, header, kind=labels.kind)
                assert conversion is None
                assert labels.values == tuple(np.unique(values).tolist())
                assert labels.kind == "saliency" or set(labels.values) <= known
                sizes = {(image.width, image.height) for image in pair.images.values()}
                assert labels.frame != "both" or sizes == {(labels.width, labels.height)}
            elif isinstance(labels, Boxes):
                assert facts.kind == "boxes"
                assert labels.frame == facts.frame
                count = len(labels.labels)
                assert labels.xyxy.shape == (count, 4)
                assert len(labels.raw) == count
                assert labels.xyxy.dtype == labels.raw.dtype == np.float64
                if labels.corners is not None:
                    around = [labels.corners.min(axis=1), labels.corners.max(axis=1)]
                    np.testing.assert_array_equal(labels.xyxy, np.concatenate(around, axis=1))
                assert labels.ignore.shape == labels.occlusion.shape == (count,)
                assert set(labels.labels.tolist()) <= known
                assert (labels.xyxy[:, 2:] > labels.xyxy[:, :2]).all()
            else:
                assert isinstance(labels, Text)
                assert facts.kind == "text"


@pytest.mark.parametrize(("name", "layout"), LAYOUTS)
def test_fake_labels_are_not_all_empty(fakes, name, layout):
    found = read(name, fakes(name, layout))
    for label_set in found[0].labels:
        assert any(_says_something(pair.labels[label_set]) for pair in found), label_set


def _says_something(labels):
    match labels:
        case Mask():
            return len(labels.values) > 1
        case Boxes():
            return len(labels.labels) > 0
        case Text():
            return len(labels.captions) > 0


@pytest.mark.parametrize(("name", "layout"), LAYOUTS)
def test_attributes_are_those_of_the_card(fakes, name, layout):
    declared = dataset_card(name).attributes
    for pair in read(name, fakes(name, layout)):
        assert set(pair.attributes) <= set(declared)
        for attribute, value in pair.attributes.items():
            assert declared[attribute].values is None or value in (None, *declared[attribute].values)


@pytest.mark.parametrize("name", source_names())
def test_another_folder_is_refused_with_the_recognised_layouts_and_what_was_found(name, tmp_path):
    (tmp_path / "holiday photos").mkdir()
    source = dataset(name)
    with pytest.raises(LayoutError) as caught:
        recognise(source, tmp_path)
    assert str(tmp_path) in str(caught.value)
    assert "holds holiday photos/" in str(caught.value)
    for layout in source.layouts:
        assert f"{layout.name}: {layout.tree}" in str(caught.value)
    with pytest.raises(LayoutError, match="no such folder; pass the folder"):
        recognise(source, tmp_path / "none")


@pytest.mark.parametrize(("name", "layout_name"), LAYOUTS)
def test_a_sample_is_the_same_from_a_store_and_opens_no_file_that_its_entry_does_not_name(fakes, name, layout_name):
    source, card, root = dataset(name), dataset_card(name), fakes(name, layout_name)

    def stored(planned, opened_below):
        samples = {}
        for shard in planned.shards:
            for entry in shard.entries:
                own = [file for file in shard.inputs if file.path in entry.files.values()]
                pair = source.pair(opened_below(own), planned.layout, entry)
                samples[entry.split, entry.key] = stored_sample(pair, card, label_maps(card)).members
        return samples

    with empty_memory():
        address = location(f"memory://{name}-{layout_name}")
        upload(root, address)
        from_store = stored(plan(source, card, address, Options()), lambda files: on_disk(address, files))
    assert from_store == stored(plan(source, card, root, Options()), lambda files: root)
