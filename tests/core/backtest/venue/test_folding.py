"""Whatever happens, in any order and under any settings: the algebra of fills, money, and the fold."""

from __future__ import annotations

import json
from decimal import Decimal

from hypothesis import settings as run_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from venue_bench import SECOND, VenueBench, an_order

from hive_core.backtest.fills import BarPrices
from hive_core.backtest.venue.book import Book
from hive_core.backtest.venue.codec import book_data, book_of, fact_data, fact_of
from hive_core.backtest.venue.engine import step, take
from hive_core.backtest.venue.facts import Reported, SwapBooked, apply
from hive_core.backtest.venue.money import equity
from hive_core.backtest.venue.terms import Terms
from hive_core.configuration.broker_paper import (
    Margin,
    PaperVenueSettings,
    Slippage,
    Spread,
    SwapRate,
)
from hive_core.contracts.broker import ReportKind
from hive_core.evidence.canonical import canonical_bytes

D = Decimal
lots = st.integers(1, 120).map(lambda cents: str(D(cents) / 100))
ticks = st.integers(0, 60)
sides = st.sampled_from(["buy", "sell"])
numbers = st.integers(0, 1_000)

some_settings = st.builds(
    PaperVenueSettings,
    spread=st.builds(Spread, added_pips=st.sampled_from([D(0), D("1.3")])),
    slippage=st.builds(
        Slippage,
        fixed_pips=st.sampled_from([D(0), D("0.4")]),
        share_of_spread=st.sampled_from([D(0), D("0.5")]),
        random_pips=st.sampled_from([D(0), D(3)]),
    ),
    latency_ms=st.sampled_from([0, 0, 1_500]),
    latency_random_ms=st.sampled_from([0, 3_000]),
    liquidity_lots=st.sampled_from([None, D("0.25"), D("0.70")]),
    swap=st.sampled_from(
        [(), (SwapRate(symbol="EURUSD", long=D("-7.3"), short=D("2.2")),)],
    ),
    commission_per_lot=st.sampled_from([D(0), D("3.5")]),
    margin=st.sampled_from([None, Margin(leverage=D(30)), Margin(leverage=D(500))]),
    is_hedging=st.booleans(),
    minimum_stop_pips=st.sampled_from([D(0), D(2)]),
    seed=st.integers(0, 99),
)


def price(number: int) -> Decimal:
    return D("1.10000") + number * D("0.00020")


