"""Damage to a tree: files and folders that are lost, renamed, exchanged, added, or that are something else.

Files of the tree may be hard links to those of a whole tree, so nothing is ever written into one: it is replaced.
"""

import os
import shutil
import socket
import unicodedata


def replace_file(path, data):
    path.unlink()
    path.write_bytes(data)


def delete_file(place):
    place.file.unlink()
    return {place.name}


def delete_folder(place):
    shutil.rmtree(place.folder)
    return place.below(place.folder)


def rename_file(place):
    file = place.file
    new = place.pick(
        file.with_suffix(file.suffix.upper()),
        file.with_name(file.name.upper()),
        file.with_name(file.name.capitalize()),
        file.with_name(file.stem + " (1)" + file.suffix),
        file.with_name(file.stem + ".v1" + file.suffix),
        file.with_name(file.name + ".part"),
        file.with_suffix(".jpeg"),
        file.with_suffix(""),
        file.with_name(f"{file.stem}é{file.suffix}"),
        file.with_name(f" {file.name}"),
        file.with_name(f"0{file.name}"),
    )
    if new == file:
        new = file.with_name(f"x{file.name}")
    file.rename(new)
    return {place.name, place.relative(new)}


def rename_folder(place):
    folder = place.folder
    new = folder.with_name(place.pick(folder.name.upper(), folder.name.capitalize(), folder.name + "_old", "é", "x"))
    if new == folder:
        new = folder.with_name(folder.name.lower() + "2")
    folder.rename(new)
    return place.below(folder)


def exchange_two_files(place):
    one, two = place.file, place.another_file
    spare = one.with_name("spare")
    one.rename(spare)
    two.rename(one)
    spare.rename(two)
    return {place.relative(one), place.relative(two)}


def copy_over_another(place):
    replace_file(place.another_file, place.file.read_bytes())
    return {place.relative(place.another_file)}


def add_a_stray_copy(place):
    """Put what file managers, archivers and editors leave behind beside a file, or one of another spelling."""
    file = place.file
    name = place.pick(
        f"{file.stem} (copy){file.suffix}",
        f"{file.stem} - Kopie{file.suffix}",
        f"._{file.name}",
        ".DS_Store",
        "Thumbs.db",
        "desktop.ini",
        f"{file.name}.lnk",
        f"{file.name}~",
        f".{file.name}.swp",
        file.name.swapcase(),
        file.stem + file.suffix.upper(),
        unicodedata.normalize("NFD", f"{file.stem}é{file.suffix}"),
        f"{file.stem}\n{file.suffix}",
        f"{file.stem}\u202e{file.suffix}",
        f"{'9' * 200}{file.suffix}",
        os.fsdecode(file.stem.encode() + b"\xff" + file.suffix.encode()),
        f"-rf{file.suffix}",
        file.suffix or "x",
    )
    new = file.with_name(name)
    if new == file:
        return {place.name}
    new.write_bytes(file.read_bytes())
    return {place.relative(new)}


def add_another_sample(place):
    """Copy a file under a name that counts on, as a half-copied sample would lie there."""
    file = place.file
    stem = file.stem
    at = next((at for at in range(len(stem) - 1, -1, -1) if stem[at].isdigit()), None)
    if at is None:
        new = file.with_name(f"{stem}2{file.suffix}")
    else:
        new = file.with_name(f"{stem[:at]}{(int(stem[at]) + 5) % 10}{stem[at + 1 :]}{file.suffix}")
    if new.exists():
        replace_file(new, file.read_bytes())
    else:
        new.write_bytes(file.read_bytes())
    return {place.relative(new)}


def link_file_out(place):
    target = place.outside / "secret"
    target.write_bytes(place.file.read_bytes())
    return _linked(place, target)


def link_file_strangely(place):
    """Link to itself, to nothing, to a device that never ends, to a folder, to the root of the file system."""
    return _linked(place, place.pick(place.file, "nothing", "/dev/zero", "/dev/stdin", "..", "/", "/etc/passwd"))


def link_file_inside(place):
    """Link to another file of the tree, as those do who save space: harmless when it is the right one."""
    return _linked(place, place.another_file)


def link_folder_out(place):
    target = place.outside / "folder"
    shutil.move(place.folder, target)
    place.folder.symlink_to(target)
    return place.below(place.folder)


def link_folder_strangely(place):
    shutil.rmtree(place.folder)
    place.folder.symlink_to(place.pick(place.folder, "nothing", ".", "..", "/", "/dev"))
    return place.below(place.folder)


def put_something_else(place):
    """Put a folder, a pipe, a socket or an unreadable name in the place of a file."""
    place.file.unlink()
    what = place.pick("folder", "pipe", "socket", "full folder")
    if what == "pipe":
        os.mkfifo(place.file)
    elif what == "socket":
        with socket.socket(socket.AF_UNIX) as server:
            home = os.open(place.file.parent, os.O_RDONLY)
            try:
                server.bind(f"/proc/self/fd/{home}/{place.file.name}")  # a socket's path has 108 characters at most
            finally:
                os.close(home)
    else:
        place.file.mkdir()
        if what == "full folder":
            (place.file / place.file.name).write_bytes(b"x")
    return {place.name}


def put_a_file_for_a_folder(place):
    shutil.rmtree(place.folder)
    place.folder.write_bytes(b"x")
    return place.below(place.folder)


def empty_folder(place):
    shutil.rmtree(place.folder)
    place.folder.mkdir()
    return place.below(place.folder)


def nest_everything(place):
    inner = place.root / "release"
    inner.mkdir()
    for path in list(place.root.iterdir()):
        if path != inner:
            path.rename(inner / path.name)
    return place.below(place.root)


def _linked(place, target):
    place.file.unlink()
    place.file.symlink_to(target)
    return {place.name}


#: Name to `damage(place) -> paths`: those relative to the root whose content, presence or kind it changed.
DAMAGES = {
    function.__name__: function
    for function in (
        delete_file,
        delete_folder,
        rename_file,
        rename_folder,
        exchange_two_files,
        copy_over_another,
        add_a_stray_copy,
        add_another_sample,
        link_file_out,
        link_file_strangely,
        link_file_inside,
        link_folder_out,
        link_folder_strangely,
        put_something_else,
        put_a_file_for_a_folder,
        empty_folder,
        nest_everything,
    )
}
