"""How long a text says that its calls hold, and until which moment that is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_core.configuration.model import SourceProfile
from hive_core.signals.parser.context import NO_CONTEXT
from hive_core.signals.parser.expiry_moments import NO_ZONE, TWO_DATES
from hive_core.signals.parser.intents import read_text
from hive_core.signals.parser.validity import UNREAD, validities
from hive_core.signals.verdicts import ParsedSignal

TUESDAY = datetime(2026, 3, 10, 14, 7, tzinfo=UTC)
CALL = "EURUSD buy limit 1.0850\nSL 1.0800\nTP 1.0900\n"


def signals(text: str, zone: str | None = None, sent: datetime = TUESDAY) -> list[ParsedSignal]:
    verdicts = read_text(text, SourceProfile(time_zone=zone), NO_CONTEXT, sent)
    return [verdict for verdict in verdicts if isinstance(verdict, ParsedSignal)]


def until(statement: str, zone: str | None = None, sent: datetime = TUESDAY) -> datetime | None:
    (signal,) = signals(CALL + statement, zone, sent)
    return signal.valid_until


@pytest.mark.parametrize(
    ("statement", "lasts"),
    [
        ("Valid for 2 hours", timedelta(hours=2)),
        ("valid 4h", timedelta(hours=4)),
        ("Valid for 1 hour and 30 min", timedelta(minutes=90)),
        ("Valid: 30 mins", timedelta(minutes=30)),
        ("expires in 45 minutes", timedelta(minutes=45)),
        ("Válida por 3 horas", timedelta(hours=3)),
        ("Válido por 2 horas", timedelta(hours=2)),
        ("действует 4 часа", timedelta(hours=4)),
        ("صالحة لمدة ٣ ساعات", timedelta(hours=3)),
        ("hiệu lực trong 2 giờ", timedelta(hours=2)),
        ("valid hai 2 ghante", timedelta(hours=2)),
        ("valid only 5 minutes", timedelta(minutes=5)),
        ("Valid for only 5 mins!", timedelta(minutes=5)),
        ("valid for just 90 seconds", timedelta(seconds=90)),
        ("valid for an hour", timedelta(hours=1)),
        ("valid for half an hour", timedelta(minutes=30)),
        ("valid for 5-10 minutes", timedelta(minutes=5)),
        ("valid within 2 hours", timedelta(hours=2)),
        ("valid for 1 week", timedelta(days=7)),
        ("válido solo 5 minutos", timedelta(minutes=5)),
        ("válido apenas 5 minutos", timedelta(minutes=5)),
        ("действует только 5 минут", timedelta(minutes=5)),
    ],
)
def test_a_time_that_it_lasts_is_counted_from_the_message(statement: str, lasts: timedelta) -> None:
    assert until(statement) == TUESDAY + lasts


@pytest.mark.parametrize(
    ("statement", "hour", "minute"),
    [
        ("Valid until 18:00 GMT+3", 15, 0),
        ("valid till 18:00 (UTC)", 18, 0),
        ("Valid until 6pm London", 18, 0),
        ("expires at 4:30 pm utc", 16, 30),
        ("valid until 12:15 ET", 16, 15),  # New York is on summer time since 8 March
        ("действителен до 18:00 мск", 15, 0),
        ("válido até 18h30 gmt-3", 21, 30),
        ("Signal Expiry Time: 2026.03.10 20:31:32 utc", 20, 31),
        ("Valid until\n18:00 UTC", 18, 0),
    ],
)
def test_a_moment_is_of_the_clock_that_it_names(statement: str, hour: int, minute: int) -> None:
    assert until(statement, "Asia/Tokyo") == TUESDAY.replace(hour=hour, minute=minute)


@pytest.mark.parametrize(
    ("statement", "day", "hour"),
    [
        ("valid until 12 March 15:00 GMT", 12, 15),
        ("valid until March 12, 15:00 utc", 12, 15),
        ("valid till 12th of march 2026 at 3pm GMT", 12, 15),
        ("expires Mar 12 2026, 15:00 GMT", 12, 15),
        ("valid until 15:00 GMT 12 March", 12, 15),
        ("valid until 15 GMT", 10, 15),
        ("valid until 1600 gmt", 10, 16),
        ("valid until 16.00 gmt", 10, 16),
        ("expires Thursday 20:00 GMT", 12, 20),
        ("valid today until 18:00 utc", 10, 18),
        ("valid until tomorrow 9:00 utc", 11, 9),
        ("valid until 12 March", 12, 21),
        ("valid until Thursday", 12, 21),
        ("valid until 6 March 15:00 GMT", 6, 15),  # over: validation refuses the signal as expired
    ],
)
def test_a_day_may_stand_beside_the_clock(statement: str, day: int, hour: int) -> None:
    (signal,) = signals(CALL + statement, "Asia/Tokyo")
    assert signal.valid_until == datetime(2026, 3, day, hour, tzinfo=UTC)
    assert (signal.confidence, signal.grounds) == (1.0, ())


@pytest.mark.parametrize(
    ("statement", "day", "hour"),
    [
        ("valid till London open", 11, 8),
        ("till London open", 11, 8),
        ("valid until the London close", 10, 17),
        ("until NY close", 10, 21),
        ("valid until the end of the New York session", 10, 21),
        ("valid until Tokyo open", 11, 0),
        ("valid until London session", 10, 17),  # its close comes before its next opening
        ("valid only during the London session", 10, 17),
        ("válida solo durante la sesión de Londres", 10, 17),
    ],
)
def test_a_session_opens_and_closes_by_the_clock_of_its_city(statement: str, day: int, hour: int) -> None:
    (signal,) = signals(CALL + statement)
    assert signal.valid_until == datetime(2026, 3, day, hour, tzinfo=UTC)
    assert (signal.confidence, signal.grounds) == (1.0, ())


def test_no_session_opens_over_the_weekend() -> None:
    friday = datetime(2026, 3, 13, 20, tzinfo=UTC)
    assert until("valid till London open", sent=friday) == datetime(2026, 3, 16, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    "statement",
    [
        "valid until NFP",
        "valid until monday open",
        "valid till friday morning",
        "valid until 25:00 utc",
        "valid until 2350",
        "valid today before London open",
        "valid for 5 minuts",
        "valid for a few minutes",
        "valid for the next 3 candles",
        "valid before the news",
        "expires soon",
        "expires 2026.02.30 10:00 utc",
        "válido hasta el dato",
    ],
)
def test_an_expiry_that_cannot_be_read_is_never_the_default(statement: str) -> None:
    (signal,) = signals(CALL + statement, "UTC")
    assert signal.valid_until == TUESDAY + timedelta(minutes=5)
    assert signal.grounds == (UNREAD,)
    assert signal.confidence == 0.5


def test_what_can_be_read_counts_beside_what_cannot() -> None:
    assert until("valid until NFP, so valid until 16:00 utc") == TUESDAY.replace(hour=16, minute=0)


@pytest.mark.parametrize("zone", [None, "Europe/Moscow"])
def test_without_a_date_no_date_is_doubted(zone: str | None) -> None:
    (signal,) = signals(CALL + "valid till 15:00 GMT", zone)
    assert (signal.confidence, signal.grounds) == (1.0, ())
    (signal,) = signals(CALL + "valid till 15:00", "Europe/Moscow")
    assert (signal.confidence, signal.grounds) == (1.0, ())


@pytest.mark.parametrize("clock", ["18:00 IST", "18:00 server time"])
def test_a_clock_of_which_there_are_several_may_be_any(clock: str) -> None:
    (signal,) = signals(CALL + f"valid until {clock}", "America/New_York")
    assert signal.valid_until == TUESDAY.replace(minute=30)
    assert signal.grounds == (NO_ZONE,)


@pytest.mark.parametrize("statement", ["válido hasta las 18:00", "صالح حتى 18:00", "Hiệu lực đến 18:00"])
def test_else_of_its_sources_clock(statement: str) -> None:
    assert until(statement, "Europe/Moscow") == TUESDAY.replace(hour=15, minute=0)


def test_a_time_of_day_that_is_over_is_tomorrows() -> None:
    assert until("valid until 09:00", "UTC") == datetime(2026, 3, 11, 9, tzinfo=UTC)


def test_without_a_known_clock_it_holds_no_longer_than_the_earliest() -> None:
    (signal,) = signals(CALL + "valid until 18:00")
    assert signal.valid_until == TUESDAY.replace(minute=30)
    assert NO_ZONE in signal.grounds
    assert signal.confidence < 1


def test_a_date_that_can_be_two_is_the_earlier() -> None:
    (signal,) = signals(CALL + "expiry: 04/03/2026 10:00 utc", sent=datetime(2026, 3, 3, 9, tzinfo=UTC))
    assert signal.valid_until == datetime(2026, 3, 4, 10, tzinfo=UTC)
    assert TWO_DATES not in signal.grounds  # the third of April is further off than any room says
    (signal,) = signals(CALL + "expiry: 02/03/2026 10:00 utc", sent=datetime(2026, 2, 2, 9, tzinfo=UTC))
    assert signal.valid_until == datetime(2026, 2, 3, 10, tzinfo=UTC)
    assert TWO_DATES in signal.grounds


def test_a_moment_that_was_over_is_given_as_it_is() -> None:
    """Validation refuses the signal as expired; a later moment must not be made of it."""
    assert until("expires 2026.03.09 20:00 utc") == datetime(2026, 3, 9, 20, tzinfo=UTC)


@pytest.mark.parametrize("statement", ["Valid today only", "valid till end of day", "válido hoje"])
def test_a_day_ends_with_the_forex_day(statement: str) -> None:
    assert until(statement) == datetime(2026, 3, 10, 21, tzinfo=UTC)
    assert until(statement, sent=datetime(2026, 3, 10, 21, tzinfo=UTC)) == datetime(
        2026, 3, 11, 21, tzinfo=UTC
    )
    assert until(statement, sent=datetime(2026, 1, 13, 9, tzinfo=UTC)) == datetime(
        2026, 1, 13, 22, tzinfo=UTC
    )


def test_a_week_ends_on_friday() -> None:
    assert until("valid this week") == datetime(2026, 3, 13, 21, tzinfo=UTC)
    assert until("valid this week", sent=datetime(2026, 3, 13, 21, 1, tzinfo=UTC)) == datetime(
        2026, 3, 20, 21, tzinfo=UTC
    )


@pytest.mark.parametrize(
    "statement",
    [
        "valid till 1.0790",
        "good till cancelled",
        "valid until further notice",
        "a valid setup",
        "valid for 90 days",
        "hold until tp",
        "hold until 18:00 GMT",
        "good until tp1",
        "valid until 4105 breaks",
        "wait till London open for the next one",
        "valid if London low is taken",
        "valid setup on the 4 hour chart",
        "good for 50 pips",
        "Signal valid.",
        "until then",
    ],
)
def test_what_is_no_time_says_nothing(statement: str) -> None:
    (signal,) = signals(CALL + statement)
    assert signal.valid_until is None
    assert UNREAD not in signal.grounds


def test_without_the_time_of_the_message_nothing_is_said() -> None:
    (signal,) = read_text(CALL + "valid for 2 hours", SourceProfile())
    assert isinstance(signal, ParsedSignal)
    assert signal.valid_until is None


def test_each_call_has_the_statement_that_stands_in_it() -> None:
    first, second = signals(
        "EURUSD buy 1.0850\nSL 1.0800\nTP 1.0900\nvalid for 1 hour\n\n"
        "GBPUSD sell 1.2650\nSL 1.2700\nTP 1.2600\nvalid for 2 hours"
    )
    assert first.valid_until == TUESDAY + timedelta(hours=1)
    assert second.valid_until == TUESDAY + timedelta(hours=2)
    assert {
        signal.valid_until
        for signal in signals(
            "EURUSD buy 1.0850\nSL 1.0800\nTP 1.0900\n\nGBPUSD sell 1.2650\nSL 1.2700\nTP 1.2600\n\n"
            "Both valid for 2 hours"
        )
    } == {TUESDAY + timedelta(hours=2)}


@given(
    st.integers(0, 10 * 365 * 86_400).map(lambda s: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=s)),
    st.integers(0, 23),
    st.integers(0, 59),
    st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata", "Europe/Prague", "Australia/Sydney"]),
)
def test_an_unknown_clock_never_holds_longer_than_any_known_one(
    sent: datetime, hour: int, minute: int, zone: str
) -> None:
    statement = f"valid until {hour}:{minute:02}"
    (unknown,) = validities(statement, sent, None)
    (known,) = validities(statement, sent, zone)
    assert sent < unknown.until <= known.until <= sent + timedelta(days=2)
