"""What the callers send: messages as a room posts them, decisions, and records of their size."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator

from bench.daemon_callers import Request, post
from hive_core.contracts.decision import Delivery, Origin
from hive_core.evidence.canonical import canonical_bytes
from hive_core.landing.daemon_token import OWNER, bearer_headers
from hive_core.landing.home import HiveHome
from proofs.paper_daemon import ACCOUNT, HALF_SPREAD, MIDDLE, SYMBOL, decision_of

TEXT = "BUY EURUSD NOW\nSL 1.0960\nTP1 1.1040\nTP2 1.1080\nRisk 1% per trade"


def message_requests(home: HiveHome, name: str, count: int) -> Iterator[Request]:
    """So many new messages, posted now."""
    headers = bearer_headers(home, OWNER)
    for number in range(count):
        message_id = f"{name}-{number}"
        message = {
            "source": "bench_room",
            "message_id": message_id,
            "version": 1,
            "ts_event_ns": time.time_ns(),
            "text": TEXT,
        }
        body = json.dumps({"message": message}).encode("ascii")
        yield post("/signals", body, {**headers, "Idempotency-Key": f"message:bench_room:{message_id}:1"})


def decision_requests(home: HiveHome, name: str, count: int) -> list[Request]:
    """So many new decisions of now, each for one order at the market; buys and sells in turn."""
    headers = bearer_headers(home, OWNER)
    found = []
    origin = Origin(run_id="bench", partition="2026-01-05", data_sha256="d" * 64)
    for number in range(count):
        decision = decision_of(f"{name}_{number}", side="buy" if number % 2 else "sell")
        body = canonical_bytes(Delivery(decision=decision, origin=origin))
        found.append(post("/decisions", body, {**headers, "Idempotency-Key": decision.decision_id}))
    return found


def quote_request(home: HiveHome) -> Callable[[], Request]:
    """Makes a quote of now around `MIDDLE`, at each call."""
    headers = bearer_headers(home, OWNER)

    def made() -> Request:
        prices = {"bid": str(MIDDLE - HALF_SPREAD), "ask": str(MIDDLE + HALF_SPREAD)}
        body = json.dumps({"symbol": SYMBOL, **prices, "ts_ns": time.time_ns()}).encode("ascii")
        return post(f"/accounts/{ACCOUNT}/quotes", body, headers)

    return made
