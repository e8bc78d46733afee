"""The state of the daemon: its controls, and a bot (one account, its rules and its orders) for each account.

What records do to it is `folding`'s, the only writer of journaled facts; quotes and rates are observed,
because they can be read again. Deciding is `step`'s.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from hive_core.configuration.model import Account, Execution
from hive_core.contracts.broker import VenuePosition
from hive_core.contracts.decision import Side
from hive_core.evidence.canonical import canonical_bytes
from hive_core.risk.account import AccountState, Quote
from hive_core.risk.gating.news_times import NewsTimes
from hive_core.risk.gating.risk_model import RiskModel
from hive_core.risk.ledger import open_ledger
from hive_core.risk.rules.as_of import RuleSet
from hive_core.risk.rules.phases import rules_on
from hive_core.risk.rules.values import NewsWindow
from hive_core.risk.standing import ledger_resets
from hive_exec.core.controls import Controls, Standing, standing_of
from hive_exec.core.orders import OrderLine
from hive_exec.core.records import FeedPosition, Kind, Record
from hive_exec.core.waiting import Pending, Review, joined

MAX_REMEMBERED = 20_000
"""How many decisions that are judged, signals that were traded and orders that are over are kept in memory,
of each account. What is older lies in the journal, and is long too old to be decided anew."""


@dataclass(frozen=True, slots=True)
class Simulated:
    """A leg that was not sent, carried on in thought."""

    decision_id: str
    leg: int
    symbol: str
    side: Side
    lots: Decimal
    entry: Decimal
    stop_loss: Decimal
    take_profit: Decimal


@dataclass(frozen=True, slots=True)
class Acceptance:
    """The first person's word that a venue's books are right, and the difference of which he said it."""

    principal: str
    difference: str


@dataclass(slots=True)
class Bot:
    """One account: settings, rules as of its day, money, what waits, orders, and its place in the feed."""

    settings: Account
    rules: RuleSet
    account: AccountState
    position: FeedPosition
    pending: dict[str, Pending] = field(default_factory=dict)
    decided: dict[str, str] = field(default_factory=dict)
    orders: dict[str, OrderLine] = field(default_factory=dict)
    denied: int = 0
    last_venue_seq: int = 0
    advance_until_ns: int = 0
    held: dict[str, Decimal | None] = field(default_factory=dict)
    """Decisions that wait for their venue, each with the worst price that was planned for it."""
    reviews: dict[str, Review] = field(default_factory=dict)
    simulated: dict[str, Simulated] = field(default_factory=dict)
    external: dict[str, VenuePosition] = field(default_factory=dict)
    """Positions that are not ours. They count, and are never touched."""
    accepting: dict[str, Acceptance] = field(default_factory=dict)
    """By instrument: who says that the venue is right to show nothing of it. Over once the books agree."""
    cursor: str = ""
    books_sha256: str = ""
    """What the venue's books said when they were last compared."""
    rejections: int = 0
    """Refusals of the venue in a row."""
    mode: str = "normal"
    marked_ns: int = 0

    @property
    def name(self) -> str:
        """The account's name."""
        return self.account.name

    @property
    def clock_ns(self) -> int:
        """How far this account's time has come."""
        return self.position[0]


@dataclass(slots=True)
class CellState:
    """Everything the core knows."""

    environment: str
    execution: Execution
    bots: dict[str, Bot] = field(default_factory=dict)
    controls: Controls = field(default_factory=Controls)
    epoch: int = 0
    news: NewsTimes | None = None
    """The calendar as it is known now. Observed, like quotes: it can be read again."""

    risk_model: RiskModel | None = None
    """How instruments move, as it is known now. Observed too."""

    @property
    def wants_risk_model(self) -> bool:
        """Whether the settings of an account ask how instruments move."""
        return any(bot.settings.asks_risk_model for bot in self.bots.values())

    @property
    def wants_news(self) -> bool:
        """Whether the firm of an account forbids to trade on news."""
        return any(isinstance(bot.rules.news, NewsWindow) for bot in self.bots.values())

    def standing(self, bot: Bot) -> Standing:
        """What a bot may do now. A replay lives in another time: nothing of today holds it back."""
        if bot.settings.mode == "replay":
            return Standing()
        return standing_of(
            self.controls,
            bot.name,
            has_broker=bot.settings.has_broker,
            reduced_share=self.execution.reduced_share,
        )


def open_bot(record: Record) -> Bot:
    """The bot that an `account_opened` record begins."""
    body = record.body
    settings = Account.model_validate_json(canonical_bytes(body["settings"]))
    rules = rules_on(settings.rule_pack, date.fromisoformat(body["trading_day"]))
    ledger = open_ledger(settings.initial_balance, ledger_resets(rules), record.at[0])
    account = AccountState(name=record.account, currency=settings.currency, ledger=ledger)
    return Bot(settings, rules, account, record.at)


def submitted_again(state: CellState, decision_id: str, callers: Iterable[str]) -> list[Record]:
    """What to write when a decision that is known is handed in again, of itself or by a signal that led to
    it: a record for everybody who had not done so yet, while it waits, wherever it was handed on to."""
    records = []
    for bot in state.bots.values():
        pending = bot.pending.get(decision_id)
        if pending is not None:
            known = len(pending.submitters)
            for name in joined(pending.submitters, callers)[known:]:
                body = {"decision_id": decision_id, "submitted_by": name}
                records.append(Record(bot.name, Kind.DECISION_SUBMITTED_AGAIN, bot.position, body))
    return records


def observe_quote(bot: Bot, symbol: str, bid: Decimal, ask: Decimal, ts_ns: int) -> None:
    """Remember the last quote of an instrument."""
    bot.account.quotes[symbol] = Quote(bid, ask, ts_ns)


def observe_rate(bot: Bot, currency: str, per_eur: Decimal, ts_ns: int) -> None:
    """Remember the last reference rate of a currency."""
    bot.account.rates_per_eur[currency] = (per_eur, ts_ns)


def remember(memory: dict[str, Any], key: str, value: Any) -> None:
    """Keep the last `MAX_REMEMBERED` of a kind."""
    memory[key] = value
    if len(memory) > MAX_REMEMBERED:
        del memory[next(iter(memory))]


def done_with(bot: Bot, decision_id: str, how: str) -> None:
    """A decision that waits for nothing any more."""
    for waiting in (bot.pending, bot.held, bot.reviews):
        waiting.pop(decision_id, None)
    remember(bot.decided, decision_id, how)


def with_settings(bot: Bot, settings: Account) -> Bot:
    """The bot under today's settings; money and history stay as they are."""
    return replace(bot, settings=settings, rules=rules_on(settings.rule_pack, bot.account.trading_day))
