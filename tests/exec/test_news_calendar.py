"""News before the gate: the lake's calendar as it was known at the minute, and nothing where it is not."""

from __future__ import annotations

import logging
import os
from datetime import datetime, timedelta

import polars as pl
import pytest
from broker_bench import BrokerBench, account
from exec_bench import READ_UP
from risk_bench import NOW, NOW_NS

from hive_core.calendars.news import NEWS_EVENTS
from hive_core.calendars.trading_day import NS_PER_SECOND
from hive_exec.core.records import Kind
from hive_exec.news_calendar import NewsCalendar

LONG_AGO = NOW - timedelta(days=60)


def event(at: datetime, currency="USD", impact="high", first_seen=LONG_AGO, name="Rates"):
    return {
        **dict.fromkeys(NEWS_EVENTS),
        "event_id": f"{currency}{at}{name}",
        "ts_event": at,
        "currency": currency,
        "impact": impact,
        "name": name,
        "first_seen": first_seen,
        "first_seen_assumed": False,
        "landing_sha256": "0" * 64,
    }


def quiet():
    """A calendar without gaps that shows nothing of high impact."""
    days = (NOW + timedelta(days=day, hours=-3) for day in range(-10, 3))
    return [event(day, currency, "low") for day in days for currency in ("EUR", "USD")]


def write(folder, events):
    path = folder / "news_events" / "all.parquet"
    path.parent.mkdir(exist_ok=True)
    made = path.with_suffix(".new")
    pl.DataFrame(events, schema=NEWS_EVENTS).write_parquet(made)
    os.replace(made, path)


def judged(folder):
    """What becomes of a decision at an account whose firm forbids to open from 60 minutes before an event of
    high impact to 30 after."""
    bench = BrokerBench(
        account(rule_pack="conservative_example_phase1", accepted_unknowns=(*READ_UP, "policy.automation"))
    )
    bench.engine.news = NewsCalendar(str(folder))
    (kind,) = bench.decide()
    body = bench.journal.records[-1].body
    return kind, body.get("reason_code")


def test_without_a_calendar_nothing_is_known_and_nothing_opens(tmp_path):
    assert judged(tmp_path) == (Kind.DECISION_DENIED, "news_unknown")


def test_a_quiet_calendar_holds_nothing_back(tmp_path):
    write(tmp_path, quiet())
    assert judged(tmp_path) == (Kind.ORDER_INTENDED, None)


@pytest.mark.parametrize(
    ("minutes", "is_held_back"), [(-31, False), (-30, True), (0, True), (59, True), (60, True), (61, False)]
)
def test_the_firms_window_is_kept_to_the_minute(tmp_path, minutes, is_held_back):
    write(tmp_path, [*quiet(), event(NOW + timedelta(minutes=minutes))])
    kind, code = judged(tmp_path)
    assert (kind, code) == (
        (Kind.DECISION_DENIED, "news_window") if is_held_back else (Kind.ORDER_INTENDED, None)
    )


def test_an_event_that_the_calendar_showed_only_later_is_not_known_yet(tmp_path):
    soon = NOW + timedelta(minutes=5)
    write(tmp_path, [*quiet(), event(soon, first_seen=NOW + timedelta(minutes=1))])
    assert judged(tmp_path) == (Kind.ORDER_INTENDED, None)
    write(tmp_path, [*quiet(), event(soon, first_seen=NOW - timedelta(minutes=1))])
    assert judged(tmp_path) == (Kind.DECISION_DENIED, "news_window")


def test_a_calendar_that_ended_knows_nothing(tmp_path):
    write(tmp_path, [row for row in quiet() if row["ts_event"] < NOW])
    assert judged(tmp_path) == (Kind.DECISION_DENIED, "news_unknown")


def test_a_newer_file_is_read_and_the_past_stays_as_it_was(tmp_path):
    calendar = NewsCalendar(str(tmp_path))
    assert calendar.shown_at(NOW_NS) is None
    write(tmp_path, quiet())
    first = calendar.shown_at(NOW_NS)
    assert first is not None
    assert calendar.shown_at(NOW_NS + 1) is first  # the same minute: nothing is done again
    added = event(NOW + timedelta(minutes=5), first_seen=NOW - timedelta(seconds=1))
    write(tmp_path, [*quiet(), added])
    second = calendar.shown_at(NOW_NS)
    assert len(second.events) == len(first.events) + 1
    # Cutting off what was seen later changes nothing of what is told of an earlier minute.
    before_ns = NOW_NS - 120 * NS_PER_SECOND
    assert calendar.shown_at(before_ns).events == first.events
    (tmp_path / "news_events" / "all.parquet").unlink()
    assert calendar.shown_at(NOW_NS) is None


def test_a_file_that_is_no_calendar_is_told_once_and_nothing_is_known(tmp_path, caplog):
    folder = tmp_path / "news_events"
    folder.mkdir()
    (folder / "all.parquet").write_bytes(b"no parquet")
    calendar = NewsCalendar(str(tmp_path))
    with caplog.at_level(logging.ERROR, logger="hive_exec.news"):
        for minute in range(3):
            assert calendar.shown_at(NOW_NS + minute * 60 * NS_PER_SECOND) is None
    assert len(caplog.records) == 1


def test_where_no_firm_forbids_news_the_calendar_is_not_looked_at():
    class Fails:
        def shown_at(self, now_ns):
            raise AssertionError("nobody asked")

    bench = BrokerBench()
    bench.engine.news = Fails()
    assert bench.decide() == [Kind.ORDER_INTENDED]
