"""Rules on time: age, validity, throttles, news, the weekend."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from hive_core.calendars.trading_day import NS_PER_SECOND, from_ns, iso_utc, market_is_closed, to_ns
from hive_core.instruments.specification import instruments
from hive_core.risk.gating.asking import Asking
from hive_core.risk.gating.book import Book
from hive_core.risk.gating.intent import Intent
from hive_core.risk.gating.verdict import GateReason
from hive_core.risk.rules.values import Holding, NewsWindow, RequestLimits

HOUR_NS = 3_600 * NS_PER_SECOND


def fresh(asking: Asking, intent: Intent, book: Book, now_ns: int) -> None:
    """Not from the future, not older than allowed, still valid."""
    age_ns = now_ns - intent.ts_decided_ns
    limit_s = book.settings.max_decision_age_s
    asking.require(
        "not_from_the_future",
        age_ns >= 0,
        GateReason.FROM_THE_FUTURE,
        {"age_s": Decimal(age_ns) / NS_PER_SECOND},
    )
    asking.require(
        "fresh",
        age_ns <= limit_s * NS_PER_SECOND,
        GateReason.STALE,
        {"age_s": Decimal(age_ns) / NS_PER_SECOND, "max_decision_age_s": limit_s},
    )
    asking.require(
        "still_valid",
        now_ns < intent.valid_until_ns,
        GateReason.EXPIRED,
        {"valid_until_ns": intent.valid_until_ns, "now_ns": now_ns},
    )


def throttles(asking: Asking, intent: Intent, book: Book, now_ns: int) -> None:
    """Orders an hour, the same order again, and what the firm lets an account ask in a day. All are counted
    from what was sent, so that a restart forgets none."""
    settings = book.settings
    of_hour = sum(1 for order in book.sent if order.ts_ns > now_ns - HOUR_NS)
    asking.require(
        "orders_per_hour",
        of_hour < settings.max_orders_per_hour,
        GateReason.TOO_MANY_ORDERS,
        {"of_hour": of_hour, "max_orders_per_hour": settings.max_orders_per_hour},
    )
    since_ns = now_ns - settings.repeat_window_s * NS_PER_SECOND
    repeats = sum(
        1
        for order in book.sent
        if order.ts_ns > since_ns and order.symbol == intent.symbol and order.side == intent.side
    )
    asking.require(
        "repeats",
        repeats < settings.max_repeats,
        GateReason.TOO_MANY_REPEATS,
        {"repeats": repeats, "max_repeats": settings.max_repeats, "window_s": settings.repeat_window_s},
    )
    limits = book.rules.request_limits
    of_day = limits.requests_per_day if isinstance(limits, RequestLimits) else None
    asking.require(
        "requests_of_day",
        of_day is None or book.requests_of_day < of_day,
        GateReason.TOO_MANY_REQUESTS,
        {"requests_of_day": book.requests_of_day, "limit": "none" if of_day is None else of_day},
    )


def no_news(asking: Asking, intent: Intent, book: Book, now_ns: int) -> None:
    """No entry where the firm's window forbids one. A market order fills now; a waiting one may fill until it
    expires, so its whole life has to be clear of windows that forbid pending orders."""
    window = book.rules.news
    if not isinstance(window, NewsWindow):
        asking.require("no_news", True, GateReason.NEWS_WINDOW, {"rule": window})
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
    known = book.news is not None and book.news.covers(first_ns, last_ns)
    asking.require(
        "news_known",
        known or not concerns,
        GateReason.NEWS_UNKNOWN,
        {"from": iso_utc(first_ns), "until": iso_utc(last_ns), "has_calendar": book.news is not None},
    )
    event = None
    if concerns and book.news is not None:
        specification = instruments().get(intent.symbol)
        currencies = (
            None if window.instruments == "all" or specification is None else specification.currencies
        )
        impacts = ("low", "medium", "high") if window.impacts == "unknown" else window.impacts
        event = book.news.first(first_ns, last_ns, currencies, impacts)
    asking.require(
        "no_news",
        event is None,
        GateReason.NEWS_WINDOW,
        {
            "event": "none" if event is None else f"{event.currency} {event.name} at {iso_utc(event.ts_ns)}",
            "minutes_before": window.minutes_before,
            "minutes_after": window.minutes_after,
        },
    )


def not_before_the_weekend(asking: Asking, intent: Intent, book: Book, now_ns: int) -> None:
    """Where nothing may be held over the weekend, nothing is opened shortly before it."""
    holding = book.rules.holding
    forbids = isinstance(holding, Holding) and holding.weekend is False
    margin_s = book.settings.flat_before_weekend_s
    later_ns = to_ns(from_ns(now_ns) + timedelta(seconds=margin_s))
    asking.require(
        "not_before_the_weekend",
        not forbids or not (market_is_closed(now_ns) or market_is_closed(later_ns)),
        GateReason.WEEKEND,
        {"is_forbidden": forbids, "flat_before_weekend_s": margin_s},
    )
