"""Rules on time: age, validity, throttles, news, the weekend."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from decimal import Decimal
from operator import attrgetter

from hive_core.calendars.trading_day import NS_PER_SECOND, iso_utc, market_is_closed
from hive_core.contracts.reasons import DenialReason
from hive_core.instruments.specification import instruments
from hive_core.risk.account import SentOrders
from hive_core.risk.gating.asking import Asking
from hive_core.risk.gating.book import Book
from hive_core.risk.gating.intent import Intent

HOUR_NS = 3_600 * NS_PER_SECOND
_ORDERS, _TS_NS = attrgetter("orders"), attrgetter("ts_ns")


def fresh(asking: Asking, intent: Intent, book: Book, now_ns: int) -> None:
    """Not from the future, not older than allowed, still valid."""
    age_ns = now_ns - intent.ts_decided_ns
    age_s, limit_s = Decimal(age_ns) / NS_PER_SECOND, book.settings.max_decision_age_s
    asking.require(
        "not_from_the_future",
        age_ns >= 0,
        DenialReason.FROM_THE_FUTURE,
        {"age_s": age_s},
    )
    asking.require(
        "fresh",
        age_ns <= limit_s * NS_PER_SECOND,
        DenialReason.STALE,
        {"age_s": age_s, "max_decision_age_s": limit_s},
    )
    asking.require(
        "still_valid",
        now_ns < intent.valid_until_ns,
        DenialReason.EXPIRED,
        {"valid_until_ns": intent.valid_until_ns, "now_ns": now_ns},
    )


def orders_since(sent: Sequence[SentOrders], since_ns: int) -> int:
    """How many orders left after an instant; `sent` is in order of time."""
    return sum(map(_ORDERS, sent[bisect_right(sent, since_ns, key=_TS_NS) :]))


def _repeats(intent: Intent, sent: Sequence[SentOrders], since_ns: int) -> int:
    late = sent[bisect_right(sent, since_ns, key=_TS_NS) :]
    return sum(one.symbol == intent.symbol and one.side == intent.side for one in late)


def throttles(asking: Asking, intent: Intent, book: Book, now_ns: int) -> None:
    """Orders an hour, the same order again, and what the firm lets an account ask in a day. All are counted
    from what was sent, so that a restart forgets none."""
    settings = book.settings
    of_hour, most = len(intent.take_profits), settings.max_orders_per_hour
    if most is not None:  # what is not limited is not counted: a decision would walk all of an hour
        of_hour += orders_since(book.sent, now_ns - HOUR_NS)
    asking.require(
        "orders_per_hour",
        most is None or of_hour <= most,
        DenialReason.TOO_MANY_ORDERS,
        {"with_this": "not counted" if most is None else of_hour, "max_orders_per_hour": most},
    )
    repeats, most = 0, settings.max_repeats
    if most is not None:
        repeats = _repeats(intent, book.sent, now_ns - settings.repeat_window_s * NS_PER_SECOND)
    asking.require(
        "repeats",
        most is None or repeats < most,
        DenialReason.TOO_MANY_REPEATS,
        {
            "repeats": "not counted" if most is None else repeats,
            "max_repeats": most,
            "window_s": settings.repeat_window_s,
        },
    )
    limits = book.rules.request_limits
    of_day = None if isinstance(limits, str) else limits.requests_per_day
    asking.require(
        "requests_of_day",
        of_day is None or book.requests_of_day < of_day,
        DenialReason.TOO_MANY_REQUESTS,
        {"requests_of_day": book.requests_of_day, "limit": "none" if of_day is None else of_day},
    )


def no_news(asking: Asking, intent: Intent, book: Book, now_ns: int) -> None:
    """No entry where the firm's window forbids one. A market order fills now; a waiting one may fill until it
    expires, so its whole life has to be clear of windows that forbid pending orders."""
    window = book.rules.news
    if isinstance(window, str):
        asking.require("no_news", True, DenialReason.NEWS_WINDOW, {"rule": window})
        return
    is_waiting = intent.order_type != "market"
    concerns = (
        "open" in window.forbids
        or "bracket" in window.forbids
        or (is_waiting and "pending" in window.forbids)
    )
    first_ns = now_ns - window.minutes_after * 60 * NS_PER_SECOND
    end_ns = intent.valid_until_ns if is_waiting else now_ns
    last_ns = end_ns + window.minutes_before * 60 * NS_PER_SECOND
    specification = instruments().get(intent.symbol)
    own = () if specification is None else specification.currencies
    known = book.news is not None and book.news.covers(first_ns, last_ns, own)
    asking.require(
        "news_known",
        known or not concerns,
        DenialReason.NEWS_UNKNOWN,
        {"from_ns": first_ns, "until_ns": last_ns, "has_calendar": book.news is not None},
    )
    event = None
    if concerns and book.news is not None:
        currencies = None if window.instruments == "all" or specification is None else own
        impacts = ("low", "medium", "high") if window.impacts == "unknown" else window.impacts
        event = book.news.first(first_ns, last_ns, currencies, impacts)
    asking.require(
        "no_news",
        event is None,
        DenialReason.NEWS_WINDOW,
        {
            "event": "none" if event is None else f"{event.currency} {event.name} at {iso_utc(event.ts_ns)}",
            "minutes_before": window.minutes_before,
            "minutes_after": window.minutes_after,
        },
    )


def not_before_a_break(asking: Asking, intent: Intent, book: Book, now_ns: int) -> None:
    """Nothing is opened shortly before it must be closed again: the weekend, the firm's own hour of the day,
    or a long break, where the rules forbid to hold or to open then."""
    holding = book.rules.holding
    margin_s = book.settings.flat_before_weekend_s
    if isinstance(holding, str):
        asking.require("not_before_a_break", True, DenialReason.WEEKEND, {"rule": holding})
        return
    ahead_s = margin_s if holding.weekend is False else 0
    if holding.no_opening_before_break_h is not None:
        ahead_s = max(ahead_s, holding.no_opening_before_break_h * 3_600)
    is_near = ahead_s > 0 and (market_is_closed(now_ns) or market_is_closed(now_ns + ahead_s * NS_PER_SECOND))
    asking.require(
        "not_before_a_break",
        not is_near,
        DenialReason.WEEKEND,
        {"may_hold_weekend": holding.weekend, "ahead_s": ahead_s, "now_ns": now_ns},
    )
    if holding.flat_by is not None:
        flat_ns = holding.flat_by.trading_day.next_reset_ns(now_ns)
        asking.require(
            "not_before_the_close",
            now_ns < flat_ns - margin_s * NS_PER_SECOND,
            DenialReason.CLOSE_OF_DAY,
            {"flat_by_ns": flat_ns, "margin_s": margin_s},
        )
    elif holding.overnight is False:
        asking.ask(
            "not_before_the_close",
            "holding.overnight" in book.settings.accepted_unknowns,
            DenialReason.RULE_UNKNOWN,
            {"problem": "nothing may be held over night, and by when it is to be closed is not stated"},
        )
