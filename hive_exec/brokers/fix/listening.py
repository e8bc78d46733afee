"""What is heard unasked, for the sink: reports, quotes, gaps, trouble."""

from __future__ import annotations

from hive_exec.brokers.fix.conversation import Heard
from hive_exec.brokers.fix.decoding import Message
from hive_exec.brokers.fix.orders import OrderForms
from hive_exec.brokers.fix.quotes import QuoteBook
from hive_exec.brokers.fix.reports import ReportReader
from hive_exec.brokers.fix.session_types import SessionEvent
from hive_exec.brokers.fix.tags import MsgType, Tag
from hive_exec.brokers.port import Sink

_REPORTS = frozenset({MsgType.EXECUTION_REPORT, MsgType.ORDER_CANCEL_REJECT})
_QUOTES = frozenset({MsgType.MARKET_DATA_SNAPSHOT, MsgType.MARKET_DATA_INCREMENTAL})
_LATE_ANSWERS = frozenset({MsgType.REQUEST_FOR_POSITIONS_ACK, MsgType.POSITION_REPORT, MsgType.LIST_STATUS})
_TROUBLE = {
    "refused": "we could not read a message of the venue's",
    "rejected": "the venue rejected a message of ours",
}


class Listening:
    """Sorts what is heard into a sink. Called by the connections' threads."""

    def __init__(self, sink: Sink, reader: ReportReader, forms: OrderForms) -> None:
        self._sink = sink
        self._reader = reader
        self._forms = forms
        self._book = QuoteBook()
        self._was_down = False

    def quotes_begin_again(self) -> None:
        """A new subscription: prices from before it do not count."""
        self._book.clear()

    def take(self, heard: Heard) -> None:
        """A message or an event."""
        if isinstance(heard, SessionEvent):
            self._event(heard)
        elif heard.msg_type in _REPORTS:
            self._report(heard)
        elif heard.msg_type in _QUOTES:
            self._quote(heard)
        elif heard.msg_type not in _LATE_ANSWERS:
            text = heard.text(Tag.TEXT) or "no reason given"
            self._sink.trouble(f"the venue refused a request ({heard.msg_type}): {text}")

    def _event(self, event: SessionEvent) -> None:
        if event.kind == "disconnected":
            self._was_down = True
        elif event.kind == "logged_on" and self._was_down:
            self._was_down = False
            self._sink.gap("the FIX session was down and stands again")
        elif event.kind in {"gap", "numbers_reset"}:
            self._sink.gap(event.text)
        elif event.kind in _TROUBLE:
            self._sink.trouble(f"{_TROUBLE[event.kind]}: {event.text}")

    def _report(self, message: Message) -> None:
        if message.text(Tag.MASS_STATUS_REQ_ID) or message.text(Tag.EXEC_TYPE) == "I":
            # A late answer to a question that is no longer asked: its totals are not executions.
            return
        reading = self._reader.read(message)
        for report in reading.reports:
            self._sink.reported(report)
        if reading.trouble:
            self._sink.trouble(reading.trouble)

    def _quote(self, message: Message) -> None:
        if message.is_possible_duplicate:
            # A price that is sent again is an old price.
            return
        for venue_symbol, bid, ask in self._book.take(message):
            symbol = self._forms.our_symbol(venue_symbol)
            if symbol is None:
                self._sink.trouble(f"a quote of {venue_symbol}, which is not among the venue's symbols")
            else:
                self._sink.quoted(symbol.symbol, bid, ask, message.sending_time_ns or 0)
