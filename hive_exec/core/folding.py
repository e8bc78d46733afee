"""The state as a fold over records: the only writer of what the journal holds.

Here is which record may come and what those of decisions and accounts do; what those of orders do is in
`order_folds`, those of the daemon's controls in `control_records`. Deciding is `step`'s.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hive_core.contracts.base import validated
from hive_core.contracts.broker import VenuePosition
from hive_core.contracts.decision import Delivery
from hive_core.evidence.canonical import canonical_bytes
from hive_core.instruments.specification import instruments
from hive_core.risk.account import Exposure
from hive_exec.core import ledger_folds, order_folds
from hive_exec.core.control_records import apply_control
from hive_exec.core.orders import IllegalRecord, expose
from hive_exec.core.reading import position_from
from hive_exec.core.records import CELL, Kind, Record
from hive_exec.core.state import Acceptance, Bot, CellState, Simulated, done_with, open_bot, remember
from hive_exec.core.waiting import Pending, Review, joined, submitters_of


def apply(state: CellState, record: Record) -> None:
    """Fold one record into the state.

    Raises:
        IllegalRecord: the record cannot follow the state.
    """
    if record.account == CELL:
        apply_control(state.controls, record)
        if record.kind is Kind.STARTED:
            state.epoch = record.body["epoch"]
    elif record.kind is Kind.ACCOUNT_OPENED and record.account not in state.bots:
        state.bots[record.account] = open_bot(record)
    elif record.account not in state.bots:
        raise IllegalRecord(f"{record.kind}: account {record.account} was never opened")
    elif record.kind is Kind.HEALTH_CHANGED:
        apply_control(state.controls, record)
        if record.body["dependency"] == "reconciliation" and record.body["health"] == "ok":
            state.bots[record.account].accepting.clear()
    else:
        apply_to_bot(state.bots[record.account], record)


def apply_to_bot(bot: Bot, record: Record) -> None:
    """Fold a record of an account into its bot.

    Raises:
        IllegalRecord: as `apply`.
    """
    if record.kind is Kind.ACCOUNT_OPENED:
        raise IllegalRecord(f"account {record.account} is opened twice")
    if record.kind in _WITHOUT_CLOCK:  # arrives on the wall clock: the account's own does not move
        _WITHOUT_CLOCK[record.kind](bot, record)
        return
    folding = _FOLDS.get(record.kind)
    if folding is None:
        raise IllegalRecord(f"{record.kind} does not belong to account {record.account}")
    folding(bot, record)
    bot.last_venue_seq = record.body.get("venue_seq", bot.last_venue_seq)
    bot.position = max(bot.position, record.at)


def _received(bot: Bot, record: Record) -> None:
    delivery = validated(Delivery, canonical_bytes(record.body["delivery"]))
    # What comes after its account was promised that nothing earlier follows is late.
    bot.pending[record.body["decision_id"]] = Pending(
        delivery, bot.advance_until_ns, submitters_of(record.body)
    )


def _submitted_again(bot: Bot, record: Record) -> None:
    decision_id = record.body["decision_id"]
    pending = bot.pending.get(decision_id)
    if pending is not None:
        submitters = joined(pending.submitters, (record.body["submitted_by"],))
        bot.pending[decision_id] = replace(pending, submitters=submitters)


def _advanced(bot: Bot, record: Record) -> None:
    bot.advance_until_ns = max(bot.advance_until_ns, record.body["until_ns"])


def _nothing(_bot: Bot, _record: Record) -> None:
    pass


def _denied(bot: Bot, record: Record) -> None:
    if record.body["decision_id"] not in bot.pending:
        raise IllegalRecord(f"decision {record.body['decision_id']} is denied, but does not wait")
    done_with(bot, record.body["decision_id"], "denied")
    bot.denied += 1


def _held(bot: Bot, record: Record) -> None:
    bound = record.body["price_bound"]
    bot.held[record.body["decision_id"]] = None if bound is None else Decimal(bound)
    _simulate(bot, record)


def _shadowed(bot: Bot, record: Record) -> None:
    done_with(bot, record.body["decision_id"], "shadowed")
    _remember_traded(bot, record)
    _simulate(bot, record)


def _simulate(bot: Bot, record: Record) -> None:
    body = record.body
    for leg in body["legs"]:
        remember(
            bot.simulated,
            f"{body['decision_id']}/{leg['leg']}",
            Simulated(
                body["decision_id"],
                leg["leg"],
                body["symbol"],
                body["side"],
                Decimal(leg["lots"]),
                Decimal(leg["entry"]),
                Decimal(leg["stop_loss"]),
                Decimal(leg["take_profit"]),
            ),
        )


def _marked(bot: Bot, record: Record) -> None:
    bot.marked_ns = record.at[0]
    ledger_folds.marked(bot, record)


def _simulation_closed(bot: Bot, record: Record) -> None:
    bot.simulated.pop(record.body["simulation"], None)


def _failed_over(bot: Bot, record: Record) -> None:
    done_with(bot, record.body["decision_id"], "failed_over")


def _review_requested(bot: Bot, record: Record) -> None:
    body = record.body
    bound = body.get("price_bound")  # a journal of before it was kept has none
    bot.reviews[body["decision_id"]] = Review(
        body["decision_id"],
        body["inputs_sha256"],
        record.at[0],
        body["expires_ns"],
        body["reason"],
        None if bound is None else Decimal(bound),
        sum((Decimal(leg["lots"]) for leg in body["legs"]), Decimal(0)),
    )


def _review_ended(bot: Bot, record: Record) -> None:
    bot.reviews.pop(record.body["decision_id"], None)


def _remember_traded(bot: Bot, record: Record) -> None:
    for signal_id in record.body["signal_ids"]:
        if signal_id not in bot.account.traded_signals:
            remember(bot.account.traded_signals, signal_id, record.body["decision_id"])


def _acceptance_proposed(bot: Bot, record: Record) -> None:
    body = record.body
    bot.accepting[body["symbol"]] = Acceptance(body["principal"], body["divergence"])


def _reconciled(bot: Bot, record: Record) -> None:
    body = record.body
    bot.cursor, bot.books_sha256 = body["cursor"], body["books_sha256"]
    if body["balance"] is not None:
        ledger_folds.corrected(bot, record)
    for order_id in body.get("heard", ()):
        line = bot.orders[order_id]
        line.may_have_filled = False
        expose(bot.account, line)
    for key in list(bot.external):
        bot.account.exposures.pop(f"external/{key}", None)
        bot.account.unprotected.pop(f"external/{key}", None)
    bot.external = {one["position_id"]: position_from(one) for one in body["external"]}
    for key, position in bot.external.items():
        _count_external(bot, f"external/{key}", position)


def _count_external(bot: Bot, name: str, position: VenuePosition) -> None:
    if position.symbol not in instruments():
        bot.account.unprotected[name] = (
            f"position {position.position_id} ({position.symbol}) has no known worth"
        )
        return
    if position.stop_loss is None:
        bot.account.unprotected[name] = (
            f"position {position.position_id} ({position.symbol}) is not ours and has no stop"
        )
    bot.account.exposures[name] = Exposure(
        name,
        position.symbol,
        position.side,
        position.lots,
        position.entry,
        position.stop_loss,
        position.take_profit,
        is_open=True,
    )


def _mode_changed(bot: Bot, record: Record) -> None:
    bot.mode = record.body["mode"]


_WITHOUT_CLOCK = {
    Kind.DECISION_RECEIVED: _received,
    Kind.DECISION_SUBMITTED_AGAIN: _submitted_again,
    Kind.ADVANCE_REQUESTED: _advanced,
    Kind.DELIVERY_CONFLICT: _nothing,
}
_FOLDS = {
    Kind.DECISION_DENIED: _denied,
    Kind.DECISION_HELD: _held,
    Kind.DECISION_SHADOWED: _shadowed,
    Kind.DECISION_FAILED_OVER: _failed_over,
    Kind.REVIEW_REQUESTED: _review_requested,
    Kind.REVIEW_ENDED: _review_ended,
    Kind.SIMULATION_CLOSED: _simulation_closed,
    Kind.ORDER_INTENDED: order_folds.intended,
    **dict.fromkeys(order_folds.STATES, order_folds.order_moved),
    Kind.ORDER_MODIFIED: order_folds.modified,
    Kind.REQUEST_SENT: order_folds.requested,
    Kind.REQUEST_REFUSED: order_folds.noted,
    Kind.REPORT_HELD: order_folds.report_held,
    Kind.REPORT_IGNORED: order_folds.noted,
    Kind.RESOLUTION_PROPOSED: order_folds.proposed,
    Kind.POSITION_GIVEN_UP: order_folds.given_up,
    Kind.BOOKS_ACCEPTANCE_PROPOSED: _acceptance_proposed,
    Kind.RECONCILED: _reconciled,
    Kind.DIVERGENCE_FOUND: _nothing,
    Kind.EQUITY_MARKED: _marked,
    Kind.DAY_OPENED: ledger_folds.day_opened,
    Kind.ACCOUNT_BREACHED: ledger_folds.breached,
    Kind.MODE_CHANGED: _mode_changed,
}
