"""What machines write: read exactly, refused with field and reason, and never mistaken for prose."""

from __future__ import annotations

import json
import string
import timeit
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import accumulate
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_core.signals.feeds.json_signal import canonical_text
from hive_core.signals.feeds.machine_text import own_id, read_machine_text
from hive_core.signals.reasons import SignalReason
from hive_core.signals.verdicts import (
    Action,
    ActionKind,
    Noise,
    ParsedSignal,
    ParsedUpdate,
    Refused,
    Span,
    Verdict,
)

CALL = {"symbol": "EURUSD", "side": "buy", "entry": 1.0512, "stop_loss": 1.0483, "take_profit": 1.0561}
ALERT = (
    "EXCHANGE=OANDA\nSYMBOL=EURUSD\nSIGNAL=BUY\nORDER_TYPE=LIMIT\nPRICE=1.0512\nSTOP_PRICE=1.0483\n"
    "TAKE_PROFIT_PRICE=1.0561"
)


def one(text: str) -> Verdict:
    verdicts = read_machine_text(text)
    assert verdicts is not None, text
    (verdict,) = verdicts
    return verdict


def said(**changes: Any) -> Verdict:
    return one(json.dumps({name: value for name, value in (CALL | changes).items() if value is not None}))


def refusal(verdict: Verdict) -> tuple[str, SignalReason]:
    assert isinstance(verdict, Refused), verdict
    assert verdict.detail
    return verdict.field, verdict.reason


LIMIT = ParsedSignal(
    symbol="EURUSD",
    side="buy",
    order_type="limit",
    entry=(Decimal("1.0512"), Decimal("1.0512")),
    stop_loss=Decimal("1.0483"),
    take_profits=(Decimal("1.0561"),),
    span=Span(0, len(ALERT)),
)


def test_an_alert_of_lines_is_a_signal() -> None:
    assert one(ALERT) == LIMIT


def test_semicolons_part_an_alert_as_lines_do_and_case_does_not_matter() -> None:
    assert one(ALERT.replace("\n", ";")) == LIMIT
    assert one(ALERT.replace("SYMBOL=EURUSD", "symbol = oanda:eur_usd")) == replace(
        LIMIT, span=Span(0, len(ALERT) + len(" = oanda:eur_usd") - len("=EURUSD"))
    )
    assert one(ALERT.replace("\n", " ;\r\n") + ";\n") == replace(LIMIT, span=Span(0, len(ALERT) + 20))


def test_targets_are_shared_by_their_ratios() -> None:
    more = "\nTAKE_PROFIT_PRICE_1=1.0600\nTAKE_PROFIT_VOLUME_RATIO_1=1\nTAKE_PROFIT_VOLUME_RATIO_2=2"
    verdict = one(ALERT + more)
    assert isinstance(verdict, ParsedSignal)
    assert verdict.take_profits == (Decimal("1.0561"), Decimal("1.0600"))
    assert verdict.target_shares == (Decimal("0.333333"), Decimal("0.666667"))


def test_what_says_nothing_of_the_call_is_passed_over() -> None:
    more = "\nVOLUME=2%\nTAG=breakout\nLEVERAGE=5\nREDUCE_ONLY=false"
    assert one(ALERT + more) == replace(LIMIT, span=Span(0, len(ALERT + more)))


@pytest.mark.parametrize(
    ("text", "update"),
    [
        ("EXCHANGE=X;SYMBOL=GBPUSD;SIGNAL=CLOSE", ParsedUpdate((Action(ActionKind.CLOSE),), "GBPUSD")),
        ("EXCHANGE=X;SYMBOL=GBPUSD;SIGNAL=CANCEL", ParsedUpdate((Action(ActionKind.CANCEL),), "GBPUSD")),
        (
            "SYMBOL=GBPUSD;SIGNAL=CANCEL;PARAM_SIDE=Sell",
            ParsedUpdate((Action(ActionKind.CANCEL),), "GBPUSD", "sell"),
        ),
        (
            "SYMBOL=GBPUSD;SIGNAL=SELL;REDUCE_ONLY=true",
            ParsedUpdate((Action(ActionKind.CLOSE),), "GBPUSD", "buy"),
        ),
        (
            '{"ticker":"GBPUSD","action":"close","share":0.5}',
            ParsedUpdate((Action(ActionKind.PARTIAL_CLOSE, share=Decimal("0.5")),), "GBPUSD"),
        ),
        ('{"ticker":"GBPUSD","action":"exit"}', ParsedUpdate((Action(ActionKind.CLOSE),), "GBPUSD")),
    ],
)
def test_a_close_and_a_cancel_are_updates(text: str, update: ParsedUpdate) -> None:
    assert one(text) == replace(update, span=Span(0, len(text)))


