"""Rules on the account itself: is it alive, do we know its firm's rules, does the firm permit this at all."""

from __future__ import annotations

from hive_core.contracts.reasons import DenialReason
from hive_core.risk.gating.asking import Asking
from hive_core.risk.gating.book import Book
from hive_core.risk.gating.intent import Intent


def account_not_breached(asking: Asking, intent: Intent, book: Book, now_ns: int) -> None:
    """A breached account trades no more."""
    asking.require(
        "account_not_breached",
        book.breached_rule is None,
        DenialReason.ACCOUNT_BREACHED,
        {"breached_rule": book.breached_rule},
    )


def every_position_has_a_stop(asking: Asking, intent: Intent, book: Book, now_ns: int) -> None:
    """A position without a stop at the venue has a loss without a bound: no more risk beside it."""
    without = book.unprotected
    asking.require(
        "every_position_has_a_stop",
        not without,
        DenialReason.POSITION_WITHOUT_STOP,
        {"without": "; ".join(without[key] for key in sorted(without)) if without else None},
    )


def loss_limits_known(asking: Asking, intent: Intent, book: Book, now_ns: int) -> None:
    """Without the loss limits there is no floor to stay above: nobody may wave that through."""
    unknown, held, stated = book.rules.unknown_limits, book.ledger.resets, book.rules.stated_resets
    known_resets = not unknown and (stated == held or all(reset in held for reset in stated))
    asking.require(
        "loss_limits_known",
        known_resets,
        DenialReason.RULE_UNKNOWN,
        {"unknown": unknown, "programme": book.rules.name},
    )


def history_known(asking: Asking, intent: Intent, book: Book, now_ns: int) -> None:
    """The floors of an account that began before it was known hang on its past."""
    may_lack = book.is_peak_unknown or now_ns < book.day_known_from_ns
    unknown = unknown_history(book, now_ns) if may_lack else ()
    asking.require(
        "history_known",
        not unknown,
        DenialReason.ACCOUNT_HISTORY_UNKNOWN,
        {"unknown": unknown, "day_known_from_ns": book.day_known_from_ns or None},
    )


def unknown_history(book: Book, now_ns: int) -> tuple[str, ...]:
    """What the floors lack: what the account had at its last reset, which is known from the next one on, and
    where they trail the most that it ever had."""
    rules, unknown = book.rules, []
    if now_ns < book.day_known_from_ns and not isinstance(rules.daily_loss, str):
        unknown.append("the balance at the last reset")
    if book.is_peak_unknown and rules.trails_the_past:
        unknown.append("peak_balance")
    return tuple(unknown)


def rules_known(asking: Asking, intent: Intent, book: Book, now_ns: int) -> None:
    """What the firm does not state a person has to decide, or has decided for this account already."""
    accepted = book.settings.accepted_unknowns
    unknown = [
        name
        for name in book.rules.unknown_enforced
        if name not in accepted and name.partition(".")[0] not in accepted
    ]
    contradicted = [name for name in book.rules.contradicted if name not in accepted]
    asking.ask(
        "rules_known",
        not unknown and not contradicted,
        DenialReason.RULE_UNKNOWN,
        {"unknown": tuple(unknown), "contradicted": tuple(contradicted)},
    )


def firm_permits(asking: Asking, intent: Intent, book: Book, now_ns: int) -> None:
    """What the firm forbids is not done: following other people's signals, and trading by machines."""
    policy = book.rules.policy
    forbidden: list[str] = []
    restricted: list[str] = []
    if not isinstance(policy, str):
        asked = ["automation", "third_party_automation"]
        if intent.is_third_party:
            asked += ["third_party_signals", "copying"]
        for field in asked:
            permission = getattr(policy, field)
            if permission == "forbidden" or (permission == "own_accounts_only" and intent.is_third_party):
                forbidden.append(field)
            elif permission == "restricted" and f"policy.{field}" not in book.settings.accepted_unknowns:
                restricted.append(field)
    numbers = {
        "forbidden": tuple(forbidden),
        "restricted": tuple(restricted),
        "is_third_party": intent.is_third_party,
    }
    if forbidden and not book.settings.asks_where_firm_forbids:
        asking.require("firm_permits", False, DenialReason.FIRM_FORBIDS, numbers)
    asking.ask("firm_permits", not forbidden and not restricted, DenialReason.FIRM_FORBIDS, numbers)


def signals_not_traded_before(asking: Asking, intent: Intent, book: Book, now_ns: int) -> None:
    """A signal trades once, however often it is decided anew."""
    traded = [
        f"{signal} by {book.traded_signals[signal]}"
        for signal in sorted(intent.signal_ids)
        if book.traded_signals.get(signal, intent.decision_id) != intent.decision_id
    ]
    asking.require(
        "signals_not_traded_before",
        not traded,
        DenialReason.SIGNAL_TRADED_BEFORE,
        {"traded": tuple(traded)},
    )


def certain_enough(asking: Asking, intent: Intent, book: Book, now_ns: int) -> None:
    """What the decision itself is unsure of a person looks at."""
    limit = book.settings.review_over_uncertainty
    asking.ask(
        "certain_enough",
        intent.uncertainty is None or intent.uncertainty <= limit,
        DenialReason.UNCERTAINTY,
        {"uncertainty": "not stated" if intent.uncertainty is None else intent.uncertainty, "limit": limit},
    )
