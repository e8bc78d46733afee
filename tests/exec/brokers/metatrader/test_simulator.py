"""The simulated venue itself: that it refuses what the documentation says, and moves money as it says."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hive_exec.brokers.metatrader.constants import Execution, Filling, Lifetime, TradeMode
from hive_exec.brokers.metatrader.retcodes import Retcode
from hive_exec.simulators.metatrader.book import Books, Instrument
from hive_exec.simulators.metatrader.checks import Asked, refusal
from hive_exec.simulators.metatrader.faults import Fault, FaultKind, FaultScript
from hive_exec.simulators.metatrader.package import SimulatedPackage
from hive_exec.simulators.metatrader.server import TradeServer
from hive_exec.simulators.metatrader.state import load, save

START_MS = 1_768_392_000_000
BUY, SELL, BUY_LIMIT = 0, 1, 2


def a_venue(*, is_hedging=True, **changes):
    instrument = Instrument("EURUSD", **{"commission_per_lot": Decimal(0), **changes})
    venue = TradeServer(Books(is_hedging=is_hedging, time_ms=START_MS, instruments={"EURUSD": instrument}))
    venue.quote("EURUSD", Decimal("1.10000"), Decimal("1.10010"), START_MS)
    return venue


def asked(**changes):
    return Asked(**{"action": 1, "symbol": "EURUSD", "volume": Decimal("0.10"), "kind": BUY, **changes})


def a_limit(**changes):
    pending = {"action": 5, "kind": BUY_LIMIT, "price": Decimal("1.09900"), "filling": Filling.RETURN}
    return asked(**{**pending, "type_time": Lifetime.SPECIFIED, "expiration_s": 2**40, **changes})


@pytest.mark.parametrize(
    ("request_", "conditions", "code"),
    [
        (asked(action=3), {}, Retcode.INVALID),
        (asked(symbol="GBPUSD"), {}, Retcode.INVALID),
        (asked(kind=BUY_LIMIT), {}, Retcode.INVALID_ORDER),
        (a_limit(kind=BUY), {}, Retcode.INVALID_ORDER),
        (a_limit(symbol="GBPUSD"), {}, Retcode.INVALID),
        (asked(), {"trade_mode": TradeMode.DISABLED}, Retcode.TRADE_DISABLED),
        (asked(), {"trade_mode": TradeMode.CLOSE_ONLY}, Retcode.CLOSE_ONLY),
        (asked(), {"trade_mode": TradeMode.SHORT_ONLY}, Retcode.SHORT_ONLY),
        (asked(kind=SELL), {"trade_mode": TradeMode.LONG_ONLY}, Retcode.LONG_ONLY),
        (asked(), {"is_open": False}, Retcode.MARKET_CLOSED),
        (asked(volume=Decimal("0.001")), {}, Retcode.INVALID_VOLUME),
        (asked(volume=Decimal(101)), {}, Retcode.INVALID_VOLUME),
        (asked(volume=Decimal("0.015")), {}, Retcode.INVALID_VOLUME),
        (asked(filling=Filling.RETURN), {}, Retcode.INVALID_FILL),
        (asked(filling=Filling.FOK), {"filling_flags": 2}, Retcode.INVALID_FILL),
        (asked(price=Decimal("1.09990")), {"execution": Execution.INSTANT}, Retcode.REQUOTE),
        (asked(stop_loss=Decimal("1.10000")), {}, Retcode.INVALID_STOPS),
        (asked(stop_loss=Decimal("1.09999")), {"stops_level": 2}, Retcode.INVALID_STOPS),
        (asked(take_profit=Decimal("1.09999")), {}, Retcode.INVALID_STOPS),
        (asked(volume=Decimal(100)), {}, Retcode.NO_MONEY),
        (asked(position=5), {}, Retcode.POSITION_CLOSED),
        (a_limit(price=Decimal("1.10020")), {}, Retcode.INVALID_PRICE),
        (a_limit(price=Decimal("1.099001")), {}, Retcode.INVALID_PRICE),
        (a_limit(expiration_s=1), {}, Retcode.INVALID_EXPIRATION),
        (a_limit(), {"lifetime_flags": 3}, Retcode.INVALID_EXPIRATION),
        (a_limit(type_time=9), {}, Retcode.INVALID_EXPIRATION),
        (asked(action=6, position=5), {}, Retcode.POSITION_CLOSED),
        (asked(action=7, order=5), {}, Retcode.INVALID),
        (asked(action=8, order=5), {}, Retcode.INVALID),
        (asked(action=10, position=5, position_by=6), {}, Retcode.POSITION_CLOSED),
    ],
)
def test_refused_as_documented(request_, conditions, code):
    venue = a_venue(**{key: value for key, value in conditions.items() if key != "is_open"})
    venue.books.instruments["EURUSD"].is_open = conditions.get("is_open", True)
    assert venue.do(request_).retcode == code
    assert venue.books.positions == {}


def test_without_a_quote_there_is_no_price():
    venue = TradeServer(Books(instruments={"EURUSD": Instrument("EURUSD")}))
    assert venue.do(asked()).retcode == Retcode.PRICE_OFF


@pytest.mark.parametrize(("points", "is_taken"), [(10, True), (9, False)])
def test_instant_execution_keeps_to_the_deviation(points, is_taken):
    venue = a_venue(execution=Execution.INSTANT)
    done = venue.do(asked(price=Decimal("1.10000"), deviation=points))
    assert (done.retcode == Retcode.DONE) == is_taken


def test_what_stands_is_changed_removed_and_closed_by_the_rules():
    venue = a_venue()
    long = venue.do(asked(stop_loss=Decimal("1.09000"))).order
    work = venue.do(a_limit()).order
    same = asked(action=6, position=long, stop_loss=Decimal("1.09000"))
    assert venue.do(same).retcode == Retcode.NO_CHANGES
    unchanged = a_limit(action=7, order=work)
    assert venue.do(unchanged).retcode == Retcode.NO_CHANGES
    assert venue.do(asked(kind=BUY, position=long)).retcode == Retcode.INVALID
    too_much = asked(kind=SELL, position=long, volume=Decimal("0.20"))
    assert venue.do(too_much).retcode == Retcode.INVALID_CLOSE_VOLUME
    venue.books.instruments["EURUSD"].freeze_level = 2_000
    for change in (
        asked(action=6, position=long, stop_loss=Decimal("1.08000")),
        a_limit(action=7, order=work, price=Decimal("1.09800")),
        asked(action=8, order=work),
    ):
        assert venue.do(change).retcode == Retcode.FROZEN
    venue.books.instruments["EURUSD"].is_open = False
    for change in (
        asked(action=6, position=long, stop_loss=Decimal("1.08000")),
        a_limit(action=7, order=work, price=Decimal("1.09800")),
        asked(action=8, order=work),
    ):
        assert venue.do(change).retcode == Retcode.MARKET_CLOSED


def test_a_netting_account_averages_reduces_and_turns():
    venue = a_venue(is_hedging=False)
    venue.do(asked())
    venue.quote("EURUSD", Decimal("1.10090"), Decimal("1.10110"), START_MS + 1)
    venue.do(asked())
    (held,) = venue.books.positions.values()
    assert (held.volume, held.price_open) == (Decimal("0.20"), Decimal("1.10060"))
    venue.do(asked(kind=SELL, volume=Decimal("0.05")))
    assert held.volume == Decimal("0.15")
    venue.do(asked(kind=SELL, volume=Decimal("0.20")))
    assert (held.is_buy, held.volume) == (False, Decimal("0.05"))
    assert [deal.entry for deal in venue.books.deals] == [0, 0, 1, 2]
    assert venue.books.balance == Decimal(100_000) + sum(deal.profit for deal in venue.books.deals)
    assert venue.do(asked(action=10, position=1, position_by=2)).retcode == Retcode.INVALID_ORDER


def test_a_hedging_account_keeps_both_and_closes_them_by_each_other():
    venue = a_venue()
    one = venue.do(asked(volume=Decimal("0.30"))).order
    other = venue.do(asked(kind=SELL)).order
    assert venue.do(asked(action=10, position=one, position_by=one)).retcode == Retcode.INVALID
    venue.do(asked(action=10, position=one, position_by=other))
    (rest,) = venue.books.positions.values()
    assert (rest.identifier, rest.volume) == (one, Decimal("0.20"))
    assert [deal.entry for deal in venue.books.deals] == [0, 0, 3, 3]


def test_the_rest_of_an_order_returned_to_the_book_fills_when_there_is_more():
    venue = a_venue(execution=Execution.EXCHANGE, available=Decimal("0.04"))
    done = venue.do(asked(filling=Filling.RETURN))
    assert (done.retcode, done.volume) == (Retcode.DONE_PARTIAL, Decimal("0.04"))
    assert venue.books.orders[done.order].is_working
    venue.books.instruments["EURUSD"].available = None
    venue.quote("EURUSD", Decimal("1.10000"), Decimal("1.10010"), START_MS + 1)
    assert not venue.books.orders[done.order].is_working
    (held,) = venue.books.positions.values()
    assert held.volume == Decimal("0.10")


def test_a_check_changes_nothing():
    venue = a_venue()
    assert refusal(asked(), venue.books) is None
    assert venue.books.orders == {}


def test_the_package_refuses_arguments_as_the_vendors_does():
    package = SimulatedPackage(a_venue())
    assert package.order_send({"action": 1, "comment": "x" * 32}) is None
    assert package.last_error() == (-2, 'Invalid "comment" argument')
    assert package.order_check({"comment": "x"}) is None
    assert package.last_error() == (-2, 'Invalid "action" argument')
    assert package.symbol_info("GBPUSD") is None
    assert package.symbol_info_tick("GBPUSD") is None
    assert package.symbol_select("GBPUSD", True) is False
    assert package.sent == []


def test_the_venue_outlives_the_process(tmp_path):
    venue = a_venue()
    venue.do(asked(stop_loss=Decimal("1.09000"), magic=7, comment="mine"))
    venue.do(a_limit())
    script = FaultScript([None, Fault(FaultKind.HANG, 5)])
    save(tmp_path / "venue.json", venue.books, script, 3)
    books, faults, sent = load(tmp_path / "venue.json")
    assert books == venue.books
    assert faults.left() == script.left()
    assert sent == 3
