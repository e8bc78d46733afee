"""News as the gate asks for it: known from where to where, of which currencies, and not from the future."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from gate_bench import NOW_NS, a_book, judged

from hive_core.calendars.news import NEWS_EVENTS
from hive_core.calendars.trading_day import from_ns, to_ns
from hive_core.contracts.reasons import DenialReason
from hive_core.risk.gating.news_times import NewsTimes, news_times
from hive_core.risk.gating.verdict import Outcome
from hive_core.risk.rules.values import NewsWindow

NOW = from_ns(NOW_NS)
WINDOW = NewsWindow(
    minutes_before=2,
    minutes_after=2,
    impacts=("high",),
    instruments="affected",
    forbids=("open",),
    effect="breach",
)


def calendar(*rows: tuple[float, str], seen_h: float = -1000, impact: str = "high") -> pl.DataFrame:
    """Events (hours from now, currency), all seen at one time."""
    seen = NOW + timedelta(hours=seen_h)
    return pl.DataFrame(
        [
            {
                "event_id": f"{hours}-{currency}",
                "ts_event": NOW + timedelta(hours=hours),
                "currency": currency,
                "impact": impact,
                "name": "NFP",
                "first_seen": seen,
                "first_seen_assumed": False,
                "landing_sha256": "0" * 64,
            }
            for hours, currency in rows
        ],
        schema=NEWS_EVENTS,
    )


def spoken(events: pl.DataFrame, **rules: object) -> tuple[Outcome, tuple[DenialReason, ...]]:
    verdict = judged(a_book(rules={"news": WINDOW}, news=news_times(events, NOW), **rules))
    return verdict.outcome, verdict.reasons


def test_a_calendar_is_whole_from_its_last_hole_to_its_last_event():
    times = news_times(calendar((-300, "USD"), (-90, "EUR"), (-50, "USD"), (-1, "EUR"), (30, "USD")), NOW)
    assert from_ns(times.known_from_ns) == NOW - timedelta(hours=90)
    assert from_ns(times.known_until_ns) == NOW + timedelta(hours=30)
    assert times.currencies == {"EUR", "USD"}
    assert len(times.events) == 5


def test_a_calendar_that_ends_or_begins_too_near_is_not_known():
    good = calendar((-20, "USD"), (-10, "EUR"), (5, "USD"))
    assert spoken(good)[0] is Outcome.ALLOW
    for bad in (calendar((-20, "USD"), (-10, "EUR")), calendar((1, "USD"), (2, "EUR")), calendar()):
        assert spoken(bad) == (Outcome.DENY, (DenialReason.NEWS_UNKNOWN,))


def test_a_currency_that_the_calendar_does_not_follow_is_not_known():
    assert spoken(calendar((-20, "USD"), (-10, "JPY"), (5, "USD"))) == (
        Outcome.DENY,
        (DenialReason.NEWS_UNKNOWN,),
    )
    times = news_times(calendar((-20, "CNY"), (5, "CNY")), NOW)
    assert times.covers(NOW_NS, NOW_NS, ["CNH"])
    assert times.first(NOW_NS, to_ns(NOW + timedelta(hours=6)), ["CNH"], ["high"]) is not None


def test_an_event_that_was_not_seen_yet_holds_nothing_back_and_one_that_was_does():
    known = calendar((-20, "USD"), (-10, "EUR"), (5, "USD"))
    secret = calendar((0.01, "USD"), seen_h=0.001)
    assert spoken(pl.concat([known, secret]))[0] is Outcome.ALLOW
    told = calendar((0.01, "USD"), seen_h=-0.001)
    assert spoken(pl.concat([known, told])) == (Outcome.DENY, (DenialReason.NEWS_WINDOW,))


def test_cutting_off_the_future_changes_no_answer():
    rows = [calendar((hours, "USD"), seen_h=hours - 200) for hours in range(-90, 400, 7)]
    whole = pl.concat(rows)
    past = whole.filter(pl.col("first_seen") <= NOW)
    assert 0 < past.height < whole.height
    assert news_times(whole, NOW) == news_times(past, NOW)


@pytest.mark.parametrize("impact", ["low", "medium", "high"])
def test_only_the_impacts_that_are_asked_for_are_found(impact):
    times = NewsTimes.of(news_times(calendar((1, "USD"), impact=impact), NOW).events, 0, NOW_NS, ["USD"])
    later = to_ns(datetime(2026, 3, 4, 14, tzinfo=UTC))
    assert (times.first(NOW_NS, later, None, ("high",)) is not None) is (impact == "high")
    assert times.first(NOW_NS, later, ["EUR"], (impact,)) is None
    assert times.first(later, later, ["USD"], (impact,)) is None
