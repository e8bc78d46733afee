"""Answers with bytes changed at random: understood, or said to be unknown; no other error, no hang."""

from __future__ import annotations

import json
import os
import random
import time

import pytest
from oanda_bench import ACCOUNT, OandaBench, limit_order, order

from hive_exec.brokers.oanda.answers import Answers
from hive_exec.brokers.oanda.books import read_order, read_snapshot, read_trade
from hive_exec.brokers.oanda.quotes import read_quote
from hive_exec.brokers.oanda.reading import Unreadable, read_document
from hive_exec.brokers.oanda.reports import Interpreter, Protection
from hive_exec.brokers.oanda.transactions import Other, read_transaction
from hive_exec.brokers.oanda.transport import Answer
from hive_exec.brokers.port import Ambiguous

INPUTS = int(os.environ.get("HIVE_OANDA_MUTATIONS", "3000"))
"""A release is tried with a million."""
PIECES = (
    b'"',
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"null",
    b"true",
    b"-",
    b"1e9",
    b"\xff",
    b"\\ud800",
    b"NaN",
    b"0",
)


@pytest.fixture(scope="module")
def samples() -> dict[str, list[bytes]]:
    """Real answers of the simulated venue, by what reads them."""
    with OandaBench() as bench:
        bench.broker.submit(order())
        bench.broker.submit(limit_order(2))
        venue = bench.venue
        own = {"clientExtensions": {"id": "ord_x"}, "tradeClientExtensions": {"id": "ord_x"}}
        _, created = venue.create_order({**bench.arrived("POST")[0]["order"], **own})
        assert "orderFillTransaction" in created
        return {
            "answer": [json.dumps(created).encode()],
            "snapshot": [
                json.dumps({"account": venue.account(), "lastTransactionID": venue.last}).encode()
            ],
            "order": [json.dumps({"order": one}).encode() for one in venue.orders.values()],
            "trade": [
                json.dumps({"trade": venue.trade_details(one)}).encode() for one in venue.trades.values()
            ],
            "transaction": [json.dumps(one).encode() for one in venue.transactions],
            "quote": [json.dumps(venue.price_document("EUR_USD")).encode()],
        }  # fmt: skip


def read(kind: str, body: bytes) -> None:
    account_id = "101-004-1435156-001"
    if kind == "answer":
        interpreter = Interpreter(
            ACCOUNT, lambda number: Other(None), lambda number: Protection(True, None, None)
        )  # type: ignore[arg-type]
        answers = Answers(interpreter, ACCOUNT, account_id, time.time_ns)
        told = answers.told(Answer(201, body), ("orderCreateTransaction", "orderFillTransaction"))
        answers.reports(told, "ord_x")
        return
    document = read_document(body)
    match kind:
        case "snapshot":
            read_snapshot(document, account_id, ACCOUNT, 0, hedging=False)
        case "order":
            read_order(document.inner("order"))
        case "trade":
            read_trade(document.inner("trade"))
        case "transaction":
            read_transaction(document, account_id)
        case "quote":
            read_quote(document)


VALUES = (
    None,
    True,
    0,
    -1,
    "",
    "x",
    "0",
    "-1",
    "1e5",
    "NaN",
    "9" * 300,
    [],
    {},
    [None],
    [{}],
    {"id": 5},
    "ord_y",
)


def changed(rng: random.Random, body: bytes) -> bytes:
    """One to four changes, of bytes or of what stands in the JSON."""
    change = _bytes_changed if rng.random() < 0.5 else _tree_changed
    for _ in range(rng.randint(1, 4)):
        body = change(rng, body)
    return body


def _bytes_changed(rng: random.Random, body: bytes) -> bytes:
    """A byte, a piece more or less, a part twice, or the end gone."""
    at = rng.randrange(len(body) or 1)
    match rng.randrange(5):
        case 0:
            return body[:at] + bytes([rng.randrange(256)]) + body[at + 1 :]
        case 1:
            return body[:at] + rng.choice(PIECES) + body[at:]
        case 2:
            return body[:at] + body[at + rng.randint(1, 30) :]
        case 3:
            return body[: at + 40] + body[at:]
        case _:
            return body[: at or 1]


def _tree_changed(rng: random.Random, body: bytes) -> bytes:
    """A field gone, or with another value."""
    tree = json.loads(body)
    holder = tree
    while True:
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        if not keys:
            return body
        key = rng.choice(keys)
        if isinstance(holder[key], (dict, list)) and holder[key] and rng.random() < 0.8:
            holder = holder[key]
            continue
        if rng.random() < 0.4:
            del holder[key]
        else:
            holder[key] = rng.choice(VALUES)
        return json.dumps(tree).encode()


def test_the_samples_themselves_are_understood(samples):
    for kind, bodies in samples.items():
        for body in bodies:
            read(kind, body)


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("kind", ["answer", "snapshot", "order", "trade", "transaction", "quote"])
def test_whatever_comes_is_understood_or_said_not_to_be(samples, kind):
    rng = random.Random(kind)  # noqa: S311 - the same inputs again
    refused, slowest = 0, 0.0
    for _ in range(INPUTS):
        body = changed(rng, rng.choice(samples[kind]))
        began = time.process_time()
        try:
            read(kind, body)
        except (Unreadable, Ambiguous):
            refused += 1
        slowest = max(slowest, time.process_time() - began)
    assert refused > INPUTS // 2, "the changes changed nothing"
    assert slowest < 1