@pytest.mark.parametrize(
    ("old", "new", "field", "reason"),
    [
        ("PRICE=1.0512", "PRICE=-5%", "entry", SignalReason.RELATIVE_PRICE),
        ("PRICE=1.0512", "PRICE=10d", "entry", SignalReason.RELATIVE_PRICE),
        ("STOP_PRICE=1.0483", "STOP_PRICE=-0.55d", "stop_loss", SignalReason.RELATIVE_PRICE),
        ("TAKE_PROFIT_PRICE=1.0561", "TAKE_PROFIT_PRICE=25.4%", "take_profits", SignalReason.RELATIVE_PRICE),
        ("PRICE=1.0512", "PRICE={{close}}", "entry", SignalReason.UNCLEAR_NUMBER),
        ("PRICE=1.0512", "PRICE=", "entry", SignalReason.UNCLEAR_NUMBER),
        ("PRICE=1.0512", "PRICE=1,0512", "entry", SignalReason.UNCLEAR_NUMBER),
        ("PRICE=1.0512", "PRICE=0", "entry", SignalReason.NOT_A_PRICE),
        ("ORDER_TYPE=LIMIT\n", "", "order_type", SignalReason.UNCLEAR_ENTRY),
        ("ORDER_TYPE=LIMIT", "ORDER_TYPE=STOP", "order_type", SignalReason.UNCLEAR_STOP),
        ("ORDER_TYPE=LIMIT", "ORDER_TYPE=ICEBERG", "order_type", SignalReason.UNREADABLE_FIELD),
        ("\nPRICE=1.0512", "", "entry", SignalReason.MISSING_ENTRY),
        ("\nSTOP_PRICE=1.0483", "", "stop_loss", SignalReason.MISSING_STOP),
        ("\nTAKE_PROFIT_PRICE=1.0561", "", "take_profits", SignalReason.MISSING_TARGET),
        ("SYMBOL=EURUSD\n", "", "symbol", SignalReason.MISSING_SYMBOL),
        ("SYMBOL=EURUSD", "SYMBOL=NOSUCH", "symbol", SignalReason.UNKNOWN_INSTRUMENT),
        ("SIGNAL=BUY", "SIGNAL=HOLD", "side", SignalReason.MISSING_SIDE),
        ("EXCHANGE=OANDA", "PASSPHRASE=x", "passphrase", SignalReason.UNKNOWN_FIELD),
        ("EXCHANGE=OANDA", "SIGNAL=SELL", "signal", SignalReason.REPEATED_FIELD),
        ("EXCHANGE=OANDA", "SIDE=SELL", "side", SignalReason.REPEATED_FIELD),
        ("EXCHANGE=OANDA", "buy it now!", "text", SignalReason.UNREADABLE_RECORD),
        ("EXCHANGE=OANDA", "REDUCE_ONLY=perhaps", "reduce_only", SignalReason.UNREADABLE_FIELD),
        ("EXCHANGE=OANDA", "REDUCE_ONLY=true", "entry", SignalReason.UNKNOWN_FIELD),
        ("EXCHANGE=OANDA", "TAKE_PROFIT_PRICE_3=1.07", "take_profits", SignalReason.UNCLEAR_TARGET),
        ("EXCHANGE=OANDA", "TAKE_PROFIT_VOLUME_RATIO_2=1\nTAKE_PROFIT_VOLUME_RATIO_1=1", "target_shares",
         SignalReason.UNCLEAR_TARGET),
        ("SIGNAL=BUY", "SIGNAL=CLOSE", "entry", SignalReason.UNKNOWN_FIELD),
    ],
)  # fmt: skip
def test_an_alert_that_is_not_clear_is_refused(old: str, new: str, field: str, reason: SignalReason) -> None:
    assert old in ALERT
    assert refusal(one(ALERT.replace(old, new))) == (field, reason)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ("SIGNAL=CLOSE;VOLUME=50%", "volume"),
        ("SIGNAL=CLOSE;PARAM_SIDE=buy", "cancel_side"),
        ("SIGNAL=CLOSE;TP1=1.06", "take_profits"),
        ("SIGNAL=CANCEL;TAG=breakout", "tag"),
        ("SIGNAL=CANCEL;SHARE=0.5", "share"),
        ("SIGNAL=SELL;REDUCE_ONLY=true;SHARE=0.5", "share"),
    ],
)
def test_a_close_or_cancel_of_less_than_all_that_hive_can_name_is_refused(asked: str, field: str) -> None:
    assert refusal(one(f"SYMBOL=EURUSD;{asked}")) == (field, SignalReason.UNKNOWN_FIELD)


