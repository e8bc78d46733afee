"""The whole state as plain data and back, so that a start need not fold the whole journal.

A snapshot is a convenience, never evidence: what it says must equal the fold of the records before it.
Observed quotes and rates are not part of it; they are read again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from pydantic import TypeAdapter

from hive_core.configuration.model import Execution
from hive_core.evidence.canonical import canonical_bytes, content_hash
from hive_core.risk.rules.phases import rules_on
from hive_exec.core.controls import Controls
from hive_exec.core.state import Bot, CellState

_BOT = TypeAdapter(Bot)
_CONTROLS = TypeAdapter(Controls)


def state_as_data(state: CellState) -> dict[str, Any]:
    """The journaled part of the state, as text, integers, booleans, lists and mappings."""
    return {
        "environment": state.environment,
        "epoch": state.epoch,
        "controls": _CONTROLS.dump_python(state.controls, mode="json"),
        "bots": {name: _bot_as_data(bot) for name, bot in sorted(state.bots.items())},
    }


def _bot_as_data(bot: Bot) -> dict[str, Any]:
    data: dict[str, Any] = _BOT.dump_python(bot, mode="json", exclude={"rules": True})
    data["account"] |= {"quotes": {}, "rates_per_eur": {}}
    return data


def state_from_data(data: dict[str, Any], execution: Execution) -> CellState:
    """The state that `state_as_data` spelled.

    Raises:
        pydantic.ValidationError: it is no such thing.
    """
    bots = {}
    for name, held in data["bots"].items():
        day = date.fromisoformat(held["account"]["ledger"]["current_day"]["day"])
        rules = rules_on(held["settings"]["rule_pack"], day)
        body = {**held, "rules": rules.model_dump(mode="json")}
        bots[name] = replace(_BOT.validate_json(canonical_bytes(body)), rules=rules)
    controls = _CONTROLS.validate_json(canonical_bytes(data["controls"]))
    return CellState(data["environment"], execution, bots, controls, data["epoch"])


def state_digest(state: CellState) -> str:
    """One hash of everything that was folded: equal journals give equal digests."""
    return content_hash(state_as_data(state))
