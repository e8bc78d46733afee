"""Parity: the same recorded days through a backtest's fold and through the daemon's, verdict by verdict.

The daemon's side is its core as it runs: `step`, its records spelled as JSON, folded as they are written,
folded again from their spelling alone, and carried over a snapshot. The backtest's side uses the domain only
(`judge`, `Ledger`, the fill rules) and knows no record. Both see the same bars, decisions and fills.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from random import Random
from typing import Any

import polars as pl

from hive_core.backtest.fills import BarPrices, exit_fill
from hive_core.calendars.trading_day import from_ns, to_ns
from hive_core.configuration.model import Account, Execution
from hive_core.contracts.base import decimal_text
from hive_core.contracts.broker import BrokerReport, ReportKind
from hive_core.contracts.decision import Decision, DecisionRule, Delivery, Origin, Vote
from hive_core.evidence.canonical import canonical_bytes
from hive_core.risk.account import (
    AccountState,
    Exposure,
    Quote,
    SentOrders,
    commission_of,
    equity,
    equity_marks,
    profit_at,
)
from hive_core.risk.gate import Judgement, judge
from hive_core.risk.gating.news_times import NewsTimes
from hive_core.risk.ledger import Closed, Ledger, Marked, Opened, at_time, happened, open_ledger
from hive_core.risk.rules.as_of import ASKABLE
from hive_core.risk.rules.phases import rules_on
from hive_core.risk.standing import breach, days_counted, floors_now, ledger_resets
from hive_exec.accounts import opening
from hive_exec.core.events import BarRanged, DecisionDue, Event, Flatten, Reported, Submit, TimePassed
from hive_exec.core.folding import apply
from hive_exec.core.records import RANK_BAR_CLOSED, RANK_DECISION, FeedPosition, Kind, Record
from hive_exec.core.snapshot import state_as_data, state_digest, state_from_data
from hive_exec.core.state import Bot, CellState, observe_quote
from hive_exec.core.step import step
from proofs.reporting import Claim

SYMBOL = "EURUSD"
HOUR_NS = 3_600 * 10**9
SPREAD = Decimal("0.00006")
GAP = Decimal("0.0600")
GAP_AT = 40
_PRICES = ("open", "high", "low", "close")
COMMISSION = Decimal(7)
DAYS = 52
PHASES = (
    "ftmo_2step_phase1",
    "ftmo_1step_phase1",
    "fundednext_stellar_2step_phase1",
    "the5ers_high_stakes_phase1",
    "topstep_combine_phase1",
    "apex_intraday_phase1",
    "fundingpips_2step_phase1",
    "e8_signature_phase1",
    "the5ers_hyper_growth_phase1",
    "conservative_example_phase1",
)
"""Floors from balance and equity, fixed and trailing by day, by close and by every high; ends and pauses."""
RISKS = (Decimal("0.5"), Decimal(2))
"""Percent a trade: an account that lives, and one that comes to its floors."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar and when it closed."""

    closed_ns: int
    prices: BarPrices[Decimal]

    @property
    def bid(self) -> Decimal:
        """The bid at its close."""
        return self.prices.bid_close

    @property
    def ask(self) -> Decimal:
        """The ask at its close."""
        return self.prices.ask_close


@dataclass(frozen=True, slots=True)
class Seen:
    """What a side says at one place: enough to differ in, little enough to print."""

    what: str
    at_ns: int
    told: tuple[str, ...]


@dataclass(slots=True)
class Trail:
    """Everything that a side said, in order, and how it ended."""

    seen: list[Seen] = field(default_factory=list)
    breached_ns: list[int] = field(default_factory=list)
    days: tuple[Any, ...] = ()
    counted: int = -1

    def say(self, what: str, at_ns: int, *told: object) -> None:
        """Note something."""
        self.seen.append(Seen(what, at_ns, tuple(str(one) for one in told)))


