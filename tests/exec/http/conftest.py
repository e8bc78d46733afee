"""A running cell with a paper account, and clients of every kind on its HTTP face, without a network."""

from __future__ import annotations

import pytest
from exec_bench import READ_UP, Bench
from starlette.testclient import TestClient
from tokens import owner_headers

from hive_core.configuration.model import Account, Configuration
from hive_exec.http import create_app

PAPER = Account(name="paper", mode="paper", accepted_unknowns=READ_UP, sources=("live_*",))


@pytest.fixture
def paper(home):
    made = Bench(home, Configuration(accounts=(PAPER, *Configuration().accounts)))
    yield made
    if made.cell.fatal is None:
        made.cell.stop()


@pytest.fixture
def owner(paper):
    """The client of one who may do everything."""
    app = create_app(paper.cell)
    return TestClient(app, base_url="http://127.0.0.1:8787", headers=owner_headers(paper.home))
