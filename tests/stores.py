"""Stores for tests: fsspec's memory, and an S3 server on the loopback device."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

import fsspec
import pytest

from rgbtbench.locations import filesystem, store_path

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@contextmanager
def empty_memory() -> Iterator[None]:
    """Let `memory://` hold nothing before and after."""
    memory = fsspec.filesystem("memory")
    memory.store.clear()
    memory.pseudo_dirs[:] = [""]
    try:
        yield
    finally:
        memory.store.clear()
        memory.pseudo_dirs[:] = [""]


@contextmanager
def s3_server(*buckets: str) -> Iterator[None]:
    """Run an S3 server that `s3://` of this process and of those that it starts speaks to."""
    server_of_moto = pytest.importorskip("moto.server", reason="moto is not installed")
    pytest.importorskip("s3fs", reason="s3fs is not installed")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = server_of_moto.ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    # Buckets outlast a server that ran in this process before.
    urlopen(Request(f"http://{host}:{port}/moto-api/reset", method="POST")).close()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**CREDENTIALS, "AWS_ENDPOINT_URL": f"http://{host}:{port}"}.items():
            patch.setenv(name, value)
        fsspec.filesystem("s3").clear_instance_cache()
        store = fsspec.filesystem("s3", use_listings_cache=False)
        for bucket in buckets:
            store.mkdir(bucket)
        try:
            yield
        finally:
            store.clear_instance_cache()
            server.stop()


def upload(folder: Path, address: Path) -> None:
    """Copy a folder into a store, file by file."""
    files = filesystem(address)
    for path in folder.rglob("*"):
        if path.is_file():
            files.pipe_file(store_path(address / path.relative_to(folder).as_posix()), path.read_bytes())


def stored_tree(address: Path) -> dict[str, bytes]:
    """All files of a prepared dataset in a store but the resume state, by path."""
    files, root = filesystem(address), store_path(address).rstrip("/")
    found = {path.removeprefix(root + "/"): path for path in files.find(root)}
    return {name: files.cat_file(path) for name, path in found.items() if not name.startswith(".state/")}
