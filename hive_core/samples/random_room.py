"""A sample room without any edge, as JSON lines, one line a call: a fair coin chooses the side."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from random import Random
from typing import Any

from hive_core.samples.market import Plan, SampleMarket, draw_plan, either_side

POST_ON_DAY = 0.97
LIMIT_ORDERS = 0.15
_SEED = 20170103

_CHAT = (
    "anyone else watching the dollar index?",
    "no setup before the news",
    "weekend soon",
    "euro bulls look tired to me, no trade though",
)


def random_room(market: SampleMarket) -> bytes:
    """The room, as bytes of a JSONL file."""
    chance = Random(_SEED)  # noqa: S311 - a sample, not a secret
    # Apart, so that what became of a call changes no later one.
    afterwards = Random(_SEED + 1)  # noqa: S311
    rows: list[tuple[datetime, str, str | None]] = []
    for number, day in enumerate(market.days()):
        if chance.random() < 0.1:
            rows.append((day[0].ts - timedelta(minutes=chance.randint(2, 50)), chance.choice(_CHAT), None))
        if chance.random() >= POST_ON_DAY:
            continue
        moment = chance.choice(day)
        limit_pips = chance.randint(5, 12) if chance.random() < LIMIT_ORDERS else 0
        plan = draw_plan(chance, moment, either_side(chance), reward=("1.5",), limit_pips=limit_pips)
        key = f"call-{number}"
        rows.append((moment.ts, _line(chance, plan), key))
        result = market.result(plan, moment)
        if result is not None and result.won and afterwards.random() < 0.3:
            ts = result.ts_known + timedelta(minutes=afterwards.randint(1, 5))
            rows.append((ts, f"eurusd {plan.side} closed in profit, {result.pips} pips done", f"re:{key}"))
    return _jsonl(sorted(rows, key=lambda row: row[0]))


def _line(chance: Random, plan: Plan) -> str:
    side, target = plan.side.upper(), plan.take_profits[0]
    if plan.order_type == "limit":
        return f"EURUSD {side} LIMIT {plan.entry} SL {plan.stop_loss} TP {target}"
    return chance.choice(
        (
            f"EURUSD {side} {plan.entry} SL {plan.stop_loss} TP {target}",
            f"{side} EUR USD @ {plan.entry}, stop {plan.stop_loss}, target {target}",
            f"eurusd {plan.side} now {plan.entry} / sl = {plan.stop_loss} / tp = {target}",
        )
    )


def _jsonl(rows: list[tuple[datetime, str, str | None]]) -> bytes:
    ids = {key: f"r{number}" for number, (_, _, key) in enumerate(rows, start=1) if key is not None}
    lines = []
    for number, (ts, text, key) in enumerate(rows, start=1):
        row: dict[str, Any] = {
            "id": f"r{number}",
            "ts": ts.isoformat(),
            "source": "sample_random",
            "text": text,
        }
        if key is not None and key.startswith("re:"):
            row["reply_to"] = ids[key.removeprefix("re:")]
        lines.append(json.dumps(row, ensure_ascii=False))
    return ("\n".join(lines) + "\n").encode("utf-8")
