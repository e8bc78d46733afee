"""A real daemon on a home of its own, ended with the test."""

from __future__ import annotations

import pytest

from proofs.paper_daemon import PaperDaemon


@pytest.fixture
def daemon(tmp_path):
    made = PaperDaemon(tmp_path)
    yield made
    if made.process is not None:
        made.kill()
