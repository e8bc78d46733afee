"""What a room said lately completes what it says next, and nothing older than a day matters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from hive_core.configuration.model import SourceProfile
from hive_core.signals.parser.room import ALERT_WINDOW, HABIT_SIGNALS, MEMORY, Room
from hive_core.signals.verdicts import ParsedSignal, ParsedUpdate, Refused, Verdict

BEGAN = datetime(2025, 3, 10, 6, 0, tzinfo=UTC)
ALERT = "Gold sell now 4126"
DETAILS = "SL 4133\nTP 4119\nTP 4110"
CALL = "GOLD BUY 4080 - 4078\nSL 4075\nTP 4083"


def heard(*posts: tuple[float, str, str | None]) -> list[list[Verdict]]:
    """The verdicts on posts of (minute, text, the number of the post answered)."""
    room = Room(SourceProfile())
    return [
        room.read(BEGAN + timedelta(minutes=minute), str(number), text, reply_to)
        for number, (minute, text, reply_to) in enumerate(posts, start=1)
    ]


def test_details_complete_the_alert_that_they_answer() -> None:
    (alert,), (details,) = heard((0, ALERT, None), (600, DETAILS, "1"))
    assert isinstance(alert, Refused)
    assert isinstance(details, ParsedSignal)
    assert (details.symbol, details.side, details.stop_loss) == ("XAUUSD", "sell", Decimal(4133))
    assert details.entry == (Decimal(4126), Decimal(4126))
    assert details.confidence < 1


def test_details_without_a_reply_complete_the_alert_just_before() -> None:
    minutes = ALERT_WINDOW.total_seconds() / 60
    (signal,) = heard((0, ALERT, None), (minutes, DETAILS, None))[1]
    assert isinstance(signal, ParsedSignal)
    (late,) = heard((0, ALERT, None), (minutes + 1, DETAILS, None))[1]
    assert not isinstance(late, ParsedSignal)


def test_an_alert_is_completed_once() -> None:
    verdicts = heard((0, ALERT, None), (1, DETAILS, None), (2, "SL 4140\nTP 4100", None))
    assert isinstance(verdicts[1][0], ParsedSignal)
    assert not isinstance(verdicts[2][0], ParsedSignal)


def test_a_whole_call_is_amended_by_nothing_that_has_no_side() -> None:
    verdicts = heard((0, CALL, None), (1, "SL 4070\nTP 4095", "1"))
    assert not isinstance(verdicts[1][0], ParsedSignal)


def test_a_room_of_one_instrument_need_not_name_it() -> None:
    nameless = "SELL 4090-4092 SL 4096 TP 4084"
    calls: list[tuple[float, str, str | None]] = [(number, CALL, None) for number in range(HABIT_SIGNALS)]
    (signal,) = heard(*calls, (30, nameless, None))[-1]
    assert isinstance(signal, ParsedSignal)
    assert (signal.symbol, signal.side) == ("XAUUSD", "sell")
    (too_few,) = heard(*calls[1:], (30, nameless, None))[-1]
    assert isinstance(too_few, Refused)
    assert too_few.reason.value == "missing_symbol"
    (far_away,) = heard(*calls, (30, "SELL 3090-3092 SL 3096 TP 3084", None))[-1]
    assert isinstance(far_away, Refused)
    (mixed,) = heard(*calls, (20, "EURUSD buy 1.0850 sl 1.0810 tp 1.0910", None), (30, nameless, None))[-1]
    assert isinstance(mixed, Refused)


def test_a_price_of_an_update_stands_on_the_scale_of_the_signal() -> None:
    call = "ORO VENTA 3.655\nSL 3.663\nTP 3.639"
    (update,) = heard((0, call, None), (5, "Mover SL a 3.649", "1"))[1]
    assert isinstance(update, ParsedUpdate)
    assert update.actions[0].price == Decimal(3649)


def test_a_number_is_never_put_on_a_scale_that_it_is_not_written_on() -> None:
    for written in ("4", "85", "11.6", "4085.5"):
        text, price = f"Move SL to {written}", Decimal(written)
        (update,) = heard((0, CALL, None), (5, text, "1"))[1]
        assert isinstance(update, ParsedUpdate)
        assert update.actions[0].price == price
    yen = "USDJPY BUY 145.10 SL 144.00 TP 146.00"
    (update,) = heard((0, yen, None), (5, "Move SL to 144250", "1"))[1]
    assert isinstance(update, ParsedUpdate)
    assert update.actions[0].price == Decimal("144.25")


def test_memory_has_an_end() -> None:
    room = Room(SourceProfile())
    for number in range(5_000):
        room.read(BEGAN + timedelta(minutes=number), str(number), CALL if number % 2 else ALERT, None)
    assert len(room._answered) <= MEMORY.total_seconds() / 60 + 1
    assert len(room._called) <= MEMORY.total_seconds() / 60 + 1


TEXTS = (
    ALERT,
    DETAILS,
    CALL,
    "SELL 4090-4092 SL 4096 TP 4084",
    "EURUSD buy 1.0850 sl 1.0810 tp 1.0910",
    "nice",
)
posts = st.lists(
    st.tuples(st.integers(0, 3 * 24 * 60), st.sampled_from(TEXTS), st.integers(0, 30)), max_size=30
)


@settings(max_examples=150)
@given(posts=posts)
def test_a_day_read_with_the_day_before_is_read_as_with_all_days(posts: list[tuple[int, str, int]]) -> None:
    begins = datetime(2025, 3, 10, tzinfo=UTC)
    ordered = sorted(posts)

    def read(since: datetime) -> dict[int, list[Verdict]]:
        room = Room(SourceProfile())
        return {
            number: room.read(ts, str(number), text, str(answered))
            for number, (minute, text, answered) in enumerate(ordered)
            if (ts := begins + timedelta(minutes=minute)) >= since
        }

    whole = read(begins)
    for day in (1, 2):
        midnight = begins + timedelta(days=day)
        alone = read(midnight - timedelta(days=1))
        for number, (minute, _, _) in enumerate(ordered):
            if midnight <= begins + timedelta(minutes=minute) < midnight + timedelta(days=1):
                assert alone[number] == whole[number]


@settings(max_examples=100)
@given(posts=posts, cut=st.integers(0, 30))
def test_what_comes_later_changes_nothing(posts: list[tuple[int, str, int]], cut: int) -> None:
    ordered = [(minute, text, str(answered)) for minute, text, answered in sorted(posts)]
    assert heard(*ordered)[:cut] == heard(*ordered[:cut])
