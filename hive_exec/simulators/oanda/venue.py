"""The simulated venue's rules: what a request does, when an order fills, and why it does not.

Published semantics: every change is a transaction, numbered one by one; those of one change share a batch.
Hedging is off: an order against open trades reduces these first, the oldest first. FOK orders fill whole or
not at all. A client order id may not be that of another pending order, a client trade id not that of another
open trade. How it fills is `fills`', the books are `ledger`'s, HTTP is `server`'s. Not simulated:
trailing and guaranteed stops, financing, margin calls.
"""

from __future__ import annotations

from decimal import Decimal

from hive_exec.simulators.oanda.documents import Document, client_id, client_trade, number, stamp
from hive_exec.simulators.oanda.fills import Fills
from hive_exec.simulators.oanda.instruments import INSTRUMENTS

_ENTRY_FIELDS = (
    "instrument",
    "units",
    "price",
    "priceBound",
    "timeInForce",
    "gtdTime",
    "positionFill",
    "triggerCondition",
    "clientExtensions",
    "stopLossOnFill",
    "takeProfitOnFill",
    "tradeClientExtensions",
    "tradeClose",
)
_TIMES_IN_FORCE = {"MARKET": {"FOK", "IOC"}, "LIMIT": {"GTC", "GTD", "GFD"}, "STOP": {"GTC", "GTD", "GFD"}}


class Refused(Exception):
    """A request that the venue refuses, with its reason and the transaction that says so."""

    def __init__(self, status: int, body: Document) -> None:
        super().__init__(body.get("errorCode", ""))
        self.status = status
        self.body = body