def bars_of(frame: pl.DataFrame) -> list[Bar]:
    """Bars of hours, each at its close; where one side was recorded the other is a spread away."""
    found: list[Bar] = []
    for ts, *prices in frame.iter_rows():
        sides = [None if price is None else Decimal(str(round(price, 5))) for price in prices]
        bids = [ask - SPREAD if bid is None else bid for bid, ask in zip(sides[:4], sides[4:], strict=True)]
        asks = [bid + SPREAD if ask is None else ask for bid, ask in zip(bids, sides[4:], strict=True)]
        found.append(Bar(to_ns(ts) + HOUR_NS, BarPrices(*bids, *asks)))
    return found


def decisions_of(bars: list[Bar], account: str, seed: int) -> dict[int, Decision]:
    """Decisions by the bar after whose close they are taken: either side, stops of 10 to 60 pips."""
    random = Random(seed)  # noqa: S311 (chance, no secret)
    made = {}
    for number in range(5, len(bars) - 1):
        if random.random() > 0.25:
            continue
        bar, is_buy = bars[number], random.random() < 0.5
        price = bar.ask if is_buy else bar.bid
        sign, pips = (1 if is_buy else -1), Decimal(random.randint(10, 60)) / 10_000
        ratios = (Decimal(1), Decimal(2))[: random.randint(1, 2)]
        made[number] = decision_of(
            account,
            bar.closed_ns,
            "buy" if is_buy else "sell",
            price,
            price - sign * pips,
            tuple(price + sign * pips * ratio for ratio in ratios),
        )
    return made


def decision_of(
    account: str, ts_ns: int, side: Any, price: Decimal, stop: Decimal, targets: tuple[Decimal, ...]
) -> Decision:
    """A room's call at the market, valid for an hour."""
    until_ns = ts_ns + HOUR_NS
    vote = Vote(
        kind="source",
        source="room",
        signal_id=f"sig_{ts_ns}",
        message_id=str(ts_ns),
        message_sha256="0" * 64,
        ts_event_ns=ts_ns,
        valid_until_ns=until_ns,
        side=side,
        order_type="market",
        base_weight=Decimal(1),
        weight=Decimal(1),
        entry=None,
        stop_loss=stop,
        take_profits=targets,
    )
    decision = Decision(
        decision_id="dec_0",
        account=account,
        symbol=SYMBOL,
        side=side,
        order_type="market",
        entry=None,
        market_bid=price,
        market_ask=price,
        reference_price=price,
        stop_loss=stop,
        take_profits=targets,
        ts_decided_ns=ts_ns,
        valid_until_ns=until_ns,
        rule=DecisionRule(
            vote_window_s=3_600, decay_half_life_s=None, threshold=Decimal(1), minimum_voices=1
        ),
        votes=(vote,),
        resolver_version="1",
        resolver_settings_sha256="0" * 64,
    )
    return decision.model_copy(update={"decision_id": decision.expected_id()})


QUIET = NewsTimes.of((), 0, 2**62, ("USD", "EUR"))
"""A calendar that is whole and shows nothing: what firms say of news holds nothing back here."""


