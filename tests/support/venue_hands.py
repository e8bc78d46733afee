"""What a person at a simulated venue does and sees there, in one form for venues of every kind."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, ClassVar, Protocol

from fix_at import FixAt
from metatrader_at import TOKEN, MetaTraderAt

from hive_exec.brokers.fix.tags import MsgType, Tag
from hive_exec.brokers.metatrader.constants import TradeAction
from hive_exec.brokers.metatrader.identity import magic_of
from hive_exec.brokers.metatrader.retcodes import Retcode
from hive_exec.simulators.fix.book import SimulatedOrder
from hive_exec.simulators.fix.faults import Fault
from hive_exec.simulators.metatrader.book import Position
from hive_exec.simulators.metatrader.faults import FaultKind

MAGIC = 4_483
Exits = tuple[Decimal | None, Decimal | None]


class Hands(Protocol):
    """One venue, in the hands of a test. Lots are ours."""

    venue: Any
    secret: ClassVar[bytes]

    def filled_once(self, order: dict[str, Any]) -> Decimal:
        """What of an order is filled there, where it is once, and came once."""

    def exits(self, order: dict[str, Any]) -> Exits:
        """Where stop and target of an order stand."""

    def is_gone(self, order: dict[str, Any]) -> bool:
        """Whether nothing of an order is open there."""

    def reason_of_a_target(self) -> str:
        """By which word the journal tells that a target was reached."""

    def reason_of_a_close(self) -> str:
        """By which word it tells that a person asked for the close."""

    def refuse_next(self) -> str:
        """The next order is refused; a part of what the venue says."""

    def hold_next(self) -> None:
        """The next order is carried out, and its answer does not come."""

    def hears_a_request(self) -> bool:
        """Whether a request to create an order arrived."""

    def let_go(self) -> None:
        """What was held is told."""

    def cancelled(self, order: dict[str, Any]) -> bool:
        """Whether exactly this order was cancelled, by one request, and works no more."""

    def trade_by_hand(self) -> Callable[[], Decimal]:
        """A person opens 0.02 lots; asks how many of them are left."""

    def place(self, name: str, *, price: str | None) -> None:
        """An order of 0.01 lots with a client id of ours that this daemon did not send."""

    def requests(self) -> list[Any]:
        """Every request that changes something."""


class FixHands:
    """At a FIX 4.4 venue."""

    secret: ClassVar[bytes] = b"canary-fix"

    def __init__(self, venue: FixAt) -> None:
        self.venue = venue

    def entry(self, order: dict[str, Any]) -> SimulatedOrder:
        """The order at the venue, which is there once, and came once."""
        key = order["client_order_id"]
        assert self.venue.arrived().count(key) == 1
        (found,) = [one for one in self.venue.entries() if one.ids[0] == key]
        return found

    def filled_once(self, order: dict[str, Any]) -> Decimal:
        """See `Hands`."""
        return self.entry(order).filled / 100_000

    def exits(self, order: dict[str, Any]) -> Exits:
        """See `Hands`."""
        entry = self.entry(order)
        if self.venue.is_hedging:
            return entry.stop_loss, entry.take_profit
        legs = [one for one in self.venue.server.venue.book.orders if one.parent is entry and one.is_working]
        stops, targets = ([getattr(leg, name) for leg in legs] for name in ("stop_price", "price"))
        return next(filter(None, stops), None), next(filter(None, targets), None)

    def is_gone(self, order: dict[str, Any]) -> bool:
        """See `Hands`. Attached levels stay on the order that they came with."""
        return self.exits(order) == (None, None) or self.venue.is_hedging

    def reason_of_a_target(self) -> str:
        """See `Hands`. An exit of the venue's own by attached levels does not say which of them it was."""
        return "close" if self.venue.is_hedging else "target"

    def reason_of_a_close(self) -> str:
        """See `Hands`. The venue does not say who asked."""
        return "close"

    def refuse_next(self) -> str:
        """See `Hands`."""
        self.venue.arm(Fault.MESSAGE_REJECT)
        return "quantity step"

    def hold_next(self) -> None:
        """See `Hands`."""
        self.venue.arm(Fault.LATE_REPORTS)

    def hears_a_request(self) -> bool:
        """See `Hands`."""
        return bool(self.venue.arrived())

    def let_go(self) -> None:
        """See `Hands`."""
        self.venue.server.release()

    def cancelled(self, order: dict[str, Any]) -> bool:
        """See `Hands`."""
        wire = self.venue.server.wire
        cancels = [one for one in wire if one.msg_type == MsgType.ORDER_CANCEL_REQUEST]
        named = [one.text(Tag.ORIG_CL_ORD_ID) for one in cancels]
        return named == [order["client_order_id"]] and not self.entry(order).is_working

    def trade_by_hand(self) -> Callable[[], Decimal]:
        """See `Hands`."""
        self.venue.place("BY-HAND-1", "2000")

        def left() -> Decimal:
            held = self.venue.server.venue.book.positions.values()
            (theirs,) = [one for one in held if one.client_order_id == "BY-HAND-1"]
            return theirs.units / 100_000

        return left

    def place(self, name: str, *, price: str | None) -> None:
        """See `Hands`."""
        self.venue.place(name, "1000", price=price)

    def requests(self) -> list[Any]:
        """See `Hands`."""
        return self.venue.arrived()


