"""What records do to the money of an account: days, balance, marks, breaches, and what was sent.

The arithmetic is that of `hive_core.risk.ledger`, the same as for a backtest; here is which record is which
event of it.
"""

from __future__ import annotations

from bisect import bisect_right
from decimal import Decimal

from hive_core.contracts.order import BracketOrder
from hive_core.risk.account import SentOrders
from hive_core.risk.ledger import Charged, Closed, Corrected, Event, Found, Marked, Opened, at_time, happened
from hive_core.risk.rules.phases import rules_on
from hive_exec.core.orders import ExitMoney
from hive_exec.core.records import RANK_BAR_CLOSED, FeedPosition, Record
from hive_exec.core.state import Bot

_HOUR_NS = 3_600 * 10**9


def ledger_ns(bot: Bot, at: FeedPosition) -> int:
    """The instant of a record in the ledger's time. A bar that closes at a reset lies in the day before it,
    with every exit inside it; and what a venue tells late counts from when it was told."""
    return max(at[0] - 1 if at[1] == RANK_BAR_CLOSED else at[0], bot.account.ledger.ts_ns)


def _happened(bot: Bot, event: Event) -> None:
    bot.account.ledger = happened(bot.account.ledger, event)


def filled(bot: Bot, record: Record, commission: Decimal, *, is_first: bool) -> None:
    """An execution of an entry. Only the first opens a trade; the others cost."""
    ts_ns = ledger_ns(bot, record.at)
    _happened(bot, Opened(ts_ns, commission) if is_first else Charged(ts_ns, commission=commission))


def closed(bot: Bot, record: Record, money: ExitMoney, *, opened_ns: int | None) -> None:
    """An execution of an exit."""
    ts_ns = ledger_ns(bot, record.at)
    opened = ts_ns if opened_ns is None else opened_ns
    _happened(bot, Closed(ts_ns, opened, money.profit, money.commission, money.swap))


def corrected(bot: Bot, record: Record) -> None:
    """The venue's books say what the balance is. The first time this may be an account with a past."""
    account, balance, ts_ns = bot.account, Decimal(record.body["balance"]), ledger_ns(bot, record.at)
    is_first, account.is_found = not account.is_found, True
    if balance == account.balance:
        return
    if is_first and account.ledger.last_traded_ns is None:
        peak = bot.settings.peak_balance
        _happened(bot, Found(ts_ns, balance, balance if peak is None else peak))
        account.day_known_from_ns = max(account.ledger.next_reset_ns)
        account.is_peak_unknown = peak is None
        return
    _happened(bot, Corrected(ts_ns, balance))


def marked(bot: Bot, record: Record) -> None:
    """What equity was in a range of prices: its highest first, then its lowest, then the last. Nobody knows
    the order; this is the one that a trailing floor likes least."""
    ts_ns, body = ledger_ns(bot, record.at), record.body
    for name in ("equity_high", "equity_low", "equity"):
        if name in body:
            _happened(bot, Marked(ts_ns, Decimal(body[name])))


def day_opened(bot: Bot, record: Record) -> None:
    """A reset passed: anchors move, and the rules are those of the day."""
    account, equity = bot.account, Decimal(record.body["equity"])
    # Of several clocks an earlier one may have begun the day already when the last is marked.
    day = account.trading_day
    before_ns = max(record.at[0] - 1, account.ledger.ts_ns)
    if equity != account.ledger.equity and before_ns < record.at[0]:
        _happened(bot, Marked(before_ns, equity))
    account.ledger = at_time(account.ledger, max(record.at[0], account.ledger.ts_ns))
    if account.trading_day != day:
        account.requests_of_day = 0
        bot.rules = rules_on(bot.settings.rule_pack, account.trading_day)
    if account.paused_until_ns is not None and record.at[0] >= account.paused_until_ns:
        account.paused_until_ns = account.breached_rule = None


def breached(bot: Bot, record: Record) -> None:
    """A floor was touched: the account is over, or rests until the next reset."""
    account, body = bot.account, record.body
    account.breached_rule = body["rule"]
    account.paused_until_ns = body.get("paused_until_ns")
    account.strikes = body.get("strikes", account.strikes)


def sent(bot: Bot, order: BracketOrder, ts_ns: int) -> None:
    """An order leaves: it counts for the throttles, with the others of its decision."""
    account = bot.account
    if account.sent:  # who counts them relies on their order
        ts_ns = max(ts_ns, account.sent[-1].ts_ns)
    account.requests_of_day += 1
    since_ns = ts_ns - max(_HOUR_NS, bot.settings.repeat_window_s * 10**9)
    kept = account.sent[bisect_right(account.sent, since_ns, key=lambda one: one.ts_ns) :]
    if kept and kept[-1].decision_id == order.decision_id:
        last = kept[-1]
        kept[-1] = SentOrders(ts_ns, last.symbol, last.side, last.orders + 1, last.decision_id)
    else:
        kept.append(SentOrders(ts_ns, order.symbol, order.side, 1, order.decision_id))
    account.sent = kept
