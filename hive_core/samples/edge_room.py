"""A sample room with a written-in edge, as Telegram's JSON export, in many lines with emoji.

Its edge is DECLARED AND FALSE: three posts in ten (`HINDSIGHT`), by a coin, look at the bars that follow
and take the side whose first target they reach before its stop; the other sides are coins. By those bars
55 % of its 309 calls reach the target first, and 36 % of the coins of `sample_random`. Nobody could have
written it at the time. It is here so that a measurement has something to find.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from hive_core.contracts.decision import Side
from hive_core.samples.market import Moment, Plan, Result, SampleMarket, draw_plan, either_side, other_side

NAME = "Sample room with a written-in edge (hindsight, not skill)"
HINDSIGHT = 0.3
"""The share of posts whose side is chosen by what the prices did afterwards."""
SECOND_POST = 0.2
_SEED = 20170102
_FIRST_ID = 101

_CHAT = (
    "Good morning everyone ☕ quiet calendar today, patience pays.",
    "Big data this afternoon. If you are not sure, stay out 🙏",
    "Reminder: the same small risk on each idea, always.",
    "Spreads are wide around the rollover, no ideas before London.",
    "Thank you for the kind words this week 💛",
    "I am travelling tomorrow, expect fewer posts.",
    "Question of the day: what do you write in your journal?",
)
_STYLES: tuple[Callable[[Plan], str], ...] = (
    lambda plan: (
        f"{'🟢' if plan.side == 'buy' else '🔴'} EUR/USD {plan.side.upper()} NOW\n\n"
        f"📍 Entry: {plan.entry}\n🎯 TP1: {plan.take_profits[0]}\n🎯 TP2: {plan.take_profits[1]}\n"
        f"🛑 SL: {plan.stop_loss}\n\n⚖️ Risk 0.5% only"
    ),
    lambda plan: (
        f"💶 #EURUSD\n{'⬆️ BUY' if plan.side == 'buy' else '⬇️ SELL'} @ {plan.entry}\n\n"
        f"✋ Stop Loss ➡️ {plan.stop_loss}\n✅ Target 1 ➡️ {plan.take_profits[0]}\n"
        f"✅ Target 2 ➡️ {plan.take_profits[1]}"
    ),
    lambda plan: (
        f"⚡️ New idea ⚡️\n\nPair: EURUSD\nDirection: {'Long' if plan.side == 'buy' else 'Short'}\n"
        f"Entry price: {plan.entry}\nS/L: {plan.stop_loss}\nT/P 1: {plan.take_profits[0]}\n"
        f"T/P 2: {plan.take_profits[1]}"
    ),
)


@dataclass(frozen=True, slots=True)
class _Draft:
    """A post before ids are given. `answers` is the draft it replies to."""

    ts: datetime
    text: str
    answers: _Draft | None = None


def edge_room(market: SampleMarket) -> bytes:
    """The export, as bytes of `result.json`."""
    chance = Random(_SEED)  # noqa: S311 - a sample, not a secret
    afterwards = Random(_SEED + 1)  # noqa: S311
    drafts: list[_Draft] = []
    for day in market.days():
        if chance.random() < 0.15:
            drafts.append(_Draft(day[0].ts - timedelta(minutes=chance.randint(3, 40)), chance.choice(_CHAT)))
        posts = min(len(day), 2 if chance.random() < SECOND_POST else 1)
        for moment in sorted(chance.sample(day, posts), key=lambda known: known.ts):
            plan = draw_plan(chance, moment, _chosen_side(chance, market, moment))
            call = _Draft(moment.ts, chance.choice(_STYLES)(plan))
            drafts.append(call)
            drafts.extend(_follow_ups(afterwards, call, market.result(plan, moment)))
    return _export(sorted(drafts, key=lambda draft: draft.ts))


def _chosen_side(chance: Random, market: SampleMarket, moment: Moment) -> Side:
    """The written-in edge. The plans compared are the ones that will be posted: same stop, same reward."""
    drawn = either_side(chance)
    looks_ahead = chance.random() < HINDSIGHT
    distance = chance.getstate()
    favoured = []
    for side in (drawn, other_side(drawn)):
        chance.setstate(distance)
        result = market.result(draw_plan(chance, moment, side), moment)
        if result is not None and result.won:
            favoured.append(side)
    chance.setstate(distance)
    return favoured[0] if looks_ahead and favoured else drawn


def _follow_ups(chance: Random, call: _Draft, result: Result | None) -> list[_Draft]:
    """What a room says afterwards, after it could know."""
    if result is None:
        return []
    ts = result.ts_known + timedelta(minutes=chance.randint(1, 9))
    if not result.won:
        return [_Draft(ts, "SL hit, part of the game. Next one 💪", call)] if chance.random() < 0.5 else []
    told = _Draft(ts, f"EURUSD TP1 hit ✅ +{result.pips} pips 🚀", call)
    if chance.random() < 0.2:
        later = ts + timedelta(minutes=1)
        update = chance.choice(("Move SL to breakeven 🔒", "Close half, stop to entry on the rest 👌"))
        return [told, _Draft(later, update, call)]
    return [told]


def _export(drafts: list[_Draft]) -> bytes:
    ids = {id(draft): number for number, draft in enumerate(drafts, start=_FIRST_ID)}
    created = drafts[0].ts - timedelta(days=1)
    messages: list[dict[str, Any]] = [
        {"id": _FIRST_ID - 1, "type": "service", **_dated(created), "action": "create_channel", "text": ""}
    ]
    for draft in drafts:
        message: dict[str, Any] = {"id": ids[id(draft)], "type": "message", **_dated(draft.ts), "from": NAME}
        if draft.answers is not None:
            message["reply_to_message_id"] = ids[id(draft.answers)]
        message["text"] = _as_telegram_writes(draft.text)
        messages.append(message)
    export = {"name": NAME, "type": "public_channel", "id": 1700000001, "messages": messages}
    return json.dumps(export, ensure_ascii=False, indent=1).encode("utf-8")


def _dated(ts: datetime) -> dict[str, str]:
    return {"date": ts.strftime("%Y-%m-%dT%H:%M:%S"), "date_unixtime": str(int(ts.timestamp()))}


def _as_telegram_writes(text: str) -> str | list[str | dict[str, str]]:
    """Plain texts as they are; where a hash tag stands in them, as pieces."""
    before, tag, after = text.partition("#EURUSD")
    return [before, {"type": "hashtag", "text": tag}, after] if tag else text
