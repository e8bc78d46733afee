"""The gate itself: which rules are asked, in which order.

account, firm, time, market, news; then size, and what each rule leaves of it: lots, loss limits at the
worst, currencies, correlation, value at risk. The first denial ends it; reviews and reductions add up. Pure:
the same intent, book and instant have the same verdict.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from hive_core.contracts.reasons import DenialReason
from hive_core.risk.gating.account_rules import (
    account_not_breached,
    certain_enough,
    every_position_has_a_stop,
    firm_permits,
    history_known,
    loss_limits_known,
    rules_known,
    signals_not_traded_before,
)
from hive_core.risk.gating.asking import Asking, Denied
from hive_core.risk.gating.book import Book
from hive_core.risk.gating.intent import Intent
from hive_core.risk.gating.market_rules import market, planned_entry, worst_entry
from hive_core.risk.gating.portfolio_rules import correlation, currency_exposure, value_at_risk
from hive_core.risk.gating.size_rules import counts, loss_limits, lot_limits, sized, worst_of
from hive_core.risk.gating.time_rules import fresh, no_news, not_before_a_break, throttles
from hive_core.risk.gating.totals import per_lot
from hive_core.risk.gating.verdict import Verdict
from hive_core.risk.ledger import at_time
from hive_core.risk.rules.values import NoAmountForSize

Rule = Callable[[Asking, Intent, Book, int], None]

BEFORE_PRICES: tuple[Rule, ...] = (
    account_not_breached,
    every_position_has_a_stop,
    loss_limits_known,
    history_known,
    rules_known,
    firm_permits,
    signals_not_traded_before,
    fresh,
    throttles,
    no_news,
    not_before_a_break,
    certain_enough,
)


def check(intent: Intent, book: Book, now_ns: int) -> Verdict:
    """Judge an intent for an account at `now_ns`.

    Returns:
        the verdict; its `lots` are in whole lot steps, 0 where it is denied. A verdict of REVIEW holds the
        lots that a person may approve.

    Raises:
        EventOutOfOrder: the book is from after `now_ns`.
    """
    asking = Asking()
    try:
        for rule in BEFORE_PRICES:
            rule(asking, intent, book, now_ns)
        lots = _judge_size(asking, intent, book, now_ns)
    except Denied:
        lots = Decimal(0)
    return Verdict(tuple(asking.said), lots)


def _judge_size(asking: Asking, intent: Intent, book: Book, now_ns: int) -> Decimal:
    specification, quote = market(asking, intent, book, now_ns)
    planned = planned_entry(asking, intent, quote)
    counts(asking, intent, book)
    settings = book.settings
    ledger = book.ledger
    if not ledger.ts_ns <= now_ns < min(ledger.next_reset_ns):
        ledger = at_time(ledger, now_ns)
        book = replace(book, ledger=ledger)
    bound = worst_entry(intent, planned, settings, specification)
    far = max if intent.side == "buy" else min
    part = per_lot(
        specification,
        intent.side,
        bound,
        intent.stop_loss,
        far(intent.take_profits),
        settings.slippage_buffer_pips,
    )
    worst = worst_of(asking, book, part, specification.quote, now_ns, len(intent.take_profits))
    rate = book.rates.worst(specification.quote, now_ns)
    lots = sized(asking, intent, book, specification, planned, rate)
    lots = lot_limits(asking, book, specification, worst, lots)
    try:
        lots = loss_limits(asking, book, ledger, specification, worst, lots)
    except NoAmountForSize as error:
        asking.require("loss_limits_known", False, DenialReason.RULE_UNKNOWN, {"problem": str(error)})
    lots = currency_exposure(asking, book, specification, part, lots, now_ns)
    correlation(asking, intent, book)
    return value_at_risk(asking, intent, book, specification, part, lots, now_ns)