@dataclass(slots=True)
class Live:
    """The daemon's core on a replay account, with a venue that fills at once and says everything in order."""

    settings: Account
    trail: Trail = field(default_factory=Trail)
    records: list[Record] = field(default_factory=list)
    state: CellState = field(default_factory=lambda: CellState("local", Execution()))
    told: int = 0
    is_flattening: bool = False

    @property
    def bot(self) -> Bot:
        """Its one account."""
        return self.state.bots[self.settings.name]

    def open(self, ts_ns: int) -> None:
        """The account begins."""
        self._write(opening(self.settings.name, self.settings, ts_ns))
        self.state.news = QUIET

    def _write(self, record: Record) -> None:
        spelled = Record.from_data(json.loads(canonical_bytes(record.as_data())))
        apply(self.state, spelled)
        self.records.append(spelled)

    def _take(self, event: Event, at: FeedPosition) -> list[Record]:
        records, effects = step(self.state, event, at)
        for record in records:
            self._write(record)
        for effect in effects:
            if isinstance(effect, Flatten):
                self.is_flattening = True
            elif isinstance(effect, Submit):
                self._fill(effect, at)
        return records

    def _report(self, order_id: str, kind: ReportKind, at: FeedPosition, **more: Any) -> None:
        self.told += 1
        report = BrokerReport(
            account=self.settings.name,
            client_order_id=order_id,
            kind=kind,
            execution_id=f"exec_{self.told}",
            ts_ns=at[0],
            reason="because",
            **more,
        )
        self._take(Reported(report, self.told), at)

    def _fill(self, submit: Submit, at: FeedPosition) -> None:
        order, quote = submit.order, self.bot.account.quotes[SYMBOL]
        price = quote.ask if order.side == "buy" else quote.bid
        self._report(order.client_order_id, ReportKind.ACCEPTED, at)
        commission = commission_of(order.lots, COMMISSION)
        self._report(
            order.client_order_id,
            ReportKind.FILLED,
            at,
            price=price,
            lots=order.lots,
            commission=commission,
        )

    def bar(self, bar: Bar) -> None:
        """A bar closed: marks, exits inside it, and what a breach asks for."""
        at = (bar.closed_ns, RANK_BAR_CLOSED, SYMBOL)
        self._take(TimePassed(self.settings.name), at)
        before = len(self.records)
        self._take(BarRanged(self.settings.name, SYMBOL, bar.prices), at)
        for line in [one for one in self.bot.orders.values() if one.open_lots]:
            leaving = exit_fill(line.order.side, line.stop, line.target, bar.prices, open_at_start=True)
            if leaving is not None or self.is_flattening:
                closing = bar.bid if line.order.side == "buy" else bar.ask
                price = closing if leaving is None else leaving.price
                self._report(
                    line.order.client_order_id,
                    ReportKind.CLOSED,
                    at,
                    price=price,
                    lots=line.open_lots,
                    commission=Decimal(0),
                )
        self.is_flattening = False
        observe_quote(self.bot, SYMBOL, bar.bid, bar.ask, bar.closed_ns)
        for record in self.records[before:]:
            if record.kind is Kind.EQUITY_MARKED:
                body = record.body
                self.trail.say("mark", at[0], *(body[name] for name in _MARKED))
            if record.kind is Kind.ACCOUNT_BREACHED:
                self.trail.breached_ns.append(at[0])
                self.trail.say("breach", at[0], record.body["rule"])

    def decide(self, decision: Decision) -> None:
        """A decision is due."""
        at = (decision.ts_decided_ns, RANK_DECISION, decision.decision_id)
        origin = Origin(run_id="run", partition="2017-01-01", data_sha256="0" * 64)
        delivery = Delivery(decision=decision, origin=origin)
        body = {"decision_id": decision.decision_id, "delivery": delivery.model_dump(mode="json")}
        self._write(Record(self.settings.name, Kind.DECISION_RECEIVED, at, body))
        self._take(TimePassed(self.settings.name), at)
        records = self._take(DecisionDue(self.settings.name, decision.decision_id), at)
        for record in records:
            if record.kind in (Kind.ORDER_INTENDED, Kind.DECISION_DENIED):
                order = record.body.get("order", {})
                lots = order.get("lots", "0")
                checks = json.dumps(record.body["checks"], sort_keys=True)
                self.trail.say("verdict", at[0], record.body.get("reason_code"), lots, checks)

    def end(self, phase: str) -> Trail:
        """What is left to compare at the end."""
        _end(self.trail, self.bot.account.ledger, phase)
        return self.trail

    def folds(self) -> list[str]:
        """Digests of the state, of its records folded anew, and of it carried over a snapshot."""
        again = CellState("local", Execution())
        for record in self.records:
            apply(again, record)
        carried = state_from_data(json.loads(canonical_bytes(state_as_data(self.state))), Execution())
        return [state_digest(one) for one in (self.state, again, carried)]