def test_the_span_of_a_broken_line_is_that_line() -> None:
    text = ALERT + "\nbuy it now!"
    verdict = one(text)
    assert isinstance(verdict, Refused)
    assert text[verdict.span.start : verdict.span.end] == "buy it now!"


@pytest.mark.parametrize("vote", ["EUR/USD[-0.4]", "BTCUSD[0.45]", " eur_usd [ 1 ] "])
def test_a_vote_of_strength_is_refused_as_one(vote: str) -> None:
    assert refusal(one(vote)) == ("text", SignalReason.STRENGTH_VOTE)


def test_a_json_object_is_a_signal_under_every_name_of_its_fields() -> None:
    market = ParsedSignal(
        symbol="EURUSD",
        side="buy",
        order_type="market",
        entry=(Decimal("1.0512"), Decimal("1.0512")),
        stop_loss=Decimal("1.0483"),
        take_profits=(Decimal("1.0561"),),
    )
    for text in (
        '{"symbol":"EURUSD","side":"buy","entry":1.0512,"stop_loss":1.0483,"take_profits":[1.0561]}',
        ' {"Ticker":"OANDA:EURUSD","action":"LONG","price":1.0512,"sl":1.0483,"tp":1.0561,"comment":"x"}\n',
        '{"instrument":"EUR/USD","direction":"buy","entry_low":1.0512,"entry_high":1.0512,"sl":1.0483,'
        '"tp1":1.0561,"order_type":"market","id":"a-1","ts":1.5}',
    ):
        assert one(text) == replace(market, span=Span(0, len(text)))


def test_a_json_signal_says_all_that_a_signal_can() -> None:
    verdict = said(
        entry=None,
        entry_low=1.0510,
        entry_high=1.0514,
        take_profit=None,
        take_profits=[1.0561, 1.06],
        order_type="limit",
        target_shares=[0.5, 0.25],
        has_runner=True,
        valid_until="2026-01-05T12:00:00+02:00",
        confidence=0.75,
    )
    assert isinstance(verdict, ParsedSignal)
    assert verdict.entry == (Decimal("1.0510"), Decimal("1.0514"))
    assert verdict.take_profits == (Decimal("1.0561"), Decimal("1.06"))
    assert verdict.target_shares == (Decimal("0.5"), Decimal("0.25"))
    assert verdict.has_runner
    assert verdict.valid_until == datetime(2026, 1, 5, 10, tzinfo=UTC)
    assert (verdict.confidence, len(verdict.grounds)) == (0.75, 1)


