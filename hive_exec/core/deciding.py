"""From a decision that is due to what becomes of it: denied, held, shadowed, shown to a person, handed to
another account, or intended as orders."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from hive_core.calendars.trading_day import NS_PER_SECOND
from hive_core.configuration.model import Account
from hive_core.contracts.base import decimal_text
from hive_core.contracts.decision import Decision, Delivery
from hive_core.contracts.order import BracketOrder, client_order_id
from hive_core.contracts.reasons import DenialReason
from hive_core.risk.gate import Judgement, judge
from hive_core.risk.gating.verdict import Finding, checks_of
from hive_core.risk.gating.verdict import Outcome as Said
from hive_exec.core.controls import Mode, Standing
from hive_exec.core.events import AskPolicies, DecisionDue, Effect, Reviewed, Submit
from hive_exec.core.policies import policy_document, with_policies
from hive_exec.core.records import FeedPosition, Kind, Record
from hive_exec.core.shown import inputs_sha256, is_beyond
from hive_exec.core.state import Bot, CellState
from hive_exec.core.waiting import Pending, submitters_as_body

Outcome = tuple[list[Record], list[Effect]]

MAX_AWAITING_QUOTE = 1_000
"""So many decisions of an account may wait for the first quote of their instruments; more are denied."""


def decided(state: CellState, bot: Bot, event: DecisionDue, at: FeedPosition) -> Outcome:
    """Judge a decision that waits. One that does not wait any more was judged before: nothing follows."""
    pending = bot.pending.get(event.decision_id)
    if pending is None or event.decision_id in bot.reviews:
        return [], []
    standing = state.standing(bot)
    if standing.is_latched and standing.mode is not Mode.NORMAL:
        code = DenialReason.KILL_SWITCH if state.controls.kill else DenialReason.BREAKER_OPEN
        return [_denied(bot, pending, (_refusal("mode", code, standing),), at)], []
    if standing.mode is not Mode.NORMAL and at[0] < pending.delivery.decision.valid_until_ns:
        return _waited(state, bot, pending, standing, at)
    return _judged(state, bot, pending, standing, event, at)


def approved(state: CellState, bot: Bot, pending: Pending, event: Reviewed, at: FeedPosition) -> Outcome:
    """Judge a decision again that a person approved."""
    return _judged(state, bot, pending, state.standing(bot), event, at)


def _settings_for(bot: Bot, standing: Standing, decision: Decision, *, has_waited: bool) -> Account:
    changes: dict[str, Any] = {}
    if standing.share != 1:
        changes["risk_per_trade_pct"] = bot.settings.risk_per_trade_pct * standing.share
        if bot.settings.max_orders_per_hour is not None:
            changes["max_orders_per_hour"] = max(int(bot.settings.max_orders_per_hour * standing.share), 1)
    if has_waited:  # it ends by its own expiry and by the worst price that was planned for it
        validity_ns = decision.valid_until_ns - decision.ts_decided_ns
        changes["max_decision_age_s"] = max(validity_ns // NS_PER_SECOND + 1, 1)
    return bot.settings.model_copy(update=changes) if changes else bot.settings


def _judged(
    state: CellState,
    bot: Bot,
    pending: Pending,
    standing: Standing,
    event: DecisionDue | Reviewed,
    at: FeedPosition,
) -> Outcome:
    decision, is_approved = pending.delivery.decision, isinstance(event, Reviewed)
    has_waited = is_approved or decision.decision_id in bot.held
    settings = _settings_for(bot, standing, decision, has_waited=has_waited)
    review = bot.reviews.get(decision.decision_id)
    # Of what a person was shown no more than that: nearer to the stop the same risk would buy more lots.
    most_lots = None if review is None else review.lots
    verdict = _judgement(state, bot, decision, settings, at, most_lots)
    verdict = _within_the_bound_of_before(bot, decision, verdict)
    if verdict.denial is DenialReason.NO_QUOTE and not is_approved and _may_await_quote(bot):
        return [], []
    if verdict.denial is not None:
        return [_denied(bot, pending, verdict.findings, at)], []
    doubt = "" if is_approved else _doubt(bot, verdict)
    if doubt and not standing.is_shadow:
        return [_for_review(bot, decision, verdict, standing, doubt, at)], []
    if state.execution.policy is not None:
        document = policy_document(state.execution.policy, bot, decision, verdict, is_approved=is_approved)
        if event.policy is None:
            return [], [AskPolicies(document, event)]
        verdict = with_policies(verdict, document, event.policy)
        if verdict.denial is not None:
            return [_denied(bot, pending, verdict.findings, at)], []
    if standing.is_shadow:
        return [_simulated(bot, pending, verdict, at, Kind.DECISION_SHADOWED, standing.reasons)], []
    return _intended(state, bot, pending.delivery, verdict, at)


def _judgement(
    state: CellState,
    bot: Bot,
    decision: Decision,
    settings: Account,
    at: FeedPosition,
    most_lots: Decimal | None = None,
) -> Judgement:
    return judge(
        decision,
        bot.account,
        settings,
        bot.rules,
        at[0],
        most_lots=most_lots,
        news=state.news,
        model=state.risk_model,
    )


def _may_await_quote(bot: Bot) -> bool:
    """Whether a decision waits that came before the first quote of its instrument in this life of the daemon.

    Nothing leaves without a fresh reference price (guarantees R3, R6), and nothing does while it waits: it
    stands in the journal as received, is judged anew at every tick, and the gate, which looks at the time
    before it looks at the market, ends it as stale or expired. The kill switch and breakers end it as they
    end what comes. A quote that was there and is too old is another matter: that feed is known to be silent,
    and the decision is denied. A replay has all the prices that it will ever have.
    """
    return bot.settings.mode != "replay" and len(bot.pending) <= MAX_AWAITING_QUOTE


def _within_the_bound_of_before(bot: Bot, decision: Decision, verdict: Judgement) -> Judgement:
    """One that waited is held to the price bound that was planned, or shown, before it did."""
    bound = _bound_before(bot, decision)
    if verdict.denial is not None or bound is None or decision.order_type == "limit":
        return verdict
    quote = bot.account.quotes[decision.symbol]
    price = quote.ask if decision.side == "buy" else quote.bid
    is_left = is_beyond(decision, price, bound)
    finding = Finding(
        "within_price_bound_after_waiting",
        Said.DENY if is_left else Said.ALLOW,
        DenialReason.BEYOND_PRICE_BOUND if is_left else None,
        {"price": price, "price_bound": bound},
    )
    # Today's own bound holds where it is the tighter: the gate can only restrict.
    tighter = min if decision.side == "buy" else max
    return replace(
        verdict, findings=(*verdict.findings, finding), price_bound=tighter(verdict.price_bound, bound)
    )


def _bound_before(bot: Bot, decision: Decision) -> Decimal | None:
    """The worst price that was planned for a decision before it waited, and that a person was shown."""
    review = bot.reviews.get(decision.decision_id)
    return bot.held.get(decision.decision_id) if review is None else review.price_bound


def _doubt(bot: Bot, verdict: Judgement) -> str:
    """Why a person must see it first, or "": what the gate asks, and how much of the room it takes."""
    found = [_in_words(one) for one in verdict.asks]
    limit, room_left = bot.settings.review_over_headroom, verdict.headroom
    if limit is not None and room_left is not None:
        share = verdict.risk_amount / (room_left + verdict.risk_amount)
        if share > limit:
            found.append(f"it takes {share:.2f} of the room that is left")
    return "; ".join(found)


_ASKED = {
    "rules_known": "the firm does not say, or its pages disagree",
    "firm_permits": "the firm forbids it or ties it to conditions",
    "not_before_the_close": "nothing may be held over night",
}
"""What a person is asked about, by the rule that asks."""


def _in_words(finding: Finding) -> str:
    if finding.reason is DenialReason.UNCERTAINTY:
        return f"{finding.numbers['uncertainty']:.2f} of the votes' weight stands against it"
    told = (f"{key.replace('_', ' ')}: {text}" for key, text in finding.as_texts().items())
    return (
        f"{_ASKED.get(finding.rule, finding.rule)} ({', '.join(one for one in told if one[-4:] != 'none')})"
    )


def _for_review(
    bot: Bot, decision: Decision, verdict: Judgement, standing: Standing, doubt: str, at: FeedPosition
) -> Record:
    """What a person is asked, and shown: the order that he approves fills at `price_bound` or better."""
    expires_ns = min(at[0] + bot.settings.review_ttl_s * NS_PER_SECOND, decision.valid_until_ns)
    body = {
        "decision_id": decision.decision_id,
        "symbol": decision.symbol,
        "side": decision.side,
        "reason": doubt,
        "inputs_sha256": inputs_sha256(bot, decision, standing),
        "expires_ns": expires_ns,
        "price_bound": decimal_text(verdict.price_bound),
        "legs": _legs(bot, decision, verdict),
        "checks": checks_of(verdict.findings),
    }
    return Record(bot.name, Kind.REVIEW_REQUESTED, at, body)


def _waited(state: CellState, bot: Bot, pending: Pending, standing: Standing, at: FeedPosition) -> Outcome:
    """Nothing can be sent now. Another account takes it over where it may; else it waits."""
    decision = pending.delivery.decision
    other = _other_account(state, bot)
    if other is not None:
        return _failed_over(state, bot, other, pending, standing, at)
    if decision.decision_id in bot.held:
        return [], []
    settings = _settings_for(bot, standing, decision, has_waited=False)
    verdict = _judgement(state, bot, decision, settings, at)
    return [_simulated(bot, pending, verdict, at, Kind.DECISION_HELD, standing.reasons)], []


def _other_account(state: CellState, bot: Bot) -> Bot | None:
    name = bot.settings.failover_to
    other = None if name is None else state.bots.get(name)
    if other is None:
        return None
    standing = state.standing(other)
    return other if standing.mode is Mode.NORMAL and not standing.is_shadow else None


def _failed_over(
    state: CellState, bot: Bot, other: Bot, pending: Pending, standing: Standing, at: FeedPosition
) -> Outcome:
    """Another account takes the decision. Both facts stand in one write, so that it is never in both; and
    only what has no intent here gets so far, for an intended decision does not wait any more."""
    decision = pending.delivery.decision
    left = {"decision_id": decision.decision_id, "to": other.name, "reasons": list(standing.reasons)}
    records = [Record(bot.name, Kind.DECISION_FAILED_OVER, at, left)]
    if decision.decision_id in other.decided or decision.decision_id in other.pending:
        return records, []
    taken = {
        "decision_id": decision.decision_id,
        "delivery": pending.delivery.model_dump(mode="json"),
        **submitters_as_body(pending.submitters),
        "failed_over_from": bot.name,
    }
    records.append(Record(other.name, Kind.DECISION_RECEIVED, at, taken))
    due = DecisionDue(other.name, decision.decision_id)
    more, effects = _judged(state, other, pending, state.standing(other), due, at)
    return records + more, effects


def _legs(bot: Bot, decision: Decision, verdict: Judgement) -> list[dict[str, Any]]:
    quote = bot.account.quotes.get(decision.symbol)
    if quote is None:
        return []
    market = quote.ask if decision.side == "buy" else quote.bid
    entry = market if decision.order_type == "market" or decision.entry is None else decision.entry
    return [
        {
            "leg": number,
            "lots": decimal_text(leg.lots),
            "entry": decimal_text(entry),
            "stop_loss": decimal_text(decision.stop_loss),
            "take_profit": decimal_text(leg.take_profit),
        }
        for number, leg in enumerate(verdict.legs, start=1)
    ]


def _simulated(
    bot: Bot, pending: Pending, verdict: Judgement, at: FeedPosition, kind: Kind, reasons: tuple[str, ...]
) -> Record:
    """What would have been sent, clearly marked as a simulation."""
    decision = pending.delivery.decision
    body = {
        "decision_id": decision.decision_id,
        "is_simulated": True,
        "symbol": decision.symbol,
        "side": decision.side,
        "sources": _sources(pending.delivery),
        "signal_ids": _signal_ids(pending.delivery),
        "reasons": list(reasons),
        "price_bound": decimal_text(verdict.price_bound) if verdict.legs else None,
        "legs": _legs(bot, decision, verdict),
        "checks": checks_of(verdict.findings),
    }
    return Record(bot.name, kind, at, body)


def _refusal(rule: str, code: DenialReason, standing: Standing) -> Finding:
    return Finding(
        rule, Said.DENY, code, {"mode": standing.mode.value, "reasons": "; ".join(standing.reasons)}
    )


def denied(
    bot: Bot, pending: Pending, rule: str, code: DenialReason, detail: str, at: FeedPosition
) -> Record:
    """The denial of a decision for a reason that lies outside the gate."""
    return _denied(bot, pending, (Finding(rule, Said.DENY, code, {"detail": detail}),), at)


def _denied(bot: Bot, pending: Pending, findings: tuple[Finding, ...], at: FeedPosition) -> Record:
    decision, code = pending.delivery.decision, findings[-1].reason
    if code is None:
        raise AssertionError("unreachable: a denial ends with the check that denied")
    body = {
        "decision_id": decision.decision_id,
        "reason_code": code.value,
        "symbol": decision.symbol,
        "side": decision.side,
        "sources": _sources(pending.delivery),
        "checks": checks_of(findings),
    }
    return Record(bot.name, Kind.DECISION_DENIED, at, body)


def _intended(
    state: CellState, bot: Bot, delivery: Delivery, verdict: Judgement, at: FeedPosition
) -> Outcome:
    decision = delivery.decision
    records: list[Record] = []
    effects: list[Effect] = []
    of_all = _of_every_leg(delivery, verdict)
    for number, leg in enumerate(verdict.legs, start=1):
        order = BracketOrder(
            client_order_id=client_order_id(state.environment, bot.name, decision.decision_id, number, 1),
            account=bot.name,
            decision_id=decision.decision_id,
            leg=number,
            attempt=1,
            symbol=decision.symbol,
            side=decision.side,
            order_type=decision.order_type,
            lots=leg.lots,
            entry=decision.entry if decision.order_type != "market" else None,
            price_bound=verdict.price_bound,
            stop_loss=decision.stop_loss,
            take_profit=leg.take_profit,
            submitted_ns=at[0],
            good_till_ns=decision.valid_until_ns,
        )
        records.append(Record(bot.name, Kind.ORDER_INTENDED, at, {**_of_leg(order, verdict), **of_all}))
        effects.append(Submit(order))
    return records, effects


def _sources(delivery: Delivery) -> list[str]:
    return sorted({vote.source for vote in delivery.decision.agreeing_votes()})


def _signal_ids(delivery: Delivery) -> list[str]:
    return sorted(vote.signal_id for vote in delivery.decision.agreeing_votes())


def _of_leg(order: BracketOrder, verdict: Judgement) -> dict[str, Any]:
    total = sum((leg.lots for leg in verdict.legs), Decimal(0))
    return {
        "client_order_id": order.client_order_id,
        "order": order.model_dump(mode="json"),
        "risk_amount": decimal_text((verdict.risk_amount * order.lots / total).quantize(Decimal("0.01"))),
    }


def _of_every_leg(delivery: Delivery, verdict: Judgement) -> dict[str, Any]:
    return {
        "decision_sha256": delivery.decision.sha256(),
        "origin": delivery.origin.model_dump(mode="json"),
        "sources": _sources(delivery),
        "signal_ids": _signal_ids(delivery),
        "checks": checks_of(verdict.findings),
    }