_MARKED = ("balance", "equity", "equity_low", "equity_high", "daily_floor", "maximum_floor", "trading_day")


@dataclass(slots=True)
class Backtest:
    """The same account by the domain alone. `commission` and `shift_ns` are its planted faults."""

    settings: Account
    commission: Decimal = COMMISSION
    shift_ns: int = 0
    trail: Trail = field(default_factory=Trail)
    state: AccountState = field(init=False)
    opened_ns: dict[str, int] = field(default_factory=dict)
    number: int = 0

    def open(self, ts_ns: int) -> None:
        """The account begins with its day."""
        name = self.settings.rule_pack
        resets = ledger_resets(rules_on(name, from_ns(ts_ns).date()))
        days = resets[0].trading_day
        begun_ns = days.start_ns(days.day_of(ts_ns))
        ledger = open_ledger(self.settings.initial_balance, resets, begun_ns)
        self.state = AccountState(self.settings.name, self.settings.currency, ledger)

    @property
    def rules(self) -> Any:
        """Those of the day."""
        return rules_on(self.settings.rule_pack, self.state.trading_day)

    def _happened(self, event: Any) -> None:
        self.state.ledger = happened(self.state.ledger, event)

    def _until(self, ts_ns: int) -> None:
        """Resets that passed; what stands open is marked just before the last of them."""
        ledger = self.state.ledger
        passed = [
            reset.trading_day.start_ns(reset.trading_day.day_of(ts_ns))
            for reset, at in zip(ledger.resets, ledger.next_reset_ns, strict=True)
            if at + self.shift_ns <= ts_ns
        ]
        if not passed:
            return
        day = self.state.trading_day
        if ledger.ts_ns < max(passed):
            worth = equity(self.state)
            if worth != ledger.equity:
                self._happened(Marked(max(ledger.ts_ns, max(passed) - 1), worth))
            self.state.ledger = at_time(self.state.ledger, max(passed))
        if self.state.trading_day != day:
            self.state.requests_of_day = 0
        if self.state.paused_until_ns is not None and max(passed) >= self.state.paused_until_ns:
            self.state.paused_until_ns = self.state.breached_rule = None

    def bar(self, bar: Bar) -> None:
        """A bar closed."""
        inside_ns = bar.closed_ns - 1
        self._until(inside_ns)
        state, is_flattening = self.state, False
        if state.open_positions():
            low, high, last = equity_marks(state, SYMBOL, bar.prices)
            for worth in (high, low):
                self._happened(Marked(inside_ns, worth))
            floors = floors_now(self.rules, state.ledger)
            numbers = (state.balance, last, low, high, floors.daily, floors.maximum)
            self.trail.say("mark", bar.closed_ns, *map(_plain, numbers), state.trading_day)
            is_flattening = self._touched(bar.closed_ns)
            self._happened(Marked(inside_ns, last))
        for key, one in list(state.exposures.items()):
            leaving = exit_fill(one.side, *one.exits, bar.prices, open_at_start=True)
            if leaving is None and not is_flattening:
                continue
            closing = bar.bid if one.side == "buy" else bar.ask
            profit = profit_at(state, one, closing if leaving is None else leaving.price)
            del state.exposures[key]
            self._happened(Closed(inside_ns, self.opened_ns[key], profit))
            if not state.exposures:
                marked, state.ledger = state.ledger, happened(state.ledger, Marked(inside_ns, state.balance))
                self._touched(bar.closed_ns)
                state.ledger = marked  # a look, and no mark of its own
        state.quotes[SYMBOL] = Quote(bar.bid, bar.ask, bar.closed_ns)

    def _touched(self, at_ns: int) -> bool:
        """Whether the account comes to a floor here, and what follows from that."""
        state, rules = self.state, self.rules
        touched = None if state.breached_rule else breach(rules, state.ledger)
        if touched is None:
            return False
        self.trail.breached_ns.append(at_ns)
        self.trail.say("breach", at_ns, touched)
        state.breached_rule = touched
        limit = rules.daily_loss if touched == "daily_loss" else rules.maximum_loss
        if limit.effect == "pause":
            state.paused_until_ns = max(state.ledger.next_reset_ns)
        return True

    def decide(self, decision: Decision) -> None:
        """A decision is due."""
        state, now_ns = self.state, decision.ts_decided_ns
        self._until(now_ns)
        verdict = judge(decision, state, self.settings, self.rules, now_ns, news=QUIET)
        checks = json.dumps([one.as_body() for one in verdict.findings], sort_keys=True)
        if verdict.denial is not None:
            self.trail.say("verdict", now_ns, verdict.denial.value, "0", checks)
            return
        self._trade(decision, verdict, checks)

    def _trade(self, decision: Decision, verdict: Judgement, checks: str) -> None:
        state, now_ns = self.state, decision.ts_decided_ns
        quote = state.quotes[SYMBOL]
        price = quote.ask if decision.side == "buy" else quote.bid
        for vote in decision.votes:
            state.traded_signals[vote.signal_id] = decision.decision_id
        state.sent = [one for one in state.sent if one.ts_ns > now_ns - HOUR_NS]
        state.sent.append(SentOrders(now_ns, SYMBOL, decision.side, len(verdict.legs)))
        state.requests_of_day += len(verdict.legs)
        for leg in verdict.legs:
            self.number += 1
            key = f"{self.number:06d}"
            self.trail.say("verdict", now_ns, None, decimal_text(leg.lots), checks)
            self._happened(Opened(now_ns, commission_of(leg.lots, self.commission)))
            self.opened_ns[key] = now_ns
            state.exposures[key] = Exposure(
                key, SYMBOL, decision.side, leg.lots, price, decision.stop_loss, leg.take_profit, True
            )

    def end(self, phase: str) -> Trail:
        """What is left to compare at the end."""
        _end(self.trail, self.state.ledger, phase)
        return self.trail