def test_several_objects_in_a_list_are_as_many_verdicts() -> None:
    other = CALL | {"symbol": "GBPUSD", "stop_loss": None}
    verdicts = read_machine_text(json.dumps([CALL, other, {"heartbeat": 1}]))
    assert verdicts is not None
    assert [type(verdict) for verdict in verdicts] == [ParsedSignal, Refused]


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"colour": "green"}, "colour", SignalReason.UNKNOWN_FIELD),
        ({"sl": 1.04}, "stop_loss", SignalReason.REPEATED_FIELD),
        ({"STOP_LOSS": 1.04}, "stop_loss", SignalReason.REPEATED_FIELD),
        ({"take_profits": [1.06]}, "take_profits", SignalReason.REPEATED_FIELD),
        ({"tp1": 1.06, "tp_1": 1.07}, "take_profits", SignalReason.REPEATED_FIELD),
        ({"entry": "1.0512"}, "entry", SignalReason.UNCLEAR_NUMBER),
        ({"stop_loss": "none"}, "stop_loss", SignalReason.UNCLEAR_NUMBER),
        ({"stop_loss": True}, "stop_loss", SignalReason.UNCLEAR_NUMBER),
        ({"stop_loss": [1.04]}, "stop_loss", SignalReason.UNCLEAR_NUMBER),
        ({"stop_loss": {"price": 1.04}}, "stop_loss", SignalReason.UNCLEAR_NUMBER),
        ({"stop_loss": float("nan")}, "stop_loss", SignalReason.UNCLEAR_NUMBER),
        ({"take_profit": [1.06, float("inf")]}, "take_profit", SignalReason.UNCLEAR_NUMBER),
        ({"take_profit": "+50 pips"}, "take_profits", SignalReason.RELATIVE_PRICE),
        ({"entry": -1.05}, "entry", SignalReason.NOT_A_PRICE),
        ({"entry": 1e300}, "entry", SignalReason.NOT_A_PRICE),
        ({"entry_low": 1.05}, "entry", SignalReason.UNCLEAR_ENTRY),
        ({"entry": None, "entry_low": 1.05}, "entry", SignalReason.UNCLEAR_ENTRY),
        ({"entry": None, "entry_low": 1.06, "entry_high": 1.05}, "entry", SignalReason.UNCLEAR_ENTRY),
        ({"symbol": ["EURUSD"]}, "symbol", SignalReason.UNREADABLE_FIELD),
        ({"symbol": None}, "symbol", SignalReason.MISSING_SYMBOL),
        ({"side": None}, "side", SignalReason.MISSING_SIDE),
        ({"side": "maybe"}, "side", SignalReason.MISSING_SIDE),
        ({"stop_loss": None}, "stop_loss", SignalReason.MISSING_STOP),
        ({"take_profit": []}, "take_profits", SignalReason.MISSING_TARGET),
        ({"take_profit": [1.06] * 17}, "take_profits", SignalReason.TOO_MANY_TARGETS),
        ({"target_shares": [0.5, 0.5]}, "target_shares", SignalReason.UNCLEAR_TARGET),
        ({"target_shares": [50]}, "target_shares", SignalReason.UNCLEAR_TARGET),
        ({"target_shares": [1], "has_runner": True}, "target_shares", SignalReason.UNCLEAR_TARGET),
        ({"target_shares": [1], "take_profit_volume_ratio": 1}, "target_shares", SignalReason.REPEATED_FIELD),
        ({"valid_until": "2026-01-05T12:00:00"}, "valid_until", SignalReason.UNREADABLE_FIELD),
        ({"valid_until": "tomorrow"}, "valid_until", SignalReason.UNREADABLE_FIELD),
        ({"confidence": 1.5}, "confidence", SignalReason.UNCLEAR_NUMBER),
        ({"share": 0.5}, "share", SignalReason.UNKNOWN_FIELD),
        ({"order_type": "stop", "entry": None}, "entry", SignalReason.MISSING_ENTRY),
        ({"stop_loss": 1.1299}, "stop_loss", SignalReason.STOP_WRONG_SIDE),
        ({"stop_loss": 1.0843}, "stop_loss", SignalReason.DIGIT_TYPO),
        ({"take_profit": 1.0501}, "take_profits", SignalReason.TARGET_WRONG_SIDE),
        ({"take_profit": [1.06, 1.0561]}, "take_profits", SignalReason.TARGETS_OUT_OF_ORDER),
        ({"stop_loss": 0.9}, "stop_loss", SignalReason.STOP_TOO_FAR),
    ],
)
def test_a_json_signal_that_is_not_clear_is_refused(
    changes: dict[str, Any], field: str, reason: SignalReason
) -> None:
    assert refusal(said(**changes)) == (field, reason)


@pytest.mark.parametrize(
    ("text", "field", "reason"),
    [
        ('{"symbol":"EURUSD","side":"buy","stop_loss":1.04,"stop_loss":1.03}', "stop_loss",
         SignalReason.REPEATED_FIELD),
        ('{"symbol":"EURUSD","side":"buy","stop_loss":1.04', "text", SignalReason.UNREADABLE_RECORD),
        ('{"symbol":"EURUSD","side":"buy"} go go go', "text", SignalReason.UNREADABLE_RECORD),
        ('{"symbol":"EURUSD","side":"buy","stop_loss":1' + "0" * 40 + "}", "text",
         SignalReason.UNREADABLE_RECORD),
        ('{"symbol":"\\ud800","side":"buy"}', "text", SignalReason.UNREADABLE_RECORD),
        ('{"symbol":' + "[" * 100 + "]" * 100 + "}", "text", SignalReason.UNREADABLE_RECORD),
        ('[{"symbol":"EURUSD"},2]', "side", SignalReason.MISSING_SIDE),
    ],
)  # fmt: skip
def test_json_that_is_broken_is_refused_and_not_read_as_prose(
    text: str, field: str, reason: SignalReason
) -> None:
    verdicts = read_machine_text(text)
    assert verdicts is not None
    assert refusal(verdicts[0]) == (field, reason)


def test_json_that_asks_for_nothing_is_noise() -> None:
    assert one('{"status":"ok","uptime":5}') == Noise()


