"""A daemon that runs out of file descriptors: callers wait or are refused, and what it acknowledged stays."""

from __future__ import annotations

import shutil
import socket
import time
from contextlib import ExitStack

import httpx
import pytest
from acknowledged import Delivered, nothing_lost_nothing_doubled

from proofs.paper_daemon import PaperDaemon

pytestmark = pytest.mark.slow

LIMIT = 64


def test_without_descriptors_it_loses_nothing_and_serves_again_when_there_are_some(tmp_path):
    limit = shutil.which("prlimit")
    assert limit is not None, "prlimit is part of util-linux: install it"
    daemon, delivered = PaperDaemon(tmp_path, prefix=(limit, f"--nofile={LIMIT}")), Delivered()
    daemon.start()
    client = daemon.client(timeout_s=2)
    assert all(delivered.post(client, f"before_{number}") for number in range(3))
    with ExitStack() as held:
        for _ in range(2 * LIMIT):  # the kernel takes them in though the daemon cannot
            held.enter_context(socket.create_connection(("127.0.0.1", daemon.port), timeout=5))
        time.sleep(1)
        stranger = daemon.client(timeout_s=1)
        with pytest.raises(httpx.TransportError):
            stranger.get("/health")
        stranger.close()
        assert daemon.running().poll() is None, daemon.log_tail()
        assert delivered.post(client, "meanwhile")  # whose connection stands is served
    client.close()
    assert daemon.wait_until_ready(timeout_s=30)
    client = daemon.client()
    assert delivered.post(client, "after")
    client.close()
    assert len(delivered.acknowledged) == 5
    nothing_lost_nothing_doubled(daemon, delivered)
