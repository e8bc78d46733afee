"""Questions to a FIX venue and their answers: what works, what is open, what became of an order.

Nothing here changes anything at the venue. What an answer means is read by `reports` and `books`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hive_core.configuration.broker_fix import AttachedBracket, FixSettings
from hive_core.contracts.broker import BrokerReport, BrokerSnapshot, Lookup
from hive_core.contracts.order import BracketOrder
from hive_exec.brokers.fix.books import Unreadable, WorkingOrder, entries, positions, working_orders
from hive_exec.brokers.fix.connection import FixConnection
from hive_exec.brokers.fix.conversation import Broken, Conversation
from hive_exec.brokers.fix.decoding import Message
from hive_exec.brokers.fix.orders import STOP, TARGET, CannotBeExpressed, OrderForms, Pairs, leg_id
from hive_exec.brokers.fix.reports import ReportReader
from hive_exec.brokers.fix.tags import MsgType, Tag
from hive_exec.brokers.fix.timestamps import NS, Instant
from hive_exec.brokers.port import Ambiguous, NotSent, Throttled, Unavailable
from hive_exec.brokers.rate_limit import RateLimit

_NOTHING_FOUND = 2
"""PosReqResult: no positions found that match."""


class RequestRate:
    """Our own limit of requests, below which the venue's is not reached."""

    def __init__(self, per_s: int, now: Callable[[], Instant]) -> None:
        self._per_s = per_s
        self._limit = RateLimit(per_s, lambda: now().monotonic_ns / NS)

    def count(self) -> None:
        """Count a request that is about to go out.

        Raises:
            Throttled: it must not.
        """
        if self._limit.take():
            raise Throttled(f"{self._per_s} requests went out within a second")


