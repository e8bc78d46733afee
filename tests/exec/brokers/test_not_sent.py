"""Of what was not sent only what may heal within seconds is tried again: every place that says so, every
adapter that meets it, the desk and the core behind it."""

from __future__ import annotations

import ast
import ssl
from collections import Counter
from pathlib import Path

import httpx
import pytest
from broker_bench import FIRST, SECOND_NS, BrokerBench
from fix_venue_bench import VenueBench, bracket_order, fix_settings, wait_until
from metatrader_bench import MetaTraderBench
from metatrader_bench import an_order as metatrader_order
from oanda_bench import TOKEN, OandaBench
from oanda_bench import order as oanda_order

import hive_exec.brokers
from hive_exec.brokers.desk import RETRY_AFTER_S, Desk, Guard
from hive_exec.brokers.fix.questions import RequestRate
from hive_exec.brokers.fix.timestamps import Instant
from hive_exec.brokers.metatrader.bridge import BUSY
from hive_exec.brokers.metatrader.constants import Execution
from hive_exec.brokers.oanda.classification import may_pass
from hive_exec.brokers.port import NotSent, Throttled
from hive_exec.core.events import DecisionDue, Submit, SubmitNotSent
from hive_exec.core.records import Kind
from hive_exec.simulators.metatrader.faults import Fault, FaultKind

RAISERS = {
    # What the venue, the account or the symbol cannot do, and faults of ours: at once, and for good.
    ("fix/adapter", "submit", "False"): 2,
    ("fix/adapter", "modify", "False"): 2,
    ("fix/adapter", "cancel", "False"): 1,
    ("fix/adapter", "close_position", "False"): 2,
    ("fix/connection", "_perform", "False"): 1,
    ("metatrader/adapter", "submit", "False"): 1,
    ("metatrader/adapter", "modify", "False"): 1,
    ("metatrader/adapter", "close_position", "False"): 1,
    ("metatrader/adapter", "_ready", "False"): 1,
    ("metatrader/adapter", "_refuse_second", "False"): 1,
    ("metatrader/adapter", "_became", "False"): 1,
    ("metatrader/guard", "check_quote", "False"): 1,
    ("metatrader/requests", "entry_request", "False"): 3,
    ("metatrader/requests", "close_request", "False"): 1,
    ("metatrader/requests", "check_lots", "False"): 2,
    ("metatrader/requests", "check_price", "False"): 1,
    ("metatrader/requests", "_check_pending", "False"): 1,
    ("metatrader/requests", "_check_distance", "False"): 2,
    ("metatrader/requests", "_check_freeze", "False"): 1,
    ("metatrader/requests", "_check_direction", "False"): 1,
    ("metatrader/sending", "_checked_fillings", "False"): 1,
    ("oanda/adapter", "submit", "False"): 1,
    ("oanda/adapter", "modify", "False"): 1,
    ("oanda/adapter", "close_position", "False"): 1,
    ("oanda/adapter", "_check_tradeable", "False"): 3,
    ("oanda/adapter", "_instrument", "False"): 3,
    # The way to the venue, and quotes that are old or crossed.
    ("fix/connection", "_write", "True"): 2,
    ("metatrader/guard", "check_quote", "True"): 2,
    # A rate of requests, which tells when to come again.
    ("fix/questions", "count", "Throttled"): 1,
    ("metatrader/sending", "_send", "Throttled"): 1,
    ("metatrader/sending", "keep_to", "Throttled"): 1,
    ("oanda/transport", "change", "Throttled"): 1,
    ("oanda/transport", "_keep_to", "Throttled"): 1,
    # As its cause: the cases below tell them apart.
    ("fix/adapter", "close_position", "error.is_passing"): 1,
    ("fix/adapter", "_working_before_change", "error.is_passing"): 1,
    ("fix/connection", "_no_session", "self.is_down_passing"): 1,
    ("metatrader/adapter", "_ready", "fault.is_passing"): 1,
    ("metatrader/adapter", "_mine", "fault.is_passing"): 1,
    ("metatrader/adapter", "_refuse_second", "fault.is_passing"): 1,
    ("metatrader/adapter", "_became", "fault.is_passing"): 1,
    ("metatrader/sending", "_checked_fillings", "fault.is_passing"): 1,
    ("metatrader/sending", "_checked_fillings", "answer.retcode in PASSING"): 1,
    ("metatrader/sending", "_send", "failure.is_passing"): 1,
    ("oanda/adapter", "modify", "error.is_passing"): 1,
    ("oanda/adapter", "_instrument", "error.is_passing"): 1,
    ("oanda/transport", "_send", "may_pass(error)"): 1,
}
"""Every place of the adapters that says `NotSent`, what it says of the cause, and how often."""


