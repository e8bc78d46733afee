"""Taking signals in, once each: the same for every lane on which they come.

Runs in the cell's thread. What becomes of a signal afterwards is the live lane's matter.
"""

from __future__ import annotations

from typing import NamedTuple

from hive_core.calendars.trading_day import NS_PER_SECOND, iso_utc
from hive_core.contracts.lane import FATE
from hive_core.contracts.submission import SignalSubmission
from hive_core.evidence.canonical import Spelled, canonical_bytes, sha256_hex
from hive_core.instruments.specification import specification_of
from hive_exec.cell import Cell
from hive_exec.commands import CommandRefused
from hive_exec.core.records import CELL, RANK_DECISION, Kind, Record
from hive_exec.failpoints import failpoint
from hive_exec.refusals import CodedRefusal

MAX_AGE_S = 3_600
"""What was posted longer ago is history: it is imported, never traded. An order has a stricter limit."""
MAX_SKEW_S = 5
TO_BE_JUDGED = "to_be_judged"
"""The fate of a signal that the live lane judges; else the `LaneOutcome` that it has at once."""


class Submitted(NamedTuple):
    """A submission with all that can be made of it outside the cell's thread. `caller` is the principal, or
    the lane, from which it comes."""

    key: str
    submission: SignalSubmission
    spelled: Spelled
    content_sha256: str
    caller: str

    @classmethod
    def of(cls, key: str, submission: SignalSubmission, caller: str) -> Submitted:
        """The submission as it is sent under `key`."""
        spelled = canonical_bytes(submission.model_dump(mode="json"))
        return cls(key, submission, Spelled(spelled), sha256_hex(spelled), caller)


def submit_signals(cell: Cell, batch: list[Submitted]) -> list[tuple[int, bytes] | CommandRefused]:
    """Take many in, each for itself; one question to the inbox serves all."""
    cell.journal.recall([submitted.key for submitted in batch])
    outcomes: list[tuple[int, bytes] | CommandRefused] = []
    for submitted in batch:
        try:
            outcomes.append(submit_signal(cell, submitted))
        except CommandRefused as refused:
            outcomes.append(refused)
    return outcomes


def submit_signal(cell: Cell, submitted: Submitted) -> tuple[int, bytes]:
    """Take a signal in, once.

    Returns:
        (HTTP status, body): 202 when new, 200 with the same body when seen before.

    Raises:
        CodedRefusal: 409 another content under a known key, which is journaled; 422 a key that is not
            its own, an instrument that is unknown, too old, ended, or from the future.
    """
    key, submission, content_sha256 = submitted.key, submitted.submission, submitted.content_sha256
    if key != submission.key:
        raise CodedRefusal(422, "invalid", "Idempotency-Key", f"must be {submission.key}")
    at = (cell.wall_clock_ns(), RANK_DECISION, key)
    seen = cell.journal.answered(key)
    if seen is not None:
        if seen.content_sha256 == content_sha256:
            cell.on_signal_again(key, submitted.caller)
            return 200, seen.response
        conflict = {"key": key, "content_sha256": content_sha256, "known_sha256": seen.content_sha256}
        cell.write(Record(CELL, Kind.SIGNAL_CONFLICT, at, {**conflict, "caller": submitted.caller}))
        raise CodedRefusal(409, "conflict", "Idempotency-Key", "this key was used for another content")
    _refuse_what_cannot_be_traded(submission, at[0])
    body = {
        "key": key,
        "content_sha256": content_sha256,
        "caller": submitted.caller,
        "submission": submitted.spelled,
    }
    fate = cell.fate_at_once()
    if fate is not None:  # nobody will judge it: the receipt is all there is to say
        body[FATE] = fate
    failpoint("inbox.before_record")
    seq = cell.write(Record(CELL, Kind.SIGNAL_RECEIVED, at, body))
    # Canonical as it stands: neither a key nor a fate has a character that JSON escapes.
    told = (fate or TO_BE_JUDGED).encode("ascii")
    response = b'{"fate":"%s","key":"%s","outcome":"accepted","seq":%d}' % (told, key.encode("ascii"), seq)
    cell.journal.answer(key, content_sha256, response)
    failpoint("inbox.after_record")
    if fate is None:
        cell.signal_arrived(key, submission, seq, submitted.caller)
    return 202, response


def _refuse_what_cannot_be_traded(submission: SignalSubmission, now_ns: int) -> None:
    posted_ns, ends_ns = submission.ts_event_ns, submission.valid_until_ns
    if posted_ns > now_ns + MAX_SKEW_S * NS_PER_SECOND:
        raise CodedRefusal(
            422, "future", "timestamp", f"{iso_utc(posted_ns)} is more than {MAX_SKEW_S} s from now"
        )
    if posted_ns < now_ns - MAX_AGE_S * NS_PER_SECOND:
        raise CodedRefusal(422, "stale", "timestamp", f"{iso_utc(posted_ns)} is more than {MAX_AGE_S} s ago")
    if ends_ns is not None and ends_ns <= now_ns:
        raise CodedRefusal(422, "stale", "valid_until", f"it ended at {iso_utc(ends_ns)}")
    if submission.signal is not None and specification_of(submission.signal.symbol) is None:
        symbol = submission.signal.symbol
        raise CodedRefusal(422, "symbol", "signal.symbol", f"{symbol} is not a known instrument")
