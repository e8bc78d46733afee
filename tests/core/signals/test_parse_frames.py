"""The PARSED table: every message stands in it, with ids and hashes that do not depend on its company."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import polars as pl

from hive_core.configuration.model import Configuration, Resolution, SourceProfile
from hive_core.signals.messages import message_hash
from hive_core.signals.parse import parse_signals
from hive_core.signals.posts import nanoseconds
from hive_core.signals.tables import MESSAGES, PARSED

POSTED = datetime(2024, 5, 6, 9, 59, tzinfo=UTC)
TEXTS = (
    "EURUSD buy 1.0850 sl 1.0810 tp 1.0880 tp2 1.0910",
    "Good morning",
    "GBPUSD sell limit 1.2700-1.2710 sl 1.2750 tp 1.2600\n\nUSDJPY buy 151.20 tp 152",
    "Move SL to breakeven",
)


def messages(*texts: str, source: str = "room", version: int = 1) -> pl.DataFrame:
    rows = []
    for number, text in enumerate(texts, start=1):
        ts = POSTED + timedelta(hours=number)
        sha256 = message_hash(source, str(number), version, nanoseconds(ts), text)
        rows.append(
            (source, str(number), version, ts, None, text, None, False, version - 1, sha256, "0" * 64)
        )
    return pl.DataFrame(rows, schema=MESSAGES, orient="row")


def test_every_message_has_a_row_and_a_signal_its_whole_plan() -> None:
    parsed = parse_signals(messages(*TEXTS), Configuration())
    assert dict(parsed.schema) == PARSED
    assert parsed["message_id"].to_list() == ["1", "2", "3", "3", "4"]
    assert parsed["kind"].to_list() == ["signal", "noise", "signal", "refused", "update"]
    first, pending = parsed.row(0, named=True), parsed.row(2, named=True)
    assert (first["symbol"], first["side"], first["order_type"]) == ("EURUSD", "buy", "market")
    assert (first["entry_low"], first["entry_high"], first["stop_loss"]) == (1.0850, 1.0850, 1.0810)
    assert first["take_profits"] == [1.0880, 1.0910]
    assert first["valid_until"] == first["ts_event"] + timedelta(hours=2)
    assert (pending["entry_low"], pending["entry_high"]) == (1.27, 1.271)
    assert pending["valid_until"] == pending["ts_event"] + timedelta(hours=24)


def test_a_refused_row_names_field_reason_and_detail_and_carries_no_prices() -> None:
    row = parse_signals(messages(TEXTS[2]), Configuration()).row(1, named=True)
    assert (row["field"], row["reason"]) == ("stop_loss", "missing_stop")
    assert row["detail"] == "no stop is given"
    assert (row["symbol"], row["side"]) == ("USDJPY", "buy")
    assert row["stop_loss"] is None
    assert row["take_profits"] is None
    assert row["valid_until"] is None


def test_a_row_does_not_depend_on_the_other_messages() -> None:
    together = parse_signals(messages(*TEXTS), Configuration())
    one_by_one = pl.concat([parse_signals(messages(*TEXTS)[i : i + 1], Configuration()) for i in range(4)])
    assert together.equals(one_by_one)


def test_ids_are_unique_and_change_with_the_version() -> None:
    first = parse_signals(messages(*TEXTS), Configuration())
    edited = parse_signals(messages(*TEXTS, version=2), Configuration())
    assert first["signal_id"].is_unique().all()
    assert not set(first["signal_id"]) & set(edited["signal_id"])
    assert first["signal_id"].str.starts_with("sig_").all()


def test_lifetimes_and_pips_come_from_the_configuration() -> None:
    configuration = Configuration(
        sources={"room": SourceProfile(pip={"XAUUSD": Decimal("0.1")}, default_symbol="XAUUSD")},
        resolution=Resolution(market_valid_s=60, pending_valid_s=120),
    )
    row = parse_signals(messages("buy 2650 sl 50 pips tp 100 pips"), configuration).row(0, named=True)
    assert (row["symbol"], row["stop_loss"], row["take_profits"]) == ("XAUUSD", 2645.0, [2660.0])
    assert row["valid_until"] == row["ts_event"] + timedelta(seconds=60)
    strange = parse_signals(messages("buy 2650 sl 50 pips tp 100 pips", source="other"), configuration)
    assert strange["reason"].to_list() == ["missing_symbol"]


def test_no_messages_give_an_empty_table() -> None:
    assert dict(parse_signals(pl.DataFrame(schema=MESSAGES), Configuration()).schema) == PARSED