class _Sites(ast.NodeVisitor):
    def __init__(self, module: str) -> None:
        self.module, self.within, self.found = module, [], []

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.within.append(node.name)
        self.generic_visit(node)
        self.within.pop()

    def visit_Call(self, node: ast.Call) -> None:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name in {"NotSent", "Throttled"}:
            said = [ast.unparse(each.value) for each in node.keywords if each.arg == "is_passing"]
            passing = name if name == "Throttled" else said[0] if said else "False"
            self.found.append((self.module, self.within[0], passing))
        self.generic_visit(node)


def test_every_raiser_is_in_the_table():
    folder = Path(hive_exec.brokers.__file__).parent
    found = Counter()
    for path in folder.rglob("*.py"):
        sites = _Sites(path.relative_to(folder).with_suffix("").as_posix())
        sites.visit(ast.parse(path.read_text()))
        found.update(sites.found)
    assert found == RAISERS


# Each adapter, against its simulated venue


def _oanda(change=None, order=None):
    with OandaBench() as bench:
        broker = bench.broker
        if change is not None:
            broker = change(bench) or broker
        broker.submit(order or oanda_order())


def _metatrader(change=None, order=None, **settings):
    bench = MetaTraderBench()
    try:
        if settings:
            bench.settings = bench.settings.model_copy(update=settings)
            bench.broker = bench.new_broker()
        if change is not None:
            change(bench)
        bench.broker.submit(order or metatrader_order())
    finally:
        bench.close()


def _with_check(code):
    def change(bench):
        check = bench.package.order_check
        bench.package.order_check = lambda request: check(request)._replace(retcode=code)

    return change


def _with_last_error(code):
    def change(bench):
        bench.package.symbol_info = lambda _name: None
        bench.package.last_error = lambda: (code, "as the package words it")

    return change


def _closed(bench):
    bench.bridge.close()


def _no_programs(bench):
    told = bench.package.terminal_info()
    bench.package.terminal_info = lambda: told._replace(trade_allowed=False)


def _old_quote(bench):
    bench.now_ns += 31 * SECOND_NS


def _wrong_clock(bench):
    bench.now_ns -= 3_600 * SECOND_NS


def _closed_market(bench):
    bench.instrument.is_open = False


def _no_filling(bench):
    bench.instrument.filling_flags, bench.instrument.execution = 0, Execution.MARKET


def _cut_server(bench):
    told = bench.package.terminal_info()
    bench.package.terminal_info = lambda: told._replace(connected=False)


def _limited(bench):
    bench.faults(Fault(FaultKind.RETCODE, 10_024))


def _other_token(bench):
    return bench.another("no-" + TOKEN)


def _without_server(bench):
    bench.server.__exit__(None, None, None)


