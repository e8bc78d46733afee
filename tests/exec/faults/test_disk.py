"""A disk that is full or fails: what was not written is not acknowledged, the daemon ends and says why, and
once the disk is well nothing is lost and nothing doubled."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest
from acknowledged import Delivered, nothing_lost_nothing_doubled

from hive_exec.main import EXIT_FATAL
from proofs.paper_daemon import PaperDaemon

pytestmark = pytest.mark.slow

MOST_POSTS = 3_000


def until_it_ends(daemon, delivered):
    """Post until nothing is acknowledged any more; the daemon's exit code."""
    client = daemon.client()
    try:
        for number in range(MOST_POSTS):
            if not delivered.post(client, f"full_{number}"):
                break
        else:
            pytest.fail(f"the disk was never full in {MOST_POSTS} posts")
    finally:
        client.close()
    return daemon.running().wait(30)


@pytest.fixture
def small_disk(tmp_path):
    """A tmpfs of a megabyte where journal and venue log stand, and what makes it larger."""
    place = tmp_path / "home" / ".hive" / "exec"
    place.mkdir(parents=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)], capture_output=True, text=True
    )
    if mounted.returncode != 0:
        if os.environ.get("CI"):
            pytest.fail(f"no tmpfs can be mounted here: {mounted.stderr}")
        pytest.skip(f"no tmpfs can be mounted here (not root?): {mounted.stderr}")
    yield lambda: subprocess.run(["mount", "-o", "remount,size=64m", str(place)], check=True)
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_ends_the_daemon_before_it_acknowledges(tmp_path, small_disk):
    daemon, delivered = PaperDaemon(tmp_path / "home"), Delivered()
    daemon.start()
    assert until_it_ends(daemon, delivered) == EXIT_FATAL
    assert "disk is full" in daemon.log_tail()
    assert len(delivered.acknowledged) > 5
    daemon.launch()  # nothing has changed: it ends again, whichever write it comes to first
    if daemon.wait_until_ready():
        client = daemon.client()
        assert not delivered.post(client, "still_full")
        client.close()
    assert daemon.running().wait(30) == EXIT_FATAL
    small_disk()
    daemon.start()
    nothing_lost_nothing_doubled(daemon, delivered)


def test_a_file_that_may_not_grow_does_the_same(tmp_path):
    limit = shutil.which("prlimit")
    assert limit is not None, "prlimit is part of util-linux: install it"
    daemon, delivered = PaperDaemon(tmp_path, prefix=(limit, "--fsize=400000")), Delivered()
    daemon.start()
    assert until_it_ends(daemon, delivered) == EXIT_FATAL
    assert "disk" in daemon.log_tail()
    assert len(delivered.acknowledged) > 5
    daemon.prefix = ()
    daemon.start()
    nothing_lost_nothing_doubled(daemon, delivered)


FAULTS = [
    ("journal.sqlite-wal", "fdatasync", "EIO"),
    ("journal.sqlite-wal", "pwrite64", "ENOSPC"),
    ("journal.sqlite-wal", "pwrite64", "EIO"),
    ("paper.sqlite-wal", "fdatasync", "EIO"),
    ("paper.sqlite-wal", "pwrite64", "ENOSPC"),
]


@pytest.mark.parametrize(("file", "call", "error"), FAULTS)
@pytest.mark.parametrize("number", [4, 7, 12])
def test_the_disk_fails_at_one_call_and_for_good_after_it(tmp_path, file, call, error, number):
    """The kernel answers with an error at the n-th call on one file, and at every one after it."""
    strace = shutil.which("strace")
    assert strace is not None, "no strace here: install it (Debian: apt-get install strace)"
    path = tmp_path / ".hive" / "exec" / file
    path.parent.mkdir(parents=True)
    path.touch()  # strace knows a file by what its name leads to when it starts
    inject = f"inject={call}:error={error}:when={number}+"
    daemon = PaperDaemon(
        tmp_path,
        prefix=(strace, "-f", "-qq", "-P", str(path), "-e", inject, "-o", str(tmp_path / "strace.txt")),
    )
    delivered = Delivered()
    daemon.launch()
    if daemon.wait_until_ready():
        assert until_it_ends(daemon, delivered) == EXIT_FATAL
    else:
        assert daemon.running().wait(30) == EXIT_FATAL
    assert "(INJECTED)" in (tmp_path / "strace.txt").read_text("utf-8")
    assert "disk" in daemon.log_tail()
    daemon.prefix = ()
    daemon.start()
    nothing_lost_nothing_doubled(daemon, delivered)
