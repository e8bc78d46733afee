"""What somebody wants to do: the gate's question, before any size is fixed."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from hive_core.contracts.decision import OrderType, Side


@dataclass(frozen=True, slots=True)
class Intent:
    """A new position that is wanted. Prices are on the side that trades.

    `reference_price` is what the decision was made on; `entry` the price that a limit or stop order names,
    None for a market order. `uncertainty` is 0 to 1, None where nobody said. `is_third_party`: the signal is
    another person's, not the account owner's own.
    """

    decision_id: str
    signal_ids: tuple[str, ...]
    symbol: str
    side: Side
    order_type: OrderType
    entry: Decimal | None
    reference_price: Decimal
    stop_loss: Decimal
    take_profits: tuple[Decimal, ...]
    ts_decided_ns: int
    valid_until_ns: int
    is_third_party: bool
    uncertainty: Decimal | None = None