CASES = [
    ("OANDA is not there", lambda: _oanda(_without_server), True),
    ("OANDA refuses the token", lambda: _oanda(_other_token), False),
    ("OANDA does not know the symbol", lambda: _oanda(order=oanda_order(symbol="QQQXYZ")), False),
    ("OANDA does not trade the symbol", lambda: _oanda(order=oanda_order(symbol="GBPSEK")), False),
    ("OANDA does not take the size", lambda: _oanda(order=oanda_order(lots="2000")), False),
    ("OANDA forbids client ids", lambda: _oanda(lambda bench: bench.another(mt4_linked=True)), False),
    ("the bridge is not there", lambda: _metatrader(_closed), True),
    ("the terminal lost its server", lambda: _metatrader(_cut_server), True),
    ("the quote is old", lambda: _metatrader(_old_quote), True),
    ("the quote is crossed", lambda: _metatrader(lambda bench: bench.quote("1.2", "1.1")), True),
    ("MetaTrader says too many requests", lambda: _metatrader(_limited), True),
    ("the check finds no connection", lambda: _metatrader(_with_check(10031)), True),
    ("the check finds too many requests", lambda: _metatrader(_with_check(10024)), True),
    ("the check finds a closed market", lambda: _metatrader(_closed_market), False),
    ("the check finds too little money", lambda: _metatrader(_with_check(10019)), False),
    ("the check finds no code of the book", lambda: _metatrader(_with_check(19_999)), False),
    ("the package did not reach its terminal", lambda: _metatrader(_with_last_error(-10_005)), True),
    ("the package does not know the symbol", lambda: _metatrader(_with_last_error(-4)), False),
    ("the package is not authorised", lambda: _metatrader(_with_last_error(-6)), False),
    ("another login than the settings'", lambda: _metatrader(login=5_002), False),
    ("another accounting than the settings'", lambda: _metatrader(accounting="netting"), False),
    ("programs may not trade", lambda: _metatrader(_no_programs), False),
    ("the server's clock is another", lambda: _metatrader(_wrong_clock), False),
    ("no filling mode", lambda: _metatrader(_no_filling), False),
    ("a size off its step", lambda: _metatrader(order=metatrader_order(lots="0.013")), False),
]


