"""Becoming the one daemon that acts on a PostgreSQL journal: waiting as a standby, and losing the lead."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from hive_exec.journal.home import journal_address

if TYPE_CHECKING:
    from hive_exec.journal.lease import Lease

_log = logging.getLogger("hive_exec")


class StoppedWaiting(Exception):
    """A standby was told to stop before it ever led."""


class LeadRefused(RuntimeError):
    """The database that the environment names cannot be used for a journal."""


def lead(environment: Mapping[str, str]) -> Lease | None:
    """The lead of the journal that the environment names; None where the journal is a file, whose lock is
    the lead. Waits while another daemon leads.

    Raises:
        StoppedWaiting: SIGTERM or SIGINT came first.
        LeadRefused: the address cannot be used, or the libraries for it are not installed.
        NotDurable, OtherFormat: the database cannot be used.
    """
    try:
        address = journal_address(environment)
    except ValueError as error:  # AddressRefused; its module needs the extra [postgres]
        raise LeadRefused(str(error)) from None
    if address is None:
        return None
    try:
        from hive_exec.journal.lease import Standby
    except ImportError as error:
        raise LeadRefused(f'{error}; install them: pip install "hive-trading[postgres]"') from None

    ended = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: ended.set()) for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        standby = Standby(address, on_lost=_lost)
        lease = standby.try_lead()
        if lease is None:
            _log.info("another daemon leads this journal; this one stands by")
            lease = standby.wait(ended)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if lease is None:
        raise StoppedWaiting
    _log.info("this daemon leads the journal, epoch %s", lease.epoch)
    return lease


def _lost(reason: str) -> None:
    """Whoever does not lead any more must not act: what is under way at a broker the next leader asks
    about. The process ends at once; nothing that it holds is needed."""
    _log.critical("the lead of the journal is lost (%s): this daemon ends", reason)
    logging.shutdown()
    os._exit(EXIT_LEAD_LOST)


EXIT_LEAD_LOST = 75  # EX_TEMPFAIL of sysexits.h: start again, as a standby
