"""Folding the records of kill switch, breakers and health into the controls."""

from __future__ import annotations

from dataclasses import replace

from hive_exec.core.controls import STRICTNESS, Breaker, Condition, Controls, KillSwitch
from hive_exec.core.records import Kind, Record


def apply_control(controls: Controls, record: Record) -> None:
    """Fold one record. Kinds that say nothing to the controls leave them as they are."""
    body = record.body
    match record.kind:
        case Kind.SIGNAL_RECEIVED:  # first, for most records are
            pass
        case Kind.STARTED:
            controls.conditions.clear()  # unknown until found out anew
        case Kind.HEALTH_CHANGED:
            known = controls.conditions.setdefault(record.account, {})
            known[body["dependency"]] = Condition(body["health"], body["reason"])
        case Kind.KILLED:
            controls.kill = KillSwitch(body["reason"], body["principal"], record.at[0])
        case Kind.RESUME_CONFIRMED if controls.kill is not None:
            confirmed = (*controls.kill.confirmed_by, body["principal"])
            controls.kill = replace(controls.kill, confirmed_by=confirmed)
        case Kind.RESUMED:
            controls.kill = None
        case Kind.BREAKER_TRIPPED:
            scope, fallback = body["scope"], body["fallback"]
            before = controls.breakers.get(scope)
            if before is None or STRICTNESS[fallback] >= STRICTNESS[before.fallback]:
                controls.breakers[scope] = Breaker(
                    scope, fallback, body["reason"], body["principal"], record.at[0]
                )
            controls.resets.pop(scope, None)  # who had agreed did not know of this
        case Kind.BREAKER_RESET if body["is_closed"]:
            controls.breakers.pop(body["scope"], None)
            controls.resets.pop(body["scope"], None)
        case Kind.BREAKER_RESET:
            agreed = controls.resets.get(body["scope"], ())
            controls.resets[body["scope"]] = (*agreed, body["principal"])
        case _:
            pass
