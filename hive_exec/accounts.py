"""Opening an account: the record that begins a bot."""

from __future__ import annotations

from hive_core.calendars.trading_day import from_ns
from hive_core.configuration.model import Account
from hive_core.contracts.base import decimal_text
from hive_core.risk.ledger import open_ledger
from hive_core.risk.rules.phases import rules_on
from hive_core.risk.standing import known_floors, ledger_resets
from hive_exec.core.money import floors_body
from hive_exec.core.records import Kind, Record


def opening(name: str, settings: Account, ts_ns: int) -> Record:
    """The record that opens an account on the trading day of `ts_ns`."""
    initial = settings.initial_balance
    # Which day it is depends on the firm's reset, and that on the rules of about that day.
    days = ledger_resets(rules_on(settings.rule_pack, from_ns(ts_ns).date()))[0].trading_day
    day = days.day_of(ts_ns)
    # A clock before 1970 would be no timestamp that a report can carry.
    opened_ns = max(days.start_ns(day), 0)
    rules = rules_on(settings.rule_pack, day)
    floors = known_floors(rules, open_ledger(initial, ledger_resets(rules), opened_ns))
    body = {
        "settings": settings.model_dump(mode="json"),
        "trading_day": day.isoformat(),
        "balance": decimal_text(initial),
        "equity": decimal_text(initial),
        **floors_body(floors),
    }
    return Record(name, Kind.ACCOUNT_OPENED, (opened_ns, -2, ""), body)