class Questions:
    """Asks one venue about one account."""

    def __init__(
        self,
        account: str,
        settings: FixSettings,
        forms: OrderForms,
        reader: ReportReader,
        connection: FixConnection,
        talk: Conversation,
        rate: RequestRate,
        now: Callable[[], Instant],
    ) -> None:
        self._account = account
        self._settings = settings
        self._forms = forms
        self._reader = reader
        self._connection = connection
        self._talk = talk
        self._rate = rate
        self._now = now

    def _question(
        self,
        msg_type: str,
        fields: Pairs,
        answers: Callable[[Message], bool],
        is_complete: Callable[[list[Message]], bool],
    ) -> list[Message]:
        timeout_s = self._settings.answer_timeout_s
        if not self._connection.wait_logged_on(timeout_s):
            why, is_passing = self._connection.why_down, self._connection.is_down_passing
            raise Unavailable(f"no FIX session: {why}", is_passing=is_passing)
        try:
            self._rate.count()
            return self._talk.ask(self._connection, msg_type, fields, answers, is_complete, timeout_s)
        except (NotSent, Ambiguous, TimeoutError, Broken) as error:
            raise Unavailable(f"{msg_type} was not answered: {error}") from None

    def name(self) -> str:
        """A name for a question; no two within a session are the same."""
        return f"q{self._now().wall_ns:x}"

    def working(self) -> Sequence[WorkingOrder]:
        """The orders that work at the venue, stops and targets included.

        Raises:
            Unavailable: not answered, or not understandably.
        """
        name = self.name()

        def answers(message: Message) -> bool:
            return message.text(Tag.MASS_STATUS_REQ_ID) == name

        def is_complete(heard: list[Message]) -> bool:
            return any(
                message.text(Tag.LAST_RPT_REQUESTED) == "Y"
                or message.whole(Tag.TOT_NUM_REPORTS) in {0, len(heard)}
                for message in heard
            )

        heard = self._question(
            MsgType.ORDER_MASS_STATUS_REQUEST, self._forms.working_orders(name), answers, is_complete
        )
        try:
            return working_orders(heard, self._forms, self._tag("stop_tag"))
        except Unreadable as error:
            raise Unavailable(str(error)) from None

    def _tag(self, name: str) -> int | None:
        bracket = self._settings.bracket
        if not isinstance(bracket, AttachedBracket):
            return None
        return bracket.stop_tag if name == "stop_tag" else bracket.target_tag

    def snapshot(self) -> BrokerSnapshot:
        """Orders and positions; FIX 4.4 has no balance, so amounts are None.

        Raises:
            Unavailable: a question was not answered, or not understandably.
        """
        working = self.working()
        name = self.name()

        def answers(message: Message) -> bool:
            return message.text(Tag.POS_REQ_ID) == name

        def is_complete(heard: list[Message]) -> bool:
            reports = sum(message.msg_type == MsgType.POSITION_REPORT for message in heard)
            return any(
                message.whole(Tag.POS_REQ_RESULT) != 0
                or message.whole(Tag.TOTAL_NUM_POS_REPORTS) in {reports}
                for message in heard
            )

        now_ns = self._now().wall_ns
        heard = self._question(
            MsgType.REQUEST_FOR_POSITIONS, self._forms.positions(name, now_ns), answers, is_complete
        )
        refused = [m for m in heard if m.whole(Tag.POS_REQ_RESULT) not in {0, _NOTHING_FOUND}]
        if refused:
            raise Unavailable(f"positions were refused: {refused[0].text(Tag.TEXT) or 'no reason given'}")
        try:
            found = positions(
                [message for message in heard if message.msg_type == MsgType.POSITION_REPORT],
                self._forms,
                working,
                position_id_tag=self._settings.position_id_tag,
                stop_tag=self._tag("stop_tag"),
                target_tag=self._tag("target_tag"),
            )
        except Unreadable as error:
            raise Unavailable(str(error)) from None
        return BrokerSnapshot(
            account=self._account,
            ts_ns=now_ns,
            cursor=str(now_ns),
            balance=None,
            equity=None,
            margin_used=None,
            orders=entries(working),
            positions=found,
        )

    def look_up(self, order: BracketOrder) -> Lookup:
        """What the venue says of an order now: the entry, and its stop and target where they are orders.

        Never proof of absence: FIX 4.4 has no log that could be read whole.

        Raises:
            Unavailable: not answered, or not understandably.
        """
        names = [order.client_order_id]
        if not isinstance(self._settings.bracket, AttachedBracket):
            names += [leg_id(order.client_order_id, leg) for leg in (STOP, TARGET)]
        reports: list[BrokerReport] = []
        for name in names:
            found = self._status(order, name)
            reports += found
            if not found:
                break
        text = "" if reports else "the venue does not know the order; that is not proof"
        return Lookup(order.client_order_id, tuple(reports), is_proof=False, text=text)

    def _status(self, order: BracketOrder, venue_id: str) -> Sequence[BrokerReport]:
        question = self.name()

        def answers(message: Message) -> bool:
            if message.msg_type == MsgType.BUSINESS_MESSAGE_REJECT:
                return message.text(Tag.BUSINESS_REJECT_REF_ID) in {venue_id, question}
            return message.msg_type == MsgType.EXECUTION_REPORT and (
                message.text(Tag.ORD_STATUS_REQ_ID) == question
                or (message.text(Tag.EXEC_TYPE) == "I" and message.text(Tag.CL_ORD_ID) == venue_id)
            )

        try:
            fields = self._forms.status(order, venue_id, question)
        except CannotBeExpressed as error:
            raise Unavailable(str(error)) from None
        (answer,) = self._question(
            MsgType.ORDER_STATUS_REQUEST, fields, answers, lambda heard: len(heard) == 1
        )
        if answer.msg_type == MsgType.BUSINESS_MESSAGE_REJECT:
            return ()
        reading = self._reader.read(answer)
        if reading.trouble:
            raise Unavailable(reading.trouble)
        return reading.reports
