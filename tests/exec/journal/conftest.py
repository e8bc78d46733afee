"""Journals on both stores, and what they are filled with."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres_server import create_database, drop_database, shared_server


@pytest.fixture(scope="session")
def postgres():
    """The address of a real PostgreSQL server."""
    with shared_server() as url:
        yield url


@pytest.fixture
def database(postgres) -> Iterator[str]:
    """The address of an empty database of the test's own."""
    name = f"hive_{uuid.uuid4().hex}"
    create_database(postgres, name)
    yield f"{postgres.rsplit('/', 1)[0]}/{name}"
    drop_database(postgres, name)


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "exec" / "journal.sqlite"
