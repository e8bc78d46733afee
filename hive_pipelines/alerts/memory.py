"""Which failures were told: by fingerprint, bounded, until the thing that failed recovers.

Part of the sensor's cursor. Sending belongs to `slack`.
"""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict

from hive_core.evidence.canonical import content_hash
from hive_pipelines.alerts.incidents import Failure, Recovery

MAX_REMEMBERED = 200
"""Fingerprints that are remembered. The one told first is dropped for a new one; should it come
again, it is told again."""

_ID = re.compile(
    r"\b[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}\b|\b(?=[0-9a-f]*[0-9])[0-9a-f]{7,}\b", re.I
)
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")


def normalised(message: str) -> str:
    """A message without what differs from one time to the next: ids, hashes, numbers, times."""
    return " ".join(_NUMBER.sub("#", _ID.sub("#", message)).split())


def fingerprint(failure: Failure) -> str:
    """The same for failures that a person would call the same."""
    return content_hash([failure.kind, failure.subject, failure.error_class, normalised(failure.reason)])[:16]


class Told(BaseModel):
    """One failure that was told: what failed, when it was first seen, how often it came again."""

    model_config = ConfigDict(extra="forbid")

    subject: str
    first_seen_s: int
    partitions: tuple[str, str] | None
    repeats: int = 0


class Memory(BaseModel):
    """The failures that were told, the oldest first."""

    model_config = ConfigDict(extra="forbid")

    told: dict[str, Told] = {}

    def count_repeat(self, failure: Failure) -> Told | None:
        """The earlier failure of the same fingerprint, its count one higher; None if there is none."""
        told = self.told.get(fingerprint(failure))
        if told is not None:
            told.repeats += 1
        return told

    def remember(self, failure: Failure) -> None:
        """Note that a failure was told."""
        self.told[fingerprint(failure)] = Told(
            subject=failure.subject, first_seen_s=int(failure.at), partitions=failure.partitions
        )
        while len(self.told) > MAX_REMEMBERED:
            del self.told[next(iter(self.told))]

    def forget(self, recovery: Recovery) -> None:
        """Forget the failures that this recovery ends: of the same thing, for all their partitions."""
        ended = [
            mark
            for mark, told in self.told.items()
            if told.subject == recovery.subject and _covers(recovery.partitions, told.partitions)
        ]
        for mark in ended:
            del self.told[mark]


def _covers(worked: tuple[str, str] | None, failed: tuple[str, str] | None) -> bool:
    # Keys of daily partitions sort as text; a recovery of another day is none.
    if worked is None or failed is None:
        return worked == failed
    return worked[0] <= failed[0] and failed[1] <= worked[1]
