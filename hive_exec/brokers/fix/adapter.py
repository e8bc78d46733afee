"""The FIX 4.4 venue behind the broker port.

Puts the parts together: requests from `orders`, their fate from `conversation`, meaning from `reports` and
`books`. It holds nothing that a restart would miss: what works at the venue is asked for when it matters.
An order-creating request is sent once; after a time-out, a cut or a restart only questions follow.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from hive_core.configuration.broker_fix import AttachedBracket, FixEndpoint, FixSettings
from hive_core.contracts.broker import BrokerReport, BrokerSnapshot, Capabilities, Lookup, ReportKind
from hive_core.contracts.order import BracketOrder
from hive_exec.brokers.fix.books import WorkingOrder
from hive_exec.brokers.fix.connection import FixConnection, machine_now
from hive_exec.brokers.fix.conversation import Broken, Conversation
from hive_exec.brokers.fix.decoding import Message
from hive_exec.brokers.fix.executions import Executions
from hive_exec.brokers.fix.listening import Listening
from hive_exec.brokers.fix.orders import (
    STOP,
    TARGET,
    CannotBeExpressed,
    OrderForms,
    Pairs,
    carries_stop,
    leg_id,
)
from hive_exec.brokers.fix.questions import Questions, RequestRate
from hive_exec.brokers.fix.reports import ReportReader
from hive_exec.brokers.fix.secret import read_password
from hive_exec.brokers.fix.sequence_store import SequenceStore
from hive_exec.brokers.fix.session_types import Role, SessionSettings
from hive_exec.brokers.fix.tags import MsgType, Tag
from hive_exec.brokers.fix.timestamps import Instant
from hive_exec.brokers.port import Ambiguous, NotSent, Sink, Unavailable

_TRADING = frozenset(
    {
        MsgType.EXECUTION_REPORT,
        MsgType.ORDER_CANCEL_REJECT,
        MsgType.LIST_STATUS,
        MsgType.REQUEST_FOR_POSITIONS_ACK,
        MsgType.POSITION_REPORT,
        MsgType.BUSINESS_MESSAGE_REJECT,
    }
)
_QUOTES = frozenset(
    {
        MsgType.MARKET_DATA_SNAPSHOT,
        MsgType.MARKET_DATA_INCREMENTAL,
        MsgType.MARKET_DATA_REQUEST_REJECT,
        MsgType.BUSINESS_MESSAGE_REJECT,
    }
)


class FixBroker:
    """One account at one FIX venue. Fits `hive_exec.brokers.port.Broker`."""

    def __init__(
        self,
        account: str,
        settings: FixSettings,
        folder: Path,
        environment: Mapping[str, str] | None = None,
        *,
        known_execution_ids: Iterable[str] = (),
        now: Callable[[], Instant] = machine_now,
    ) -> None:
        """Begin to connect.

        Args:
            account: our name of the account.
            folder: where the sessions' sequence numbers are kept, under the home.
            environment: where the secrets are, the process's own unless given.
            known_execution_ids: what was applied before this process, so that a sum that the venue tells
                does not count it again.

        Raises:
            FileInUse, FileDamaged: the sequence numbers cannot be had.
            PasswordUnusable: the password is too short to be hidden.
        """
        self._account = account
        self._settings = settings
        self._now = now
        self._forms = OrderForms(settings)
        self._reader = ReportReader(account, settings, self._forms, Executions(known_execution_ids))
        self._trading_talk = Conversation()
        self._rate = RequestRate(settings.max_requests_per_s, now)
        secrets = os.environ if environment is None else environment
        shared = settings.quotes is None
        types = _TRADING | _QUOTES if shared else _TRADING
        self._trading = self._connection(
            settings.trading, types, secrets, folder / f"{account}.trading", self._trading_talk
        )
        self._quotes, self._quotes_talk = self._trading, self._trading_talk
        if settings.quotes is not None:
            self._quotes_talk = Conversation()
            self._quotes = self._connection(
                settings.quotes, _QUOTES, secrets, folder / f"{account}.quotes", self._quotes_talk
            )
        self._questions = Questions(
            account, settings, self._forms, self._reader, self._trading, self._trading_talk, self._rate, now
        )
        self._trading.start()

    def _connection(
        self,
        endpoint: FixEndpoint,
        types: frozenset[str],
        secrets: Mapping[str, str],
        path: Path,
        talk: Conversation,
    ) -> FixConnection:
        password = read_password(f"{self._settings.secrets}_PASSWORD", secrets)
        session = SessionSettings(
            role=Role.INITIATOR,
            sender_comp_id=endpoint.sender_comp_id,
            target_comp_id=endpoint.target_comp_id,
            sender_sub_id=endpoint.sender_sub_id,
            target_sub_id=endpoint.target_sub_id,
            accepted_types=types,
            heartbeat_s=endpoint.heartbeat_s,
            reset_on_logon=endpoint.reset_on_logon,
            username=secrets.get(f"{self._settings.secrets}_USERNAME", ""),
            password=password,
        )
        return FixConnection(
            endpoint, session, SequenceStore(path), talk.heard, talk.noted, talk.oldest_kept, self._now
        )

    @property
    def capabilities(self) -> Capabilities:
        """What the venue can do."""
        return Capabilities(
            kind=self._settings.kind,
            is_hedging=self._settings.is_hedging,
            deduplicates_client_ids=self._settings.deduplicates_client_ids,
            has_price_bound=True,
            has_good_till=True,
            has_reports_since=False,
            settle_s=self._settings.settle_s,
            max_requests_per_s=self._settings.max_requests_per_s,
        )

    # Requests that change something

    def submit(self, order: BracketOrder) -> Sequence[BrokerReport]:
        """Send one order-creating request with stop and target in it, and wait for its first report.

        Raises:
            NotSent: no session, no words for it, no stop in it, or the rate is reached.
            Ambiguous: it may have arrived.
        """
        try:
            msg_type, fields = self._forms.new(order, self._now().wall_ns)
        except CannotBeExpressed as error:
            raise NotSent(str(error)) from None
        if not carries_stop(fields, self._settings.bracket):
            raise NotSent(f"{order.client_order_id} has no stop in its request, so it does not leave")
        try:
            return self._change(order, msg_type, fields, {order.client_order_id}, {order.client_order_id})
        except Broken as error:
            if not error.is_rejected:
                raise Ambiguous(str(error)) from None
            return (self._refused_as_message(order, str(error)),)

    def _refused_as_message(self, order: BracketOrder, text: str) -> BrokerReport:
        """A Reject or BusinessMessageReject of the message itself: the venue did not process it."""
        return BrokerReport(
            account=self._account,
            client_order_id=order.client_order_id,
            kind=ReportKind.REJECTED,
            execution_id=f"{order.client_order_id}@rejected",
            ts_ns=self._now().wall_ns,
            text=text,
        )

    def modify(
        self, order: BracketOrder, stop_loss: Decimal | None, take_profit: Decimal | None
    ) -> Sequence[BrokerReport]:
        """Move the stop or the target. Raises as `submit`; repeating it is harmless."""
        working = self._working_before_change()
        now_ns = self._now().wall_ns
        mine = [held for held in working if held.client_order_id == order.client_order_id]
        requests: list[Pairs] = []
        number = time.time_ns() // 1_000_000
        try:
            if isinstance(self._settings.bracket, AttachedBracket):
                current = next((held.current_id for held in mine), order.client_order_id)
                requests.append(
                    self._forms.replace_attached(order, current, stop_loss, take_profit, number, now_ns)
                )
            else:
                for leg, price in ((STOP, stop_loss), (TARGET, take_profit)):
                    held = next((held for held in mine if held.leg == leg), None)
                    if price is None:
                        continue
                    if held is None:
                        raise NotSent(f"{leg_id(order.client_order_id, leg)} does not work at the venue")
                    current, units = held.current_id, held.units
                    requests.append(self._forms.replace_leg(order, current, units, price, number, now_ns))
        except CannotBeExpressed as error:
            raise NotSent(str(error)) from None
        return self._changes(order, MsgType.ORDER_CANCEL_REPLACE_REQUEST, requests)

    def cancel(self, order: BracketOrder) -> Sequence[BrokerReport]:
        """Cancel what of an order still works; its stop and target go with it. Raises as `submit`."""
        working = self._working_before_change()
        current = next(
            (
                held.current_id
                for held in working
                if held.client_order_id == order.client_order_id and not held.leg
            ),
            order.client_order_id,
        )
        now = self._now()
        try:
            fields = self._forms.cancel(order, current, now.wall_ns // 1_000_000, now.wall_ns)
        except CannotBeExpressed as error:
            raise NotSent(str(error)) from None
        return self._changes(order, MsgType.ORDER_CANCEL_REQUEST, [fields])

    def close_position(
        self, order: BracketOrder, lots: Decimal | None, request_id: str
    ) -> Sequence[BrokerReport]:
        """Close what an order opened, or `lots` of it, marked as closing (PositionEffect=C). Raises as
        `submit`; `request_id` is the venue's id of the closing order."""
        position_id = ""
        if self._settings.is_hedging:
            try:
                snapshot = self.snapshot()
            except Unavailable as error:
                text = f"the position's id could not be asked for: {error}"
                raise NotSent(text, is_passing=error.is_passing) from None
            position_id = next(
                (
                    held.position_id
                    for held in snapshot.positions
                    if held.client_order_id == order.client_order_id
                ),
                "",
            )
            if not position_id:
                raise NotSent(f"the venue has no open position of {order.client_order_id}")
        try:
            fields = self._forms.close(
                order, order.lots if lots is None else lots, request_id, position_id, self._now().wall_ns
            )
        except CannotBeExpressed as error:
            raise NotSent(str(error)) from None
        try:
            return self._change(
                order, MsgType.NEW_ORDER_SINGLE, fields, {request_id}, {request_id}, wants="F84C"
            )
        except Broken as error:
            raise Ambiguous(str(error)) from None

    def _changes(
        self, order: BracketOrder, msg_type: str, requests: Sequence[Pairs]
    ) -> Sequence[BrokerReport]:
        """Several changes, each answered; what was done before one fails is done."""
        reports: list[BrokerReport] = []
        for fields in requests:
            ids = {value for tag, value in fields if tag == Tag.CL_ORD_ID}
            try:
                reports += self._change(order, msg_type, fields, ids, ids, wants="458C")
            except Broken as error:
                raise Ambiguous(str(error)) from None
        return reports

    def _change(
        self,
        order: BracketOrder,
        msg_type: str,
        fields: Pairs,
        ids: set[str],
        references: set[str],
        wants: str = "",
    ) -> Sequence[BrokerReport]:
        """Send, and wait for a report on one of `ids`: any but a pending one, or one of the ExecTypes
        that are wanted."""
        self._rate.count()

        def answers(message: Message) -> bool:
            if message.msg_type == MsgType.BUSINESS_MESSAGE_REJECT:
                return message.text(Tag.BUSINESS_REJECT_REF_ID) in references
            if message.msg_type == MsgType.ORDER_CANCEL_REJECT:
                return message.text(Tag.CL_ORD_ID) in ids
            if message.msg_type != MsgType.EXECUTION_REPORT or message.text(Tag.EXEC_TYPE) == "I":
                return False
            return message.text(Tag.CL_ORD_ID) in ids

        def is_complete(heard: list[Message]) -> bool:
            return any(
                message.msg_type != MsgType.EXECUTION_REPORT
                or (message.text(Tag.EXEC_TYPE) in wants if wants else message.text(Tag.EXEC_TYPE) not in "A")
                for message in heard
            )

        timeout_s = self._settings.answer_timeout_s
        try:
            heard = self._trading_talk.ask(self._trading, msg_type, fields, answers, is_complete, timeout_s)
        except TimeoutError as error:
            raise Ambiguous(f"{msg_type} for {order.client_order_id}: {error}") from None
        reports: list[BrokerReport] = []
        for message in heard:
            if message.msg_type == MsgType.BUSINESS_MESSAGE_REJECT:
                raise Broken(message.text(Tag.TEXT) or "business reject", is_rejected=True)
            reading = self._reader.read(message)
            if reading.trouble:
                raise Ambiguous(f"the venue's answer is not understood: {reading.trouble}")
            reports += reading.reports
        return reports

    def _working_before_change(self) -> Sequence[WorkingOrder]:
        """What works now: ids at the venue change with every modification."""
        try:
            return self._questions.working()
        except Unavailable as error:
            text = f"what works at the venue could not be asked for: {error}"
            raise NotSent(text, is_passing=error.is_passing) from None

    # Questions

    def snapshot(self) -> BrokerSnapshot:
        """Orders and positions; FIX 4.4 has no balance, so amounts are None.

        Raises:
            Unavailable: a question was not answered, or not understandably.
        """
        return self._questions.snapshot()

    def look_up(self, order: BracketOrder, since_cursor: str) -> Lookup:
        """What the venue says of an order now. Never proof of absence: FIX 4.4 has no log to read whole.

        Raises:
            Unavailable: not answered, or not understandably.
        """
        return self._questions.look_up(order)

    def reports_since(self, cursor: str) -> tuple[tuple[BrokerReport, ...], str]:
        """A FIX 4.4 venue keeps no log to read again.

        Raises:
            Unavailable: always.
        """
        raise Unavailable("FIX 4.4 has no log of reports to read from a cursor; ask for each order")

    # Listening

    def listen(self, symbols: Sequence[str], sink: Sink, stop: threading.Event) -> None:
        """Hear reports and quotes until `stop` is set."""
        self._quotes.start()
        listening = Listening(sink, self._reader, self._forms)
        talks = {id(talk): talk for talk in (self._trading_talk, self._quotes_talk)}.values()
        for talk in talks:
            if talk.listen(listening.take):
                sink.gap("reports came while nobody listened, more than could be kept")
        subscribed = -1
        while not stop.wait(0.05):
            logons = self._quotes.logons
            if logons != subscribed and symbols and self._quotes.wait_logged_on(0):
                listening.quotes_begin_again()
                try:
                    fields = self._forms.quotes(list(symbols), self._questions.name())
                    self._quotes.send(MsgType.MARKET_DATA_REQUEST, fields)
                    subscribed = logons
                except CannotBeExpressed as error:
                    sink.trouble(str(error))
                    subscribed = logons
                except (NotSent, Ambiguous):
                    # The session ended in between; the next logon subscribes.
                    continue
        for talk in talks:
            talk.listen(None)

    def close(self) -> None:
        """Log out of the sessions. Nothing is cancelled."""
        self._trading.close("closing")
        if self._quotes is not self._trading:
            self._quotes.close("closing")
