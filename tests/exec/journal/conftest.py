"""Journals on both stores, and what they are filled with."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from postgres_server import create_database, shared_server


@pytest.fixture(scope="session")
def postgres():
    """The address of a real PostgreSQL server."""
    with shared_server() as url:
        yield url


@pytest.fixture
def database(postgres) -> str:
    """The address of an empty database of the test's own."""
    name = f"hive_{uuid.uuid4().hex}"
    create_database(postgres, name)
    return f"{postgres.rsplit('/', 1)[0]}/{name}"


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "exec" / "journal.sqlite"
