"""What the adapter sends, and what the simulator answers, against the venue's own OpenAPI document."""

from __future__ import annotations

import os
import re
from decimal import Decimal
from pathlib import Path

import pytest
from jsonschema import ValidationError
from oanda_bench import limit_order, order

from hive_exec.brokers.oanda.books import OrderKind, OrderStatus, TradeStatus
from hive_exec.brokers.oanda.quotes import PriceStatus
from hive_exec.brokers.oanda.reasons import DUPLICATES, our_reason
from hive_exec.brokers.oanda.transactions import DependentReason, FillReason, TransactionType
from hive_exec.simulators.oanda.routes import ROUTES


@pytest.fixture(scope="module")
def published():
    from oanda_specs import OandaDocument

    folder = os.environ.get("HIVE_SPECS")
    if not folder:
        pytest.skip("HIVE_SPECS is not set: OANDA's published OpenAPI document is not at hand")
    return OandaDocument(Path(folder))


def everything(bench):
    """Every call of the port, of every kind of order."""
    stop = order(3, order_type="stop", entry="1.10200", price_bound="1.10250")
    sell = order(4, side="sell", lots="0.3", price_bound="1.0990", stop_loss="1.105", take_profit="1.09")
    cursor = bench.broker.snapshot().cursor
    bench.broker.submit(order(1))
    bench.broker.submit(limit_order(2))
    bench.broker.submit(stop)
    bench.broker.modify(order(1), Decimal("1.096"), Decimal("1.12"))
    bench.broker.modify(limit_order(2), Decimal("1.094"), None)
    bench.broker.close_position(order(1), Decimal("0.04"), "req_1")
    bench.broker.submit(sell)
    bench.broker.close_position(sell, None, "req_2")
    bench.broker.cancel(limit_order(2))
    bench.broker.cancel(limit_order(2))
    bench.broker.submit(order(5, price_bound="1.10001"))
    bench.broker.look_up(order(1), cursor)
    bench.broker.look_up(order(1), "")
    bench.broker.snapshot()


def test_every_request_is_one_of_the_published_interface(published, bench):
    everything(bench)
    seen = set()
    for method, path, body in bench.server.requests:
        published.check_request(method, f"/accounts/{bench.venue.account_id}{path}", body)
        seen.add(method)
    assert seen == {"GET", "POST", "PUT"}
    assert len(bench.server.requests) > 20


@pytest.mark.parametrize(
    "change",
    [
        {"unitz": "1"},
        {"units": 10_000},
        {"timeInForce": "FOREVER"},
        {"positionFill": "MAYBE"},
        {"stopLossOnFill": {"prize": "1"}},
        {"priceBound": 1.1006},
    ],
)
def test_the_check_finds_what_is_wrong(published, bench, change):
    bench.broker.submit(order())
    [body] = bench.arrived("POST")
    published.check_request("POST", "/accounts/1/orders", body)
    with pytest.raises(ValidationError):
        published.check_request("POST", "/accounts/1/orders", {"order": {**body["order"], **change}})
    with pytest.raises(LookupError):
        published.check_request("POST", "/accounts/1/odors", body)


def test_every_answer_of_the_simulator_is_a_published_one(published, bench):
    everything(bench)
    account = f"/accounts/{bench.venue.account_id}"
    for path in (
        "", "/summary", "/instruments", "/orders", "/pendingOrders", "/trades", "/openTrades", "/positions",
        "/openPositions", "/pricing", "/transactions/sinceid",
    ):  # fmt: skip
        query = {"id": "0", "instruments": "EUR_USD"}
        [do] = [one for method, pattern, one in ROUTES if method == "GET" and re.fullmatch(pattern, path)]
        status, body = do(bench.server.desk, (), query, {})
        for price in body.get("prices", []):
            del price["type"]  # said on the stream, where the document names it
        published.check_answer("GET", account + path, status, body)


def test_every_transaction_of_the_simulator_is_a_published_one(published, bench):
    everything(bench)
    kinds = set()
    for one in bench.venue.transactions:
        name = "".join(word.capitalize() for word in one["type"].split("_"))
        published.check_definition(f"{name}Transaction", one)
        kinds.add(one["type"])
    assert len(kinds) >= 9


def test_every_published_word_is_known(published):
    for name, words in (
        ("TransactionType", TransactionType), ("OrderFillReason", FillReason), ("OrderType", OrderKind),
        ("OrderState", OrderStatus), ("TradeState", TradeStatus), ("PriceStatus", PriceStatus),
        ("StopLossOrderReason", DependentReason), ("TakeProfitOrderReason", DependentReason),
    ):  # fmt: skip
        assert published.words(name) <= {one.value for one in words}, name


def test_the_reasons_that_are_mapped_are_published_ones(published):
    """A misspelt reason would never be met. Those that came after the document are named here."""
    from hive_exec.brokers.oanda import reasons

    later = {"FIFO_VIOLATION_SAFEGUARD_VIOLATION"}
    words = published.words("OrderCancelReason") | published.words("TransactionRejectReason") | later
    assert set(reasons._EXACT) <= words
    assert words >= DUPLICATES
    unnamed = {one for one in words if our_reason(one) == "refused_by_venue"}
    assert "INSUFFICIENT_MARGIN" not in unnamed
    assert {
        one for one in published.words("OrderCancelReason") if one.startswith("STOP_LOSS")
    } & unnamed == set()
