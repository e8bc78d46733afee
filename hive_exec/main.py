"""Starting the daemon in the foreground: configuration, cell, server, and how it ends."""

from __future__ import annotations

import gc
import logging
import os
import signal
import sqlite3
import sys

from hive_core.configuration.load import ConfigurationError, load_configuration
from hive_core.landing.home import HiveHome
from hive_exec.cell import Cell, JournalCorrupt
from hive_exec.core.orders import IllegalRecord
from hive_exec.desks import BrokerUnusable, desk_of_settings
from hive_exec.failpoints import FailpointsRefused, arm
from hive_exec.http import create_app
from hive_exec.http.server import server_of
from hive_exec.journal.errors import JournalFailed
from hive_exec.lanes.answering import Lanes
from hive_exec.lanes.kafka import KafkaMissing
from hive_exec.lanes.kafka_security import SecurityFileUnusable
from hive_exec.leading import LeadRefused, StoppedWaiting, lead
from hive_exec.logs import UnknownLogFormat, configure_logging
from hive_exec.principals import PrincipalsUnusable, ensure_principals
from hive_exec.sqlite_file import DiskFailed, FileDamaged, FileInUse, OtherFormat
from hive_exec.todays_settings import SettingsChanged

EXIT_CONFIGURATION = 78  # EX_CONFIG of sysexits.h
EXIT_FATAL = 70  # EX_SOFTWARE


def run() -> int:
    """Serve until told to stop.

    Returns:
        0 after a graceful stop, 78 when the configuration or the journal forbids a start, 70 when
        the cell stopped itself, the journal's database did not answer or the disk failed: another start
        may go well.
    """
    log = logging.getLogger("hive_exec")
    try:
        configure_logging(os.environ)
    except UnknownLogFormat as error:
        configure_logging({})
        log.critical("hive exec does not start: %s", error)
        return EXIT_CONFIGURATION
    home = HiveHome.from_environment()
    try:
        if (armed := arm(os.environ)) is not None:
            log.warning("failpoint %s is armed: this daemon ends on purpose", armed)
        configuration = load_configuration(home.configuration_file)
        principals = ensure_principals(home)
        lease = lead(os.environ)
        cell = Cell(home, configuration, make_desk=desk_of_settings, lease=lease)
        lanes = Lanes(cell)
    except StoppedWaiting:
        log.info("hive exec stopped while it stood by")
        return 0
    except DiskFailed as error:
        log.critical("hive exec does not start: %s; look at the disk, then start again", error)
        return EXIT_FATAL
    except (
        BrokerUnusable,
        ConfigurationError,
        FailpointsRefused,
        FileDamaged,
        FileInUse,
        JournalCorrupt,
        KafkaMissing,
        SecurityFileUnusable,
        LeadRefused,
        SettingsChanged,
        IllegalRecord,
        OtherFormat,
        PrincipalsUnusable,
    ) as error:
        log.critical("hive exec does not start: %s", error)
        return EXIT_CONFIGURATION
    except JournalFailed as error:  # its database may answer at the next start
        log.critical("hive exec does not start: %s", error)
        return EXIT_FATAL
    except sqlite3.Error as error:
        log.critical(
            "hive exec does not start: the disk under %s fails (%s); see to it, then start again",
            home.root,
            error,
        )
        return EXIT_FATAL
    app = create_app(cell, principals)
    server = server_of(app, configuration.ports.host, configuration.ports.hive_exec)
    # The server raises again the signal that ended it; without these it would end us before the cell stops.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    signal.signal(signal.SIGHUP, lambda *_: app.gatekeeper.reload())
    # Threads that wait for the interpreter get it after a millisecond: the cell's waits at every commit.
    sys.setswitchinterval(0.001)
    # What was loaded stays: without it in the way a collection is short, and nobody waits for one.
    gc.collect()
    gc.freeze()
    cell.on_fatal = lambda _: setattr(server, "should_exit", True)
    cell.start()
    lanes.start()
    log.info("hive exec listens on http://%s:%s", configuration.ports.host, configuration.ports.hive_exec)
    server.run()
    if cell.fatal is not None:
        return EXIT_FATAL
    lanes.stop()
    cell.stop()
    log.info("hive exec stopped; the journal ends at record %s", cell.journal.durable_seq)
    return 0


if __name__ == "__main__":
    sys.exit(run())
