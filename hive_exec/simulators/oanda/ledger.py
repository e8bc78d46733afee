"""The simulated venue's books: orders, trades, prices, and the log of what happened, as its JSON.

Which request changes what belongs to `venue`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Literal

from hive_exec.simulators.oanda.documents import Document, client_id, money, number, stamp
from hive_exec.simulators.oanda.faults import FaultScript
from hive_exec.simulators.oanda.instruments import INSTRUMENTS

Dedupe = Literal["pending", "ever"]
_HOME = "USD"


class Ledger:
    """One account's books. `changed` is held by whoever changes or reads several of them."""

    def __init__(
        self,
        account_id: str,
        now_ns: Callable[[], int],
        faults: FaultScript,
        *,
        balance: Decimal = Decimal(100_000),
        dedupe: Dedupe = "pending",
    ) -> None:
        """
        Args:
            dedupe: "pending" as published; "ever" as venues do that never take an id again.
        """
        self.account_id = account_id
        self.faults = faults
        self.transactions: list[Document] = []
        self.orders: dict[str, Document] = {}
        self.trades: dict[str, Document] = {}
        self.prices = {name: (one.bid, one.ask) for name, one in INSTRUMENTS.items()}
        self.halted: set[str] = set()
        self.changed = threading.Condition(threading.RLock())
        self._now_ns = now_ns
        self._dedupe = dedupe
        self._balance = balance
        self._batch: str | None = None
        with self.changed:
            self._say(
                "CREATE", divisionID=1, siteID=101, accountUserID=1, accountNumber=1, homeCurrency=_HOME
            )

    @property
    def last(self) -> str:
        """The number of the last transaction."""
        return self.transactions[-1]["id"] if self.transactions else "0"

    def order(self, specifier: str) -> Document | None:
        """An order by its number, or by @ and its client id: the one that waits, or else the last."""
        if not specifier.startswith("@"):
            return self.orders.get(specifier)
        named = [one for one in self.orders.values() if client_id(one) == specifier[1:]]
        waiting = [one for one in named if one["state"] == "PENDING"]
        found = waiting or named
        return found[-1] if found else None

    def trade(self, specifier: str) -> Document | None:
        """A trade by its number, or by @ and its client id: the open one, or else the last."""
        if not specifier.startswith("@"):
            return self.trades.get(specifier)
        named = [one for one in self.trades.values() if client_id(one) == specifier[1:]]
        opened = [one for one in named if one["state"] == "OPEN"]
        found = opened or named
        return found[-1] if found else None

    def trade_details(self, trade: Document) -> Document:
        """A trade with its stop and target in it."""
        found = {key: value for key, value in trade.items() if not key.startswith("_")}
        for name, kind in (("stopLossOrder", "STOP_LOSS"), ("takeProfitOrder", "TAKE_PROFIT")):
            order = self._dependent(trade, kind)
            if order is not None:
                found[name] = dict(order)
        return found

    def account(self) -> Document:
        """The account's details."""
        trades = [one for one in self.trades.values() if one["state"] == "OPEN"]
        orders = [one for one in self.orders.values() if one["state"] == "PENDING"]
        unrealised = sum((self._unrealised(one) for one in trades), Decimal(0))
        margin = sum((self._margin(one) for one in trades), Decimal(0))
        equity = self._balance + unrealised
        return {
            "id": self.account_id,
            "alias": "simulated",
            "currency": _HOME,
            "createdByUserID": 1,
            "createdTime": self.transactions[0]["time"],
            "marginRate": "0.02",
            "hedgingEnabled": False,
            "openTradeCount": len(trades),
            "pendingOrderCount": len(orders),
            "openPositionCount": len({one["instrument"] for one in trades}),
            "balance": money(self._balance),
            "NAV": money(equity),
            "unrealizedPL": money(unrealised),
            "pl": money(sum((Decimal(one["realizedPL"]) for one in self.trades.values()), Decimal(0))),
            "resettablePL": "0.0000",
            "financing": "0.0000",
            "commission": "0.0000",
            "marginUsed": money(margin),
            "marginAvailable": money(max(equity - margin, Decimal(0))),
            "positionValue": money(margin * 50),
            "withdrawalLimit": money(max(equity - margin, Decimal(0))),
            "marginCloseoutNAV": money(equity),
            "marginCloseoutUnrealizedPL": money(unrealised),
            "marginCloseoutMarginUsed": money(margin),
            "marginCloseoutPercent": "0.00000",
            "marginCloseoutPositionValue": money(margin * 50),
            "lastTransactionID": self.last,
            "orders": [dict(one) for one in orders],
            "trades": [self._summary(one) for one in trades],
            "positions": self.positions(),
        }

    def positions(self) -> list[Document]:
        """The open positions: of each instrument its long and its short side."""
        found = []
        for name in INSTRUMENTS:
            sides: Document = {}
            held = [
                one for one in self.trades.values() if one["state"] == "OPEN" and one["instrument"] == name
            ]
            for side, sign in (("long", 1), ("short", -1)):
                mine = [one for one in held if Decimal(one["currentUnits"]) * sign > 0]
                units = sum((Decimal(one["currentUnits"]) for one in mine), Decimal(0))
                sides[side] = {
                    "units": number(units),
                    "pl": "0.0000",
                    "resettablePL": "0.0000",
                    "financing": "0.0000",
                    "unrealizedPL": money(sum((self._unrealised(one) for one in mine), Decimal(0))),
                }
                if mine:
                    weight = sum(
                        (Decimal(one["price"]) * Decimal(one["currentUnits"]) for one in mine), Decimal(0)
                    )
                    sides[side] |= {
                        "averagePrice": self._text(name, weight / units),
                        "tradeIDs": [o["id"] for o in mine],
                    }
            if held:
                found.append(
                    {
                        "instrument": name,
                        "pl": "0.0000",
                        "resettablePL": "0.0000",
                        "commission": "0.0000",
                        "unrealizedPL": money(sum((self._unrealised(one) for one in held), Decimal(0))),
                        **sides,
                    }
                )
        return found

    def price_document(self, instrument: str) -> Document:
        """The price of an instrument now."""
        bid, ask = self.prices[instrument]
        open_now = instrument not in self.halted
        return {
            "type": "PRICE",
            "instrument": instrument,
            "time": stamp(self._now_ns()),
            "status": "tradeable" if open_now else "non-tradeable",
            "tradeable": open_now,
            "bids": [{"price": self._text(instrument, bid), "liquidity": 10_000_000}],
            "asks": [{"price": self._text(instrument, ask), "liquidity": 10_000_000}],
            "closeoutBid": self._text(instrument, bid),
            "closeoutAsk": self._text(instrument, ask),
        }

    @property
    def _next(self) -> int:
        return len(self.transactions) + 1

    def _begin(self) -> None:
        self._batch = None

    def _say(self, kind: str, **fields: Any) -> Document:
        """Write a transaction into the log."""
        self._batch = self._batch or str(self._next)
        made = {
            "id": str(self._next),
            "time": stamp(self._now_ns()),
            "userID": 1,
            "accountID": self.account_id,
            "batchID": self._batch,
            "requestID": f"{self._batch:0>17}",
            "type": kind,
            **fields,
        }
        self.transactions.append(made)
        self.changed.notify_all()
        return made

    def _answer(self, body: Document) -> Document:
        mine = [one["id"] for one in self.transactions if one["batchID"] == self._batch]
        return {**body, "relatedTransactionIDs": mine, "lastTransactionID": self.last}

    def _dependent(self, trade: Document, kind: str) -> Document | None:
        for order in self.orders.values():
            if order["type"] == kind and order["state"] == "PENDING" and order["tradeID"] == trade["id"]:
                return order
        return None

    def _summary(self, trade: Document) -> Document:
        found = dict(trade)
        found["unrealizedPL"] = money(self._unrealised(trade))
        for name, kind in (("stopLossOrderID", "STOP_LOSS"), ("takeProfitOrderID", "TAKE_PROFIT")):
            order = self._dependent(trade, kind)
            if order is not None:
                found[name] = order["id"]
        return found

    def _full_price(self, instrument: str) -> Document:
        price = self.price_document(instrument)
        return {
            key: price[key] for key in ("instrument", "time", "bids", "asks", "closeoutBid", "closeoutAsk")
        }

    def _price(self, instrument: str, *, buy: bool) -> Decimal:
        bid, ask = self.prices[instrument]
        return ask if buy else bid

    def _text(self, instrument: str, price: Decimal) -> str:
        return f"{price:.{INSTRUMENTS[instrument].price_decimals}f}"

    def _fits(self, instrument: str, price: str) -> bool:
        return not Decimal(price) % Decimal(1).scaleb(-INSTRUMENTS[instrument].price_decimals)

    def _home_rate(self, instrument: str) -> Decimal:
        """Dollars for one unit of the quote currency."""
        quote = instrument[-3:]
        return Decimal(1) if quote == _HOME else 1 / self.prices[f"{_HOME}_{quote}"][1]

    def _gain(self, trade: Document, units: Decimal, price: Decimal) -> Decimal:
        move = price - Decimal(trade["price"])
        sign = -1 if is_short(trade) else 1
        return (move * units * sign * self._home_rate(trade["instrument"])).quantize(Decimal("0.0001"))

    def _unrealised(self, trade: Document) -> Decimal:
        units = Decimal(trade["currentUnits"])
        return (
            self._gain(trade, abs(units), self._price(trade["instrument"], buy=units < 0))
            if units
            else Decimal(0)
        )

    def _margin(self, trade: Document) -> Decimal:
        name = trade["instrument"]
        held = abs(Decimal(trade["currentUnits"])) * Decimal(trade["price"])
        return held * INSTRUMENTS[name].margin_rate * self._home_rate(name)


def is_short(trade: Document) -> bool:
    """Whether a trade was opened by selling."""
    return str(trade["initialUnits"]).startswith("-")
