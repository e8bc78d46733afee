"""Books of a venue that nets and shows its single trades all the same: they are added up, never invented."""

from __future__ import annotations

from decimal import Decimal

import pytest
from core_bench import AT, a_bot, ask

from hive_core.contracts.broker import BrokerSnapshot, VenuePosition
from hive_core.contracts.order import client_order_id
from hive_exec.core.events import SnapshotTaken
from hive_exec.core.records import Kind


def trade(number: int, lots: str, *, side="buy", client_id: str = "", stop: str | None = "1.05"):
    return VenuePosition(
        str(number),
        client_id,
        "EURUSD",
        side,
        Decimal(lots),
        Decimal("1.06"),
        None if stop is None else Decimal(stop),
        None,
    )


def compared(*positions: VenuePosition, is_hedging: bool = False):
    """The records of comparing these books with a bot that holds nothing."""
    bot = a_bot()
    snapshot = BrokerSnapshot(
        account=bot.name,
        ts_ns=AT[0],
        cursor="7",
        balance=Decimal(100_000),
        equity=Decimal(100_000),
        margin_used=Decimal(0),
        orders=(),
        positions=positions,
    )
    return ask(bot, SnapshotTaken(snapshot, is_hedging))[0]


def external(records):
    (found,) = [record.body["external"] for record in records if record.kind is Kind.RECONCILED]
    return [(one["side"], one["lots"]) for one in found]


@pytest.mark.parametrize(
    ("trades", "told"),
    [
        ([trade(1, "0.2"), trade(2, "0.3")], [("buy", "0.5")]),
        ([trade(1, "0.2"), trade(2, "0.3", side="sell")], [("sell", "0.1")]),
        ([trade(1, "0.2"), trade(2, "0.2", side="sell")], []),
        ([trade(1, "0.2")], [("buy", "0.2")]),
    ],
)
def test_trades_of_one_symbol_are_added_up(trades, told):
    assert external(compared(*trades)) == told


@pytest.mark.parametrize("is_hedging", [True, False])
def test_a_trade_with_our_mark_that_the_journal_lacks_halts(is_hedging):
    foreign = client_order_id("local", "samples", "dec_of_another_life", 1, 1)
    kinds = [record.kind for record in compared(trade(1, "0.2", client_id=foreign), is_hedging=is_hedging)]
    assert Kind.DIVERGENCE_FOUND in kinds
    assert Kind.BREAKER_TRIPPED in kinds


def test_a_trade_without_a_mark_is_a_persons_and_halts_nothing():
    assert Kind.DIVERGENCE_FOUND not in [record.kind for record in compared(trade(1, "0.2"))]