class Venue(RuleBasedStateMachine):
    """Random orders, requests and prices."""

    @initialize(settings=some_settings, deduplication=st.sampled_from(["always", "working", "never"]))
    def begin(self, settings: PaperVenueSettings, deduplication: str) -> None:
        self.bench = VenueBench(settings, deduplication=deduplication)
        self.bench.terms = Terms(settings, "USD", D(20_000), self.bench.terms.deduplication)
        self.place = 30
        self.last = 0

    @rule(
        repeats=st.sampled_from([False] * 9 + [True]),
        side=sides,
        kind=st.sampled_from(["market", "market", "limit", "stop"]),
        size=lots,
        away=st.integers(-8, 8),
        room=st.integers(1, 30),
        life=st.integers(1, 200),
    )
    def submit(self, **order) -> None:
        self.enter(**order)

    def enter(self, repeats, side, kind, size, away, room, life) -> None:
        sign, entry = 1 if side == "buy" else -1, self.place + (0 if kind == "market" else away)
        self.last += not (repeats and self.last)
        order = an_order(
            self.last,
            side=side,
            order_type=kind,
            lots=size,
            entry=None if kind == "market" else str(price(entry)),
            stop=str(price(entry - sign * room)),
            target=str(price(entry + sign * room)),
            submitted_ns=self.bench.now_ns,
            good_till_ns=self.bench.now_ns + life * SECOND,
        )
        self.bench.submit(order)

    @rule(
        side=sides,
        size=lots,
        room=st.integers(3, 30),
        moves=st.lists(st.integers(-4, 4), min_size=2, max_size=5),
    )
    def trade(self, side, size, room, moves) -> None:
        """An order at the market, and the prices after it."""
        self.enter(False, side, "market", size, 0, room, 200)
        for move in moves:
            self.move(move, 1, 1)

    @rule(move=st.integers(-6, 6), spread=st.integers(0, 2), wait=st.sampled_from([1, 1, 1, 1, 5, 90_000]))
    def quote(self, move, spread, wait) -> None:
        self.move(move, spread, wait)

    def move(self, move, spread, wait) -> None:
        place = self.place = min(max(self.place + move, 0), 60)
        at = self.bench.now_ns + wait * SECOND
        self.bench.quote(str(price(place)), str(price(place + spread)), ts_ns=at)

    @rule(moves=st.lists(st.integers(-5, 5), min_size=4, max_size=4), spread=st.integers(0, 2))
    def bar(self, moves, spread) -> None:
        low, *inside, high = sorted(min(max(self.place + move, 0), 60) for move in moves)
        self.place = inside[1]
        bids = [price(place) for place in (inside[0], high, low, inside[1])]
        asks = [price(place + spread) for place in (inside[0], high, low, inside[1])]
        opened = self.bench.now_ns
        self.bench.bar(BarPrices(*bids, *asks), opened, opened + 3 * SECOND)

    @rule(
        what=st.sampled_from(["cancel", "close", "close", "close", "modify", "modify", "flatten", "wait"]),
        number=numbers,
        size=st.none() | lots,
        levels=st.tuples(st.none() | st.integers(1, 12), st.none() | st.integers(1, 12)),
    )
    def ask(self, what, number, size, levels) -> None:
        bench, chosen = self.bench, number % (self.last + 1)
        match what:
            case "cancel":
                bench.cancel(chosen)
            case "close":
                bench.close(chosen, size, f"request-{number % 7}")
            case "modify":
                ours = [held.order.side for held in bench.book.open.values()]
                sign = -1 if ours[:1] == ["sell"] else 1
                stop, goal = (
                    None if room is None else str(price(self.place + way * sign * room))
                    for way, room in zip((-1, 1), levels, strict=True)
                )
                bench.modify(chosen, stop, goal)
            case "flatten":
                bench.flatten()
            case "wait":
                bench.wait(bench.now_ns + 7 * SECOND)

    def reports(self):
        return [fact for fact in self.bench.facts if isinstance(fact, Reported)]

    @invariant()
    def fills_never_exceed_the_order_and_the_position_is_their_fold(self) -> None:
        if not hasattr(self, "bench"):
            return
        ordered, filled, closed, ended = {}, {}, {}, {}
        for fact in self.reports():
            report, number = fact.report, fact.number
            if report.kind is ReportKind.ACCEPTED:
                ordered[number] = report.lots
            elif report.kind is ReportKind.FILLED:
                assert number not in ended
                filled[number] = filled.get(number, 0) + report.lots
                assert 0 < filled[number] <= ordered[number]
            elif report.kind is ReportKind.CLOSED:
                closed[number] = closed.get(number, 0) + report.lots
                assert 0 < closed[number] <= filled[number]
            elif number and report.kind in {ReportKind.CANCELLED, ReportKind.EXPIRED, ReportKind.REJECTED}:
                assert number not in ended
                ended[number] = report.lots
        book = self.bench.book
        for number, size in ordered.items():
            done, gone, over = filled.get(number, 0), closed.get(number, 0), ended.get(number, 0)
            position, working = book.open.get(number), book.working.get(number)
            assert (0 if position is None else position.lots) == done - gone
            assert (0 if working is None else working.lots) == size - done - over

    @invariant()
    def executions_are_told_once_and_in_order(self) -> None:
        if hasattr(self, "bench"):
            said = self.reports()
            assert [fact.seq for fact in said] == list(range(1, len(said) + 1))
            assert len({fact.report.execution_id for fact in said}) == len(said)

    @invariant()
    def money_comes_from_profits_less_costs_alone(self) -> None:
        if not hasattr(self, "bench") or self.bench.book.balance is None:
            return
        balance, swap = D(20_000), D(0)
        for fact in self.bench.facts:
            if isinstance(fact, SwapBooked):
                swap += fact.amount
            elif isinstance(fact, Reported):
                report = fact.report
                balance += (report.profit or 0) - (report.commission or 0) - (report.swap or 0)
        book = self.bench.book
        assert book.balance == balance
        settled = -sum((fact.report.swap or 0) for fact in self.reports())
        assert settled + sum(held.swap for held in book.open.values()) == swap
        # At the price of entry, with no costs but the spread, an account is never worth more than it was.
        if not book.open:
            assert equity(book, self.bench.terms) == book.balance

    @invariant()
    def a_netting_account_stands_on_one_side(self) -> None:
        if hasattr(self, "bench") and not self.bench.terms.settings.is_hedging:
            assert len({held.order.side for held in self.bench.book.open.values()}) <= 1

    def teardown(self) -> None:
        if not hasattr(self, "bench"):
            return
        bench = self.bench
        # The log read again gives the same book, through its data too.
        folded = Book("paper")
        for fact in bench.facts:
            apply(folded, fact_of(json.loads(canonical_bytes(fact_data(fact)))))
        assert book_data(folded) | {"quotes": 0, "rates": 0, "instant": 0, "unsaved_marks": 0} == book_data(
            bench.book
        ) | {"quotes": 0, "rates": 0, "instant": 0, "unsaved_marks": 0}
        # The same inputs give the same facts, also where the book was written down and read back each time.
        again, through_data = Book("paper"), Book("paper")
        said = []
        for given in bench.inputs:
            reports, after = step(through_data, bench.terms, given)
            known = after.known_ids
            through_data = book_of(json.loads(canonical_bytes(book_data(after))))
            through_data.known_ids = known
            assert [
                fact.report for fact in take(again, bench.terms, given) if isinstance(fact, Reported)
            ] == reports
            said += reports
        assert said == [fact.report for fact in self.reports()]
        assert book_data(through_data) == book_data(bench.book)


