"""The bugs that are planted in the daemon, and the suites that must find them.

Each is a mistake that trading systems have made, or that undoes one of the daemon's promises. A patch
names the text as it stands; when the code changes, the harness says which patch to write anew.
"""

from __future__ import annotations

from proofs.daemon_core_bugs import CORE_MUTANTS
from proofs.daemon_mutants import Mutant, by_kills, by_model, by_network, by_tests, by_venues
from proofs.package_copy import Patch

_EXEC = "tests/exec"
SUITES = {
    "real kills": by_kills,
    "the broken network": by_network,
    "the broken network to the venue": by_venues,
    "the explorer": by_model("explored"),
    "the simulation": by_model("simulated"),
    "what the kernel saw": by_tests(f"{_EXEC}/faults/test_durability_order.py"),
    "tests of the journal": by_tests(f"{_EXEC}/test_journal.py", f"{_EXEC}/journal/test_sqlite_inbox.py"),
    "tests of tampering": by_tests(f"{_EXEC}/journal/test_tampering.py", f"{_EXEC}/journal/test_heads.py"),
    "tests of the core": by_tests(f"{_EXEC}/test_core.py"),
    "tests of restarts": by_tests(f"{_EXEC}/test_paper_restart.py", f"{_EXEC}/test_breach_restart.py"),
    "tests of the paper venue": by_tests(f"{_EXEC}/test_paper_venue.py"),
    "tests of the lease": by_tests(f"{_EXEC}/journal/test_lease.py"),
    "tests of permissions": by_tests(f"{_EXEC}/http/test_permissions.py"),
    "tests of HTTP": by_tests(f"{_EXEC}/http/test_http.py", f"{_EXEC}/http/test_repeats.py"),
    "the FIX acceptance list": by_tests(
        f"{_EXEC}/brokers/fix/test_acceptance_sequence.py", f"{_EXEC}/brokers/fix/test_acceptance_content.py"
    ),
    "tests of OANDA": by_tests(
        f"{_EXEC}/brokers/oanda/test_classification.py", f"{_EXEC}/brokers/oanda/test_orders.py"
    ),
    "tests of MetaTrader's answers": by_tests(
        f"{_EXEC}/brokers/metatrader/test_retcodes.py", f"{_EXEC}/brokers/metatrader/test_look_up.py"
    ),
}

_CELL = "hive_exec/cell.py"
_RECOVERY = "hive_exec/recovery.py"
_SERVICE = "hive_exec/service.py"
_STEP = "hive_exec/core/step.py"
_REPORTS = "hive_exec/core/reports.py"
_DESK = "hive_exec/brokers/desk.py"
_PAPER = "hive_exec/brokers/paper.py"
_STORE = "hive_exec/journal/sqlite_store.py"
_OANDA = "hive_exec/brokers/oanda"

