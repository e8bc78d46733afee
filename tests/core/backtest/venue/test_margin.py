"""Margin by figures computed by hand: enough or not, the stop-out, and what a netting account saves."""

from __future__ import annotations

from decimal import Decimal

import pytest
from venue_bench import VenueBench, an_order, told

from hive_core.backtest.venue.terms import Terms
from hive_core.backtest.venue.views import snapshot_of
from hive_core.configuration.broker_paper import Margin, PaperVenueSettings

D = Decimal


def margin_bench(*, leverage: str = "30", is_hedging: bool = True, balance: str = "10000", **levels: str):
    margin = Margin(leverage=D(leverage), **{name: D(value) for name, value in levels.items()})
    bench = VenueBench(PaperVenueSettings(margin=margin, is_hedging=is_hedging))
    bench.terms = Terms(bench.terms.settings, "USD", D(balance))
    return bench


def test_the_margin_of_a_lot_is_its_worth_by_the_leverage():
    """100,000 euros at 1.20 are 120,000 dollars; by 30 that is 4,000."""
    bench = margin_bench()
    bench.submit(an_order())
    bench.quote("1.19990", "1.20000")
    shown = snapshot_of(bench.book, bench.terms)
    assert (shown.balance, shown.margin_used, shown.equity) == (D(10_000), D("4000.00"), D("9990.00"))


@pytest.mark.parametrize(("balance", "kinds"), [("7999", ["filled", "rejected"]), ("8000", ["filled"] * 2)])
def test_an_order_without_margin_is_rejected(balance, kinds):
    bench = margin_bench(balance=balance)
    bench.submit(an_order(1))
    bench.submit(an_order(2))
    reports = bench.quote("1.20000", "1.20000")
    assert [report.kind.value for report in reports] == kinds
    assert [r.reason for r in reports if r.kind == "rejected"] == ["insufficient_margin"] * kinds.count(
        "rejected"
    )


def test_below_the_margin_call_level_nothing_new_is_opened():
    """Two lots need 8,000; at a level of 150 percent that takes 12,000 of equity."""
    for balance, kind in [("11999", "rejected"), ("12000", "filled")]:
        bench = margin_bench(balance=balance, margin_call_pct="150")
        bench.submit(an_order(1))
        bench.submit(an_order(2))
        assert bench.quote("1.20000", "1.20000")[1].kind == kind


def test_positions_are_closed_at_the_stop_out_the_largest_loss_first():
    """Three positions of 0.5 lots need 6,000 in sum, so the stop-out is at 3,000 of 10,000 dollars."""
    bench = margin_bench()
    entries = ["1.20000", "1.20200", "1.19800"]
    for number, entry in enumerate(entries, start=1):
        bench.submit(an_order(number, lots="0.5"))
        bench.quote(entry, entry)
    # At 1.15334 the losses are 2,333, 2,433 and 2,233: equity 3,001.
    assert bench.quote("1.15334", "1.15334") == []
    closed = bench.quote("1.15330", "1.15330")  # 2,335 + 2,435 + 2,235: equity 2,995
    assert told(closed) == [("closed", "ord_2", "1.15330", "stop_out")]
    # The other two need 3,996 and there are 2,995: above half of it.
    assert len(bench.book.open) == 2
    # Twenty dollars on: both are below, and the worse of the two goes.
    assert told(bench.quote("1.14330", "1.14330")) == [("closed", "ord_1", "1.14330", "stop_out")]


def test_a_hedging_account_pays_for_both_sides_and_a_netting_one_for_the_difference():
    for is_hedging, used in [(True, "8000.00"), (False, "0")]:
        bench = margin_bench(is_hedging=is_hedging)
        bench.submit(an_order(1))
        bench.submit(an_order(2, side="sell"))
        bench.quote("1.20000", "1.20000")
        assert snapshot_of(bench.book, bench.terms).margin_used == D(used)


def test_reducing_a_netting_position_needs_no_margin():
    bench = margin_bench(is_hedging=False, balance="4000")
    bench.submit(an_order(1))
    bench.submit(an_order(2, side="sell"))
    assert [r.reason for r in bench.quote("1.20000", "1.20000")] == ["market", "market", "netted", "netted"]
    bench.submit(an_order(3))
    bench.submit(an_order(4, side="sell", lots="2.01"))  # a lot and a cent of a lot beyond what is open
    kinds = [r.kind.value for r in bench.quote("1.20000", "1.20000")]
    assert kinds == ["filled", "rejected"]


def test_an_order_whose_currency_has_no_rate_is_refused_until_there_is_one():
    bench = margin_bench(balance="100000")
    bench.rate("USD", "1.08")
    refused = bench.submit(an_order(1, symbol="EURJPY"))
    assert [(r.kind.value, r.reason) for r in refused] == [("rejected", "no_conversion_rate")]
    bench.rate("JPY", "162")
    assert [r.kind.value for r in bench.submit(an_order(2, symbol="EURJPY"))] == ["accepted"]
    bench.quote("162.000", "162.010", symbol="EURJPY")
    # 100,000 x 162.010 yen are 108,006.67 dollars; by 30.
    assert snapshot_of(bench.book, bench.terms).margin_used == D("3600.22")


@pytest.mark.parametrize(
    ("currency", "balance", "settings", "told_"),
    [
        ("USD", None, {}, "belong together"),
        (None, D(1), {}, "belong together"),
        (None, None, {"commission_per_lot": D(1)}, "need the account's currency"),
        (None, None, {"margin": Margin(leverage=D(30))}, "need the account's currency"),
    ],
)
def test_money_needs_a_currency_and_a_balance(currency, balance, settings, told_):
    with pytest.raises(ValueError, match=told_):
        Terms(PaperVenueSettings(**settings), currency, balance)