Venue.TestCase.settings = run_settings(max_examples=40, stateful_step_count=30, deadline=None)
TestVenue = Venue.TestCase


def test_a_crash_after_any_entry_goes_on_to_the_same_reports():
    """The book is folded from the log at every place where inputs left facts, and the rest is given again."""
    settings = PaperVenueSettings(
        slippage=Slippage(random_pips=D(2)),
        liquidity_lots=D("0.5"),
        swap=(SwapRate(symbol="EURUSD", long=D("-7.3"), short=D("2.2")),),
        margin=Margin(leverage=D(100)),
        is_hedging=False,
        latency_ms=1_500,
        seed=5,
    )
    bench = VenueBench(settings)
    for number in range(1, 31):
        side = "buy" if number % 3 else "sell"
        bench.submit(
            an_order(
                number,
                side=side,
                lots="0.8",
                order_type="market" if number % 2 else "stop",
                entry=None if number % 2 else str(price(number)),
            )
        )
        for place in (number, 40 - number, 2 * number):
            bench.quote(str(price(place)), str(price(place + 1)))
        if number % 4 == 0:
            bench.close(number - 1, "0.2", f"close-{number}")
        if number % 7 == 0:
            bench.modify(number - 2, stop=str(price(-20)))
        bench.quote(str(price(5)), str(price(6)), ts_ns=bench.now_ns + 40_000 * SECOND)
    said = [fact.report for fact in bench.facts if isinstance(fact, Reported)]
    assert len(said) > 80
    live, log = Book("paper"), []
    for place, given in enumerate(bench.inputs):
        facts = take(live, bench.terms, given)
        log += facts
        if not facts:
            continue
        folded = Book("paper")
        for fact in log:
            apply(folded, fact)
        assert book_data(folded) == book_data(live)
        before = [fact.report for fact in log if isinstance(fact, Reported)]
        rest = [
            fact.report
            for later in bench.inputs[place + 1 :]
            for fact in take(folded, bench.terms, later)
            if isinstance(fact, Reported)
        ]
        assert before + rest == said
