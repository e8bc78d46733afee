"""The venue's log: read whole and in order, or not at all."""

from __future__ import annotations

import json

import httpx
import pytest
from oanda_bench import TOKEN, OandaBench, order, settings
from pydantic import SecretStr

from hive_core.contracts.broker import ReportKind
from hive_exec.brokers.oanda.log import NotUnderstood, TransactionLog
from hive_exec.brokers.oanda.transport import Transport
from hive_exec.brokers.port import Unavailable


def one(number: int, **changes) -> dict:
    return {
        "id": str(number), "time": "2026-09-21T14:13:20Z", "accountID": settings().account_id,
        "batchID": str(number), "type": "RESET_RESETTABLE_PL", **changes,
    }  # fmt: skip


def log(*pages: dict) -> TransactionLog:
    left = list(pages)

    class Network(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            return httpx.Response(200, stream=httpx.ByteStream(json.dumps(left.pop(0)).encode()))

    return TransactionLog(Transport(settings(), SecretStr(TOKEN), transport=Network()), settings().account_id)


def page(last: int, *transactions: dict) -> dict:
    return {"transactions": list(transactions), "lastTransactionID": str(last)}


def numbers(found) -> list[int]:
    return [transaction.head.id for transaction in found[0]]


def test_a_log_in_disorder_and_with_duplicates_is_put_in_order():
    found = log(page(5, one(5), one(4), one(3), one(4), one(3))).since("2")
    assert (numbers(found), found[1]) == ([3, 4, 5], "5")


def test_pages_follow_until_the_end_that_the_venue_says():
    found = log(page(5, one(3)), page(6, one(4), one(5)), page(6, one(6))).since("2")
    assert (numbers(found), found[1]) == ([3, 4, 5, 6], "6")


@pytest.mark.parametrize(
    ("pages", "reason"),
    [
        ([page(5, one(4), one(5))], "transaction 3 is missing"),
        ([page(5, one(3), one(5))], "transaction 4 is missing"),
        ([page(5, one(2), one(3))], "was not given whole"),
        ([page(5)], "nothing of it comes after 2"),
        ([page(3, one(3), one(4))], "before what was read"),
        ([page(1)], "before what was read"),
        ([page(4, one(3)), page(4)], "nothing of it comes after 3"),
    ],
)
def test_a_log_that_is_not_whole_is_unavailable(pages, reason):
    with pytest.raises(Unavailable, match=reason):
        log(*pages).since("2")


@pytest.mark.parametrize(
    "pages",
    [
        page(3, one(3), one(3, type="CREATE")),
        page(3, one(3, type="MOON_PHASE")),
        page(3, one(3, accountID="101-004-1435156-002")),
        page(3, one(3, time=1_790_000_000)),
        page(3, one(3, type="ORDER_FILL")),
        page(3, one(3, type="ORDER_CANCEL")),
        {"lastTransactionID": "3"},
        {"transactions": []},
        {"transactions": {}, "lastTransactionID": "3"},
    ],
)
def test_a_log_with_what_is_not_understood_says_so(pages):
    with pytest.raises(NotUnderstood):
        log(pages).since("2")


@pytest.mark.parametrize("cursor", ["", "-1", "x", "01", "1; DROP", "9" * 30])
def test_a_cursor_that_is_none_reads_nothing(cursor):
    with pytest.raises(Unavailable, match="no cursor"):
        log().since(cursor)


def test_a_transaction_is_the_one_that_was_asked_for():
    assert log({"transaction": one(7)}).one(7).head.id == 7
    with pytest.raises(Unavailable, match="asked for transaction 7 and gave 8"):
        log({"transaction": one(8)}).one(7)


def test_a_cursor_in_the_future_is_unavailable():
    with OandaBench() as bench, pytest.raises(Unavailable, match="416"):
        bench.broker.reports_since("999")


def test_a_second_creation_and_its_cancellation_by_the_fence_are_no_rejection():
    """The log after a request that something repeated: one position, and nothing that says it was refused."""
    with OandaBench() as bench:
        bench.venue.create_order(sent := json.loads(json.dumps(_request())))
        bench.venue.create_order(sent)
        reports, _ = bench.broker.reports_since("1")
        assert [report.kind for report in reports] == [
            ReportKind.ACCEPTED,
            ReportKind.FILLED,
            ReportKind.ACCEPTED,
        ]


def _request() -> dict:
    own = {"id": order().client_order_id}
    return {
        "type": "MARKET", "instrument": "EUR_USD", "units": "1000", "timeInForce": "FOK",
        "positionFill": "DEFAULT",
        "clientExtensions": own, "tradeClientExtensions": own,
        "stopLossOnFill": {"price": "1.09500", "timeInForce": "GTC"},
    }  # fmt: skip
