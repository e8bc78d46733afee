"""What a firm says of the ways in which an account would be traded here, before it is connected.

The same words hold back single orders (`gating.account_rules`); here a person reads all of them at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from hive_core.configuration.model import Account
from hive_core.risk.rules.as_of import RuleSet
from hive_core.risk.rules.values import NewsWindow, Policy

Consequence = Literal["free", "read_up", "asks", "blocked", "stops_all"]
"""Nothing; nothing, for the owner said that he has read up on it; a person decides at every order; such
orders are denied; no order at all passes."""

WAYS = {
    "third_party_signals": "follow signals of others",
    "copying": "copy trades of others",
    "automation": "trade by machine",
    "third_party_automation": "use a machine that somebody else made",
    "cloud_copiers": "copy by a service in the cloud",
    "remote_servers": "run on a rented server",
}
"""The ways of a `Policy`, in words. Where the daemon runs nobody here knows: the last two are told, and hold
no order back."""
TOLD_ONLY = ("cloud_copiers", "remote_servers")
_OF_OTHERS = ("third_party_signals", "copying")


@dataclass(frozen=True, slots=True)
class FirmWord:
    """What the firm says of one way. `sources` are those that it concerns, all of them where empty."""

    way: str
    permission: str
    consequence: Consequence
    sources: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """In words, for a person."""
        whom = f" ({', '.join(self.sources)})" if self.sources else ""
        return f"{WAYS.get(self.way, self.way)}{whom}: {self.permission}"


def firm_words(rules: RuleSet, account: Account, sources: Iterable[str] = ()) -> tuple[FirmWord, ...]:
    """What the firm says of everything that an account at it would do here.

    Args:
        rules: those of its phase, today.
        account: its settings.
        sources: the rooms that are known to trade it; the patterns of the settings where none are.
    """
    named = tuple(dict.fromkeys(sources)) or account.sources
    others = tuple(name for name in named if not account.is_own(name))
    policy = rules.policy if isinstance(rules.policy, Policy) else None
    found = []
    for way in WAYS:
        concerned = others if way in _OF_OTHERS else ()
        if way in _OF_OTHERS and not others:
            continue
        permission = "unknown" if policy is None else getattr(policy, way)
        if rules.policy == "none":
            permission = "allowed"
        found.append(FirmWord(way, permission, _consequence(way, permission, account), concerned))
    return (*_limits(rules), *found, *_news(rules, account))


def _consequence(way: str, permission: str, account: Account) -> Consequence:
    is_other_peoples = way in (*_OF_OTHERS, "third_party_automation")
    is_forbidden = permission == "forbidden" or (permission == "own_accounts_only" and is_other_peoples)
    if permission == "allowed" or way in TOLD_ONLY:
        return "free"
    if is_forbidden:
        return "asks" if account.asks_where_firm_forbids else "blocked"
    # What is tied to conditions is accepted by its own name only, as in the gate.
    names = (f"policy.{way}",) if permission == "restricted" else ("policy", f"policy.{way}")
    return "read_up" if any(name in account.accepted for name in names) else "asks"


def _limits(rules: RuleSet) -> Iterable[FirmWord]:
    """A phase whose loss limits nobody knows has no floor: no order passes."""
    unknown = [name for name in rules.unknown if name.partition(".")[0] in ("daily_loss", "maximum_loss")]
    return [
        FirmWord(name, "unknown", "stops_all")
        for name in unknown
        if "." not in name or name.endswith(".resets")
    ]


def _news(rules: RuleSet, account: Account) -> Iterable[FirmWord]:
    if rules.news == "unknown":
        return [FirmWord("news", "unknown", "read_up" if "news" in account.accepted else "asks")]
    if not isinstance(rules.news, NewsWindow):
        return []
    window = rules.news
    minutes = f"from {window.minutes_before} minutes before to {window.minutes_after} after"
    text = f"no {', '.join(window.forbids)} {minutes}"
    return [FirmWord("news", text, "free")]
