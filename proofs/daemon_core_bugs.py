"""Bugs that are planted in the daemon's mind: core, gate and desks. The model of its world must find them."""

from __future__ import annotations

from proofs.daemon_mutants import Mutant
from proofs.package_copy import Patch

_DESK = "hive_exec/brokers/desk.py"
_REPORTS = "hive_exec/core/reports.py"
_STEP = "hive_exec/core/step.py"

CORE_MUTANTS = (
    Mutant(
        "a breaker is forgotten at a restart",
        (
            Patch(
                "hive_exec/core/control_records.py",
                "            controls.conditions.clear()  # unknown until found out anew\n",
                "            controls.conditions.clear()  # unknown until found out anew\n"
                "            controls.breakers.clear()\n",
            ),
        ),
        "the simulation",
    ),
    Mutant(
        "the kill switch does not survive a restart",
        (
            Patch(
                "hive_exec/core/control_records.py",
                "            controls.conditions.clear()  # unknown until found out anew\n",
                "            controls.conditions.clear()  # unknown until found out anew\n"
                "            controls.kill = None\n",
            ),
        ),
        "the simulation",
    ),
    Mutant(
        "one person ends the kill switch",
        (
            Patch(
                "hive_exec/core/commanding.py",
                "    if len(confirmed) >= state.execution.people_for_global:\n",
                "    if confirmed:\n",
            ),
        ),
        "the simulation",
    ),
    Mutant(
        "one person ends an order of unknown fate",
        (Patch("hive_exec/core/commanding.py", "    if not line.not_accepted_by:\n", "    if False:\n"),),
        "the simulation",
    ),
    Mutant(
        "who handed a decision in approves it",
        (
            Patch(
                "hive_exec/core/waiting.py",
                "    if principal in pending.submitters:\n",
                "    if False:\n",
            ),
        ),
        "the simulation",
    ),
    Mutant(
        "who hands in a decision that waits approves it",
        (
            Patch(
                "hive_exec/core/folding.py",
                '        submitters = joined(pending.submitters, (record.body["submitted_by"],))\n',
                "        submitters = pending.submitters\n",
            ),
        ),
        "the explorer",
    ),
    Mutant(
        "a person's approval sends although the account stands stopped",
        (
            Patch(
                "hive_exec/core/commanding.py",
                "    if standing.mode is not Mode.NORMAL:\n        reasons",
                "    if False:\n        reasons",
            ),
        ),
        "the simulation",
    ),
    Mutant(
        "a fill after the cancel is dropped",
        (
            Patch(
                _REPORTS,
                "apply=(*_WAITING, _S.ACCEPTED, _S.PARTIALLY_FILLED, _S.EXPIRED, _S.CANCELLED),",
                "apply=(*_WAITING, _S.ACCEPTED, _S.PARTIALLY_FILLED),",
            ),
        ),
        "the simulation",
    ),
    Mutant(
        "an end that overtook a fill ends what is counted",
        (
            Patch(
                _REPORTS,
                '    return {} if event.venue_seq is not None else {"may_have_filled": True}\n',
                "    return {}\n",
            ),
        ),
        "the explorer",
    ),
    Mutant(
        "the account that hands a decision over keeps it",
        (
            Patch(
                "hive_exec/core/deciding.py",
                "    records = [Record(bot.name, Kind.DECISION_FAILED_OVER, at, left)]\n",
                "    records = [Record(bot.name, Kind.DECISION_HELD, "
                "at, left | {'price_bound': None, 'legs': []})]\n",
            ),
        ),
        "the explorer",
    ),
    Mutant(
        "what waited is sent beyond the price that was planned",
        (
            Patch(
                "hive_exec/core/shown.py",
                " and is_beyond_bound(decision.side, price, bound)\n",
                " and False\n",
            ),
        ),
        "the explorer",
    ),
    Mutant(
        "an approved order fills at a worse price than the person was shown",
        (
            Patch(
                "hive_exec/core/deciding.py",
                "    return replace(\n        verdict, findings=(*verdict.findings, finding),"
                " price_bound=tighter(verdict.price_bound, bound)\n    )\n",
                "    return replace(verdict, findings=(*verdict.findings, finding))\n",
            ),
        ),
        "the simulation",
    ),
    Mutant(
        "what waited is sent after its end",
        (
            Patch(
                "hive_core/risk/gating/time_rules.py",
                "        now_ns < intent.valid_until_ns,\n",
                "        True,\n",
            ),
        ),
        "the simulation",
    ),
    Mutant(
        "an old decision is as good as a new one",
        (
            Patch(
                "hive_core/risk/gating/time_rules.py",
                "        age_ns <= limit_s * NS_PER_SECOND,\n",
                "        True,\n",
            ),
        ),
        "the simulation",
    ),
    Mutant(
        "orders leave before the books were compared",
        (
            Patch(
                "hive_exec/core/controls.py",
                'REQUIRED_OF_BROKERS = ("broker", "reconciliation")\n',
                "REQUIRED_OF_BROKERS: tuple[str, ...] = ()\n",
            ),
        ),
        "the simulation",
    ),
    Mutant(
        "an order with our mark that the journal lacks is passed over",
        (
            Patch(
                "hive_exec/core/reconciling.py",
                "        return _diverged(state, bot, order.client_order_id, "
                "text, at, venue_order=_order_body(order))\n",
                '        return [], [], ""\n',
            ),
        ),
        "the explorer",
    ),
    Mutant(
        "positions of others do not count",
        (
            Patch(
                "hive_exec/core/folding.py",
                '        _count_external(bot, f"external/{key}", position)\n',
                "        pass\n",
            ),
        ),
        "the explorer",
    ),
    Mutant(
        "orders beyond the rate are sent",
        (
            Patch(
                "hive_core/risk/gating/time_rules.py",
                "        most is None or of_hour <= most,\n",
                "        True,\n",
            ),
        ),
        "the simulation",
    ),
    Mutant(
        "a request that left late counts as settled",
        (
            Patch(
                _DESK,
                "            if lookup.is_proof and asked_s - left_s < settle_s:\n",
                "            if False:\n",
            ),
        ),
        "the explorer",
    ),
    Mutant(
        "a breaker does not stop what waits to be sent",
        (
            Patch(
                "hive_exec/core/last_look.py",
                "    if standing.is_shadow or standing.mode is not Mode.NORMAL:\n",
                "    if False:\n",
            ),
        ),
        "the simulation",
    ),
    Mutant(
        "an order that was not sent is tried again under its own id",
        (Patch(_STEP, "    attempt = order.attempt + 1\n", "    attempt = order.attempt\n"),),
        "the explorer",
    ),
    Mutant(
        "a breaker that trips again becomes a looser one",
        (
            Patch(
                "hive_exec/core/control_records.py",
                "            if before is None or STRICTNESS[fallback] >= STRICTNESS[before.fallback]:\n",
                "            if True:\n",
            ),
        ),
        "the simulation",
    ),
    Mutant(
        "an exit that overtook a late fill is thrown away",
        (Patch(_REPORTS, "unexplained <= _late_lots(line) or line.working_lots", "line.working_lots"),),
        "the simulation",
    ),
    Mutant(
        "what is denied takes the turn of a tick",
        (
            Patch(
                _STEP,
                "if put_to or any(record.kind is not Kind.DECISION_DENIED for record in part[0]):",
                "if part[0]:",
            ),
        ),
        "the simulation",
    ),
)
