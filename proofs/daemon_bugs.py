"""The bugs that are planted in the daemon, and the suites that must find them."""

from __future__ import annotations

from proofs.daemon_mutants import Mutant, by_kills, by_network, by_tests
from proofs.package_copy import Patch

SUITES = {
    "real kills": by_kills,
    "the broken network": by_network,
    "what the kernel saw": by_tests("tests/exec/faults/test_durability_order.py"),
    "the tests of the inbox": by_tests("tests/exec/test_inbox.py"),
}

_WRITING = "hive_exec/journal/writing.py"
_CELL = "hive_exec/cell.py"
_SERVICE = "hive_exec/service.py"

MUTANTS = (
    Mutant(
        "a commit does not wait for the disk",
        (Patch("hive_exec/sqlite_file.py", "PRAGMA synchronous=FULL", "PRAGMA synchronous=NORMAL"),),
        "what the kernel saw",
    ),
    Mutant(
        "acknowledged before the receipt is durable",
        (
            Patch(
                _CELL,
                "        self.journal.flush()\n        for future, value, refused_by in answers:",
                "        for future, value, refused_by in answers:",
            ),
            Patch(
                _SERVICE,
                "        cell.journal.flush()\n        cell.decide_now(bot, key)",
                "        cell.decide_now(bot, key)",
            ),
            Patch(
                _CELL,
                "        self.journal.flush()\n        for effect in effects:",
                "        for effect in effects:",
            ),
            Patch("hive_exec/brokers/paper.py", "        self._before_commit()\n", ""),
        ),
        "real kills",
    ),
    Mutant(
        "an order leaves before its intent is durable",
        (
            Patch(
                _CELL,
                "        self.journal.flush()\n        for effect in effects:",
                "        for effect in effects:",
            ),
            Patch("hive_exec/brokers/paper.py", "        self._before_commit()\n", ""),
        ),
        "real kills",
    ),
    Mutant(
        "the key of a decision is remembered in a transaction of its own",
        (
            Patch(
                _WRITING,
                '        self._connection.executemany("INSERT INTO inbox',
                '        self._connection.execute("COMMIT")\n'
                '        failpoint("journal.before_commit")\n'
                '        self._connection.execute("BEGIN IMMEDIATE")\n'
                '        self._connection.executemany("INSERT INTO inbox',
            ),
        ),
        "real kills",
    ),
    Mutant(
        "nothing is reconciled at the start",
        (Patch(_CELL, "            self._reconcile(bot)\n", ""),),
        "real kills",
    ),
    Mutant(
        "a known key is not recognised",
        (Patch(_SERVICE, "    seen = cell.journal.answered(key)\n", "    seen = None\n"),),
        "the broken network",
    ),
    Mutant(
        "other content under a known key is taken for the same",
        (
            Patch(
                _SERVICE,
                "if seen is not None and seen.content_sha256 == content_sha256:",
                "if seen is not None:",
            ),
        ),
        "the tests of the inbox",
    ),
)