@pytest.mark.parametrize(
    "text",
    [
        "Good morning traders, gold looks tired",
        "GOLD BUY FROM CMP 1931 SL = 1927 TP = 1970",
        "buy EURUSD sl=1.04 tp=1.06",
        "SL=1.0483",
        "Symbol = EURUSD\nDirection: buy\nSL = 1.04",
        "[ GBPJPY ] BUY NOW [entry] : [ 141.750 ] SL 141.2",
        "EURUSD [-0.45] is what it lost",
        "{gm} everyone",
        "{{ticker}} crossed 1.05",
        "1 = 1",
        "",
    ],
)
def test_what_people_write_is_left_to_the_parser(text: str) -> None:
    assert read_machine_text(text) is None


@pytest.mark.parametrize(
    ("text", "written"),
    [
        (ALERT + "\nID=a-7", "a-7"),
        ("signal_id = a 7 ;SYMBOL=EURUSD", "a 7"),
        ("ID=\nSYMBOL=EURUSD", None),
        (ALERT, None),
        ("PAID=1", None),
        ('{"id":7}', "7"),
        ('{"signal_id":"a-7","symbol":"EURUSD"}', "a-7"),
        ('{"id":null}', None),
        ('{"id":7,"id":8}', None),
        ('[{"id":7}]', None),
    ],
)
def test_the_id_of_an_alert_is_the_one_that_is_written(text: str, written: str | None) -> None:
    assert own_id(text) == written


def test_ordinary_chat_passes_in_about_a_microsecond() -> None:
    chat = "Good morning traders, gold is consolidating near 2650 and we wait for the news. " * 3
    rounds = 20_000
    seconds = min(timeit.repeat(lambda: read_machine_text(chat), number=rounds, repeat=5))
    # Measured 0.06 microseconds; a machine under load may take several times that.
    assert seconds / rounds < 2e-6


POINTS = st.decimals(min_value="5", max_value="20", places=5)


@given(
    side=st.sampled_from(["buy", "sell", "LONG", "Short"]),
    edge=st.decimals(min_value="2000", max_value="5000", places=5),
    risk=POINTS,
    steps=st.lists(POINTS, min_size=1, max_size=16),
    is_named=st.booleans(),
)
def test_a_written_record_is_read_back_as_it_was(
    side: str, edge: Decimal, risk: Decimal, steps: list[Decimal], is_named: bool
) -> None:
    upward = 1 if side in {"buy", "LONG"} else -1
    entry, stop = edge if is_named else None, edge - upward * risk
    targets = [edge + upward * reach for reach in accumulate(steps)]
    text = canonical_text(
        {"symbol": "XAUUSD", "side": side, "entry": entry, "stop_loss": stop, "take_profits": targets}
    )
    verdict = one(text)
    assert isinstance(verdict, ParsedSignal)
    assert (verdict.stop_loss, verdict.take_profits) == (stop, tuple(targets))
    assert verdict.entry == (None if entry is None else (entry, entry))


WORDS = st.sampled_from(
    [
        *("SYMBOL", "SIGNAL", "PRICE", "STOP_PRICE", "TAKE_PROFIT_PRICE_1", "ORDER_TYPE", "side", "entry"),
        *("EURUSD", "BUY", "SELL", "CLOSE", "LIMIT", "1.05", "1.04", "-5%", "10d", "nan", "1e5", "true"),
        *("=", ";", "\n", "{", "}", "[", "]", '"', ":", ",", " ", "\\", "\ud800", "\x00", "٣"),
    ]
)
JUNK = st.lists(WORDS, max_size=40).map("".join) | st.text(max_size=200)


@given(JUNK)
def test_junk_never_crashes_and_a_signal_names_all_it_needs(text: str) -> None:
    verdicts = read_machine_text(text)
    assert verdicts is None or verdicts
    for verdict in verdicts or []:
        if isinstance(verdict, ParsedSignal):
            # Whatever made it through was written there: an instrument, a side, a stop and a target.
            assert verdict.symbol
            assert verdict.side in {"buy", "sell"}
            assert str(verdict.stop_loss) in text
            assert all(str(target) in text for target in verdict.take_profits)


@given(st.text(alphabet=string.printable, max_size=120).filter(lambda text: not set("{=[") & set(text)))
def test_a_text_without_a_machines_signs_is_never_a_machines(text: str) -> None:
    assert read_machine_text(text) is None


@pytest.mark.parametrize("line", ALERT.split("\n")[1:])
def test_an_alert_that_lost_any_line_that_matters_is_no_signal(line: str) -> None:
    verdicts = read_machine_text("\n".join(kept for kept in ALERT.split("\n") if kept != line))
    assert not any(isinstance(verdict, ParsedSignal) for verdict in verdicts or [])