_NO_FLUSH_BEFORE_EFFECTS = (
    Patch(
        _CELL,
        "        self.journal.flush()\n        for effect in effects:",
        "        for effect in effects:",
    ),
    Patch(
        _CELL,
        '        self.journal.flush()\n        failpoint("effect.before")\n        with',
        '        failpoint("effect.before")\n        with',
    ),
)
_VENUE_DOES_NOT_ASK = Patch(_PAPER, "        self._before_commit()\n", "")

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
                "        if self._is_flush_due(is_awaited=is_awaited, is_idle=not taken):\n"
                "            self.journal.flush()\n        for future,",
                "        for future,",
            ),
            *_NO_FLUSH_BEFORE_EFFECTS,
            _VENUE_DOES_NOT_ASK,
        ),
        "real kills",
    ),
    Mutant(
        "an order leaves before its intent is durable",
        (*_NO_FLUSH_BEFORE_EFFECTS, _VENUE_DOES_NOT_ASK),
        "real kills",
    ),
    Mutant(
        "the key of a decision is remembered in a transaction of its own",
        (
            Patch(
                _STORE,
                "            self._inbox.insert(answers)\n",
                '            connection.execute("COMMIT")\n'
                '            failpoint("journal.before_commit")\n'
                '            connection.execute("BEGIN IMMEDIATE")\n'
                "            self._inbox.insert(answers)\n",
            ),
        ),
        "tests of the journal",
    ),
    Mutant(
        "answers that the index does not hold yet are forgotten at a restart",
        (
            Patch(
                "hive_exec/journal/sqlite_inbox.py",
                "in connection.execute(_NOT_INDEXED)",
                "in ()",
            ),
        ),
        "tests of the journal",
    ),
    Mutant(
        "one who is removed goes on by the head that he sent before",
        (
            Patch(
                "hive_exec/http/application.py",
                "self.gatekeeper.known() is not before.let_in_by or not",
                "not",
            ),
        ),
        "tests of HTTP",
    ),
    Mutant(
        "nothing is reconciled at the start",
        (Patch(_RECOVERY, "            _reconcile(cell, bot)\n", "            pass\n"),),
        "real kills",
    ),
    Mutant(
        "a decision that was received is forgotten at a restart",
        (
            Patch(
                _RECOVERY,
                '    failpoint("reconcile.after")\n',
                "    for bot in cell.bots.values():\n        bot.pending.clear()\n",
            ),
        ),
        "tests of restarts",
    ),
    Mutant(
        "an intent without an outcome is sent again as it is",
        (
            Patch(
                _RECOVERY,
                "cell.handle(bot, SubmitProvenAbsent(bot.name, order_id), at)",
                "cell.venue.submit(line.order, at)",
            ),
        ),
        "tests of restarts",
    ),
    Mutant(
        "an intent is tried again however old it is",
        (Patch(_STEP, "    if not _is_fresh(bot, line, now_ns):\n", "    if False:\n"),),
        "tests of the core",
    ),
    Mutant(
        "another attempt has the id of the first",
        (
            Patch(
                _STEP,
                "order.decision_id, order.leg, attempt)",
                "order.decision_id, order.leg, order.attempt)",
            ),
        ),
        "tests of the core",
    ),
    Mutant(
        "the breach of an account is not acted upon after a restart",
        (
            Patch(
                _RECOVERY, "if bot.account.breached_rule is not None and bot.account.exposures:", "if False:"
            ),
        ),
        "tests of restarts",
    ),
    Mutant(
        "a time-out at a venue is taken for a request that did not leave",
        (
            Patch(
                _DESK,
                "            self._post(SubmitUnknown(account, order_id, str(error)))\n",
                "            self._post(SubmitNotSent(account, order_id, str(error), 1))\n",
            ),
        ),
        "the broken network to the venue",
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
        "tests of HTTP",
    ),
    Mutant(
        "an id that is not that of the content is taken",
        (Patch(_SERVICE, "if decision.decision_id != decision.expected_id():", "if False:"),),
        "tests of HTTP",
    ),
    Mutant(
        "the venue takes a client order id twice",
        (Patch(_PAPER, "            raise DuplicateOrder(order.client_order_id)\n", "            pass\n"),),
        "tests of the paper venue",
    ),
    Mutant(
        "the venue's log is written before the daemon's journal",
        (_VENUE_DOES_NOT_ASK,),
        "tests of the paper venue",
    ),
    Mutant(
        "a snapshot is believed without its digest",
        (
            Patch(
                "hive_exec/journal/snapshots.py",
                "    if _digest(row, journal_id) != row.digest:\n",
                "    if False:\n",
            ),
            Patch("hive_exec/journal/snapshots.py", "    if keys is None:\n", "    if True:\n"),
        ),
        "tests of tampering",
    ),
    Mutant(
        "signed heads are not compared at a start",
        (
            Patch(
                "hive_exec/journal/opening.py",
                "expected = [] if heads is None else heads.must_contain("
                "store.journal_id, 0 if last is None else last.seq)",
                "expected = []",
            ),
        ),
        "tests of tampering",
    ),
    Mutant(
        "a head is signed over records that are not durable",
        (
            Patch(
                "hive_exec/journal/writing.py",
                "                size=self.durable_seq,",
                "                size=self.head_seq + 1,",
            ),
        ),
        "tests of tampering",
    ),
    Mutant(
        "a record of the journal can be written over",
        (
            Patch(
                _STORE,
                '    + _APPEND_ONLY.format(table="journal", key="seq")\n',
                '    + ""\n',
            ),
        ),
        "tests of the journal",
    ),
    Mutant(
        "a daemon that lost the lead goes on writing",
        (
            Patch(
                "hive_exec/journal/postgres_store.py",
                "            if epoch != self.epoch:\n",
                "            if False:\n",
            ),
        ),
        "tests of the lease",
    ),
    Mutant(
        "whoever comes is let in",
        (
            Patch(
                "hive_exec/principals.py",
                "            if hmac.compare_digest(digest, principal.token_sha256):\n",
                "            if True:\n",
            ),
        ),
        "tests of permissions",
    ),
    Mutant(
        "every role may do everything",
        (
            Patch(
                "hive_exec/principals.py",
                "        return permission in PERMISSIONS[self.role]\n",
                "        return True\n",
            ),
        ),
        "tests of permissions",
    ),
    Mutant(
        "FIX sends what was asked for a second time",
        (
            Patch(
                "hive_exec/brokers/fix/session.py",
                '(Tag.NEW_SEQ_NO, str(end + 1)), (Tag.GAP_FILL_FLAG, "Y")',
                '(Tag.NEW_SEQ_NO, str(begin)), (Tag.GAP_FILL_FLAG, "N")',
            ),
        ),
        "the FIX acceptance list",
    ),
    Mutant(
        "FIX takes a message with a number that was used",
        (
            Patch(
                "hive_exec/brokers/fix/session.py",
                "        if message.is_possible_duplicate:\n",
                "        if True:\n",
            ),
        ),
        "the FIX acceptance list",
    ),
    Mutant(
        "OANDA: a failure of the server means rejected",
        (Patch(f"{_OANDA}/classification.py", "status, Outcome.AMBIGUOUS)", "status, Outcome.REFUSED)"),),
        "tests of OANDA",
    ),
    Mutant(
        "OANDA: a connection that broke means that nothing was sent",
        (
            Patch(
                f"{_OANDA}/classification.py",
                "isinstance(error, NEVER_CONNECTED) and not began else Outcome.AMBIGUOUS",
                "True else Outcome.AMBIGUOUS",
            ),
        ),
        "tests of OANDA",
    ),
    Mutant(
        "OANDA: the stop is not in the request that creates the order",
        (
            Patch(
                f"{_OANDA}/requests.py",
                '        "stopLossOnFill": stop_details(order, instrument, order.stop_loss),\n',
                "",
            ),
        ),
        "tests of OANDA",
    ),
    Mutant(
        "OANDA: the trade does not carry the order's id",
        (
            Patch(
                f"{_OANDA}/requests.py",
                '        "tradeClientExtensions": {"id": order.client_order_id},\n',
                "",
            ),
        ),
        "tests of OANDA",
    ),
    Mutant(
        "MetaTrader: a time-out means rejected",
        (
            Patch(
                "hive_exec/brokers/metatrader/retcodes.py",
                '    Retcode.TIMEOUT: _unknown("time-out of the request"),\n',
                '    Retcode.TIMEOUT: _refused("time-out of the request"),\n',
            ),
        ),
        "tests of MetaTrader's answers",
    ),
    Mutant(
        "MetaTrader: not found at once means never arrived",
        (
            Patch(
                "hive_exec/brokers/metatrader/absence.py",
                "        if self._now_ns() < settled_ns:\n",
                "        if False:\n",
            ),
        ),
        "tests of MetaTrader's answers",
    ),
    Mutant(
        "a time-out is tried again as if nothing had been sent",
        (
            Patch(
                _DESK,
                "            self._post(SubmitUnknown(account, order_id, str(error)))\n",
                "            self._post(SubmitNotSent(account, order_id, str(error), RETRY_AFTER_S))\n",
            ),
        ),
        "the explorer",
    ),
    Mutant(
        "a time-out means rejected",
        (
            Patch(
                _DESK,
                "            self._post(SubmitUnknown(account, order_id, str(error)))\n",
                "            self._post(SubmitNotSent(account, order_id, str(error), None))\n",
            ),
        ),
        "the explorer",
    ),
    Mutant(
        "not found means never arrived",
        (
            Patch(
                _STEP,
                "line.state is OrderState.UNRESOLVED and lookup.is_proof:",
                "line.state is OrderState.UNRESOLVED:",
            ),
        ),
        "the explorer",
    ),
    Mutant(
        "not found means sent again",
        (
            Patch(
                _STEP,
                "    if line.state is OrderState.UNRESOLVED and lookup.is_proof:\n",
                "    if line.state is OrderState.UNRESOLVED:\n"
                "        return [], [Submit(line.order, 0)]\n"
                "    if line.state is OrderState.UNRESOLVED and lookup.is_proof:\n",
            ),
        ),
        "the explorer",
    ),
    Mutant(
        "an intent without an outcome is sent at every start",
        (
            Patch(
                _STEP,
                "                effects += asked\n    return records, effects\n\n\ndef _ticked(",
                "                effects += [Submit(line.order, 0)]\n"
                "    return records, effects\n\n\ndef _ticked(",
            ),
        ),
        "the explorer",
    ),
    Mutant(
        "nobody asks after an intent that a crash left",
        (
            Patch(
                _STEP,
                "            if line.state is OrderState.INTENDED:\n                more, asked = _unknown(",
                "            if False:\n                more, asked = _unknown(",
            ),
        ),
        "the explorer",
    ),
    Mutant(
        "an execution that is told twice is applied twice",
        (Patch(_REPORTS, "    if report.execution_id in line.applied:\n", "    if False:\n"),),
        "the explorer",
    ),
    Mutant(
        "what was filled without a stop is left open",
        (
            Patch(
                _REPORTS,
                "    return [*records, record], [*effects, request]\n",
                "    return records, effects\n",
            ),
            Patch(
                "hive_exec/core/reconciling.py",
                '        records, effects = close(bot, line, at, "it has no stop at the venue")\n',
                "        records, effects = [], []\n",
            ),
        ),
        "the explorer",
    ),
    Mutant(
        "an order of unknown fate counts for nothing",
        (
            Patch(
                "hive_exec/core/orders.py",
                "is_working = self.state in WAITING_STATES or self.state in {",
                "is_working = self.state in {",
            ),
        ),
        "the explorer",
    ),
    Mutant(
        "the id of an order is drawn by chance",
        (
            Patch(
                "hive_exec/core/deciding.py",
                "client_order_id(state.environment, bot.name, decision.decision_id, number, 1),",
                '"ord_" + __import__("secrets").token_hex(12),',
            ),
        ),
        "tests of the core",
    ),
    *CORE_MUTANTS,
)
