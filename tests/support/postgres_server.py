"""A real PostgreSQL for tests: Debian's, started on a free port of this machine, one folder each.

`HIVE_TEST_POSTGRES` names a running server to use instead, where a test need not stop or kill it. A
machine without either skips those tests; in CI (`CI=true`) that is a failure.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import psycopg
import pytest
from psycopg import sql

_USER = "postgres"


def _programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("postgres")
    return Path(on_path).resolve().parent if on_path else None


def _missing() -> None:
    reason = "no PostgreSQL on this machine: apt-get install postgresql, or set HIVE_TEST_POSTGRES"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class PostgresServer:
    """A server of the test's own. Commits are as durable as in production (fsync is on)."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder, self.data, self._programs = folder, folder / "data", programs
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return self.url_of("postgres")

    def url_of(self, database: str) -> str:
        return f"postgresql+psycopg://{_USER}@127.0.0.1:{self.port}/{database}"

    def run(self, *command: str) -> None:
        """One of PostgreSQL's programs, as the user that may run them."""
        subprocess.run(
            [str(self._programs / command[0]), *command[1:]],
            check=True,
            capture_output=True,
            timeout=120,
            cwd=self.folder,
            **self._as_user(),
        )

    def initialise(self) -> None:
        self.run("initdb", "-D", str(self.data), "-A", "trust", "-U", _USER, "--no-sync")

    def start(self, **settings: str) -> None:
        """Start it, and wait until it answers."""
        options = {
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            **settings,
        }
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    str(self._programs / "postgres"),
                    "-D",
                    str(self.data),
                    *(part for name, value in options.items() for part in ("-c", f"{name}={value}")),
                ],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                **self._as_user(),
            )
        deadline = time.monotonic() + 60
        while True:
            try:
                psycopg.connect(self.url.replace("+psycopg", ""), connect_timeout=2).close()
                return
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError((self.folder / "server.log").read_text()[-2_000:]) from None
                time.sleep(0.02)

    def kill(self) -> None:
        """As a power cut does to the server: the postmaster gets SIGKILL, and its children go with it."""
        assert self._process is not None
        children = psutil.Process(self._process.pid).children()
        self._process.kill()
        for child in children:
            with suppress(psutil.NoSuchProcess):
                child.kill()
        self._process.wait()

    def stop(self) -> None:
        """Stop it at once; its folder stays."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(timeout=60)

    def new_database(self, name: str) -> str:
        """The address of an empty database."""
        create_database(self.url, name)
        return self.url_of(name)

    @staticmethod
    def _as_user() -> dict[str, object]:
        if os.geteuid() != 0:
            return {}
        account = pwd.getpwnam(_USER)
        return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def create_database(url: str, name: str) -> None:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def drop_database(url: str, name: str) -> None:
    """Drop it whoever is still connected: a server that many runs share would fill the disk."""
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def own_server(**settings: str) -> Iterator[PostgresServer]:
    """A server that a test may stop, kill and start as it likes."""
    with empty_server() as server:
        server.initialise()
        server.start(**settings)
        yield server


@contextmanager
def empty_server() -> Iterator[PostgresServer]:
    """A server without data yet: for a standby."""
    programs = _programs()
    if programs is None:
        _missing()
        raise AssertionError("unreachable")
    # Not under pytest's folder: the server's user may not enter that.
    folder = Path(tempfile.mkdtemp(prefix="hive-postgres-"))
    if os.geteuid() == 0:
        account = pwd.getpwnam(_USER)
        os.chown(folder, account.pw_uid, account.pw_gid)
    server = PostgresServer(folder, programs)
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


@contextmanager
def shared_server() -> Iterator[str]:
    """The address of a server in which tests make databases."""
    if given := os.environ.get("HIVE_TEST_POSTGRES"):
        yield given
        return
    with own_server() as server:
        yield server.url
