"""Who leads a journal in PostgreSQL: one daemon at a time, and one that lost the lead finds out.

Three things together: a session's advisory lock, which another daemon cannot have meanwhile; the server's
own limit on silent sessions, which frees the lock of a process that was stopped; and the epoch, raised
by each new leader, which every append proves. The lock decides who begins, the epoch who may write.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing, suppress
from secrets import token_hex

from sqlalchemy import Connection, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from hive_exec.clock import since_boot_s
from hive_exec.journal.errors import JournalFailed, LeaseLost
from hive_exec.journal.postgres import connect, failing, require_durable
from hive_exec.journal.postgres_schema import GUARDS, LEASE, METADATA
from hive_exec.sqlite_file import FORMAT, OtherFormat

LEASE_S = 15
"""After so long without a sign from the leader a standby takes over."""
POLL_S = 0.5

_LOCK = "hashtextextended('hive journal ' || current_schema(), 0)"


class Lease:
    """The lead of a journal, kept alive by a thread until it is lost or given back."""

    def __init__(
        self,
        address: str,
        connection: Connection,
        journal_id: str,
        epoch: int,
        lease_s: float,
        on_lost: Callable[[str], None],
    ) -> None:
        self.address = address
        self.journal_id = journal_id
        self.epoch = epoch
        self._connection = connection
        self._lease_s = lease_s
        self._on_lost = on_lost
        self._ended = threading.Event()
        self._lost: str | None = None
        self._renewed_s = since_boot_s()
        self._thread = threading.Thread(target=self._keep_alive, name="hive-lease", daemon=True)
        self._thread.start()

    def require(self) -> None:
        """To be asked right before something leaves the process: does this daemon surely lead?

        Raises:
            LeaseLost: it does not, or was silent for so long that another may lead by now.
        """
        if self._lost is None and since_boot_s() - self._renewed_s > self._lease_s * 0.8:
            self._lose("the server was not reached in time")
        if self._lost is not None:
            raise LeaseLost(f"another daemon may lead this journal: {self._lost}; this one ends")

    def close(self) -> None:
        """Give the lead back: a standby takes over at once."""
        self._ended.set()
        self._thread.join()
        with suppress(SQLAlchemyError):  # the session is gone, and the lock with it
            self._connection.execute(text(f"SELECT pg_advisory_unlock({_LOCK})"))
        self._connection.close()

    def _keep_alive(self) -> None:
        while not self._ended.wait(self._lease_s / 3):
            asked_s = since_boot_s()
            try:
                epoch: int = self._connection.execute(select(LEASE.c.epoch)).scalar_one()
            except SQLAlchemyError as error:
                self._lose(type(error).__name__)
                return
            if epoch != self.epoch:
                self._lose(f"epoch {epoch} began, this daemon has {self.epoch}")
                return
            self._renewed_s = asked_s

    def _lose(self, reason: str) -> None:
        if self._lost is None:
            self._lost = reason
            self._on_lost(reason)


def _ignore(_: str) -> None:
    return None


class Standby:
    """A daemon that would lead. `on_lost` is called from the lease's thread when a lead taken here ends."""

    def __init__(
        self, address: str, *, lease_s: float = LEASE_S, on_lost: Callable[[str], None] = _ignore
    ) -> None:
        self._address = address
        self._lease_s = lease_s
        self._on_lost = on_lost

    def try_lead(self) -> Lease | None:
        """The lead, or None while another daemon has it.

        Raises:
            NotDurable: commits on this server may be lost.
            OtherFormat: the journal is of another format than this Hive's.
            JournalFailed: the server does not answer.
        """
        connection = connect(self._address, idle_session_s=self._lease_s)
        try:
            require_durable(connection)
            with failing("led"):
                if not connection.execute(text(f"SELECT pg_try_advisory_lock({_LOCK})")).scalar_one():
                    connection.close()
                    return None
                journal_id, epoch = _raise_epoch(self._address)
        except BaseException:
            connection.close()
            raise
        return Lease(self._address, connection, journal_id, epoch, self._lease_s, self._on_lost)

    def wait(self, ended: threading.Event, poll_s: float = POLL_S) -> Lease | None:
        """Wait for the lead; None when `ended` was set first. A server that is away is waited for too.

        Raises:
            NotDurable, OtherFormat: as `try_lead`.
        """
        while not ended.is_set():
            try:
                lease = self.try_lead()
            except JournalFailed:
                lease = None
            if lease is not None:
                return lease
            ended.wait(poll_s)
        return None


def _raise_epoch(address: str) -> tuple[str, int]:
    """Make what is not there yet, and begin an epoch. Only who has the lock may."""
    with closing(connect(address, transactions=True)) as connection, failing("led"), connection.begin():
        METADATA.create_all(connection)
        for statement in GUARDS:
            connection.execute(text(statement))
        first = {"one": 1, "journal_id": token_hex(16), "epoch": 0, "format": FORMAT}
        connection.execute(insert(LEASE).values(first).on_conflict_do_nothing())
        raised = update(LEASE).values(epoch=LEASE.c.epoch + 1)
        row = connection.execute(raised.returning(LEASE.c.journal_id, LEASE.c.epoch, LEASE.c.format)).one()
        if row.format != FORMAT:
            raise OtherFormat(
                f"the journal in PostgreSQL is of format {row.format}, this Hive reads format {FORMAT}: "
                "use the Hive that wrote it, or begin with a new database"
            )
    return row.journal_id, row.epoch
