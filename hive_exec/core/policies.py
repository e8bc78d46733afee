"""What the policies are asked about an order that the gate allows, and what their answer makes of it.

Asking an engine is done outside of the core; the answer counts only for the very question that is asked here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any

from hive_core.configuration.policy import PolicySettings
from hive_core.contracts.decision import Decision
from hive_core.contracts.reasons import DenialReason
from hive_core.evidence.canonical import content_hash
from hive_core.risk.firm_policy import TOLD_ONLY, WAYS, firm_words
from hive_core.risk.gate import Judgement
from hive_core.risk.gating.verdict import Finding, Outcome
from hive_exec.core.state import Bot
from hive_exec.policy.answer import PolicyAnswer, PolicyCode
from hive_exec.policy.document import OrderFacts


def policy_document(
    settings: PolicySettings, bot: Bot, decision: Decision, verdict: Judgement, *, is_approved: bool
) -> dict[str, Any]:
    """The question. The gate has allowed the order, and no person is to be asked any more."""
    account = bot.account
    worst, floor = _worst_and_floor(verdict)
    sources = (vote.source for vote in decision.agreeing_votes())
    said = {word.way: word for word in firm_words(bot.rules, bot.settings, sources) if word.way in WAYS}
    uses = [way for way in said if way not in TOLD_ONLY]
    read_up = all(said[way].consequence in ("free", "read_up") for way in uses)
    highest = max(one.highest_equity for one in account.ledger.anchors)
    return OrderFacts(
        mode="normal",
        account=bot.name,
        programme=bot.rules.programme,
        phase=bot.rules.phase,
        is_breached=account.breached_rule is not None,
        drawdown=(highest - account.ledger.equity) / highest,
        symbol=decision.symbol,
        side=decision.side,
        strategy=_strategy(settings, decision),
        market=decision.symbol,
        uses=uses,
        confirmed_by_person=is_approved or read_up,
        verdict="allow",
        worst_case_equity=worst,
        floor=floor,
        firm_policy={way: word.permission for way, word in said.items()},
    ).as_document()


def _worst_and_floor(verdict: Judgement) -> tuple[Decimal | None, Decimal | None]:
    """The worst case beside the floor that it comes nearest to; None where the firm has no floor."""
    found = [
        (worst, floor)
        for one in verdict.findings
        if one.rule in ("daily_loss_limit", "maximum_loss_limit")
        for worst, floor in [(one.numbers.get("worst_case_equity"), one.numbers.get("floor"))]
        if isinstance(worst, Decimal) and isinstance(floor, Decimal)
    ]
    return min(found, key=lambda pair: pair[0] - pair[1]) if found else (None, None)


def _strategy(settings: PolicySettings, decision: Decision) -> str:
    """The strategy that all voices of a decision are of, or `unknown`."""
    names = [
        next(
            (name for pattern, name in settings.strategies.items() if fnmatchcase(vote.source, pattern)),
            "unknown",
        )
        for vote in decision.agreeing_votes()
    ]
    return names[0] if names and all(name == names[0] for name in names) else "unknown"


def with_policies(verdict: Judgement, document: Mapping[str, Any], answer: PolicyAnswer) -> Judgement:
    """The verdict with what the policies said; anything but a yes to this very question denies."""
    is_of_this = answer.input_sha256 == content_hash(document)
    is_yes = answer.code is PolicyCode.ALLOWED and is_of_this
    code = answer.code.value if is_of_this or answer.input_sha256 is None else "other_question"
    numbers = {
        "code": code,
        "reasons": answer.reasons,
        "detail": answer.detail or "none",
        "decision_id": answer.decision_id,
        "revision": answer.revision,
        "input_sha256": answer.input_sha256,
    }
    finding = Finding(
        "policies",
        Outcome.ALLOW if is_yes else Outcome.DENY,
        None if is_yes else DenialReason.POLICY_DENIED,
        numbers,
    )
    return replace(verdict, findings=(*verdict.findings, finding))
