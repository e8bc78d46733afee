"""The document that the policies are asked about: what the gate knows of one order, as integers and names.

Rounding is always against the order: a loss up, room down. Finding these facts is the gate's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext
from typing import Any

PPM = 1_000_000


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """One order that adds risk, its account, and what was found of both.

    `drawdown` is the part of the highest equity that is lost (0.012 is 1.2 %). `worst_case_equity` is the
    gate's, this order included; `floor` the highest of the floors that count, both in the account's currency.
    `uses` names the ways in which the order comes about (`third_party_signals`, `automation`, ...),
    `firm_policy` what the firm says of each. None is unknown: the policies deny.
    """

    mode: str
    account: str
    programme: str
    phase: str
    is_breached: bool
    drawdown: Decimal | None
    symbol: str
    side: str
    strategy: str
    market: str
    uses: Sequence[str]
    confirmed_by_person: bool
    verdict: str
    worst_case_equity: Decimal | None
    floor: Decimal | None
    firm_policy: Mapping[str, str]

    def as_document(self) -> dict[str, Any]:
        """The input of the policies.

        Raises:
            ValueError: an amount that is no finite number.
        """
        return {
            "mode": self.mode,
            "account": {
                "name": self.account,
                "programme": self.programme,
                "phase": self.phase,
                "is_breached": self.is_breached,
                "drawdown_ppm": _whole(self.drawdown, PPM, ROUND_CEILING),
            },
            "intent": {
                "symbol": self.symbol,
                "side": self.side,
                "strategy": self.strategy,
                "market": self.market,
                "uses": list(self.uses),
                "confirmed_by_person": self.confirmed_by_person,
            },
            "gate": {
                "verdict": self.verdict,
                "worst_case_equity_cents": _whole(self.worst_case_equity, 100, ROUND_FLOOR),
                "floor_cents": _whole(self.floor, 100, ROUND_CEILING),
            },
            "firm_policy": dict(self.firm_policy),
        }


def _whole(amount: Decimal | None, parts: int, rounding: str) -> int | None:
    if amount is None:
        return None
    if not amount.is_finite():
        raise ValueError(f"{amount} is no amount")
    with localcontext() as context:
        context.prec, context.rounding = 60, rounding  # were digits lost before, they would be lost alike
        return int((amount * parts).to_integral_value())
