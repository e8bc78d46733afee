"""Rules on prices: instrument, quote, collar, and where stop and targets lie."""

from __future__ import annotations

from decimal import Decimal

from hive_core.backtest.fills import price_bound
from hive_core.calendars.trading_day import NS_PER_SECOND
from hive_core.contracts.reasons import DenialReason
from hive_core.instruments.specification import InstrumentSpecification, instruments
from hive_core.risk.account import Quote
from hive_core.risk.gating.asking import Asking
from hive_core.risk.gating.book import Book
from hive_core.risk.gating.intent import Intent
from hive_core.risk.gating.settings import GateSettings


def market(asking: Asking, intent: Intent, book: Book, now_ns: int) -> tuple[InstrumentSpecification, Quote]:
    """A known instrument with a fresh quote that is not crossed, near what the decision was made on."""
    specification = instruments().get(intent.symbol)
    asking.require(
        "instrument_known",
        specification is not None,
        DenialReason.UNKNOWN_INSTRUMENT,
        {"symbol": intent.symbol},
    )
    quote = book.quotes.get(intent.symbol)
    asking.require("quote_known", quote is not None, DenialReason.NO_QUOTE, {"symbol": intent.symbol})
    if specification is None or quote is None:
        raise AssertionError("unreachable: the two rules above deny")
    age_ns, limit_s = now_ns - quote.ts_ns, book.settings.max_quote_age_s
    asking.require(
        "quote_fresh",
        0 <= age_ns <= limit_s * NS_PER_SECOND,
        DenialReason.QUOTE_TOO_OLD,
        {"quote_age_s": Decimal(age_ns) / NS_PER_SECOND, "max_quote_age_s": limit_s},
    )
    asking.require(
        "quote_not_crossed",
        0 < quote.bid <= quote.ask,
        DenialReason.QUOTE_CROSSED,
        {"bid": quote.bid, "ask": quote.ask},
    )
    mid, collar = quote.mid, book.settings.price_collar_pct
    entry_off_pct = off_pct = abs(intent.reference_price - mid) / mid * 100
    if intent.entry is not None:
        entry_off_pct = abs(intent.entry - mid) / mid * 100
    asking.require(
        "price_collar",
        off_pct <= collar and entry_off_pct <= collar,
        DenialReason.PRICE_COLLAR,
        {
            "bid": quote.bid,
            "ask": quote.ask,
            "reference_off_pct": off_pct,
            "entry_off_pct": entry_off_pct,
            "price_collar_pct": collar,
        },
    )
    return specification, quote


def planned_entry(asking: Asking, intent: Intent, quote: Quote) -> Decimal:
    """The entry to plan with: the price of a limit order; of a market or stop order where it would fill now
    or the price that it names, whichever is farther from the stop. Stop and targets have sides."""
    is_buy = intent.side == "buy"
    entry = quote.ask if is_buy else quote.bid
    if intent.entry is not None and intent.order_type == "limit":
        entry = intent.entry
    elif intent.entry is not None:
        entry = max(entry, intent.entry) if is_buy else min(entry, intent.entry)
    stop = intent.stop_loss
    asking.require(
        "stop_on_right_side",
        stop < entry if is_buy else stop > entry,
        DenialReason.STOP_ON_WRONG_SIDE,
        {"side": intent.side, "entry": entry, "stop_loss": stop},
    )
    targets = intent.take_profits
    nearest = (min(targets) if is_buy else max(targets)) if targets else entry
    asking.require(
        "targets_on_right_side",
        nearest > entry if is_buy else nearest < entry,
        DenialReason.TARGET_ON_WRONG_SIDE,
        {"side": intent.side, "entry": entry, "take_profits": targets},
    )
    spread, stop_distance = quote.ask - quote.bid, abs(entry - stop)
    asking.require(
        "stop_outside_spread",
        stop_distance > spread,
        DenialReason.STOP_INSIDE_SPREAD,
        {"stop_distance": stop_distance, "spread": spread},
    )
    return entry


def worst_entry(
    intent: Intent, planned: Decimal, settings: GateSettings, specification: InstrumentSpecification
) -> Decimal:
    """The worst price at which the venue may fill the entry; a limit order bounds itself."""
    if intent.order_type == "limit":
        return planned
    bound = price_bound(planned, intent.stop_loss, settings.max_entry_slippage_r)
    # A stop at thrice the price would bound a sale below zero, where nothing is ever dealt.
    return max(specification.round_to_tick(bound), specification.tick)
