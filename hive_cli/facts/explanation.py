"""Why an order exists: from the message to the fill, gathered from the journal and the lake.

The journal is the proof of what was decided and done; the lake adds the text of the messages, what
was parsed from them, and the runs and hashes of the data. What the lake no longer has is null, never made up.
The rules of validation are held again against the numbers that the lake recorded.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hive_cli.failure import Failure

if TYPE_CHECKING:
    from hive_cli.settings import Settings

SIGNAL_TABLES = ("parsed_signals", "valid_signals", "enriched_signals")


def explain(settings: Settings, wanted: str) -> dict[str, Any]:
    """The whole chain of one order. `wanted` is its id, or enough of its beginning.

    Raises:
        Failure: no order, or more than one, has an id that begins so.
    """
    from hive_cli.facts.daemon import DaemonUnreachable, daemon_of
    from hive_cli.facts.journal import reports
    from hive_cli.facts.lake import LakeFacts
    from hive_cli.facts.order_book import all_orders

    known, origin = all_orders(settings)
    order_id = one_of(known, wanted)
    order = next(line for line in known if line["client_order_id"] == order_id)
    try:
        with daemon_of(settings) as daemon:
            story = daemon.order(order["client_order_id"])
            records, delivery = story["records"], story["decision"]
    except DaemonUnreachable:
        records = records_of(order, reports(settings.home.journal))
        delivery = next(r["body"]["delivery"] for r in records if r["kind"] == "decision_received")
    intended = _intent(records, order["client_order_id"])
    lake = LakeFacts.of(settings.home)
    decision = delivery["decision"]
    return {
        "order": order,
        "from": origin,
        "votes": [_vote(lake, settings, vote, decision["side"]) for vote in decision["votes"]],
        "decision": {name: value for name, value in decision.items() if name != "votes"},
        "decision_sha256": intended.get("decision_sha256"),
        "origin": _origin(lake, delivery["origin"]),
        "checks": intended["checks"],
        "risk_amount": intended["risk_amount"],
        "records": [_without_delivery(record) for record in records],
    }


def one_of(orders: list[dict[str, Any]], wanted: str) -> str:
    """The full id that `wanted` begins.

    Raises:
        Failure: it begins none or several; the nearest are named.
    """
    ids = [str(order["client_order_id"]) for order in orders]
    begins = [each for each in ids if each == wanted or each.startswith((wanted, f"ord_{wanted}"))]
    if len(begins) == 1 or wanted in begins:
        return wanted if wanted in begins else begins[0]
    if not ids:
        raise Failure("there is no order yet", next_step="hive status shows how far the data came")
    if begins:
        raise Failure(
            f"{wanted} begins {len(begins)} order ids",
            details=begins[:3],
            next_step="give more of the id",
            exit_code=2,
        )
    near = difflib.get_close_matches(wanted, ids, n=3, cutoff=0.0)
    raise Failure(
        f"no order {wanted}", details=["nearest: " + ", ".join(near)], next_step="hive orders", exit_code=2
    )


def records_of(order: dict[str, Any], reports: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The records that concern an order or its decision, as the daemon would select them."""
    wanted = {order["client_order_id"], order["decision_id"]}
    return [
        report
        for report in reports
        if wanted & {report["body"].get("client_order_id"), report["body"].get("decision_id")}
    ]


def _intent(records: list[dict[str, Any]], order_id: str) -> dict[str, Any]:
    """The body of the intent; a later attempt was checked when its first was."""
    bodies = {r["body"]["client_order_id"]: r["body"] for r in records if r["kind"] == "order_intended"}
    body: dict[str, Any] = bodies[order_id]
    while not body["checks"] and body.get("follows") in bodies:
        body = {**bodies[body["follows"]], "risk_amount": body["risk_amount"]}
    return body


def _without_delivery(record: dict[str, Any]) -> dict[str, Any]:
    # The decision stands above, the checks too.
    body = {name: value for name, value in record["body"].items() if name not in {"delivery", "checks"}}
    return {**record, "body": body}


def _origin(lake: Any, origin: dict[str, str]) -> dict[str, Any]:
    """Where the decision was made, and whether that data still stands in the lake unchanged."""
    file = lake.file("decisions", origin["partition"])
    same = None if file is None else file.sha256 == origin["data_sha256"]
    return {**origin, "table": "decisions", "lake_has_the_same_data": same}


def _vote(lake: Any, settings: Settings, vote: dict[str, Any], side: str) -> dict[str, Any]:
    day = datetime.fromtimestamp(vote["ts_event_ns"] / 1e9, UTC).strftime("%Y-%m-%d")
    message = _row(lake, "messages", day, "message_sha256", vote["message_sha256"])
    tables = {table: _row(lake, table, day, "signal_id", vote["signal_id"]) for table in SIGNAL_TABLES}
    parsed = tables["parsed_signals"] or {}
    data = {}
    for table in ("messages", *SIGNAL_TABLES):
        if (file := lake.file(table, day)) is not None:
            data[table] = {"partition": day, "run_id": file.run_id, "sha256": file.sha256}
    return {
        "in_favour": vote["side"] == side,
        **vote,
        "message": message,
        "landing": _landing(settings, message),
        **tables,
        "confidence": parsed.get("confidence"),
        "grounds": parsed.get("grounds"),
        "checks": _checks(settings, tables["enriched_signals"], message, parsed.get("confidence")),
        "updates": _updates(lake, vote["signal_id"]),
        "data": data,
    }


def _updates(lake: Any, signal_id: str) -> list[dict[str, Any]]:
    """What the room said of the call afterwards. It is recorded; nothing acts on it."""
    import polars as pl

    frame = lake.read("signal_updates")
    if frame is None:
        return []
    found = frame.filter(pl.col("signal_id") == signal_id).sort("ts_event", "update_id", "action_number")
    told = found.select("update_id", "ts_event", "message_id", "action", "price", "share", "reason")
    return [{**row, "is_acted_upon": False} for row in told.iter_rows(named=True)]


def _checks(
    settings: Settings,
    signal: dict[str, Any] | None,
    message: dict[str, Any] | None,
    confidence: float | None,
) -> list[dict[str, Any]] | None:
    """The rules of validation, each with its numbers; None where the lake no longer has them."""
    from hive_core.signals.checks import checks_of

    if signal is None:
        return None
    return checks_of(
        signal,
        seen=None if message is None else message["ts_init"],
        confidence=confidence,
        minimum=float(settings.configuration.minimum_confidence_of(signal["source"])),
    )


def _row(lake: Any, table: str, name: str, column: str, value: str) -> dict[str, Any] | None:
    import polars as pl

    frame = lake.read(table, name)
    if frame is None:
        return None
    rows = frame.filter(pl.col(column) == value).to_dicts()
    return rows[0] if rows else None


def _landing(settings: Settings, message: dict[str, Any] | None) -> dict[str, Any] | None:
    """Which file brought the message, and when."""
    from hive_core.landing.receipts import receipts

    if message is None:
        return None
    for receipt in receipts(settings.home):
        if receipt.payload_sha256 == message["landing_sha256"]:
            return {
                "receipt": receipt.number,
                "file": receipt.file_name,
                "sha256": receipt.payload_sha256,
                "received_ns": receipt.received_ns,
            }
    return None
