"""Decisions made again from what they record, out of the journal and the lake, and where they differ."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from hive_cli.failure import Failure

if TYPE_CHECKING:
    from hive_cli.settings import Settings

_MAX_TEXT = 120


def replayed(settings: Settings, wanted: str) -> list[dict[str, Any]]:
    """Each recorded decision whose id begins with `wanted`, made again.

    Returns:
        by decision and place (`journal` or `lake/<day>`): `decision_id`, `where`, `same`, what differs as
        `differences`, in words, and `other_code`: that another code made it, or nothing. What another made
        is the `same` if it is so apart from the version.

    Raises:
        Failure: nothing is recorded, or no id begins so.
    """
    recorded = [*_of_the_journal(settings), *_of_the_lake(settings)]
    if not recorded:
        raise Failure("there is no decision yet", next_step="hive status shows how far the data came")
    chosen = [each for each in recorded if each[0].startswith((wanted, f"dec_{wanted}"))]
    if not chosen:
        raise Failure(
            f"no decision {wanted}", next_step="hive explain ORDER_ID names an order's", exit_code=2
        )
    return [
        {
            "decision_id": decision_id,
            "where": where,
            "same": not found,
            "differences": found,
            "other_code": other_code,
        }
        for decision_id, where, payload in chosen
        for found, other_code in [differences_of(payload)]
    ]


def differences_of(payload: bytes) -> tuple[list[str], str | None]:
    """What differs between a recorded decision and the one that its votes make, nothing if they are equal
    apart from the version; and that another code made it."""
    from hive_core.contracts.base import ContractError, parse_contract
    from hive_core.contracts.decision import Decision
    from hive_core.signals.replay import NotReplayable, OtherCode, replay

    other_code = None
    try:
        again = replay(parse_contract(Decision, payload))
    except OtherCode as problem:
        other_code = str(problem)
        if problem.again is None:
            return [other_code], other_code
        again = problem.again
    except (ContractError, NotReplayable) as problem:
        return [str(problem)], None
    if again == payload:
        return [], other_code
    found = list(_differing("", json.loads(payload), json.loads(again)))
    return found or ["the same values, spelled in another way"], other_code


def _differing(place: str, recorded: Any, again: Any) -> Iterator[str]:
    if isinstance(recorded, dict) and isinstance(again, dict) and set(recorded) == set(again):
        for name in recorded:
            yield from _differing(f"{place}.{name}" if place else name, recorded[name], again[name])
    elif isinstance(recorded, list) and isinstance(again, list) and len(recorded) == len(again):
        for number, (one, other) in enumerate(zip(recorded, again, strict=True)):
            yield from _differing(f"{place}.{number}", one, other)
    elif recorded != again:
        yield f"{place}: recorded {_short(recorded)}, made again {_short(again)}"


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}..."


def _of_the_journal(settings: Settings) -> Iterator[tuple[str, str, bytes]]:
    from hive_cli.facts.journal import reports
    from hive_core.evidence.canonical import canonical_bytes

    if not settings.home.journal.exists():
        return
    for report in reports(settings.home.journal):
        if report["kind"] == "decision_received":
            decision = report["body"]["delivery"]["decision"]
            yield decision["decision_id"], "journal", canonical_bytes(decision)


def _of_the_lake(settings: Settings) -> Iterator[tuple[str, str, bytes]]:
    from hive_cli.facts.lake import LakeFacts

    lake = LakeFacts.of(settings.home)
    for file in lake.files("decisions"):
        frame = lake.read("decisions", file.name)
        if frame is not None:
            for decision_id, text in frame.select("decision_id", "decision_json").iter_rows():
                yield decision_id, f"lake/{file.name}", text.encode()
