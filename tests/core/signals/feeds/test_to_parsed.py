"""From a machine's file to the PARSED table: the same path as a room's messages, back to its file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from hive_core.configuration.model import Configuration
from hive_core.contracts.parsed_signal import to_single_object, write_container
from hive_core.evidence.canonical import sha256_hex
from hive_core.signals.messages import MessageDeclaration, MessageFormat, parse_message_file
from hive_core.signals.parse import parse_signals

SENT = datetime(2026, 1, 5, 10, tzinfo=UTC)
SENT_MS = int(SENT.timestamp() * 1000)
CALL = {
    "symbol": "EURUSD",
    "side": "buy",
    "order_type": "limit",
    "entry_low": 1.0510,
    "entry_high": 1.0514,
    "stop_loss": 1.0483,
    "take_profits": [1.0561, 1.06],
}
AVRO = {
    "signal_id": "a-1",
    "timestamp": SENT_MS,
    "symbol": "EURUSD",
    "direction": "BUY",
    "entry": 1.0512,
    "stop_loss": 1.0483,
    "take_profit": 1.0561,
    "confidence": 1.0,
    "source": "desk",
}
ZONE = AVRO | {
    "order_type": "limit",
    "entry_low": 1.0510,
    "entry_high": 1.0514,
    "further_targets": [1.06],
    "valid_until": SENT_MS + 3_600_000,
}
CSV = (
    b"id,ts,symbol,side,order_type,entry_low,entry_high,sl,tp1,tp2,valid_until\n"
    b"a-1,2026-01-05T10:00:00Z,EURUSD,buy,limit,1.0510,1.0514,1.0483,1.0561,1.06,2026-01-05T11:00:00Z\n"
)
LINE = (
    b'{"id":"a-1","ts":"2026-01-05T10:00:00Z","symbol":"EURUSD","action":"long","order_type":"limit",'
    b'"entry_low":1.0510,"entry_high":1.0514,"sl":1.0483,"targets":[1.0561,1.06],'
    b'"valid_until":"2026-01-05T11:00:00Z"}\n'
)


def parsed(payload: bytes, format_: MessageFormat) -> tuple[pl.DataFrame, pl.DataFrame]:
    said = MessageDeclaration(source="desk", format=format_)
    messages = parse_message_file(payload, said, landing_sha256=sha256_hex(payload)).frame
    return messages, parse_signals(messages, Configuration())


@pytest.mark.parametrize(
    ("payload", "format_"),
    [
        (write_container([ZONE | {"is_entry_at_market": False}], 2), "signals_avro"),
        (CSV, "signals_csv"),
        (LINE, "signals_jsonl"),
    ],
)
def test_every_format_says_the_same_in_the_table(payload: bytes, format_: MessageFormat) -> None:
    messages, table = parsed(payload, format_)
    row = table.row(0, named=True)
    assert {name: row[name] for name in CALL} == CALL
    assert (row["kind"], row["source"], row["message_id"]) == ("signal", "desk", "a-1")
    assert (row["ts_event"], row["valid_until"]) == (SENT, SENT + timedelta(hours=1))
    # The way back to the bytes: signal, message, file.
    assert row["message_sha256"] == messages["message_sha256"][0]
    assert messages["landing_sha256"][0] == sha256_hex(payload)


def test_the_first_version_of_avro_is_a_call_at_the_market_near_its_price() -> None:
    _, table = parsed(to_single_object(AVRO, 1), "signals_avro")
    row = table.row(0, named=True)
    assert (row["order_type"], row["entry_low"], row["entry_high"]) == ("market", 1.0512, 1.0512)
    assert row["take_profits"] == [1.0561]


@pytest.mark.parametrize(
    ("changes", "kind", "reason"),
    [
        ({"symbol": "NOSUCH"}, "refused", "unknown_instrument"),
        ({"stop_loss": 1.0843}, "refused", "digit_typo"),
        ({"direction": "HOLD"}, "refused", "missing_side"),
    ],
)
def test_a_sound_record_that_is_no_clear_call_is_a_refused_row(
    changes: dict[str, Any], kind: str, reason: str
) -> None:
    _, table = parsed(write_container([AVRO | changes | {"signal_id": "b"}], 1), "signals_avro")
    assert table.select("kind", "reason").rows() == [(kind, reason)]
