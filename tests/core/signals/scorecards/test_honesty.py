"""Claims find the signals that they speak of, and are held against what the bars allow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from hive_core.signals.scorecards.honesty import Honesty, OwnWord, claimed_signals, honesty_of, own_words
from hive_core.signals.scorecards.records import score_sources
from hive_core.signals.scorecards.tables import CLAIMS, OUTCOMES

START = datetime(2017, 3, 1, tzinfo=UTC)


def signals(*rows: dict[str, Any]) -> pl.DataFrame:
    full: list[dict[str, Any]] = [
        dict.fromkeys(OUTCOMES)
        | {"source": "room", "symbol": "EURUSD", "outcome": "stop", "targets": 1, "targets_passed": 0}
        | {"targets_hit": 0, "r_multiple": -1.0, "r_multiple_at_best": -1.0, "first_target_at_best": False}
        | {"signal_id": f"sig_{number}", "message_id": f"m{number}"}
        | {"ts_event": START + timedelta(hours=number), "ts_exit": START + timedelta(hours=number + 1)}
        | row
        for number, row in enumerate(rows)
    ]
    return pl.DataFrame(full, schema=OUTCOMES)


def claims(*rows: dict[str, Any]) -> pl.DataFrame:
    full: list[dict[str, Any]] = [
        dict.fromkeys(CLAIMS)
        | {"source": "room", "message_id": f"c{number}", "kind": "target"}
        | {"ts_event": START + timedelta(hours=10, minutes=number)}
        | row
        for number, row in enumerate(rows)
    ]
    return pl.DataFrame(full, schema=CLAIMS)


def ends(claimed: pl.DataFrame, of: pl.DataFrame) -> dict[str, bool]:
    return dict(claimed_signals(claimed, of).select("signal_id", "claimed_won").iter_rows())


def test_a_notice_speaks_of_the_signal_that_it_replies_to() -> None:
    assert ends(claims({"reply_to": "m0", "kind": "stop"}), signals({}, {})) == {"sig_0": False}


def test_without_a_reply_it_speaks_of_the_latest_signal_before_it() -> None:
    assert ends(claims({"reply_to": "chat"}), signals({}, {})) == {"sig_1": True}
    early = {"ts_event": START + timedelta(minutes=30)}
    assert ends(claims(early), signals({}, {})) == {"sig_0": True}
    assert ends(claims({"ts_event": START - timedelta(minutes=1)}), signals({}, {})) == {}


def test_a_named_instrument_is_looked_for_and_no_other() -> None:
    of = signals({"symbol": "GBPUSD"}, {})
    assert ends(claims({"symbol": "GBPUSD"}), of) == {"sig_0": True}
    assert ends(claims({"symbol": "USDJPY"}), of) == {}


def test_a_notice_reaches_back_two_days_and_no_farther() -> None:
    assert ends(claims({"ts_event": START + timedelta(hours=48)}), signals({})) == {"sig_0": True}
    assert ends(claims({"ts_event": START + timedelta(hours=48, seconds=1)}), signals({})) == {}


def test_another_source_s_signals_are_not_meant() -> None:
    assert ends(claims({"source": "other"}), signals({})) == {}


def test_a_target_told_beside_a_stop_is_a_win_told() -> None:
    told = claims({"kind": "stop", "reply_to": "m0"}, {"kind": "target", "reply_to": "m0"})
    assert ends(told, signals({})) == {"sig_0": True}


def test_running_pips_and_calls_themselves_end_nothing() -> None:
    assert ends(claims({"kind": "running"}, {"message_id": "m0"}), signals({})) == {}


def test_own_words_count_posts_signals_and_contradictions() -> None:
    told = claims(
        {"reply_to": "m0"},
        {"reply_to": "m0"},
        {"reply_to": "m1"},
        {"reply_to": "m2", "kind": "stop"},
        {"kind": "running"},
        {"message_id": "m3"},
    )
    of = signals({"first_target_at_best": True}, {}, {}, {"first_target_at_best": None})
    (word,) = own_words(told, of).values()
    assert word == OwnWord(targets=3, stops=1, running=1, won=2, lost=1, contradicted=1)
    assert word.rate == pytest.approx(2 / 3)
    assert own_words(claims(), of) == {}
    assert OwnWord().rate is None


@pytest.mark.parametrize(
    ("claimed", "lowest", "highest", "verdict"),
    [
        (0.9, 0.4, 0.6, Honesty.CLAIMS_MORE),
        (0.6, 0.4, 0.6, Honesty.FITS),
        (0.4, 0.4, 0.6, Honesty.FITS),
        (0.3, 0.4, 0.6, Honesty.CLAIMS_LESS),
        (None, 0.4, 0.6, Honesty.CLAIMS_NOTHING),
        (0.9, None, None, Honesty.NOT_MEASURED),
        (0.9, None, 0.6, Honesty.NOT_MEASURED),
    ],
)
def test_the_verdict_follows_from_the_bounds(
    claimed: float | None, lowest: float | None, highest: float | None, verdict: Honesty
) -> None:
    assert honesty_of(claimed, lowest, highest) is verdict
    assert verdict.in_words


def test_a_source_that_calls_its_stops_targets_is_found_out() -> None:
    of = signals(*[{}] * 40)
    told = claims(*[{"reply_to": f"m{number}"} for number in range(40)])
    card = score_sources(of, told).row(0, named=True)
    assert (card["honesty"], card["claims_contradicted"], card["claimed_rate"]) == ("claims_more", 40, 1.0)
    assert score_sources(of).row(0, named=True)["honesty"] == "claims_nothing"
