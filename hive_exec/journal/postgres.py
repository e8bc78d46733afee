"""Connections to the PostgreSQL that keeps a journal: bounded in every wait, durable or refused.

Addresses and what a server must promise belong here; tables, rows and leases have modules of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from hive_exec.journal.errors import JournalFailed
from hive_exec.sqlite_file import NotDurable

DRIVER = "postgresql+psycopg"
CONNECT_TIMEOUT_S = 5
STATEMENT_TIMEOUT_S = 10
LOCK_TIMEOUT_S = 8
IDLE_IN_TRANSACTION_S = 5
"""A leader that was stopped amid a commit holds its row for no longer than this."""


class AddressRefused(ValueError):
    """An address that is none of a PostgreSQL database. Its text never shows the address."""


def connect(
    address: str, *, transactions: bool = False, read_only: bool = False, idle_session_s: float = 0
) -> Connection:
    """A connection of its own; each statement is its own transaction unless `transactions`.

    `idle_session_s` has the server end a session that was silent for so long; 0 is for ever.

    Raises:
        AddressRefused: not an address for the driver that Hive uses.
        JournalFailed: the server cannot be reached.
    """
    try:
        url = make_url(address)
    except ArgumentError:
        raise AddressRefused(f"the journal's address is malformed; {DRIVER}://... is expected") from None
    if url.drivername != DRIVER:
        raise AddressRefused(f"the journal's address begins with {url.drivername}://, not {DRIVER}://")
    settings = {
        "synchronous_commit": "on",
        "statement_timeout": f"{STATEMENT_TIMEOUT_S}s",
        "lock_timeout": f"{LOCK_TIMEOUT_S}s",
        "idle_in_transaction_session_timeout": f"{IDLE_IN_TRANSACTION_S}s",
        "idle_session_timeout": f"{int(idle_session_s * 1_000)}ms",
        "default_transaction_read_only": "on" if read_only else "off",
    }
    engine = create_engine(
        url,
        poolclass=NullPool,
        hide_parameters=True,
        connect_args={
            "connect_timeout": CONNECT_TIMEOUT_S,
            "application_name": "hive_exec",
            "tcp_user_timeout": STATEMENT_TIMEOUT_S * 1_000,
            "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
        },
    )
    with failing("reached"):
        connection = engine.connect()
    return connection.execution_options(isolation_level="READ COMMITTED" if transactions else "AUTOCOMMIT")


def require_durable(connection: Connection) -> None:
    """Refuse a server on which a commit that returned may be lost, or that follows another.

    Raises:
        NotDurable: it says so itself.
        JournalFailed: it cannot be asked.
    """
    wanted = {
        "synchronous_commit": {"on", "remote_apply"},
        "fsync": {"on"},
        "full_page_writes": {"on"},
        "transaction_read_only": {"off"},
    }
    with failing("asked"):
        if connection.execute(text("SELECT pg_is_in_recovery()")).scalar_one():
            raise NotDurable("the journal's PostgreSQL is a standby; point the address at the primary")
        for name, allowed in wanted.items():
            found = connection.execute(text(f"SHOW {name}")).scalar_one()
            if found not in allowed:
                raise NotDurable(
                    f"the journal's PostgreSQL has {name} = {found}: a commit may not survive a crash; "
                    f"set it to {min(allowed)}"
                )


@contextmanager
def failing(what: str) -> Iterator[None]:
    """Tell a database's error as the journal's, without address, statement and values.

    Raises:
        JournalFailed: there was one.
    """
    try:
        yield
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        reason = str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__
        raise JournalFailed(
            f"the journal in PostgreSQL could not be {what}: {reason}; look at the server, then start again"
        ) from error


def read_address(path: Path) -> str:
    """The address that a file holds, which only its owner may read.

    Raises:
        AddressRefused: others may read it, or it cannot be read.
    """
    try:
        if path.stat().st_mode & 0o077:
            raise AddressRefused(f"{path}: others may read it, and it can hold a password; chmod 600 {path}")
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise AddressRefused(f"{path}: the journal's address cannot be read from it: {error}") from None
