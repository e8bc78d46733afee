"""A sample room that is wrong in every way a room can be, as CSV.

Its calls have stops and targets on the wrong side, digits and decimal points missing, no stop at all,
two sides at once, unknown instruments, old prices; it posts twice, and its results look like calls. The
few calls without a fault are DECLARED LOSERS: their side is chosen with hindsight, so that the stop is
reached first where either side does. The file itself has rows that are no messages.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from hive_core.samples.market import (
    Moment,
    Plan,
    SampleMarket,
    draw_plan,
    either_side,
    other_side,
    price,
)

_SEED = 20170104
_EVERY_DAYS = 2
LOSERS = 0.2
"""The share of posts that are calls without a fault, written to lose."""
_FAT_FINGER = Decimal("0.1")
_FAR = Decimal("0.03")
_NOT_UTF8 = "\udcff\udcfe"
"""Two bytes that no UTF-8 text has, once the file is encoded."""


def wrong_room(market: SampleMarket) -> bytes:
    """The room, as bytes of a CSV file."""
    chance = Random(_SEED)  # noqa: S311 - a sample, not a secret
    posts: list[tuple[datetime, str]] = []
    days = list(market.days())
    faults = 0
    for number in range(0, len(days), _EVERY_DAYS):
        moment = chance.choice(days[number])
        plan = _losing(market, chance, moment, draw_plan(chance, moment, either_side(chance)))
        if chance.random() < LOSERS:
            posts.append((moment.ts, _call(plan)))
            continue
        fault = _FAULTS[faults % len(_FAULTS)]
        faults += 1
        old_prices = [day[0].ask for day in days[:number]]
        for minutes, text in fault(plan, old_prices):
            posts.append((moment.ts + timedelta(minutes=minutes), text))
    return _csv(sorted(posts))


def _losing(market: SampleMarket, chance: Random, moment: Moment, plan: Plan) -> Plan:
    """The plan, or its opposite where only that one runs into its stop."""
    opposite = draw_plan(chance, moment, other_side(plan.side))
    for candidate in (plan, opposite):
        result = market.result(candidate, moment)
        if result is not None and not result.won:
            return candidate
    return plan


def _call(plan: Plan) -> str:
    targets = " / ".join(str(target) for target in plan.take_profits)
    return f"{plan.side.upper()} EURUSD\nEntry {plan.entry}\nSL {plan.stop_loss}\nTP {targets}"


_Posts = list[tuple[int, str]]


def _stop_on_the_wrong_side(plan: Plan, _: list[Decimal]) -> _Posts:
    return [(0, _call(replace(plan, stop_loss=_one_digit_off(plan))))]


def _one_digit_off(plan: Plan) -> Decimal:
    """The stop with one digit mistyped so that it stands beyond the entry."""
    text = str(plan.stop_loss)
    upward = 1 if plan.side == "buy" else -1
    for place in (-3, -4):
        for digit in "9876543210":
            typed = Decimal(text[:place] + digit + text[len(text) + place + 1 :])
            if upward * (typed - plan.entry) > 0:
                return typed
    return price(plan.entry + upward * abs(plan.entry - plan.stop_loss))


def _without_stop(plan: Plan, _: list[Decimal]) -> _Posts:
    return [(0, f"EURUSD {plan.side} {plan.entry}, target {plan.take_profits[0]}, stop later")]


def _target_on_the_wrong_side(plan: Plan, _: list[Decimal]) -> _Posts:
    mirrored = price(2 * plan.entry - plan.take_profits[0])
    return [(0, _call(replace(plan, take_profits=(mirrored,))))]


def _other_side_said(plan: Plan, _: list[Decimal]) -> _Posts:
    """The prices of one side under the name of the other."""
    return [(0, _call(replace(plan, side=other_side(plan.side))))]


def _without_decimal_point(plan: Plan, _: list[Decimal]) -> _Posts:
    return [(0, _call(plan).replace(".", ""))]


def _unknown_symbol(plan: Plan, _: list[Decimal]) -> _Posts:
    return [(0, _call(plan).replace("EURUSD", "EURSUD"))]


def _stale_price(plan: Plan, old_prices: list[Decimal]) -> _Posts:
    """The latest price in the past that is far from the present one; a far one, before there is any."""
    far = [old for old in old_prices if abs(old / plan.entry - 1) > _FAR]
    shift = far[-1] - plan.entry if far else price(plan.entry * _FAR)
    moved = replace(
        plan,
        entry=plan.entry + shift,
        stop_loss=plan.stop_loss + shift,
        take_profits=tuple(target + shift for target in plan.take_profits),
    )
    return [(0, _call(moved))]


def _posted_twice(plan: Plan, _: list[Decimal]) -> _Posts:
    return [(0, _call(plan)), (4, _call(plan) + "\n(posting again, for those who missed it)")]


def _fat_finger(plan: Plan, _: list[Decimal]) -> _Posts:
    upward = 1 if plan.side == "buy" else -1
    return [(0, _call(replace(plan, stop_loss=price(plan.stop_loss - upward * _FAT_FINGER))))]


def _two_sides(plan: Plan, _: list[Decimal]) -> _Posts:
    return [(0, _call(plan) + f"\nor {other_side(plan.side)} if it turns, your choice")]


def _result_like_a_call(plan: Plan, _: list[Decimal]) -> _Posts:
    return [(0, f"CLOSED TRADES of the week\n{_call(plan)}\n+{_pips_to_target(plan)} pips")]


def _pips_to_target(plan: Plan) -> int:
    return int(abs(plan.take_profits[0] - plan.entry) * 10_000)


def _opinion(plan: Plan, _: list[Decimal]) -> _Posts:
    mood = "heavy" if plan.side == "sell" else "strong"
    return [(0, f"Euro looks {mood} near {plan.entry}, waiting for the statement before doing anything")]


def _two_stops(plan: Plan, _: list[Decimal]) -> _Posts:
    other = price((plan.stop_loss + plan.entry) / 2)
    return [(0, _call(plan) + f"\nSL for small accounts {other}")]


_FAULTS: tuple[Callable[[Plan, list[Decimal]], _Posts], ...] = (
    _stop_on_the_wrong_side,
    _without_stop,
    _target_on_the_wrong_side,
    _other_side_said,
    _without_decimal_point,
    _unknown_symbol,
    _stale_price,
    _posted_twice,
    _fat_finger,
    _two_sides,
    _result_like_a_call,
    _opinion,
    _two_stops,
)


def _csv(posts: list[tuple[datetime, str]]) -> bytes:
    """The file, with rows between the posts that no reader can use."""
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow(("id", "ts", "text"))
    for number, (ts, text) in enumerate(posts, start=1):
        writer.writerow((f"w{number}", ts.isoformat(), text))
        match number:
            case 20:
                writer.writerow(("w20-bytes", ts.isoformat(), f"caf{_NOT_UTF8} EURUSD"))
            case 30:
                writer.writerow((f"w{number}", ts.isoformat(), text))
            case 40:
                writer.writerow(("w40-short", ts.isoformat()))
            case 60:
                writer.writerow(("w60-no-time", "", text))
            case 80:
                writer.writerow(("w80-no-zone", ts.replace(tzinfo=None).isoformat(), text))
            case 100:
                writer.writerow(("w100-too-old", ts.replace(year=1997).isoformat(), text))
            case 110:
                writer.writerow(("", ts.isoformat(), text))
            case 115:
                writer.writerow((f"w{number}", ts.isoformat(), "the same id, other words"))
    return written.getvalue().encode("utf-8", "surrogateescape")
