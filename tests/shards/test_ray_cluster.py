"""On a Ray cluster `prepare` writes the same bytes and ends as clearly as on one machine."""

import dataclasses
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rgbtbench.errors import MissingExtraError, ShardError
from rgbtbench.locations import location
from rgbtbench.shards import build
from rgbtbench.shards.build import prepare
from rgbtbench.shards.executor import executor_of
from rgbtbench.shards.ray_cluster import RayCluster
from rgbtbench.shards.workers import LocalProcesses

from ..stores import s3_server, stored_tree, upload
from .ray_street import Deadly
from .street import SMALL_SHARDS, Street, card, tree

REPOSITORY = Path(__file__).parents[2]
needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray is not installed")


def test_an_executor_has_a_name(monkeypatch):
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    assert isinstance(executor_of("local"), LocalProcesses)
    with pytest.raises(ShardError, match="--ray-address without --executor ray; add it, or leave the address out"):
        executor_of("local", ray_address="auto")


def test_without_ray_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"needs ray; pip install 'rgbtbench\[cluster\]'"):
        executor_of("ray")


@needs_ray
def test_the_address_comes_from_the_option_then_the_environment_then_a_cluster_of_our_own(monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", "auto")
    assert RayCluster("local").address == "local"
    assert RayCluster().address == "auto"
    monkeypatch.delenv("RAY_ADDRESS")
    assert RayCluster().address == "local"


@needs_ray
@pytest.mark.parametrize("scheme", ["", "ray://"])
def test_an_address_where_nothing_answers_is_one_clear_error_at_once(scheme):
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"{scheme}127.0.0.1:{server.getsockname()[1]}"
        assert RayCluster(address).address == address
    began = time.monotonic()
    with pytest.raises(ShardError, match=r"no Ray cluster can be reached at '.*': nothing answers there; start one"):
        RayCluster(address)
    assert time.monotonic() - began < 10


@needs_ray
@pytest.mark.parametrize("address", ["auto", "nonsense"])
def test_an_address_that_ray_does_not_know_is_one_clear_error(official, tmp_path, address, monkeypatch):
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))  # no cluster of another test is taken for one that runs here
    with pytest.raises(ShardError, match=f"no Ray cluster can be reached at '{address}'"):
        prepared_by(RayCluster(address), official, tmp_path / "out")
    assert not (tmp_path / "out/manifest.json").exists()


@pytest.fixture(scope="module")
def cluster():
    """Two cores of this machine as a cluster, whose workers speak to an S3 server of the tests."""
    ray = pytest.importorskip("ray")
    with s3_server("data"):
        ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=10**8)
        try:
            yield RayCluster("local")
        finally:
            ray.shutdown()


def prepared_by(executor, raw, out, source=None, **options):
    prepare(source or Street(), card(), raw, out, executor=executor, **{"options": SMALL_SHARDS, **options})


@pytest.mark.slow
class TestOnACluster:
    @pytest.mark.parametrize("workers", [None, 1, 8])
    def test_the_bytes_are_those_of_one_process(self, cluster, official, pristine, tmp_path, workers):
        prepared_by(cluster, official, tmp_path / "out", workers=workers)
        assert tree(tmp_path / "out") == tree(pristine)

    def test_the_bytes_are_the_same_from_and_to_a_store(self, cluster, official, pristine):
        upload(official, location("s3://data/official"))
        prepared_by(cluster, location("s3://data/official"), location("s3://data/street"))
        assert stored_tree(location("s3://data/street")) == tree(pristine)

    def test_nothing_is_written_twice_whoever_wrote_it(self, cluster, official, tmp_path):
        prepared_by(LocalProcesses(), official, tmp_path / "out", workers=1)
        before = {path: path.stat().st_ino for path in (tmp_path / "out/shards").iterdir()}
        prepared_by(cluster, official, tmp_path / "out")
        assert {path: path.stat().st_ino for path in (tmp_path / "out/shards").iterdir()} == before

    def test_progress_counts_every_sample_once(self, cluster, official, tmp_path):
        class Counting:
            done = 0

            def start(self, stage, total, unit):
                self.total = total

            def advance(self, count=1):
                self.done += count

            def say(self, message):
                pass

            def finish(self):
                pass

        progress = Counting()
        prepared_by(cluster, official, tmp_path / "out", progress=progress)
        assert progress.done == progress.total == 11

    def test_errors_of_workers_arrive_as_they_are(self, cluster, official, tmp_path):
        raw = shutil.copytree(official, tmp_path / "raw")
        for path in (raw / "notes").iterdir():
            path.write_text("{")
        with pytest.raises(ShardError, match="11 of 11 samples"):
            prepared_by(cluster, raw, tmp_path / "out")

    def test_a_shard_whose_worker_was_lost_is_built_again(self, cluster, official, pristine, tmp_path):
        prepared_by(cluster, official, tmp_path / "out", Deadly(str(tmp_path / "died")))
        assert (tmp_path / "died").exists()
        assert tree(tmp_path / "out") == tree(pristine)

    def test_a_shard_that_no_worker_survives_is_one_clear_error_and_the_others_stay(self, cluster, official, tmp_path):
        with pytest.raises(
            ShardError, match=r"ended unexpectedly 3 times \(WorkerCrashedError\).*run again with fewer"
        ):
            prepared_by(cluster, official, tmp_path / "out", Deadly(), workers=1)
        assert len(list((tmp_path / "out/shards").glob("*.tar"))) == 3
        assert not (tmp_path / "out/manifest.json").exists()

    def test_nodes_with_other_code_are_refused(self, cluster, official, tmp_path, monkeypatch):
        monkeypatch.setattr(build, "code_fingerprint", lambda source: "0")
        with pytest.raises(ShardError, match=r"node .* runs other code .*; install the same version on every node"):
            prepared_by(cluster, official, tmp_path / "out")

    @pytest.mark.parametrize("unseen", ["out", "root"])
    def test_nodes_that_do_not_see_the_data_are_refused(self, cluster, official, tmp_path, unseen):
        class Elsewhere:
            def build(self, jobs, *, workers, progress):
                changed = {unseen: tmp_path / "nowhere"}
                cluster.build([dataclasses.replace(job, **changed) for job in jobs], workers=workers, progress=progress)

        with pytest.raises(ShardError, match=r"nowhere: node .* does not see .*; name .* that all nodes share"):
            prepared_by(Elsewhere(), official, tmp_path / "out")

    def test_ctrl_c_leaves_whole_shards_only(self, cluster, official, pristine, tmp_path):
        import ray

        heed = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)"
        code = f"{heed}; from tests.shards.ray_street import prepare_slowly; prepare_slowly(*sys.argv[1:])"
        out = tmp_path / "out"
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(official), str(out), ray.get_runtime_context().gcs_address],
            cwd=REPOSITORY, start_new_session=True, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        while process.poll() is None and not list(out.glob("shards/.train*")):
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGINT)
        _, output = process.communicate(timeout=60)
        assert "KeyboardInterrupt" in output
        assert list(out.glob("shards/.*")) == []
        assert len(list(out.glob("shards/test-*.tar"))) == 2
        assert not (out / "manifest.json").exists()
        prepared_by(LocalProcesses(), official, out, workers=1)
        # The street of the run that was stopped is other code, so that only the result can be compared.
        assert tree(out) == tree(pristine)