def _plain(value: Decimal | None) -> str:
    return "None" if value is None else decimal_text(value)


def _end(trail: Trail, ledger: Ledger, phase: str) -> None:
    rules = rules_on(phase, ledger.current_day.day)
    trail.days = (*ledger.days, ledger.current_day)
    if not isinstance(rules.minimum_days, str) and rules.minimum_days.counts != "unknown":
        trail.counted = days_counted(rules.minimum_days, ledger)


def run(bars: list[Bar], side: Live | Backtest, seed: int) -> None:
    """Bars and decisions, in order."""
    side.open(bars[0].closed_ns)
    decisions = decisions_of(bars, side.settings.name, seed)
    for number, bar in enumerate(bars):
        side.bar(bar)
        if number in decisions:
            side.decide(decisions[number])


def settings_of(phase: str, risk: Decimal) -> Account:
    """A replay account under a phase's rules."""
    return Account(
        name="parity",
        mode="replay",
        sources=("*",),
        own_sources=("*",),
        rule_pack=phase,
        risk_per_trade_pct=risk,
        commission_per_lot=COMMISSION,
        accepted_unknowns=ASKABLE,
        max_entry_slippage_r=Decimal("0.1"),
    )


def compared(
    bars: list[Bar],
    seed: int,
    make: Callable[[Account], Backtest] = Backtest,
    phases: Sequence[str] = PHASES,
) -> dict[str, int]:
    """How much was compared over phases at every risk, and how much of it differs."""
    found = dict.fromkeys(
        ("verdicts", "orders", "marks", "breaches", "days", "folds", "differences", "other folds"), 0
    )
    for phase in phases:
        for risk in RISKS:
            settings = settings_of(phase, risk)
            live, backtest = Live(settings), make(settings)
            run(bars, live, seed)
            run(bars, backtest, seed)
            one, other = live.end(phase), backtest.end(phase)
            found["verdicts"] += sum(seen.what == "verdict" for seen in one.seen)
            found["orders"] += sum(seen.what == "verdict" and seen.told[0] == "None" for seen in one.seen)
            found["marks"] += sum(seen.what == "mark" for seen in one.seen)
            found["breaches"] += len(one.breached_ns)
            found["days"] += len(one.days)
            found["folds"] += 3
            found["differences"] += _differences(one, other)
            found["other folds"] += len(set(live.folds())) - 1
    return found


