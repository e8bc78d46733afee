"""How the simulated venue fills orders: at which price, against which trades, and why not.

An order against open trades reduces these first, the oldest first (hedging off). Requests are `venue`'s.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal

from hive_exec.simulators.oanda.documents import Document, client_id, client_trade, money, number
from hive_exec.simulators.oanda.faults import FILL_FAULTS, Fault
from hive_exec.simulators.oanda.instruments import INSTRUMENTS
from hive_exec.simulators.oanda.ledger import Ledger, is_short

SLIP = Decimal("0.0025")
"""How far beyond its price a stop fills that slips."""


class Fills(Ledger):
    """Executions, and the orders that depend on trades. Called with `changed` held."""

    def _is_touched(self, order: Document) -> bool:
        buy = Decimal(order["units"]) > 0
        now, price = self._price(order["instrument"], buy=buy), Decimal(order["price"])
        return now <= price if buy is (order["type"] == "LIMIT") else now >= price

    def _touch(self, order: Document, instrument: str) -> None:
        if order["type"] in {"LIMIT", "STOP"}:
            if order["instrument"] == instrument and self._is_touched(order):
                self._begin()
                self._fill(order, f"{order['type']}_ORDER")
            return
        trade = self.trades[order["tradeID"]]
        if trade["instrument"] != instrument:
            return
        long = Decimal(trade["currentUnits"]) > 0
        now, price = self._price(instrument, buy=not long), Decimal(order["price"])
        is_stop = order["type"] == "STOP_LOSS"
        if (now <= price) if long is is_stop else (now >= price):
            if is_stop and self.faults.at("STOP", frozenset({Fault.SLIPPED_STOP})):
                now += -SLIP if long else SLIP
            self._begin()
            self._close(order, trade, abs(Decimal(trade["currentUnits"])), now, f"{order['type']}_ORDER")

    def _fill(self, order: Document, reason: str) -> Document:
        """Fill an entry, or cancel it with the reason why not."""
        name, wanted = order["instrument"], Decimal(order["units"])
        buy = wanted > 0
        price = self._price(name, buy=buy)
        fault = self.faults.at("FILL", FILL_FAULTS - {Fault.SLIPPED_STOP})
        units = wanted
        if fault is Fault.PARTIAL_FILL:
            units = (wanted / 2).quantize(Decimal(1), rounding=ROUND_DOWN) or wanted
        against = [
            one
            for one in self.trades.values()
            if one["state"] == "OPEN"
            and one["instrument"] == name
            and Decimal(one["currentUnits"]) * units < 0
        ]
        rest = units + sum((Decimal(one["currentUnits"]) for one in against), Decimal(0))
        opens = rest if rest * units > 0 else Decimal(0)
        why = self._why_not(order, price, opens)
        if why:
            return {"orderCancelTransaction": self._cancel(order, why)}
        reduced, left = [], abs(units) - abs(opens)
        for trade in against:
            if left > 0:
                part = min(left, abs(Decimal(trade["currentUnits"])))
                reduced.append((trade, part))
                left -= part
        made = self._book_fill(order, price, reason, reduced, opens)
        body = {"orderFillTransaction": made}
        if opens:
            self._protect(order, self.trades[made["tradeOpened"]["tradeID"]], made, fault)
        if units != wanted:
            body["orderCancelTransaction"] = self._cancel(order, "INSUFFICIENT_LIQUIDITY")
        return body

    def _why_not(self, order: Document, price: Decimal, opens: Decimal) -> str:
        name, buy = order["instrument"], Decimal(order["units"]) > 0
        if name in self.halted:
            return "MARKET_HALTED"
        bound = order.get("priceBound")
        if bound is not None and (price > Decimal(bound) if buy else price < Decimal(bound)):
            return "BOUNDS_VIOLATION"
        if not opens:
            return ""
        named = order.get("tradeClientExtensions", {}).get("id")
        if named and any(one["state"] == "OPEN" and client_id(one) == named for one in self.trades.values()):
            return "CLIENT_TRADE_ID_ALREADY_EXISTS"
        leave = self._price(name, buy=not buy)
        stop = order.get("stopLossOnFill", {}).get("price")
        if stop is not None and (leave <= Decimal(stop) if buy else leave >= Decimal(stop)):
            return "STOP_LOSS_ON_FILL_LOSS"
        target = order.get("takeProfitOnFill", {}).get("price")
        if target is not None and (leave >= Decimal(target) if buy else leave <= Decimal(target)):
            return "TAKE_PROFIT_ON_FILL_LOSS"
        used = sum((self._margin(one) for one in self.trades.values() if one["state"] == "OPEN"), Decimal(0))
        needed = abs(opens) * price * INSTRUMENTS[name].margin_rate * self._home_rate(name)
        return "INSUFFICIENT_MARGIN" if used + needed > self._balance else ""

    def _book_fill(
        self,
        order: Document,
        price: Decimal,
        reason: str,
        reduced: list[tuple[Document, Decimal]],
        opens: Decimal,
    ) -> Document:
        """One ORDER_FILL, and all that it changes."""
        name, number_of_fill = order["instrument"], str(self._next)
        closed, part, profit = [], None, Decimal(0)
        for trade, units in reduced:
            gain = self._gain(trade, units, price)
            profit += gain
            held = Decimal(trade["currentUnits"])
            change = {
                "tradeID": trade["id"],
                "units": number(-units if held > 0 else units),
                "price": self._text(name, price),
                "realizedPL": money(gain),
                "financing": "0.0000",
                "halfSpreadCost": "0.0000",
            }
            if units == abs(held):
                closed.append(change)
            else:
                part = change
        extensions = order.get("tradeClientExtensions")
        fields: Document = {}
        if closed:
            fields["tradesClosed"] = closed
        if part:
            fields["tradeReduced"] = part
        if opens:
            fields["tradeOpened"] = {
                "tradeID": number_of_fill,
                "units": number(opens),
                "price": self._text(name, price),
                "halfSpreadCost": "0.0000",
                "initialMarginRequired": "0.0000",
                **({"clientExtensions": extensions} if extensions else {}),
            }
        self._balance += profit
        total = abs(opens) + sum((units for _, units in reduced), Decimal(0))
        buys = opens > 0 if opens else is_short(reduced[0][0])
        named = {"clientOrderID": client_id(order)} if client_id(order) else {}
        made = self._say(
            "ORDER_FILL",
            orderID=order["id"],
            **named,
            instrument=name,
            units=number(total if buys else -total),
            price=self._text(name, price),
            fullVWAP=self._text(name, price),
            fullPrice=self._full_price(name),
            reason=reason,
            pl=money(profit),
            financing="0.0000",
            commission="0.0000",
            guaranteedExecutionFee="0.0000",
            accountBalance=money(self._balance),
            halfSpreadCost="0.0000",
            **fields,
        )
        order |= {"state": "FILLED", "fillingTransactionID": made["id"], "filledTime": made["time"]}
        for trade, units in reduced:
            self._shrink(trade, units, price, made)
        if closed:
            order["tradeClosedIDs"] = [one["tradeID"] for one in closed]
        if opens:
            order["tradeOpenedID"] = made["id"]
            self.trades[made["id"]] = {
                "id": made["id"],
                "instrument": name,
                "price": self._text(name, price),
                "openTime": made["time"],
                "state": "OPEN",
                "initialUnits": number(opens),
                "currentUnits": number(opens),
                "initialMarginRequired": "0.0000",
                "realizedPL": "0.0000",
                "unrealizedPL": "0.0000",
                "marginUsed": "0.0000",
                "financing": "0.0000",
                **({"clientExtensions": extensions} if extensions else {}),
            }
        for change in closed:
            self._release(self.trades[change["tradeID"]])
        return made

    def _close(
        self, order: Document, trade: Document, units: Decimal, price: Decimal, reason: str
    ) -> Document:
        """Fill an order that belongs to a trade."""
        filled = {**order, "instrument": trade["instrument"]}
        made = self._book_fill(filled, price, reason, [(trade, units)], Decimal(0))
        order |= {key: filled[key] for key in ("state", "fillingTransactionID", "filledTime")}
        return made

    def _shrink(self, trade: Document, units: Decimal, price: Decimal, made: Document) -> None:
        held = Decimal(trade["currentUnits"])
        left = held - units if held > 0 else held + units
        gain = self._gain(trade, units, price)
        trade["currentUnits"] = number(left)
        trade["realizedPL"] = money(Decimal(trade["realizedPL"]) + gain)
        trade.setdefault("closingTransactionIDs", []).append(made["id"])
        if not left:
            trade |= {"state": "CLOSED", "closeTime": made["time"], "averageClosePrice": made["price"]}

    def _release(self, trade: Document) -> None:
        for kind in ("STOP_LOSS", "TAKE_PROFIT"):
            order = self._dependent(trade, kind)
            if order is not None:
                self._cancel(order, "LINKED_TRADE_CLOSED")

    def _protect(self, order: Document, trade: Document, made: Document, fault: Fault | None) -> None:
        for name, kind in (("takeProfitOnFill", "TAKE_PROFIT"), ("stopLossOnFill", "STOP_LOSS")):
            details = order.get(name)
            if details is None or (kind == "STOP_LOSS" and fault is Fault.MISSING_STOP):
                continue
            if kind == "STOP_LOSS" and fault is Fault.REFUSED_STOP:
                self._say(
                    "STOP_LOSS_ORDER_REJECT",
                    tradeID=trade["id"],
                    **client_trade(trade),
                    **details,
                    reason="ON_FILL",
                    orderFillTransactionID=made["id"],
                    rejectReason="STOP_LOSS_ORDER_ALREADY_EXISTS",
                )
                continue
            self._new_dependent(trade, kind, details, "ON_FILL", orderFillTransactionID=made["id"])

    def _new_dependent(
        self, trade: Document, kind: str, details: Document, reason: str, **more: str
    ) -> Document:
        fields = {"tradeID": trade["id"], **client_trade(trade), **details, "triggerCondition": "DEFAULT"}
        made = self._say(f"{kind}_ORDER", **fields, reason=reason, **more)
        self.orders[made["id"]] = {
            "id": made["id"],
            "createTime": made["time"],
            "state": "PENDING",
            "type": kind,
            **fields,
        }
        return made

    def _cancel(self, order: Document, reason: str, **more: str) -> Document:
        named = {"clientOrderID": client_id(order)} if client_id(order) else {}
        made = self._say("ORDER_CANCEL", orderID=order["id"], **named, reason=reason, **more)
        order |= {
            "state": "CANCELLED",
            "cancellingTransactionID": made["id"],
            "cancelledTime": made["time"],
            **more,
        }
        return made
