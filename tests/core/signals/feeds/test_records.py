"""Files of machines' signals: a record becomes a message that says the same, a bad one costs only itself."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_core.contracts.parsed_signal import to_single_object, write_container
from hive_core.contracts.rejection import RefusedFile
from hive_core.evidence.canonical import sha256_hex
from hive_core.landing.home import HiveHome
from hive_core.signals.feeds.machine_text import read_machine_text
from hive_core.signals.importing import import_messages, messages_of_receipt
from hive_core.signals.messages import MessageDeclaration, MessageFormat, ParsedMessages, parse_message_file
from hive_core.signals.verdicts import Noise, ParsedSignal, ParsedUpdate

RECEIVED_NS = 1_800_000_000 * 1_000_000_000
SENT = datetime(2026, 1, 5, 10, 0, 0, 250_000, tzinfo=UTC)
SENT_MS = 1_767_607_200_250

FIRST: dict[str, Any] = {
    "signal_id": "a-1",
    "timestamp": SENT_MS,
    "symbol": "EURUSD",
    "direction": "BUY",
    "entry": 1.0512,
    "stop_loss": 1.0483,
    "take_profit": 1.0561,
    "confidence": 0.75,
    "source": "Desk 4",
}
SECOND: dict[str, Any] = FIRST | {
    "signal_id": "a-2",
    "order_type": "limit",
    "is_entry_at_market": False,
    "entry_low": 1.0510,
    "entry_high": 1.0514,
    "further_targets": [1.06],
    "target_shares": [0.5, 0.25],
    "has_runner": True,
    "valid_until": SENT_MS + 3_600_000,
    "message_sha256": "ab" * 32,
}


def read(payload: bytes, format_: MessageFormat, **said: str) -> ParsedMessages:
    declaration = MessageDeclaration(source="desk", format=format_, **said)
    return parse_message_file(
        payload, declaration, landing_sha256=sha256_hex(payload), received_ns=RECEIVED_NS
    )


def signals_of(frame: pl.DataFrame) -> list[ParsedSignal]:
    found: list[ParsedSignal] = []
    for text in frame["text"]:
        verdicts = read_machine_text(text)
        assert verdicts is not None, text
        assert isinstance(verdicts[0], ParsedSignal), verdicts
        found += [verdict for verdict in verdicts if isinstance(verdict, ParsedSignal)]
    return found


def as_lines(*records: dict[str, Any]) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def test_an_avro_record_of_the_first_version_is_a_message_that_says_the_same() -> None:
    for payload in (write_container([FIRST], 1), to_single_object(FIRST, 1)):
        parsed = read(payload, "signals_avro")
        row = parsed.frame.row(0, named=True)
        assert (row["message_id"], row["ts_event"], row["version"]) == ("a-1", SENT, 1)
        assert row["landing_sha256"] == sha256_hex(payload)
        (signal,) = signals_of(parsed.frame)
        assert (signal.symbol, signal.side, signal.order_type) == ("EURUSD", "buy", "market")
        assert signal.entry == (Decimal("1.0512"), Decimal("1.0512"))
        assert (signal.stop_loss, signal.take_profits) == (Decimal("1.0483"), (Decimal("1.0561"),))
        assert signal.confidence == 0.75
        assert not parsed.rejected


def test_an_avro_record_of_the_second_version_says_all_that_a_signal_can() -> None:
    (signal,) = signals_of(read(write_container([SECOND], 2), "signals_avro").frame)
    assert signal.order_type == "limit"
    assert signal.entry == (Decimal("1.051"), Decimal("1.0514"))
    assert signal.take_profits == (Decimal("1.0561"), Decimal("1.06"))
    assert signal.target_shares == (Decimal("0.5"), Decimal("0.25"))
    assert signal.has_runner
    assert signal.valid_until == datetime(2026, 1, 5, 11, 0, 0, 250_000, tzinfo=UTC)


def test_an_entry_at_the_market_has_no_price_of_its_own() -> None:
    at_market = SECOND | {"is_entry_at_market": True, "order_type": "market", "entry_low": None}
    (signal,) = signals_of(read(write_container([at_market | {"entry_high": None}], 2), "signals_avro").frame)
    assert signal.entry is None


@pytest.mark.parametrize(
    ("changes", "column", "reason"),
    [
        ({"stop_loss": float("nan")}, "stop_loss", "not a number"),
        ({"entry": float("-inf"), "entry_low": None, "entry_high": None}, "entry", "not a number"),
        ({"further_targets": [float("inf")]}, "take_profits", "not a number"),
        ({"timestamp": SENT_MS // 1000}, "timestamp", "no milliseconds"),
        ({"timestamp": SENT_MS * 1000}, "timestamp", "no milliseconds"),
        ({"timestamp": 4_000_000_000_000}, "timestamp", "later than the file was received"),
        ({"signal_id": "no id"}, "signal_id", "not an identifier"),
        ({"source": "Desk 5"}, "source", "another room"),
        ({"entry_low": None}, "entry_low", "one edge"),
        ({"entry_low": -1.0}, "entry_low", "no price"),
        ({"valid_until": -1}, "valid_until", "no milliseconds"),
        ({"confidence": 2.0}, "confidence", "not from 0 to 1"),
    ],
)
def test_a_bad_avro_record_is_named_and_the_rest_kept(
    changes: dict[str, Any], column: str, reason: str
) -> None:
    records = [SECOND, SECOND | {"signal_id": "b"} | changes, SECOND | {"signal_id": "c"}]
    parsed = read(write_container(records, 2), "signals_avro")
    assert parsed.frame["message_id"].to_list() == ["a-2", "c"]
    (rejected,) = parsed.rejected
    assert (rejected.row, rejected.column) == (2, column)
    assert reason in rejected.reason


def test_a_record_without_an_id_gets_one_of_its_content() -> None:
    parsed = read(write_container([FIRST | {"signal_id": ""}] * 2, 1), "signals_avro")
    assert parsed.frame["message_id"][0].startswith("rec_")
    assert parsed.facts["duplicates"] == 1


def test_a_call_that_is_not_whole_lands_and_is_the_parsers_to_refuse() -> None:
    parsed = read(as_lines({"ts": SENT.isoformat(), "symbol": "EURUSD", "side": "buy"}), "signals_jsonl")
    assert not parsed.rejected
    verdicts = read_machine_text(parsed.frame["text"][0])
    assert verdicts is not None
    assert verdicts[0].field == "stop_loss"  # type: ignore[union-attr]


@pytest.mark.parametrize("payload", [b"", b"{}", write_container([FIRST], 1)[:-9], b"\xc3\x01" + bytes(30)])
def test_what_is_not_avro_is_refused_as_a_whole(payload: bytes) -> None:
    with pytest.raises(RefusedFile):
        read(payload, "signals_avro")


def test_json_lines_are_messages_of_canonical_text() -> None:
    call = {"Symbol": "XAUUSD", "side": "sell", "sl": 2410.5, "tp": [2380, 2370.25]}
    parsed = read(
        as_lines(
            call | {"id": 7, "ts": "2026-01-05T10:00:00Z"}, call | {"time": 1767610800}, {"ts": 1767610801}
        ),
        "signals_jsonl",
    )
    assert parsed.frame["text"].to_list() == [
        '{"side":"sell","sl":2410.5,"symbol":"XAUUSD","tp":[2380,2370.25]}',
        '{"side":"sell","sl":2410.5,"symbol":"XAUUSD","tp":[2380,2370.25]}',
        "{}",
    ]
    assert parsed.frame["message_id"][0] == "7"
    assert parsed.frame["message_id"][1].startswith("rec_")


@pytest.mark.parametrize(
    ("changes", "column", "reason"),
    [
        ({"sl": "2410"}, "stop_loss", "is text, not a number"),
        ({"colour": 1}, "colour", "no field Hive knows"),
        ({"ts": None}, "ts", "missing"),
        ({"ts": "2026-01-05T10:00:00"}, "ts", "without a zone"),
        ({"timestamp": 1767607200}, "ts", "give one of them"),
        ({"sl": {"price": 1}}, "sl", "an object where a value"),
        ({"SL": 2400}, "SL", "stands twice"),
        ({"comment": "x" * 20_000}, "record", "at most 16384"),
    ],
)
def test_a_bad_line_is_named_and_the_rest_kept(changes: dict[str, Any], column: str, reason: str) -> None:
    call = {"ts": "2026-01-05T10:00:00Z", "symbol": "XAUUSD", "side": "sell", "sl": 2410.5, "tp": 2380}
    parsed = read(as_lines(call | {"id": 1}, call | {"id": 2} | changes, call | {"id": 3}), "signals_jsonl")
    assert parsed.frame["message_id"].to_list() == ["1", "3"]
    (rejected,) = parsed.rejected
    assert (rejected.row, rejected.column) == (2, column)
    assert reason in rejected.reason


CSV = (
    "id,ts,symbol,side,order_type,entry,sl,tp1,tp2,comment\n"
    "1,2026-01-05T10:00:00Z,EURUSD,buy,limit,1.0512,1.0483,1.0561,1.06,first\n"
    "2,2026-01-05T10:00:00Z,GOLD,sell,,,2410.5,2380,,\n"
)


def test_csv_is_one_signal_a_row_and_an_empty_cell_says_nothing() -> None:
    parsed = read(CSV.encode(), "signals_csv")
    limit, market = signals_of(parsed.frame)
    assert (limit.symbol, limit.order_type, limit.take_profits) == (
        "EURUSD",
        "limit",
        (Decimal("1.0561"), Decimal("1.06")),
    )
    assert (market.symbol, market.order_type, market.entry) == ("XAUUSD", "market", None)
    assert parsed.frame["message_id"].to_list() == ["1", "2"]


def test_several_targets_may_stand_in_one_cell() -> None:
    payload = (
        b"ts;symbol;side;stop_loss;take_profits\n2026-01-05T10:00:00Z;EURUSD;buy;1.04;1.06|1.07 | 1.08\n"
    )
    (signal,) = signals_of(read(payload, "signals_csv").frame)
    assert signal.take_profits == (Decimal("1.06"), Decimal("1.07"), Decimal("1.08"))


@pytest.mark.parametrize(
    ("old", "new", "column", "reason"),
    [
        ("1.0512", "market", "entry", "is text, not a number"),
        ("1.0512", "1,0512", "", "11 cells, the header has 10"),
        ("1.0512", "-5%", "entry", "counted from the market"),
        ("1.0512", "1e300", "entry", "is text, not a number"),
        ("1.0512", "0", "entry", "no price"),
        ("limit", "someday", "order_type", "none of market, limit, stop"),
        ("10:00:00Z,E", "10:00:00,E", "ts", "without a zone"),
        ("first", "caf\xff", "comment", "not UTF-8"),
    ],
)
def test_a_bad_csv_row_is_named_and_the_rest_kept(old: str, new: str, column: str, reason: str) -> None:
    parsed = read(CSV.replace(old, new, 1).encode("latin-1"), "signals_csv")
    assert parsed.frame["message_id"].to_list() == ["2"]
    (rejected,) = parsed.rejected
    assert (rejected.row, rejected.column) == (2, column)
    assert reason in rejected.reason


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("id,symbol,side", "ts: ts or timestamp or time"),
        ("ts,side,sl", "symbol: symbol or ticker or instrument"),
        ("ts,symbol,colour,mood", "no signal has: colour, mood"),
        ("ts,symbol,sl,sl", "twice"),
    ],
)
def test_a_csv_whose_columns_cannot_be_read_is_refused_as_a_whole(header: str, reason: str) -> None:
    with pytest.raises(RefusedFile, match=reason):
        read(f"{header}\n1,2,3,4\n".encode(), "signals_csv")


ALERTS = (
    "2026-01-05T10:00:00Z SYMBOL=EURUSD;SIGNAL=BUY;STOP_PRICE=1.0483;TAKE_PROFIT_PRICE=1.0561\n"
    '2026-01-05T10:05:00Z\t{"ticker":"EURUSD","action":"close"}\n'
    "2026-01-05T10:05:00Z EURUSD crossed something\n"
)


def test_alerts_on_lines_are_messages_as_they_were_sent() -> None:
    parsed = read(ALERTS.encode(), "tradingview")
    texts = parsed.frame["text"].to_list()
    assert texts[2] == "EURUSD crossed something"
    verdicts = [read_machine_text(text) for text in texts]
    assert verdicts[2] is None
    assert [type(said[0]) for said in verdicts[:2] if said] == [ParsedSignal, ParsedUpdate]


def test_the_same_alert_twice_is_one_and_at_another_time_it_is_another() -> None:
    line = "2026-01-05T10:0{}:00Z SYMBOL=EURUSD;SIGNAL=CLOSE\n"
    parsed = read((line.format(1) * 2 + line.format(2)).encode(), "tradingview")
    assert parsed.frame["message_id"].n_unique() == 2
    assert parsed.facts["duplicates"] == 1


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"SYMBOL=EURUSD;SIGNAL=BUY", "a time and an alert"),
        (b"yesterday SYMBOL=EURUSD;SIGNAL=BUY", "not a time"),
        (b"2026-01-05T10:00:00 SYMBOL=EURUSD;SIGNAL=BUY", "without a zone"),
        (b"2026-01-05T10:00:00Z caf\xff", "not UTF-8"),
    ],
)
def test_a_line_that_is_no_alert_is_named_and_the_rest_kept(line: bytes, reason: str) -> None:
    parsed = read(ALERTS.encode() + line, "tradingview")
    assert parsed.frame.height == 3
    (rejected,) = parsed.rejected
    assert rejected.row == 4
    assert reason in rejected.reason


def test_the_clock_of_times_without_a_zone_is_declared() -> None:
    naive = ALERTS.replace("Z", "").encode()
    assert read(naive, "tradingview", time_zone="Europe/Berlin").frame["ts_event"][0].hour == 9


def test_signals_land_once_and_are_read_again_as_they_were(tmp_path: Any) -> None:
    home = HiveHome(tmp_path)
    said = MessageDeclaration(source="desk", format="signals_avro")
    payload = write_container([SECOND, SECOND | {"signal_id": "b", "stop_loss": float("nan")}], 2)
    first = import_messages(home, "calls.avro", payload, said, received_ns=RECEIVED_NS)
    again = import_messages(home, "calls.avro", payload, said, received_ns=RECEIVED_NS + 1)
    assert (first.accepted_rows, first.is_new, again.is_new) == (1, True, False)
    assert [row.column for row in first.rejected] == ["stop_loss"]
    found = messages_of_receipt(home, first.receipt)
    assert found.frame["landing_sha256"].to_list() == [first.receipt.payload_sha256]


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.lists(st.floats())
NAMES = st.sampled_from(["symbol", "side", "entry", "sl", "tp", "tp1", "targets", "ts", "id", "action", "x"])


@given(st.lists(st.dictionaries(NAMES, VALUES, max_size=8), max_size=4))
def test_any_json_lines_are_messages_or_named_faults(records: list[dict[str, Any]]) -> None:
    good = {"ts": "2026-01-05T10:00:00Z", "id": "good", "symbol": "EURUSD", "side": "buy", "sl": 1, "tp": 2}
    parsed = read(as_lines(*records, good), "signals_jsonl")
    assert parsed.frame.height + len(parsed.rejected) + int(parsed.facts["duplicates"]) == len(records) + 1
    for text in parsed.frame["text"]:
        verdicts = read_machine_text(text) or [Noise()]
        assert all(
            verdict.stop_loss > 0 and verdict.take_profits
            for verdict in verdicts
            if isinstance(verdict, ParsedSignal)
        )
