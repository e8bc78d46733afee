"""What a person is shown of a decision that waits for him, and whether it still is so (R10, O7).

An approval is of what was shown and of no other: the content of the decision, the account as it was, and the
worst price at which the order may fill.
"""

from __future__ import annotations

from decimal import Decimal

from hive_core.backtest.fills import is_beyond_bound
from hive_core.calendars.trading_day import NS_PER_SECOND
from hive_core.contracts.base import decimal_text
from hive_core.contracts.decision import Decision
from hive_core.evidence.canonical import content_hash
from hive_exec.core.controls import Standing
from hive_exec.core.state import Bot
from hive_exec.core.waiting import Review


def inputs_sha256(bot: Bot, decision: Decision, standing: Standing) -> str:
    """Hash of what a decision is judged by, prices apart: its content, the settings, rules and money of the
    account, what it holds, and the share of size that is left to it. Prices move while a person looks; what
    they may do to the order is bounded by the worst price that he was shown."""
    return content_hash(
        {
            "decision": decision.sha256(),
            "settings": bot.settings.model_dump(mode="json"),
            "rules": bot.rules.model_dump(mode="json"),
            "share": standing.share,
            "is_shadow": standing.is_shadow,
            "balance": bot.account.balance,
            "at_resets": [
                [one.balance_at_reset, one.equity_at_reset, one.highest_closed_balance]
                for one in bot.account.ledger.anchors
            ],
            "breached": bot.account.breached_rule,
            "unprotected": bot.account.unprotected,
            "exposures": [
                [key, one.symbol, one.side, one.lots, one.entry, one.stop_loss, one.is_open]
                for key, one in sorted(bot.account.exposures.items())
            ],
        }
    )


def why_void(bot: Bot, decision: Decision, review: Review, standing: Standing, now_ns: int) -> str:
    """Why an approval does not hold any more, or ""."""
    if inputs_sha256(bot, decision, standing) != review.inputs_sha256:
        return "what it was judged by has changed"
    if review.price_bound is None:
        return "the journal does not say which worst price was shown"
    quote = bot.account.quotes.get(decision.symbol)
    if quote is None:
        return f"there is no quote of {decision.symbol}"
    age_s = (now_ns - quote.ts_ns) / NS_PER_SECOND
    if not 0 <= age_s <= bot.settings.quote_age_limit_s:
        return f"the quote of {decision.symbol} is {age_s:.0f} s old"
    price = quote.ask if decision.side == "buy" else quote.bid
    if is_beyond(decision, price, review.price_bound):
        shown = decimal_text(review.price_bound)
        return f"the market is at {decimal_text(price)}, beyond the {shown} that was shown"
    return ""


def is_beyond(decision: Decision, price: Decimal, bound: Decimal) -> bool:
    """Whether the market has left a decision's bound behind. A limit order bounds itself: it waits at the
    venue for its own price, and the market is always beyond that before it fills."""
    return decision.order_type != "limit" and is_beyond_bound(decision.side, price, bound)
