"""The venue's two streams: prices and transactions, heard until told to stop.

A stream that breaks, or is silent for longer than the venue promises, is opened again; what was missed of
the transactions is read from the log, so a report is heard late and never lost.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from hive_core.contracts.base import ContractError, strict_json
from hive_exec.brokers.oanda.log import NotUnderstood, TransactionLog
from hive_exec.brokers.oanda.quotes import read_quote
from hive_exec.brokers.oanda.reading import Fields, Unreadable
from hive_exec.brokers.oanda.reports import Interpreter
from hive_exec.brokers.oanda.symbols import NotExpressible, venue_name
from hive_exec.brokers.oanda.transactions import Transaction, read_transaction
from hive_exec.brokers.oanda.transport import MAX_LINE_BYTES, StreamBroke, Transport
from hive_exec.brokers.port import Sink, Unavailable

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
"""Between two tries to open a stream: doubled each time. Half a second keeps two streams within the venue's
two connections a second twice over."""

Hear = Callable[[Callable[[], None]], None]
"""Opens a stream and hears it to its end; calls back once the stream is there and nothing is missing."""


class Listener:
    """Hears the streams of one account for one sink."""

    def __init__(
        self,
        transport: Transport,
        account_id: str,
        interpreter: Interpreter,
        log: TransactionLog,
        read_up_to: Callable[[], int],
    ) -> None:
        """
        Args:
            read_up_to: the number of the last transaction that this process has read from the log, or 0.
        """
        self._transport = transport
        self._account_id = account_id
        self._path = f"/v3/accounts/{account_id}"
        self._interpreter = interpreter
        self._log = log
        self._read_up_to = read_up_to

    def listen(self, symbols: Sequence[str], sink: Sink, stop: threading.Event) -> None:
        """Hear both streams until `stop` is set. An instrument without a name there is trouble."""
        names = []
        for symbol in symbols:
            try:
                names.append(venue_name(symbol))
            except NotExpressible as error:
                sink.trouble(str(error))
        over = threading.Event()
        failures: list[BaseException] = []
        hearers = [self._transactions(sink), *([self._prices(names, sink)] if names else [])]
        threads = [
            threading.Thread(target=self._keep, args=(hear, sink, over, failures), daemon=True)
            for hear in hearers
        ]
        for thread in threads:
            thread.start()
        while not failures and not stop.wait(0.1):
            pass
        over.set()
        for thread in threads:
            while thread.is_alive():
                self._transport.hang_up()
                thread.join(0.1)
        if failures:
            raise failures[0]

    def _keep(self, hear: Hear, sink: Sink, over: threading.Event, failures: list[BaseException]) -> None:
        """Open a stream again and again. A fault of ours or of the sink ends it, and is told."""
        pause_s, reason = FIRST_PAUSE_S, ""

        def opened() -> None:
            nonlocal pause_s, reason
            if reason:
                sink.gap(reason)
            pause_s, reason = FIRST_PAUSE_S, ""

        try:
            while not over.is_set():
                try:
                    hear(opened)
                except (StreamBroke, Unavailable) as error:
                    reason = reason or str(error)
                over.wait(pause_s)
                pause_s = min(LONGEST_PAUSE_S, pause_s * 2)
        except BaseException as error:  # noqa: BLE001 - raised again by `listen`, in the caller's thread
            failures.append(error)

    def _prices(self, names: list[str], sink: Sink) -> Hear:
        def hear(opened: Callable[[], None]) -> None:
            with self._transport.stream(
                f"{self._path}/pricing/stream", {"instruments": ",".join(names)}
            ) as lines:
                opened()
                for line in lines:
                    try:
                        message = _message(line)
                        kind = message.text("type")
                        if kind == "PRICE":
                            quote = read_quote(message)
                            if quote is not None:
                                sink.quoted(quote.symbol, quote.bid, quote.ask, quote.ts_ns)
                        elif kind != "HEARTBEAT":
                            raise message.fault("type", f"{kind!r} is not known")
                    except Unreadable as error:
                        sink.trouble(f"OANDA's pricing stream: {error}")

        return hear

    def _transactions(self, sink: Sink) -> Hear:
        last = 0
        """The number of the last transaction whose reports were told; 0 before the stream said any."""

        def catch_up(to: int) -> None:
            nonlocal last
            if last >= to:
                return
            try:
                transactions, cursor = self._log.since(str(last))
                self._tell(transactions, sink)
            except NotUnderstood as error:
                sink.trouble(f"transactions {last + 1} to {to}: {error}")
                last = to
                return
            last = int(cursor)

        def one(message: Fields) -> None:
            nonlocal last
            is_heartbeat = message.text("type") == "HEARTBEAT"
            number = message.id("lastTransactionID" if is_heartbeat else "id")
            behind = number if is_heartbeat else number - 1
            if last == 0:
                # What came after the last reading of the log is told; what came before it is known.
                last = min(self._read_up_to() or behind, behind)
                catch_up(behind)
            elif last < behind:
                catch_up(behind)
                sink.gap(f"OANDA's stream left out transactions up to {behind}; they were read from the log")
            if is_heartbeat or number <= last:
                return
            try:
                read = read_transaction(message, self._account_id)
            except Unreadable:
                last = number  # told as trouble; the stream goes on
                raise
            self._tell([read], sink)
            last = number

        def hear(opened: Callable[[], None]) -> None:
            with self._transport.stream(f"{self._path}/transactions/stream") as lines:
                is_first = True
                for line in lines:
                    try:
                        one(_message(line))
                    except (Unreadable, NotUnderstood) as error:
                        sink.trouble(f"OANDA's transaction stream: {error}")
                    if is_first:
                        is_first = False
                        opened()

        return hear

    def _tell(self, transactions: list[Transaction], sink: Sink) -> None:
        for report in self._interpreter.reports(transactions):
            sink.reported(report)


def _message(line: bytes) -> Fields:
    try:
        return Fields(strict_json(line, max_bytes=MAX_LINE_BYTES), "stream")
    except ContractError as error:
        raise Unreadable(f"not usable JSON: {error}") from None
