"""What a FIX venue says of orders, as broker reports: one message in, what it means out.

What cannot be understood is trouble, never a guess. Execution ids are made from the venue's order id and
the quantity filled so far: the same execution has the same id in a report, in one that is repeated, and in
the answer to a question about the order. What of a quantity was told already is `executions`' to know.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from hive_core.configuration.broker_fix import AttachedBracket, FixSettings
from hive_core.contracts.broker import BrokerReport, ReportKind
from hive_core.contracts.reasons import RejectionReason
from hive_exec.brokers.fix.decoding import Message
from hive_exec.brokers.fix.executions import Execution, Executions
from hive_exec.brokers.fix.orders import STOP, TARGET, OrderForms, parts_of
from hive_exec.brokers.fix.tags import MsgType, Tag
from hive_exec.brokers.fix.timestamps import timestamp_ns

_QUIET = frozenset("A6E")
"""Pending new, pending cancel, pending replace: nothing has happened yet."""
_EXIT_REASONS = {STOP: "stop", TARGET: "target", "": "close"}
_NO_ORDER = frozenset({"", "NONE", "UNKNOWN", "0"})
_DUPLICATE_ORDER = 6
_UNKNOWN_ORDER = 5


@dataclass(frozen=True, slots=True)
class Reading:
    """What a message means: reports, and what of it is not understood ("" if nothing)."""

    reports: tuple[BrokerReport, ...] = ()
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class _Said:
    """An execution report with its numbers in our units."""

    message: Message
    order_id: str
    client_order_id: str
    leg: str
    is_exit: bool
    ts_ns: int
    cumulative: Decimal
    units_per_lot: Decimal


class ReportReader:
    """Reads the reports of one account."""

    def __init__(
        self, account: str, settings: FixSettings, forms: OrderForms, executions: Executions | None = None
    ) -> None:
        self._account = account
        self._bracket = settings.bracket
        self._forms = forms
        self._executions = executions or Executions()

    def read(self, message: Message) -> Reading:
        """An ExecutionReport that came by itself or as an answer, or an OrderCancelReject."""
        if message.msg_type == MsgType.ORDER_CANCEL_REJECT:
            return self._cancel_reject(message)
        said, problem = self._said(message)
        if said is None:
            return Reading(trouble=problem)
        kind = message.text(Tag.EXEC_TYPE)
        if kind in _QUIET:
            return Reading()
        if kind == "F":
            return self._execution(said)
        if kind == "I":
            return self._status(said)
        if kind == "0":
            return Reading() if said.is_exit else Reading((self._accepted(said),))
        if kind == "8":
            return self._refusal(said)
        if kind in {"4", "C"}:
            return Reading((self._ended(said, is_expired=kind == "C"),))
        if kind == "5":
            return Reading((self._modified(said),))
        return Reading(trouble=f"ExecType {kind!r} of {_name(message)} is not understood")

    def _said(self, message: Message) -> tuple[_Said | None, str]:
        venue_id = message.text(Tag.CL_ORD_ID) or message.text(Tag.ORIG_CL_ORD_ID)
        linked = message.text(Tag.SECONDARY_CL_ORD_ID)
        base, leg = parts_of(venue_id)
        symbol = self._forms.our_symbol(message.text(Tag.SYMBOL))
        cumulative = message.number(Tag.CUM_QTY)
        if symbol is None:
            return None, f"a report on {message.text(Tag.SYMBOL)}, which is not among the venue's symbols"
        if not (base or linked):
            return None, f"a report without an order's id: {_name(message)}"
        if cumulative is None or cumulative < 0:
            return None, f"CumQty of {_name(message)} is {message.text(Tag.CUM_QTY)}"
        said = _Said(
            message=message,
            order_id=message.text(Tag.ORDER_ID),
            client_order_id=linked or base,
            leg=leg,
            is_exit=bool(leg) or message.text(Tag.POSITION_EFFECT) == "C" or bool(linked and linked != base),
            ts_ns=timestamp_ns(message.text(Tag.TRANSACT_TIME)) or message.sending_time_ns or 0,
            cumulative=cumulative,
            units_per_lot=symbol.units_per_lot,
        )
        return said, ""

    def _report(
        self,
        said: _Said,
        kind: ReportKind,
        execution_id: str,
        *,
        price: Decimal | None = None,
        lots: Decimal | None = None,
        has_stop: bool = True,
        reason: str = "",
    ) -> BrokerReport:
        stop_loss, take_profit = self._levels(said)
        return BrokerReport(
            account=self._account,
            client_order_id=said.client_order_id,
            kind=kind,
            execution_id=execution_id,
            ts_ns=said.ts_ns,
            venue_order_id=said.order_id,
            price=price,
            lots=lots,
            stop_loss=stop_loss,
            take_profit=take_profit,
            has_stop=has_stop,
            commission=said.message.number(Tag.COMMISSION) if lots is not None else None,
            reason=reason,
            text=said.message.text(Tag.TEXT),
        )

    def _levels(self, said: _Said) -> tuple[Decimal | None, Decimal | None]:
        message = said.message
        if isinstance(self._bracket, AttachedBracket):
            return message.own_price(self._bracket.stop_tag), message.own_price(self._bracket.target_tag)
        if said.leg == STOP:
            return message.number(Tag.STOP_PX), None
        if said.leg == TARGET:
            return None, message.number(Tag.PRICE)
        return None, None

    def _accepted(self, said: _Said) -> BrokerReport:
        return self._report(said, ReportKind.ACCEPTED, f"{said.order_id}@accepted")

    def _refusal(self, said: _Said) -> Reading:
        """A rejection, unless it says that an order with this id is there: then it is not known what became
        of the one we sent (FIX appendix D, F.1.b)."""
        if said.message.whole(Tag.ORD_REJ_REASON) == _DUPLICATE_ORDER and not said.leg:
            return Reading(trouble=f"the venue has seen this id before: {_name(said.message)}")
        return Reading((self._rejected(said),))

    def _rejected(self, said: _Said) -> BrokerReport:
        name = f"{said.message.text(Tag.CL_ORD_ID)}@rejected"
        if said.leg == STOP:
            return self._report(said, ReportKind.MODIFIED, name, has_stop=False, reason="stop_rejected")
        if said.leg == TARGET:
            return self._report(said, ReportKind.MODIFY_REJECTED, name, reason="target_rejected")
        if said.is_exit:
            return self._report(said, ReportKind.MODIFY_REJECTED, name, reason="close_rejected")
        return self._report(said, ReportKind.REJECTED, name)

    def _ended(self, said: _Said, *, is_expired: bool) -> BrokerReport:
        name = f"{said.order_id}@ended"
        if said.leg == STOP:
            # Its partner filled, its entry ended, or the position stands bare: the core knows which.
            return self._report(said, ReportKind.MODIFIED, name, has_stop=False, reason="stop_ended")
        if said.is_exit:
            reason = "target_ended" if said.leg else "close_ended"
            return self._report(said, ReportKind.MODIFY_REJECTED, name, reason=reason)
        if is_expired:
            reason = RejectionReason.GOOD_TILL_PASSED.value
            return self._report(said, ReportKind.EXPIRED, name, reason=reason)
        return self._report(said, ReportKind.CANCELLED, name)

    def _modified(self, said: _Said) -> BrokerReport:
        return self._report(said, ReportKind.MODIFIED, f"{said.order_id}@{said.message.text(Tag.EXEC_ID)}")

    def _execution(self, said: _Said) -> Reading:
        quantity, price = said.message.number(Tag.LAST_QTY), said.message.number(Tag.LAST_PX)
        if quantity is None or price is None or not 0 < quantity <= said.cumulative or price <= 0:
            return Reading(
                trouble=f"an execution without a possible quantity and price: {_name(said.message)}"
            )
        told = self._executions.one(said.order_id, said.cumulative, quantity, price)
        return Reading(tuple(self._filled(said, one) for one in told))

    def _filled(self, said: _Said, one: Execution) -> BrokerReport:
        price, lots = one.price, (one.end - one.begin) / said.units_per_lot
        execution_id = f"{said.order_id}@{one.end.normalize():f}"
        if said.is_exit:
            reason = _EXIT_REASONS[said.leg]
            return self._report(said, ReportKind.CLOSED, execution_id, price=price, lots=lots, reason=reason)
        has_stop = True
        if isinstance(self._bracket, AttachedBracket) and self._bracket.is_echoed:
            has_stop = said.message.own_price(self._bracket.stop_tag) is not None
        return self._report(said, ReportKind.FILLED, execution_id, price=price, lots=lots, has_stop=has_stop)

    def _status(self, said: _Said) -> Reading:
        """The answer to a question: where the order stands, with all that was filled."""
        status = said.message.text(Tag.ORD_STATUS)
        if said.order_id.upper() in _NO_ORDER:
            return Reading()
        if status == "8":
            known = said.message.whole(Tag.ORD_REJ_REASON) not in {None, _UNKNOWN_ORDER}
            return self._refusal(said) if known else Reading()
        if status not in frozenset("0124CA6E5"):
            return Reading(trouble=f"OrdStatus {status!r} of {_name(said.message)} is not understood")
        reports = [] if said.is_exit or status == "A" else [self._accepted(said)]
        average = said.message.number(Tag.AVG_PX)
        if said.cumulative > 0:
            if average is None or average <= 0:
                return Reading(trouble=f"filled at no price: {_name(said.message)}")
            told = self._executions.all(said.order_id, said.cumulative, average)
            reports += [self._filled(said, one) for one in told]
        if status in {"4", "C"}:
            reports.append(self._ended(said, is_expired=status == "C"))
        return Reading(tuple(reports))

    def _cancel_reject(self, message: Message) -> Reading:
        client_order_id, _ = parts_of(message.text(Tag.ORIG_CL_ORD_ID))
        is_cancel = message.text(Tag.CXL_REJ_RESPONSE_TO) == "1"
        report = BrokerReport(
            account=self._account,
            client_order_id=message.text(Tag.SECONDARY_CL_ORD_ID) or client_order_id,
            kind=ReportKind.CANCEL_REJECTED if is_cancel else ReportKind.MODIFY_REJECTED,
            execution_id=f"{message.text(Tag.CL_ORD_ID)}@rejected",
            ts_ns=timestamp_ns(message.text(Tag.TRANSACT_TIME)) or message.sending_time_ns or 0,
            venue_order_id=message.text(Tag.ORDER_ID),
            text=message.text(Tag.TEXT),
        )
        return Reading((report,))


def _name(message: Message) -> str:
    parts = ((Tag.CL_ORD_ID, "order"), (Tag.ORDER_ID, "venue order"), (Tag.EXEC_ID, "execution"))
    return ", ".join(f"{name} {message.text(tag)}" for tag, name in parts if message.text(tag))
