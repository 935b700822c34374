"""Names in lists and links in folders open nothing outside the folder, and no two samples become one."""

import os

import pytest

from rgbtbench.cards import dataset_card
from rgbtbench.datasets import Layout, dataset
from rgbtbench.errors import InputFileError, LayoutError
from rgbtbench.pair import Entry, key_of
from rgbtbench.shards.plan import Options, plan
from tests.formats.files import file_of, noise, put
from tests.hostile.mendable import refused
from tests.hostile.trees import LLVIP, MFNET, entries, first_pair, llvip_tree, mfnet_tree


@pytest.mark.parametrize(
    "name",
    [
        "../../00001D",
        "/etc/passwd",
        "images/../../x",
        "00001D/../00002N",
        "00001D.png",
        "00001d",
        "~",
        "00001D\0",
        "０0001D",
    ],
)
def test_a_list_cannot_name_files_elsewhere(tmp_path, name):
    put(mfnet_tree(tmp_path), "test.txt", f"00001D\n{name}\n")
    with refused("test.txt:2", "is no id of this dataset", kind=InputFileError):
        entries(MFNET, tmp_path)


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff\r\n"])
def test_an_empty_list_is_no_empty_split(tmp_path, text):
    put(mfnet_tree(tmp_path), "test.txt", text)
    with refused("test.txt"):
        entries(MFNET, tmp_path)


def test_a_list_that_only_names_mirrored_copies_holds_no_sample(tmp_path):
    put(mfnet_tree(tmp_path), "test.txt", "00001D_flip\n")
    with refused(tmp_path, kind=LayoutError):
        plan(MFNET, dataset_card("mfnet"), tmp_path, Options())


def test_what_a_list_names_is_shown_in_part_when_it_has_no_end(tmp_path):
    put(mfnet_tree(tmp_path), "test.txt", "9" * 100_000)
    with pytest.raises(InputFileError) as caught:
        entries(MFNET, tmp_path)
    assert len(str(caught.value)) < 1000


def test_windows_lists_read_like_any_other(tmp_path):
    mfnet_tree(tmp_path)
    expected = entries(MFNET, tmp_path)
    put(tmp_path, "test.txt", "\ufeff00001D\r\n00002N\r\n\r\n")
    assert entries(MFNET, tmp_path) == expected


def test_a_repeated_name_is_refused_with_both_lines(tmp_path):
    put(mfnet_tree(tmp_path), "test.txt", "00001D\n00002N\n00001D\n")
    with refused("test.txt:3", "'00001D' is already named in line 1"):
        entries(MFNET, tmp_path)


def test_an_empty_folder_is_no_empty_split(tmp_path):
    llvip_tree(tmp_path)
    for camera in ("visible", "infrared"):
        (tmp_path / camera / "train").mkdir()
    with refused("visible/train", "holds no sample"):
        entries(LLVIP, tmp_path)


def test_a_stray_file_among_the_images_is_named(tmp_path):
    put(llvip_tree(tmp_path), "visible/test/190001 (copy).jpg", file_of(noise(48, 64, 3), "jpeg"))
    with refused("visible/test", "'190001 (copy).jpg' is no file of this dataset"):
        entries(LLVIP, tmp_path)


@pytest.mark.parametrize("name", ["images/00001D.png", "labels/00001D.png"])
def test_a_linked_file_outside_the_folder_is_not_opened(tmp_path, name):
    root = mfnet_tree(tmp_path / "root")
    outside = put(tmp_path, "secret.png", (root / name).read_bytes())
    (root / name).unlink()
    (root / name).symlink_to(outside)
    with refused(name, "a symbolic link leads out of", "copy the files"):
        first_pair(MFNET, root)


def test_a_linked_list_outside_the_folder_is_not_opened(tmp_path):
    root = mfnet_tree(tmp_path / "root")
    outside = put(tmp_path, "secret.txt", "root:x:0:0")
    (root / "test.txt").unlink()
    (root / "test.txt").symlink_to(outside)
    with refused("test.txt", "a symbolic link leads out of"):
        entries(MFNET, root)


def test_folders_that_are_links_inside_the_tree_are_fine(tmp_path):
    mfnet_tree(tmp_path)
    (tmp_path / "images").rename(tmp_path / "images_v2")
    (tmp_path / "images").symlink_to("images_v2")
    assert first_pair(MFNET, tmp_path).images["rgb"].width == 32


def test_a_link_that_leads_to_itself_is_refused(tmp_path):
    path = mfnet_tree(tmp_path) / "labels/00001D.png"
    path.unlink()
    path.symlink_to(path)
    with refused("labels/00001D.png", "in a circle"):
        first_pair(MFNET, tmp_path)


def test_a_file_name_of_bytes_that_are_no_text_is_refused(tmp_path):
    source, card = dataset("rgbt550k"), dataset_card("rgbt550k")
    for camera in ("ir", "rgb"):
        for stem in (b"1", b"2\xff", b"long" * 40 + b"\xff"):
            name = os.fsdecode(b"RGBT_CLEAN_v6/" + camera.encode() + b"/" + stem + b".jpg")
            put(tmp_path, name, file_of(noise(24, 32, 3), "jpeg"))
    with refused(tmp_path, r"\udcff.jpg' is no text", "rename the file", kind=InputFileError):
        plan(source, card, tmp_path, Options())


def test_a_name_that_cannot_be_a_key_is_refused_with_the_folder(tmp_path):
    put(tmp_path, "layout.yaml", "modalities: {lwir: 'ir/{stem}.jpg'}\n")
    put(tmp_path, f"ir/{'9' * 200}.jpg", file_of(noise(24, 32), "jpeg"))
    with refused(tmp_path, "cannot be stored", kind=InputFileError):
        plan(dataset("ir500k"), dataset_card("ir500k"), tmp_path, Options())


class Dotted:
    """A dataset whose official ids hold dots, as some do."""

    name = "synthetic"
    layouts = (Layout("official", ("a",), "a/"),)

    def __init__(self, *ids):
        self.ids = ids

    def entries(self, root, layout):
        for order, official_id in enumerate(self.ids):
            yield Entry(key_of(official_id), official_id, "train", order, {"rgb": f"a/{official_id}.png"})


def test_dotted_ids_keep_their_samples_apart_and_a_collision_is_refused(tmp_path):
    put(tmp_path, "a/x", "x")
    planned = plan(Dotted("1.5", "1.6"), dataset_card("synthetic"), tmp_path, Options())
    assert [entry.key for shard in planned.shards for entry in shard.entries] == ["1_5", "1_6"]
    with refused(tmp_path, "'1.5' and '1_5'", "share the key '1_5'", kind=InputFileError):
        plan(Dotted("1.5", "1_5"), dataset_card("synthetic"), tmp_path, Options())


@pytest.mark.parametrize("official_id", ["a b", "a:b", "ä", "a" * 81, "", "a//b"])
def test_an_id_that_tar_readers_would_break_is_refused(official_id):
    with refused("key", "cannot be stored", kind=InputFileError):
        key_of(official_id)
