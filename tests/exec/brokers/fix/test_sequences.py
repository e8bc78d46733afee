"""Two sessions over a line that loses, repeats, reorders, cuts and kills: nothing is processed twice or
out of order, and no application message is ever put on the line a second time."""

from __future__ import annotations

from dataclasses import dataclass, field

from fix_bench import START_NS, FixBench, order, report
from fix_bench import settings as session_settings
from hypothesis import given, settings
from hypothesis import strategies as st

from hive_exec.brokers.fix.session import FixSession
from hive_exec.brokers.fix.session_types import Phase, Role, Step
from hive_exec.brokers.fix.timestamps import NS, Instant


@dataclass
class Side:
    """One side: its session now, its durable numbers, what it sent and what it was given."""

    role: Role
    number: int = 0
    next_out: int = 1
    next_in: int = 1
    session: FixSession | None = None
    line: list[bytes] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    wired: list[str] = field(default_factory=list)
    lives: list[list[str]] = field(default_factory=lambda: [[]])

    def take(self, step: Step, *, is_cut: bool = False) -> None:
        assert self.session is not None
        # As a connection does it: numbers first, then the wire, then the application.
        self.next_out = self.session.next_out
        for data in step.outgoing:
            message = FixBench.decoded(data)
            if message.msg_type in {"D", "8"}:
                assert not message.is_possible_duplicate
                self.wired.append(message.text(11))
            if not is_cut:
                self.line.append(data)
        self.lives[-1] += [message.text(11) for message in step.delivered]
        self.next_in = self.session.next_in


@dataclass
class Pair:
    seconds: int = 0
    sides: tuple[Side, Side] = field(default_factory=lambda: (Side(Role.INITIATOR), Side(Role.ACCEPTOR)))

    @property
    def now(self) -> Instant:
        return Instant(START_NS + self.seconds * NS, self.seconds * NS)

    def connect(self) -> None:
        for side in self.sides:
            side.line.clear()
            names = (
                {} if side.role is Role.INITIATOR else {"sender_comp_id": "VENUE", "target_comp_id": "HIVE"}
            )
            side.session = FixSession(session_settings(side.role, **names), side.next_out, side.next_in)
        for side in self.sides:
            side.take(side.session.connected(self.now))

    def carry(self, sender: int, *, index: int = 0, times: int = 1) -> None:
        line, receiver = self.sides[sender].line, self.sides[1 - sender]
        if line:
            data = line.pop(index % len(line))
            for _ in range(times):
                receiver.take(receiver.session.received(data, self.now))

    def settle(self) -> None:
        for _ in range(3000):
            if not (self.sides[0].line or self.sides[1].line):
                return
            self.carry(0)
            self.carry(1)
        raise AssertionError("the two sides talk without end")

    def say(self, which: int, *, is_cut: bool = False) -> None:
        side = self.sides[which]
        if side.session.phase is not Phase.LOGGED_ON:
            return
        side.number += 1
        name = f"{side.number:04d}"
        kind, body = ("D", order(name)) if side.role is Role.INITIATOR else ("8", report(name))
        side.sent.append(name)
        side.take(side.session.send(kind, body, self.now), is_cut=is_cut)

    def kill(self, which: int, *, forgets: int) -> None:
        """A process dies; of what it received, the last numbers may not have reached its file."""
        side = self.sides[which]
        side.next_in = max(1, side.next_in - forgets)
        side.lives.append([])


STEPS = st.one_of(
    st.tuples(st.just("say"), st.integers(0, 1), st.just(0)),
    st.tuples(st.just("cut"), st.integers(0, 1), st.just(0)),
    st.tuples(st.just("carry"), st.integers(0, 1), st.integers(0, 6)),
    st.tuples(st.just("twice"), st.integers(0, 1), st.integers(0, 6)),
    st.tuples(st.just("lose"), st.integers(0, 1), st.integers(0, 6)),
    st.tuples(st.just("wait"), st.just(0), st.integers(1, 12)),
    st.tuples(st.just("reconnect"), st.just(0), st.just(0)),
    st.tuples(st.just("kill"), st.integers(0, 1), st.integers(0, 2)),
)


@settings(max_examples=400, deadline=None)
@given(steps=st.lists(STEPS, max_size=60))
def test_whatever_the_line_does_nothing_is_processed_twice_or_sent_again(steps):
    pair = Pair()
    pair.connect()
    pair.settle()
    for kind, which, number in steps:
        if kind == "say":
            pair.say(which)
        elif kind == "cut":
            pair.say(which, is_cut=True)
        elif kind == "carry":
            pair.carry(which, index=number)
        elif kind == "twice":
            pair.carry(which, index=number, times=2)
        elif kind == "lose" and pair.sides[which].line:
            pair.sides[which].line.pop(number % len(pair.sides[which].line))
        elif kind == "wait":
            pair.seconds += number
            for side in pair.sides:
                side.take(side.session.tick(pair.now))
        elif kind == "kill":
            pair.kill(which, forgets=number)
            pair.connect()
        elif kind == "reconnect":
            pair.connect()
    # Faults stop: a fresh connection stands, and what is said on it arrives.
    pair.connect()
    pair.settle()
    assert [side.session.phase for side in pair.sides] == [Phase.LOGGED_ON] * 2
    pair.say(0)
    pair.say(1)
    pair.settle()
    for side, other in (pair.sides, pair.sides[::-1]):
        assert side.wired == side.sent
        assert other.lives[-1][-1] == side.sent[-1]
        assert side.session.next_out == other.session.next_in
        for life in other.lives:
            assert life == sorted(set(life))
            assert set(life) <= set(side.sent)