class Venue(Fills):
    """One account of the venue, with its rules. Every method is one change, under a lock."""

    def create_order(self, request: Document) -> tuple[int, Document]:
        """POST orders."""
        with self.changed:
            self._begin()
            kind = str(request.get("type"))
            if kind not in _TIMES_IN_FORCE:
                raise Refused(
                    400, {"errorMessage": f"{kind} orders are not simulated", "errorCode": "NOT_SIMULATED"}
                )
            reason = self._fault_of(request, kind)
            if reason:
                raise self._refuse(f"{kind}_ORDER_REJECT", request, reason, "CLIENT_ORDER")
            return 201, self._answer(self._create(request, kind, "CLIENT_ORDER"))

    def replace_order(self, specifier: str, request: Document) -> tuple[int, Document]:
        """PUT orders/{specifier}: cancel one that waits and create another, in one."""
        with self.changed:
            self._begin()
            old = self._pending(specifier)
            if old is None:
                raise self._cancel_refused(specifier)
            kind = str(request.get("type"))
            reason = self._fault_of(request, kind, replaced=old["id"])
            if kind != old["type"] or reason:
                raise self._refuse(
                    f"{kind}_ORDER_REJECT",
                    request,
                    reason or "REPLACING_ORDER_INVALID",
                    "REPLACEMENT",
                    intendedReplacesOrderID=old["id"],
                )
            cancelled = self._cancel(old, "CLIENT_REQUEST_REPLACED", replacedByOrderID=str(self._next + 1))
            body = self._create(request, kind, "REPLACEMENT", replacesOrderID=old["id"])
            if "orderCancelTransaction" in body:
                body["replacingOrderCancelTransaction"] = body.pop("orderCancelTransaction")
            return 201, self._answer({"orderCancelTransaction": cancelled, **body})

    def cancel_order(self, specifier: str) -> tuple[int, Document]:
        """PUT orders/{specifier}/cancel."""
        with self.changed:
            self._begin()
            order = self._pending(specifier)
            if order is None:
                raise self._cancel_refused(specifier)
            return 200, self._answer({"orderCancelTransaction": self._cancel(order, "CLIENT_REQUEST")})

    def close_trade(self, specifier: str, units: str) -> tuple[int, Document]:
        """PUT trades/{specifier}/close."""
        with self.changed:
            self._begin()
            trade = self.trade(specifier)
            if trade is None or trade["state"] != "OPEN":
                raise self._refuse("MARKET_ORDER_REJECT", {}, "TRADE_DOESNT_EXIST", "TRADE_CLOSE", status=404)
            held = Decimal(trade["currentUnits"])
            asked = abs(held) if units == "ALL" else Decimal(units)
            if asked > abs(held):
                raise self._refuse(
                    "MARKET_ORDER_REJECT", {}, "CLOSE_TRADE_UNITS_EXCEED_TRADE_SIZE", "TRADE_CLOSE"
                )
            order = {
                "type": "MARKET",
                "instrument": trade["instrument"],
                "units": number(-asked if held > 0 else asked),
                "timeInForce": "FOK",
                "positionFill": "REDUCE_ONLY",
                "tradeClose": {"tradeID": trade["id"], "units": units},
            }
            made = self._new_order(order, "MARKET", "TRADE_CLOSE")
            body: Document = {"orderCreateTransaction": made}
            if trade["instrument"] in self.halted:
                body["orderCancelTransaction"] = self._cancel(self.orders[made["id"]], "MARKET_HALTED")
                return 200, self._answer(body)
            price = self._price(trade["instrument"], buy=held < 0)
            body["orderFillTransaction"] = self._close(
                self.orders[made["id"]], trade, asked, price, "MARKET_ORDER_TRADE_CLOSE"
            )
            return 200, self._answer(body)

    def set_dependents(self, specifier: str, request: Document) -> tuple[int, Document]:
        """PUT trades/{specifier}/orders: another stop or target; what is absent stays."""
        with self.changed:
            self._begin()
            trade = self.trade(specifier)
            if trade is None or trade["state"] != "OPEN":
                raise Refused(404, {"errorMessage": "no such trade", "errorCode": "NO_SUCH_TRADE"})
            for name, kind in (("stopLoss", "STOP_LOSS"), ("takeProfit", "TAKE_PROFIT")):
                if name in request and not self._fits(trade["instrument"], request[name]["price"]):
                    made = self._say(
                        f"{kind}_ORDER_REJECT",
                        **request[name],
                        tradeID=trade["id"],
                        **client_trade(trade),
                        reason="REPLACEMENT",
                        rejectReason="PRICE_PRECISION_EXCEEDED",
                    )
                    raise Refused(
                        400,
                        self._answer(
                            {
                                f"{name}OrderRejectTransaction": made,
                                "errorCode": "PRICE_PRECISION_EXCEEDED",
                                "errorMessage": "the price has too many decimals",
                            }
                        ),
                    )
            body: Document = {}
            for name, kind in (("stopLoss", "STOP_LOSS"), ("takeProfit", "TAKE_PROFIT")):
                if name not in request:
                    continue
                old = self._dependent(trade, kind)
                if old is not None:
                    body[f"{name}OrderCancelTransaction"] = self._cancel(
                        old, "CLIENT_REQUEST_REPLACED", replacedByOrderID=str(self._next + 1)
                    )
                body[f"{name}OrderTransaction"] = self._new_dependent(
                    trade, kind, request[name], "REPLACEMENT" if old else "CLIENT_ORDER"
                )
            return 200, self._answer(body)

    def set_price(self, instrument: str, bid: str, ask: str) -> None:
        """A new price: whatever waits for it happens."""
        with self.changed:
            self.prices[instrument] = (Decimal(bid), Decimal(ask))
            self.changed.notify_all()
            if instrument in self.halted:
                return
            for order in [one for one in self.orders.values() if one["state"] == "PENDING"]:
                if order["state"] == "PENDING":
                    self._touch(order, instrument)

    def expire(self) -> None:
        """Cancel what has reached its end in time."""
        with self.changed:
            for order in self.orders.values():
                is_over = order.get("timeInForce") == "GTD" and order["gtdTime"] <= stamp(self._now_ns())
                if order["state"] == "PENDING" and is_over:
                    self._begin()
                    self._cancel(order, "TIME_IN_FORCE_EXPIRED")

    def by_hand(self, specifier: str, what: str) -> None:
        """A person at the venue's own screen takes the stop or the target of a trade away."""
        with self.changed:
            self._begin()
            trade = self.trade(specifier)
            order = None if trade is None else self._dependent(trade, what)
            if order is None:
                raise KeyError(f"{specifier} has no {what}")
            self._cancel(order, "CLIENT_REQUEST")

    def _fault_of(self, request: Document, kind: str, replaced: str | None = None) -> str:
        """The reason to refuse an order, or ""."""
        instrument = INSTRUMENTS.get(str(request.get("instrument")))
        if instrument is None:
            return "INSTRUMENT_UNKNOWN"
        units = abs(Decimal(str(request.get("units", "0"))))
        if not units:
            return "UNITS_INVALID"
        if units % Decimal(1).scaleb(-instrument.unit_decimals):
            return "UNITS_PRECISION_EXCEEDED"
        if units < instrument.minimum:
            return "UNITS_MIMIMUM_NOT_MET"
        if units > instrument.maximum:
            return "UNITS_LIMIT_EXCEEDED"
        if request.get("timeInForce") not in _TIMES_IN_FORCE[kind]:
            return "TIME_IN_FORCE_INVALID"
        if request["timeInForce"] == "GTD" and request["gtdTime"] <= stamp(self._now_ns()):
            return "TIME_IN_FORCE_GTD_TIMESTAMP_IN_PAST"
        for value, reason in (
            (request.get("price"), "PRICE_PRECISION_EXCEEDED"),
            (request.get("priceBound"), "PRICE_BOUND_PRECISION_EXCEEDED"),
            (request.get("stopLossOnFill", {}).get("price"), "STOP_LOSS_ON_FILL_PRICE_PRECISION_EXCEEDED"),
            (
                request.get("takeProfitOnFill", {}).get("price"),
                "TAKE_PROFIT_ON_FILL_PRICE_PRECISION_EXCEEDED",
            ),
        ):
            if value is not None and not self._fits(instrument.name, value):
                return reason
        if kind != "MARKET" and "price" not in request:
            return "PRICE_MISSING"
        named = client_id(request)
        for order in self.orders.values():
            counts = self._dedupe == "ever" or order["state"] == "PENDING"
            if named and counts and client_id(order) == named and order["id"] != replaced:
                return "CLIENT_ORDER_ID_ALREADY_EXISTS"
        return ""

    def _create(self, request: Document, kind: str, reason: str, **more: str) -> Document:
        made = self._new_order(request, kind, reason, **more)
        body: Document = {"orderCreateTransaction": made}
        order = self.orders[made["id"]]
        if kind == "MARKET":
            body |= self._fill(order, "MARKET_ORDER")
        elif self._is_touched(order):
            body |= self._fill(order, f"{kind}_ORDER")
        return body

    def _new_order(self, request: Document, kind: str, reason: str, **more: str) -> Document:
        fields = {name: request[name] for name in _ENTRY_FIELDS if name in request}
        made = self._say(f"{kind}_ORDER", **fields, reason=reason, **more)
        self.orders[made["id"]] = {
            "id": made["id"],
            "createTime": made["time"],
            "state": "PENDING",
            "type": kind,
            **fields,
            **more,
        }
        return made

    def _refuse(
        self, kind: str, request: Document, why: str, reason: str, *, status: int = 400, **more: str
    ) -> Refused:
        fields = {name: request[name] for name in _ENTRY_FIELDS if name in request}
        made = self._say(kind, **fields, reason=reason, rejectReason=why, **more)
        body = {"orderRejectTransaction": made, "errorCode": why, "errorMessage": "the order is refused"}
        return Refused(status, self._answer(body))

    def _cancel_refused(self, specifier: str) -> Refused:
        named = {"clientOrderID": specifier[1:]} if specifier.startswith("@") else {"orderID": specifier}
        made = self._say("ORDER_CANCEL_REJECT", **named, rejectReason="ORDER_DOESNT_EXIST")
        body = {
            "orderCancelRejectTransaction": made,
            "errorCode": "ORDER_DOESNT_EXIST",
            "errorMessage": "no such order",
        }
        return Refused(404, self._answer(body))

    def _pending(self, specifier: str) -> Document | None:
        order = self.order(specifier)
        return order if order is not None and order["state"] == "PENDING" else None