def _differences(one: Trail, other: Trail) -> int:
    pairs = sum(a != b for a, b in zip(one.seen, other.seen, strict=False))
    lengths = abs(len(one.seen) - len(other.seen))
    ends = (one.breached_ns != other.breached_ns) + (one.days != other.days) + (one.counted != other.counted)
    return pairs + lengths + ends


def recorded_bars() -> list[Bar]:
    """The hours of `DAYS` trading days of EURUSD, as the samples have them."""
    from hive_core.evidence.canonical import sha256_hex
    from hive_core.market.embedded import embedded_eurusd_h1, embedded_eurusd_h1_declaration
    from hive_core.market.parse import parse_bars

    payload = embedded_eurusd_h1()
    parsed = parse_bars(payload, embedded_eurusd_h1_declaration(), landing_sha256=sha256_hex(payload)).frame
    return bars_of(last_days(parsed, DAYS))


def with_a_gap(bars: list[Bar], gap: Decimal = GAP) -> list[Bar]:
    """The same bars, lower by a gap from the second day on: without one beyond its buffer no account of the
    gate's comes to a floor, and there would be no breach to compare. One to each side loses to every book."""
    fallen = [
        replace(bar, prices=BarPrices(*(price - gap for price in _fields_of(bar.prices))))
        for bar in bars[GAP_AT:]
    ]
    return bars[:GAP_AT] + fallen


def _fields_of(prices: BarPrices[Decimal]) -> list[Decimal]:
    return [getattr(prices, f"{side}_{name}") for side in ("bid", "ask") for name in _PRICES]


def last_days(frame: pl.DataFrame, days: int) -> pl.DataFrame:
    """The end of each bar with its prices, over the last days on which there were any."""
    wanted = frame["ts_open"].dt.date().unique().sort().tail(days)
    return (
        frame.filter(pl.col("ts_open").dt.date().is_in(wanted.implode()))
        .sort("ts_open")
        .select("ts_open", *(f"{side}_{name}" for side in ("bid", "ask") for name in _PRICES))
    )


def parity_claims(seed: int) -> Iterable[Claim]:
    """The claims, with faults that have to be found."""
    bars = recorded_bars()
    days = len({from_ns(bar.closed_ns).date() for bar in bars})
    found = compared(bars, seed)
    for gap in (GAP, -GAP):
        for name, number in compared(with_a_gap(bars, gap), seed).items():
            found[name] += number
    told = ", ".join(f"{number:,} {name}" for name, number in found.items() if "fold" not in name)
    yield Claim(
        f"{len(PHASES)} phases x {len(RISKS)} risks over {days} recorded days, as they were and with a gap of"
        " 600 pips to either side: backtest and daemon give the same verdicts with the same numbers, floors"
        " at every mark, breach instants and day results",
        "0 differences",
        told,
        found["differences"] == 0 and found["orders"] > 0 and found["breaches"] > 0,
        found["verdicts"] + found["marks"],
    )
    yield Claim(
        "the daemon's state is that of its records folded anew, and of a snapshot of it",
        "0 other",
        f"{found['other folds']} other of {found['folds']} folds",
        found["other folds"] == 0,
        found["folds"],
    )
    for fault, make in FAULTS.items():
        broken = compared(bars, seed, make, PHASES[:2])["differences"]
        yield Claim(f"parity finds {fault}", "more than 0", f"{broken:,} differences", broken > 0, 1)


FAULTS: dict[str, Callable[[Account], Backtest]] = {
    "a commission that is a cent a lot off": lambda account: Backtest(
        account, commission=COMMISSION + Decimal("0.01")
    ),
    "a reset that comes an hour late": lambda account: Backtest(account, shift_ns=HOUR_NS),
}