@pytest.mark.parametrize(("meet", "is_passing"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
def test_what_an_adapter_meets_passes_or_stays(meet, is_passing):
    with pytest.raises(NotSent) as caught:
        meet()
    assert caught.value.is_passing is is_passing, caught.value


def test_a_busy_terminal_passes_and_a_refused_question_stays(monkeypatch):
    for said, is_passing in ((BUSY, True), ("symbol_infos is no function of the bridge", False)):
        bench = MetaTraderBench()
        monkeypatch.setattr(
            bench.bridge,
            "_answer",
            lambda _body, said=said: f'{{"id": 0, "called": false, "error": "{said}"}}',
        )
        with pytest.raises(NotSent, match=said) as caught:
            bench.broker.submit(metatrader_order())
        assert caught.value.is_passing is is_passing
        bench.close()


def test_a_token_that_the_bridge_does_not_know_stays():
    bench = MetaTraderBench()
    bench.bridge._token = b"another-token-than-that"
    with pytest.raises(NotSent, match="do not hold the same token") as caught:
        bench.broker.submit(metatrader_order())
    assert not caught.value.is_passing
    bench.close()


def test_a_fix_session_that_is_down_passes_until_the_venue_refuses_the_logon(tmp_path):
    bench = VenueBench(tmp_path, fix_settings())
    broker = bench.begin()
    assert broker._trading.wait_logged_on(5)
    with pytest.raises(NotSent, match="among") as caught:
        broker.submit(bracket_order(symbol="GBPUSD"))
    assert not caught.value.is_passing
    bench.server.is_in_maintenance = True
    bench.server.cut()
    wait_until(lambda: not broker._trading.wait_logged_on(0), "the cut")
    with pytest.raises(NotSent, match="no FIX session") as caught:
        broker.submit(bracket_order())
    assert caught.value.is_passing
    wait_until(lambda: "refused our Logon" in broker._trading.why_down, "the refusal")
    with pytest.raises(NotSent, match="no FIX session") as caught:
        broker.submit(bracket_order())
    assert not caught.value.is_passing
    bench.server.is_in_maintenance = False
    wait_until(lambda: broker._trading.wait_logged_on(0), "the session again", 15)
    bench.server.cut()
    wait_until(lambda: not broker._trading.wait_logged_on(0), "the second cut")
    with pytest.raises(NotSent) as caught:
        broker.submit(bracket_order())
    assert caught.value.is_passing
    bench.close()


def test_our_own_rate_tells_when_to_come_again():
    rate = RequestRate(1, lambda: Instant(0, 0))
    rate.count()
    with pytest.raises(Throttled) as caught:
        rate.count()
    assert (caught.value.is_passing, caught.value.retry_after_s) == (True, 1)


def test_a_certificate_that_is_not_the_venues_stays():
    error = httpx.ConnectError("no")
    assert may_pass(error)
    error.__cause__ = RuntimeError("between")
    error.__cause__.__context__ = ssl.SSLCertVerificationError("self-signed")
    assert not may_pass(error)
    assert not may_pass(httpx.UnsupportedProtocol("gopher"))


# The desk and the core behind it


class _Refusing:
    """A venue to which nothing is sent, for one reason."""

    def __init__(self, error: NotSent) -> None:
        self.error, self.asked = error, 0

    def submit(self, order):
        self.asked += 1
        raise self.error


def _ended(error: NotSent, *, wait_s: int = 0, forbids=lambda _order: ""):
    """An order through desk and core until it ends; `wait_s` pass before each answer."""
    bench, said, venue = BrokerBench(), [], _Refusing(error)
    desk = Desk(
        FIRST, venue, said.append, Guard(forbids, lambda: 0.0), symbols=(), cursor="", reconcile_every_s=30
    )
    records, effects = bench.take(DecisionDue(FIRST, bench.receive()))
    while submits := [one for one in effects if isinstance(one, Submit)]:
        desk.carry_out(submits[0])
        bench.at = (bench.at[0] + wait_s * SECOND_NS, *bench.at[1:])
        bench.quotes()
        records, effects = bench.take(said.pop())
    assert [record.kind for record in records] == [Kind.ORDER_NOT_ACCEPTED]
    return venue.asked, records[0].body["reason"]


@pytest.mark.parametrize(
    ("error", "tries"),
    [
        (NotSent("EURUSD trades in steps of 0.01 lots, not 0.013"), 1),
        (NotSent("no FIX session", is_passing=False), 1),
        (NotSent("connection refused", is_passing=True), 5),
        (Throttled("429"), 5),
    ],
)
def test_what_cannot_heal_ends_at_once_with_its_reason(error, tries):
    asked, reason = _ended(error)
    assert (asked, str(error) in reason) == (tries, True)


def test_what_passes_is_tried_when_it_says_and_else_after_two_seconds():
    said, order = [], BrokerBench()
    order.decide()
    for error in (NotSent("away", is_passing=True), Throttled("429", 7), NotSent("never")):
        guard = Guard(lambda _order: "", lambda: 0.0)
        desk = Desk(FIRST, _Refusing(error), said.append, guard, symbols=(), cursor="", reconcile_every_s=30)
        desk.carry_out(Submit(order.line.order))
    assert [type(one) for one in said] == [SubmitNotSent] * 3
    assert [one.retry_after_s for one in said] == [RETRY_AFTER_S, 7, None]


def test_an_order_that_grew_old_between_two_tries_is_not_tried_again():
    away = NotSent("connection refused", is_passing=True)
    assert _ended(away, wait_s=1)[0] > 1
    asked, _ = _ended(away, wait_s=3_600)
    assert asked == 1


def test_the_last_look_is_asked_before_every_try():
    looks = iter(["", "", "the order is older than its decision may be"])
    away = NotSent("connection refused", is_passing=True)
    asked, reason = _ended(away, forbids=lambda _order: next(looks))
    assert (asked, "older than" in reason) == (2, True)
