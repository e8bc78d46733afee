"""The kill switch while a venue hangs: it takes connections and requests, and answers nothing."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import dataclass, field

import pytest
from broker_daemon import BrokerDaemon, OandaAt, until
from fault_proxy import Connection, FaultProxy, Toxic
from fix_at import FixAt
from kill_ways import KILL_WAYS, kill_by_command
from metatrader_at import MetaTraderAt

pytestmark = pytest.mark.slow

MOST_S = 1.0
"""From the command until no order leaves."""
ANSWER_TIMEOUT_S = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdersHang(Toxic):
    """Once a request to make an order has passed on a connection, nothing comes back on it any more."""

    hanging: set[int] = field(default_factory=set)
    """The numbers of such connections."""

    async def passing(self, chunk: bytes, connection: Connection) -> bytes:
        if b'{"order":{' in connection.request:
            self.hanging.add(connection.number)
        return b"" if connection.number in self.hanging else chunk


class Hole:
    """An address that accepts every connection, reads, and never says a word."""

    def __init__(self):
        self.heard = bytearray()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._held = []

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        for one in (self._server, *self._held):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
            finally:
                one.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            self._held.append(connection)
            threading.Thread(target=self._read, args=(connection,), daemon=True).start()

    def _read(self, connection):
        try:
            while said := connection.recv(65_536):
                self.heard += said
        except OSError:
            return


def thrown(daemon, throw):
    """Throw it; how long it took until it was answered and in force, where that is not a command's start."""
    began_s = time.monotonic()
    throw(daemon)
    took_s = time.monotonic() - began_s
    until(lambda: daemon.client().get("/modes")["kill_switch"] is not None)
    in_force_s = time.monotonic() - began_s
    print(f"\n{throw.__name__}: answered after {took_s:.3f} s, in force after {in_force_s:.3f} s")  # noqa: T201 - the figure is wanted
    if throw is not kill_by_command:  # its time is that of starting the command
        assert in_force_s < MOST_S
    return began_s


@pytest.mark.parametrize("throw", KILL_WAYS)
def test_orders_that_wait_behind_a_hanging_one_do_not_leave_once_it_is_thrown(stack, tmp_path, throw):
    oanda = stack.enter_context(OandaAt("101-004-1435156-001"))
    proxy = stack.enter_context(FaultProxy(oanda.address))
    oanda.port = proxy.port
    settings = {"answer_timeout_s": ANSWER_TIMEOUT_S, "settle_s": 8}
    daemon = BrokerDaemon(tmp_path / "installed", oanda, **settings)
    stack.callback(daemon.end)
    daemon.start_trading(oanda)
    proxy.add("hang", OrdersHang())
    proxy.cut_all()
    time.sleep(1.5)  # streams stand again
    until(daemon.is_normal, told=str(daemon.standing()))
    for number in range(6):
        daemon.decide(f"hanging-{number}")
    until(lambda: oanda.posted_orders() and daemon.kinds().count("order_intended") >= 4)
    sent = len(oanda.posted_orders())
    assert "order_unresolved" not in daemon.kinds(), "it does not hang"
    assert [one["state"] for one in daemon.orders()].count("intended") >= 3, "nothing waits behind it"

    began_s = thrown(daemon, throw)
    time.sleep(max(0.0, began_s + ANSWER_TIMEOUT_S * 2 + 1 - time.monotonic()))
    assert len(oanda.posted_orders()) == sent == 1
    assert daemon.standing()["mode"] == "halt"
    states = [one["state"] for one in daemon.orders()]
    assert states.count("not_accepted") == len(states) - 1, states


@pytest.mark.parametrize("throw", KILL_WAYS)
@pytest.mark.parametrize(
    "make", [lambda: OandaAt("101-004-1435156-001"), FixAt, MetaTraderAt], ids=["oanda", "fix", "metatrader"]
)
def test_with_a_venue_that_never_said_a_word_it_is_thrown_at_once(stack, tmp_path, make, throw):
    venue, hole = stack.enter_context(make()), stack.enter_context(Hole())
    venue.port = hole.port
    daemon = BrokerDaemon(tmp_path / "installed", venue, answer_timeout_s=20, settle_s=60)
    stack.callback(daemon.end)
    daemon.launch()
    assert daemon.wait_until_ready()
    daemon.decide("early")
    thrown(daemon, throw)
    daemon.decide("late")
    time.sleep(0.5)
    assert daemon.standing()["mode"] == "halt"
    assert not [mark for mark in (b'{"order":{', b"35=D", b"35=E", b"order_send") if mark in hole.heard]
    assert "order_intended" not in daemon.kinds()
