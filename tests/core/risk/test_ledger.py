"""The ledger: days of 23 and 25 hours, anchors, peaks, results; and that it has no past to change."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_core.calendars.trading_day import to_ns
from hive_core.risk.ledger import (
    Charged,
    Closed,
    DayResult,
    EventOutOfOrder,
    Ledger,
    Marked,
    Opened,
    at_time,
    happened,
    open_ledger,
)
from hive_core.risk.rules.values import Reset

PRAGUE = Reset(zone="Europe/Prague", time="00:00")
NEW_YORK = Reset(zone="America/New_York", time="17:00")
ATHENS = Reset(zone="Europe/Athens", time="00:00")


def ns(text: str) -> int:
    return to_ns(datetime.fromisoformat(text).replace(tzinfo=UTC))


def opened(*resets: Reset, at: str = "2026-03-02T12:00") -> Ledger:
    return open_ledger(Decimal(100_000), resets or (PRAGUE,), ns(at))


def after(ledger: Ledger, *events: Opened | Closed | Charged | Marked) -> Ledger:
    for event in events:
        ledger = happened(ledger, event)
    return ledger


def test_money_by_kinds_and_the_days_result():
    noon = ns("2026-03-02T12:00")
    ledger = after(
        opened(),
        Opened(noon + 1, commission=Decimal(7)),
        Marked(noon + 2, Decimal(100_500)),
        Marked(noon + 3, Decimal(99_100)),
        Charged(noon + 4, swap=Decimal("1.25")),
        Closed(
            noon + 5, opened_ns=noon + 1, profit=Decimal(500), commission=Decimal(7), swap=Decimal("-0.25")
        ),
        Marked(noon + 5, Decimal("100485")),
    )
    assert ledger.balance == Decimal("100485")
    assert ledger.current_day == DayResult(
        date(2026, 3, 2), opened=1, opened_and_closed=1, closed=1,
        profit=Decimal(500), commission=Decimal(14), swap=Decimal("1.00"),
        equity_low=Decimal(99_100), equity_high=Decimal(100_500),
    )  # fmt: skip
    assert ledger.current_day.net == 485
    assert ledger.last_traded_ns == noon + 5
    (anchors,) = ledger.anchors
    assert (anchors.highest_equity, anchors.highest_closed_balance) == (100_500, Decimal("100485"))
    assert (anchors.balance_at_reset, anchors.highest_reset_balance) == (100_000, 100_000)


def test_a_reset_takes_balance_and_equity_as_they_were_and_begins_a_day():
    before, reset = ns("2026-03-02T22:59:59"), ns("2026-03-02T23:00")  # 00:00 in Prague, in winter
    ledger = after(
        opened(), Opened(before), Closed(before, before, Decimal(2_000)), Marked(before, Decimal(103_500))
    )
    assert at_time(ledger, reset - 1).current_day.day == date(2026, 3, 2)
    later = at_time(ledger, reset)
    (anchors,) = later.anchors
    assert (anchors.balance_at_reset, anchors.equity_at_reset) == (102_000, 103_500)
    assert anchors.highest_reset_balance == 102_000
    assert (later.current_day, later.days) == (DayResult(date(2026, 3, 3)), (ledger.current_day,))
    assert later.next_reset_ns == (ns("2026-03-03T23:00"),)


def test_an_event_at_the_reset_lies_in_the_day_that_begins():
    reset = ns("2026-03-02T23:00")
    ledger = after(opened(), Opened(reset, commission=Decimal(5)))
    assert ledger.current_day == DayResult(date(2026, 3, 3), opened=1, commission=Decimal(5))
    assert ledger.anchors[0].balance_at_reset == 100_000


def test_a_trade_from_yesterday_is_closed_today_but_not_opened_and_closed():
    first = ns("2026-03-02T12:00")
    ledger = after(opened(), Opened(first), Closed(ns("2026-03-03T12:00"), first, Decimal(10)))
    assert (ledger.current_day.closed, ledger.current_day.opened_and_closed, ledger.days[0].opened) == (
        1,
        0,
        1,
    )


def test_weeks_without_anything_leave_no_days_behind():
    ledger = at_time(opened(), ns("2026-06-01T12:00"))
    assert ledger.days == ()
    assert ledger.current_day == DayResult(date(2026, 6, 1))


def test_resets_of_several_meanings_are_anchored_each_by_its_own():
    evening = ns("2026-03-10T21:30")  # after 17:00 New York (21:00), before 00:00 Athens (22:00)
    ledger = opened(NEW_YORK, ATHENS, at="2026-03-10T12:00")
    ledger = after(ledger, Opened(ns("2026-03-10T13:00")), Marked(evening, Decimal(104_000)))
    ledger = after(ledger, Marked(ns("2026-03-10T22:30"), Decimal(99_000)))
    assert [anchors.equity_at_reset for anchors in ledger.anchors] == [100_000, 104_000]


@pytest.mark.parametrize("event", [Marked(1, Decimal(1)), Opened(1), Closed(1, 0, Decimal(1)), Charged(1)])
def test_an_event_from_the_past_is_refused(event):
    with pytest.raises(EventOutOfOrder, match=r"1970-01-01T00:00:00Z is before 2026-03-02T12:00:00Z"):
        happened(opened(), event)


def test_an_account_without_a_reset_is_refused():
    with pytest.raises(ValueError, match="needs a reset"):
        open_ledger(Decimal(1), (), 0)


@pytest.mark.parametrize(
    ("reset", "lengths"),
    [(PRAGUE, {23: 11, 25: 11}), (ATHENS, {23: 11, 25: 11}), (NEW_YORK, {23: 11, 25: 11}),
     (Reset(zone="Etc/GMT-3", time="00:00"), {})],
)  # fmt: skip
def test_every_reset_of_eleven_years_is_where_the_zones_clock_has_it(reset, lengths):
    zone, clock = ZoneInfo(reset.zone), time.fromisoformat(reset.time)
    ledger = open_ledger(Decimal(100_000), (reset,), ns("2020-01-01T12:00"))
    seen: dict[int, int] = {}
    day, last = ledger.current_day.day, None
    while day < date(2030, 12, 31):
        day += timedelta(days=1)
        expected = to_ns(datetime.combine(day, clock, tzinfo=zone))
        assert ledger.next_reset_ns == (expected,)
        ledger = at_time(ledger, expected)
        assert ledger.current_day.day == day
        hours = 24 if last is None else (expected - last) // 3_600_000_000_000
        seen[hours] = seen.get(hours, 0) + 1
        last = expected
    assert {hours: times for hours, times in seen.items() if hours != 24} == lengths


def test_prague_and_a_server_by_new_york_differ_on_some_weeks_of_the_year():
    """A server on New York's clock plus seven hours is one hour ahead of Prague but in those weeks."""
    apart = set()
    for number in range(365):
        day = date(2026, 1, 1) + timedelta(days=number)
        prague = PRAGUE.trading_day.start_ns(day)
        server = NEW_YORK.trading_day.start_ns(day - timedelta(days=1))
        if prague - server != 3_600_000_000_000:
            apart.add(day)
    assert len(apart) == 28
    assert (min(apart), max(apart)) == (date(2026, 3, 9), date(2026, 11, 1))


