"""A decision made again from what it records alone: its votes, its rule and the market that it knew.

Whoever holds a decision, in the lake, the journal or on paper, can so see that it follows from its votes.
That they are the votes that were cast, and all of them, it cannot show once the id was made anew too: for
that there are the hashes of the messages, the lake's tables, and the journal's chain.
"""

from __future__ import annotations

from decimal import Decimal

from hive_core.contracts.decision import Decision, Vote
from hive_core.evidence.canonical import canonical_bytes
from hive_core.instruments.specification import instruments
from hive_core.signals.code_version import code_version
from hive_core.signals.consensus import LiveSignal, Plan, WeighedVote
from hive_core.signals.fixed_point import units_of, units_text
from hive_core.signals.judging import Judged, Rule, is_heard, judged

_NS_PER_US = 1_000


class NotReplayable(ValueError):
    """No decision follows from what is recorded, or another code than this made it. The text says why."""


class OtherCode(NotReplayable):
    """Another code made the decision. `again` is what this one makes of it, under the name of the other:
    equal to the decision's own bytes, if both decide the same; None where this one decides nothing."""

    def __init__(self, text: str, again: bytes | None) -> None:
        super().__init__(text)
        self.again = again


def replay(decision: Decision) -> bytes:
    """The canonical bytes of the decision that the recorded votes make by the recorded rule.

    Equal to the decision's own canonical bytes, unless something in it was changed: every field is either
    made again, or covered by the id that is.

    Raises:
        NotReplayable: the votes, as they are recorded, decide nothing.
        OtherCode: the decision is of another version of the code.
    """
    if decision.resolver_version == code_version():
        return _made_again(decision)
    text = f"{decision.resolver_version} made it, this is {code_version()}"
    try:
        again = _made_again(decision)
    except NotReplayable as problem:
        raise OtherCode(f"{text}, by which {problem}", None) from problem
    raise OtherCode(text, again)


def _made_again(decision: Decision) -> bytes:
    if decision.symbol not in instruments():
        raise NotReplayable(f"no instrument {decision.symbol}")
    rule = Rule.of(decision.rule)
    signals = [_signal(vote, decision) for vote in decision.votes]
    arriving = max(signals, key=lambda signal: signal.order)
    if len({signal.voice for signal in signals}) < len(signals):
        raise NotReplayable("a voice votes twice")
    silent = [each for each in signals if not is_heard(each, arriving.ts_us, rule.window_us)]
    if silent:
        raise NotReplayable(f"{silent[0].signal_id} of {silent[0].source} had no vote any more")
    if arriving.order_type != "market" and arriving.entry is None:
        raise NotReplayable(f"{arriving.signal_id} is a {arriving.order_type} order without its entry")
    verdict = judged(arriving, signals, rule)
    if verdict.plan is None:
        raise NotReplayable(verdict.detail)
    return canonical_bytes(_decision(decision, arriving, verdict, verdict.plan, rule))


def _signal(vote: Vote, decision: Decision) -> LiveSignal:
    return LiveSignal(
        kind=vote.kind,
        source=vote.source,
        signal_id=vote.signal_id,
        message_id=vote.message_id,
        message_sha256=vote.message_sha256,
        symbol=decision.symbol,
        side=vote.side,
        order_type=vote.order_type,
        entry=None if vote.entry is None else units_of(vote.entry),
        stop_loss=units_of(vote.stop_loss),
        take_profits=tuple(map(units_of, vote.take_profits)),
        ts_us=vote.ts_event_ns // _NS_PER_US,
        valid_until_us=vote.valid_until_ns // _NS_PER_US,
        market_bid=units_of(decision.market_bid),
        market_ask=units_of(decision.market_ask),
        weight=units_of(vote.base_weight),
    )


def _decision(recorded: Decision, arriving: LiveSignal, verdict: Judged, plan: Plan, rule: Rule) -> Decision:
    draft = Decision(
        decision_id="draft",
        account=recorded.account,
        symbol=recorded.symbol,
        side=arriving.side,
        order_type=arriving.order_type,
        entry=None if plan.entry is None else _decimal(plan.entry),
        market_bid=_decimal(arriving.market_bid),
        market_ask=_decimal(arriving.market_ask),
        reference_price=_decimal(plan.reference_price),
        stop_loss=_decimal(plan.stop_loss),
        take_profits=tuple(map(_decimal, plan.take_profits)),
        ts_decided_ns=arriving.ts_us * _NS_PER_US,
        valid_until_ns=plan.valid_until_us * _NS_PER_US,
        rule=rule.as_contract(),
        votes=tuple(map(_vote, verdict.votes)),
        resolver_version=recorded.resolver_version,
        resolver_settings_sha256=recorded.resolver_settings_sha256,
    )
    return draft.model_copy(update={"decision_id": draft.expected_id()})


def _vote(vote: WeighedVote) -> Vote:
    signal = vote.signal
    return Vote(
        kind=signal.kind,
        source=signal.source,
        signal_id=signal.signal_id,
        message_id=signal.message_id,
        message_sha256=signal.message_sha256,
        ts_event_ns=signal.ts_us * _NS_PER_US,
        valid_until_ns=signal.valid_until_us * _NS_PER_US,
        side=signal.side,
        order_type=signal.order_type,
        base_weight=_decimal(signal.weight),
        weight=_decimal(vote.weight),
        entry=None if signal.entry is None else _decimal(signal.entry),
        stop_loss=_decimal(signal.stop_loss),
        take_profits=tuple(map(_decimal, signal.take_profits)),
    )


def _decimal(units: int) -> Decimal:
    return Decimal(units_text(units))
