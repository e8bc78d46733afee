"""Third step of the parser: what a number as written may stand for.

A number with two readings is left open here; which one fits the call is decided in `prices`, and none is
chosen where none or several fit.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

_PLAIN = re.compile(r"\d{1,9}(?:\.\d{1,8})?")
_POINT_GROUPS = re.compile(r"\d{1,3}(?:\.\d{3})+")
_COMMA_GROUPS = re.compile(r"\d{1,3}(?:,\d{3})+")
_COMMA_GROUPS_POINT = re.compile(r"(\d{1,3}(?:[,']\d{3})+)\.(\d{1,8})")
_POINT_GROUPS_COMMA = re.compile(r"(\d{1,3}(?:\.\d{3})+),(\d{1,8})")
_DECIMAL_COMMA = re.compile(r"(\d{1,9}),(\d{1,8})")
_APOSTROPHES = re.compile(r"\d{1,3}(?:'\d{3})+")
_SLIPPED_POINTS = re.compile(r"(\d{1,9})\.\.+(\d{1,8})")


@lru_cache(maxsize=65_536)
def readings(raw: str) -> tuple[Decimal, ...]:
    """Every single price that a written number may stand for, the usual reading first; empty where it has
    none. "4,105" may be 4105 and 4.105; "4.105,50" is 4105.50; "2650..5" is 2650.5."""
    found: list[str] = []
    if raw.startswith("."):
        if not raw[1:].isdigit():
            return readings(raw[1:])  # a point that slipped before the number
        found += ["0" + raw, raw[1:]]
    elif _PLAIN.fullmatch(raw):
        found.append(raw)
        if _POINT_GROUPS.fullmatch(raw) and not raw.startswith("0"):
            found.append(raw.replace(".", ""))
    elif _COMMA_GROUPS.fullmatch(raw):
        if not raw.startswith("0"):
            found.append(raw.replace(",", ""))
        if raw.count(",") == 1:
            found.append(raw.replace(",", "."))
    elif matched := _COMMA_GROUPS_POINT.fullmatch(raw) or _POINT_GROUPS_COMMA.fullmatch(raw):
        found.append(re.sub(r"[,.']", "", matched[1]) + "." + matched[2])
    elif matched := _DECIMAL_COMMA.fullmatch(raw) or _SLIPPED_POINTS.fullmatch(raw):
        found.append(f"{matched[1]}.{matched[2]}")
    elif _POINT_GROUPS.fullmatch(raw):
        found.append(raw.replace(".", ""))
    elif _APOSTROPHES.fullmatch(raw):
        found.append(raw.replace("'", ""))
    return tuple(value for text in found if (value := Decimal(text)) > 0)


@lru_cache(maxsize=65_536)
def listed(raw: str) -> tuple[str, ...]:
    """The numbers of a list that is written without blanks ("132.650,133.000", "1.13,1.14"), or nothing."""
    parts = raw.split(",")
    if len(parts) > 1 and all(_PLAIN.fullmatch(part) for part in parts):
        return tuple(parts)
    return ()


@lru_cache(maxsize=65_536)
def behind_index(raw: str) -> tuple[str, ...]:
    """What may stand behind a target's number that is glued to it: "1.2655" as 2655 of target 1, "1.1.0850"
    as 1.0850, "12655" as 2655."""
    found = []
    if matched := re.fullmatch(r"\d{1,2}[.,]+(\d+(?:[.,]\d+)?)", raw):
        found.append(matched[1])
    if re.fullmatch(r"[1-9]\d{3,}(?:\.\d+)?", raw):
        found.append(raw[1:])
    return tuple(found)


def completions(first: Decimal, raw: str) -> tuple[Decimal, ...]:
    """What an abbreviated number may mean beside a whole one: 4105 and "03" give 4103, 134.30 and "35" give
    134.35. The nearest is the first; empty where it is no abbreviation."""
    whole, _, fraction = f"{first:f}".partition(".")
    tail, point, tail_fraction = raw.partition(".")
    if not tail.isdigit() or (point and not tail_fraction.isdigit()):
        return ()
    found: set[Decimal] = set()
    if len(tail) < len(whole):
        step = 10 ** len(tail)
        base = int(whole) // step
        for near in (base - 1, base, base + 1):
            if near > 0:
                found.add(Decimal(f"{near}{tail}{'.' + tail_fraction if point else ''}"))
    if fraction and not point and 2 <= len(tail) <= len(fraction):
        step = 10 ** len(tail)
        units = int(whole + fraction) // step
        for near_units in (units - 1, units, units + 1):
            text = str(near_units) + tail
            if near_units > 0:
                found.add(Decimal(text).scaleb(-len(fraction)))
    return tuple(sorted(found, key=lambda value: (abs(value - first), value)))
