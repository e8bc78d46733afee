"""Run by two independent OANDA clients, in an environment of their own: do they understand the simulator?

Prints one JSON object. Arguments: host, port, token, account.
"""

from __future__ import annotations

import json
import sys

HOST, PORT, TOKEN, ACCOUNT = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
STOP = {"price": "1.09500", "timeInForce": "GTC"}


def vendors_own() -> dict[str, object]:
    """`v20`, the vendor's client: typed objects of every answer."""
    import v20

    api = v20.Context(HOST, PORT, ssl=False, token=TOKEN, datetime_format="RFC3339")
    stream = v20.Context(HOST, PORT, ssl=False, token=TOKEN, datetime_format="RFC3339", stream_timeout=5)
    made = api.order.market(
        ACCOUNT, instrument="EUR_USD", units=1000, stopLossOnFill=STOP, clientExtensions={"id": "theirs-1"},
        tradeClientExtensions={"id": "theirs-1"},
    )  # fmt: skip
    fill = made.get("orderFillTransaction", "201")
    waiting = api.order.limit(ACCOUNT, instrument="EUR_USD", units=1000, price="1.09000", timeInForce="GTC")
    refused = api.order.limit(ACCOUNT, instrument="NO_SUCH", units=1000, price="1.09000", timeInForce="GTC")
    cancelled = api.order.cancel(ACCOUNT, waiting.get("orderCreateTransaction", "201").id)
    account = api.account.get(ACCOUNT).get("account", "200")
    prices = api.pricing.get(ACCOUNT, instruments="EUR_USD,XAU_USD").get("prices", "200")
    trade = api.trade.get(ACCOUNT, "@theirs-1").get("trade", "200")
    log = api.transaction.since(ACCOUNT, id="1").get("transactions", "200")
    kinds = {kind for kind, _ in zip(stream_kinds(stream), range(2), strict=False)}
    closed = api.trade.close(ACCOUNT, trade.id, units="ALL")
    return {
        "fill": [fill.type, str(fill.units), fill.reason, fill.tradeOpened.clientExtensions.id],
        "refused": [refused.status, refused.get("orderRejectTransaction", "400").rejectReason],
        "cancelled": cancelled.get("orderCancelTransaction", "200").reason,
        "account": [account.currency, len(account.trades), account.trades[0].stopLossOrderID is not None],
        "prices": [one.instrument for one in prices],
        "trade": [trade.state, str(trade.currentUnits), str(trade.stopLossOrder.price)],
        "log": sorted({one.type for one in log}),
        "stream": sorted(kinds),
        "closed": closed.get("orderFillTransaction", "200").reason,
    }


def stream_kinds(stream):
    """The kinds of what the vendor's client makes of the pricing stream."""
    for kind, _ in stream.pricing.stream(ACCOUNT, instruments="EUR_USD", snapshot=True).parts():
        yield kind


def another() -> dict[str, object]:
    """`oandapyV20`, written by somebody else."""
    import oandapyV20
    from oandapyV20.endpoints import accounts, orders, positions, pricing, trades, transactions
    from oandapyV20.exceptions import V20Error

    oandapyV20.oandapyV20.TRADING_ENVIRONMENTS["practice"] = {
        "stream": f"http://{HOST}:{PORT}",
        "api": f"http://{HOST}:{PORT}",
    }
    api = oandapyV20.API(access_token=TOKEN)

    def ask(request):
        return api.request(request)

    order = {
        "type": "MARKET",
        "instrument": "XAU_USD",
        "units": "-2",
        "timeInForce": "FOK",
        "positionFill": "DEFAULT",
    }
    fill = ask(orders.OrderCreate(ACCOUNT, data={"order": order}))["orderFillTransaction"]
    try:
        ask(orders.OrderCancel(ACCOUNT, orderID="99999"))
        refused = "accepted"
    except V20Error as error:
        refused = f"{error.code} {json.loads(error.msg)['orderCancelRejectTransaction']['rejectReason']}"
    lines = pricing.PricingStream(ACCOUNT, params={"instruments": "EUR_USD"})
    kinds = [line["type"] for line, _ in zip(ask(lines), range(2), strict=False)]
    heard = transactions.TransactionsStream(ACCOUNT)
    beat = next(iter(ask(heard)))["type"]
    return {
        "fill": [fill["type"], fill["units"], fill["tradeOpened"]["tradeID"] == fill["id"]],
        "refused": refused,
        "summary": ask(accounts.AccountSummary(ACCOUNT))["account"]["openTradeCount"],
        "instruments": len(ask(accounts.AccountInstruments(ACCOUNT))["instruments"]),
        "pending": ask(orders.OrdersPending(ACCOUNT))["orders"],
        "positions": [one["instrument"] for one in ask(positions.OpenPositions(ACCOUNT))["positions"]],
        "open": [one["instrument"] for one in ask(trades.OpenTrades(ACCOUNT))["trades"]],
        "range": [
            one["id"]
            for one in ask(transactions.TransactionIDRange(ACCOUNT, {"from": 1, "to": 3}))["transactions"]
        ],
        "stream": kinds,
        "heard": beat,
        "closed": ask(trades.TradeClose(ACCOUNT, tradeID=fill["id"], data={"units": "ALL"}))[
            "orderFillTransaction"
        ]["reason"],
    }


print(json.dumps({"v20": vendors_own(), "oandapyV20": another()}))  # noqa: T201 - its answer
