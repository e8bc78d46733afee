"""What a source says of its own results: posts that a target was hit, a stop was hit, or so many pips run.

Read from the texts alone, whatever the prices did. Whether they are true is `honesty`'s question; what a
post asks to be done with an open trade is the parser's.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

import polars as pl

from hive_core.instruments.specification import alias_table
from hive_core.signals.scorecards.tables import CLAIMS


class ClaimKind(StrEnum):
    """What is claimed. `running`: pips of open profit, which no target and no stop has ended."""

    TARGET = "target"
    STOP = "stop"
    RUNNING = "running"


class Claim(NamedTuple):
    """One claim of a text: its kind, the target's number and the pips where the text names them."""

    kind: ClaimKind
    target: int | None
    pips: float | None


_TARGET_WORD = r"(?:t\s?[./]?\s?p|take\s*-?\s*profit|targets?|alvo|objetivo|цель|тейк(?:-?\s?профит)?)"
_STOP_WORD = r"(?:s\s?[./]?\s?l|stop\s*-?\s*loss|stop|стоп(?:-?\s?лосс)?)"
_NUMBER = r"(?:\s*[-#:(]?\s*(?P<{name}>\d{{1,2}})(?![\d.,])\)?)?"
_BETWEEN = r"[\s:,.\-!]*(?:is|was|has been|have been|been|got|now|foi|fue|đã)?[\s:,.\-!]*"
_HIT = (
    r"(?:hit|hits|reached|done|smashed|achieved|cleared|completed|atingid[oa]|batid[oa]|alcanzad[oa]"
    r"|alcançad[oa]|cumplid[oa]|взят|взята|взято|достигнут|достигнута|сработал|сработала)"
)
_STOPPED = (
    r"(?:hit|hits|reached|triggered|taken|activated|atingid[oa]|batid[oa]|acionad[oa]|tocad[oa]|alcanzad[oa]"
    r"|сработал|выбило|сбило)"
)
_TARGET_PATTERNS = (
    rf"\b{_TARGET_WORD}{_NUMBER.format(name='after')}{_BETWEEN}{_HIT}\b",
    rf"\b(?:hit|reached|smashed)\s+(?:(?:our|the|all|first|second|final)\s+)*{_TARGET_WORD}s?\b"
    rf"{_NUMBER.format(name='of_hit')}",
    rf"\b{_TARGET_WORD}\s*(?P<ticked>\d{{1,2}})\s*[✅✔☑]",
    r"\ball\s+(?:tps?|targets)\s+(?:hit|done|reached|smashed)\b",
    r"\b(?:chạm|khớp|dính)\s+tp\b",
    r"تم\s+(?:ضرب|تحقيق|تحقق|الوصول)\s+(?:ل)?(?:ال)?هدف",
)
_STOP_PATTERNS = (
    rf"\b{_STOP_WORD}{_BETWEEN}{_STOPPED}\b",
    rf"\bhit\s+(?:(?:our|the|my)\s+)?{_STOP_WORD}\b",
    r"\bstopped\s+out\b",
    r"\bstopad[oa]s?\b",
    r"\b(?:dính|chạm|quét)\s+sl\b",
    r"(?:выбило по стопу)",
    r"تم\s+ضرب\s+(?:ال)?(?:وقف|ستوب)",
)
_PIPS = r"(?P<{name}>\d{{1,5}}(?:[.,]\d{{1,2}})?)\s*\+?\s*pips?\b"
_RUNNING_PATTERNS = (
    rf"{_PIPS.format(name='before')}[\s!.]*(?:running|in\s+profit|profit|secured|booked|up)\b",
    rf"\b(?:running|profits?\s+of|secured|booked|up)\s*(?:of\s*)?\+?\s*{_PIPS.format(name='behind')}",
)
_CONDITION = re.compile(
    r"\b(?:if|when|once|after|until|till|unless|before|should|will|can|se|si|quando|cuando|если|когда|khi|nếu"
    r"|not|no|never|didn'?t|almost|nearly|agar|jab)\b[^\n.!?]{0,30}$"
)
"""Words before a hit that make it one that is planned, feared, denied or missed, not one that is told."""

_TARGET = re.compile("|".join(_TARGET_PATTERNS))
_STOP = re.compile("|".join(_STOP_PATTERNS))
_RUNNING = re.compile("|".join(_RUNNING_PATTERNS))
_ANY_PIPS = re.compile(_PIPS.format(name="pips"))
_WORD = re.compile(r"[A-Z0-9]{2,12}")


def claims_of_text(text: str) -> tuple[Claim, ...]:
    """What a text claims, at most one of each kind; a target that is told beside running pips is a target.

    A hit behind `if`, `when`, `after`, `not` and their like is none. Of several targets the highest
    number counts.
    """
    plain = unicodedata.normalize("NFKC", text).lower()
    pips = _pips(_ANY_PIPS.search(plain))
    found = []
    hits = list(_told(_TARGET, plain))
    if hits:
        numbers = [int(number) for hit in hits for number in hit.groups() if number]
        found.append(Claim(ClaimKind.TARGET, max(numbers, default=None), pips))
    if any(_told(_STOP, plain)):
        found.append(Claim(ClaimKind.STOP, None, pips))
    if not found and any(_told(_RUNNING, plain)):
        found.append(Claim(ClaimKind.RUNNING, None, pips))
    return tuple(found)


def _told(pattern: re.Pattern[str], plain: str) -> Iterator[re.Match[str]]:
    return (hit for hit in pattern.finditer(plain) if not _CONDITION.search(plain[: hit.start()][-60:]))


def _pips(found: re.Match[str] | None) -> float | None:
    return float(found["pips"].replace(",", ".")) if found else None


def _symbol_of(text: str) -> str | None:
    """The instrument that a text names, or None where it names none or several."""
    known = alias_table()
    named = {known[word] for word in _WORD.findall(text.upper()) if word in known}
    return named.pop() if len(named) == 1 else None


def claims_of(messages: pl.DataFrame) -> pl.DataFrame:
    """Every claim of the sources.

    A message claims what any of its versions claims, once: an edit does not tell a stop twice, and
    does not take it back either.

    Args:
        messages: MESSAGES.

    Returns:
        CLAIMS in the order of time.
    """
    of_text: dict[str, tuple[Claim, ...]] = {}
    rows = []
    posts = messages.sort("ts_event", "source", "message_id", "version").select(
        "source", "message_id", "ts_event", "text", "reply_to"
    )
    for source, message_id, ts_event, text, reply_to in posts.iter_rows():
        if text not in of_text:
            of_text[text] = claims_of_text(text)
        for claim in of_text[text]:
            rows.append(
                {
                    "source": source,
                    "message_id": message_id,
                    "ts_event": ts_event,
                    "kind": claim.kind.value,
                    "target": claim.target,
                    "pips": claim.pips,
                    "symbol": _symbol_of(text),
                    "reply_to": reply_to,
                }
            )
    claims = pl.DataFrame(rows, schema=CLAIMS)
    return claims.unique(["source", "message_id", "kind"], keep="first", maintain_order=True)
