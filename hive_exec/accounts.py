"""Opening an account: the record that begins a bot."""

from __future__ import annotations

from hive_core.configuration.model import Account
from hive_core.contracts.base import decimal_text
from hive_core.risk.rule_pack import rule_pack
from hive_exec.core.records import Kind, Record


def opening(name: str, settings: Account, ts_ns: int) -> Record:
    """The record that opens an account on the trading day of `ts_ns`."""
    pack = rule_pack(settings.rule_pack)
    days, initial = pack.daily_loss.trading_day, settings.initial_balance
    day = days.day_of(ts_ns)
    body = {
        "settings": settings.model_dump(mode="json"),
        "trading_day": day.isoformat(),
        "balance": decimal_text(initial),
        "equity": decimal_text(initial),
        "daily_floor": decimal_text(pack.daily_floor(initial, initial)),
        "maximum_floor": decimal_text(pack.maximum_floor(initial)),
    }
    # A clock before 1970 would be no timestamp that a report can carry.
    return Record(name, Kind.ACCOUNT_OPENED, (max(days.start_ns(day), 0), -2, ""), body)