class MetaTraderHands:
    """At a MetaTrader broker."""

    secret: ClassVar[bytes] = TOKEN.encode()

    def __init__(self, venue: MetaTraderAt) -> None:
        self.venue = venue

    def filled_once(self, order: dict[str, Any]) -> Decimal:
        """See `Hands`."""
        key = order["client_order_id"]
        assert self.venue.arrived().count(key) == 1
        assert f"{key} (again)" not in self.venue.made()
        return self.venue.made()[key]

    def position(self, order: dict[str, Any]) -> Position:
        """The one position that an order opened."""
        (found,) = self._positions(order["client_order_id"])
        return found

    def _positions(self, comment: str) -> list[Position]:
        return [one for one in self.venue.positions() if one.comment == comment]

    def exits(self, order: dict[str, Any]) -> Exits:
        """See `Hands`."""
        held = self._positions(order["client_order_id"])
        return (held[0].stop_loss, held[0].take_profit) if held else (None, None)

    def is_gone(self, order: dict[str, Any]) -> bool:
        """See `Hands`."""
        return not self._positions(order["client_order_id"])

    def reason_of_a_target(self) -> str:
        """See `Hands`."""
        return "target"

    def reason_of_a_close(self) -> str:
        """See `Hands`."""
        return "requested"

    def refuse_next(self) -> str:
        """See `Hands`."""
        self.venue.arm(FaultKind.RETCODE, Retcode.NO_MONEY)
        return str(int(Retcode.NO_MONEY))

    def hold_next(self) -> None:
        """See `Hands`."""
        self.venue.arm(FaultKind.HANG, 2_500)

    def hears_a_request(self) -> bool:
        """See `Hands`."""
        return bool(self.venue.package.sent)

    def let_go(self) -> None:
        """See `Hands`: it hangs for a while, and no longer."""

    def cancelled(self, order: dict[str, Any]) -> bool:
        """See `Hands`."""
        actions = [one["action"] for one in self.venue.package.sent]
        works = self.venue.do(self.venue.package.orders_get)
        is_empty = not works and self.filled_once(order) == 0
        return is_empty and actions == [TradeAction.PENDING, TradeAction.REMOVE]

    def trade_by_hand(self) -> Callable[[], Decimal]:
        """See `Hands`."""
        self.venue.place("by hand", 0, "0.02")

        def left() -> Decimal:
            (theirs,) = self._positions("by hand")
            return theirs.volume

        return left

    def place(self, name: str, *, price: str | None) -> None:
        """See `Hands`."""
        self.venue.place(name, magic_of(MAGIC, name), "0.01", price=price)

    def requests(self) -> list[Any]:
        """See `Hands`."""
        return list(self.venue.package.sent)