STEPS = st.lists(
    st.tuples(st.integers(0, 40 * 3_600), st.sampled_from("omcx"), st.integers(-3_000, 3_000)), max_size=30
)


def events(steps: list[tuple[int, str, int]]) -> list[Opened | Closed | Charged | Marked]:
    at, found = ns("2026-03-20T12:00"), []
    for seconds, kind, amount in steps:
        at += seconds * 1_000_000_000
        found.append(
            {
                "o": Opened(at, Decimal(abs(amount)) / 100),
                "m": Marked(at, Decimal(100_000 + amount)),
                "c": Closed(at, at - 3_600_000_000_000, Decimal(amount)),
                "x": Charged(at, swap=Decimal(amount) / 100),
            }[kind]
        )
    return found


@given(STEPS, st.integers(0, 30))
def test_what_comes_later_never_changes_what_was(steps, cut):
    told = events(steps)
    whole = after(opened(PRAGUE, NEW_YORK, at="2026-03-20T12:00"), *told)
    part = after(opened(PRAGUE, NEW_YORK, at="2026-03-20T12:00"), *told[:cut])
    assert whole.days[: len(part.days)] == part.days
    for then, now in zip(part.anchors, whole.anchors, strict=True):
        assert now.highest_equity >= then.highest_equity
        assert now.highest_closed_balance >= then.highest_closed_balance
        assert now.highest_reset_balance >= then.highest_reset_balance


@given(STEPS)
def test_days_add_up_to_the_balance(steps):
    ledger = after(opened(PRAGUE, at="2026-03-20T12:00"), *events(steps))
    results = [day.net for day in (*ledger.days, ledger.current_day)]
    assert ledger.balance == 100_000 + sum(results)


@given(STEPS, st.lists(st.integers(0, 40 * 3_600), max_size=5))
def test_looking_at_the_clock_changes_nothing(steps, looks):
    start = opened(PRAGUE, NEW_YORK, at="2026-03-20T12:00")
    told = events(steps)
    plain = watched = start
    for event in told:
        plain = happened(plain, event)
        between = (event.ts_ns - watched.ts_ns) // 2
        watched = happened(at_time(watched, watched.ts_ns + between), event)
    assert plain == watched
