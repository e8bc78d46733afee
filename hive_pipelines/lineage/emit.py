"""Getting OpenLineage events out: to a file first, and from the file to an HTTP collector.

The file is the collector's backlog: a position in it, kept by the sensor, passes only what the
collector acknowledged or refused for good. So a dead collector costs nothing but its own delay.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict

from hive_pipelines.redaction import without_secrets

if TYPE_CHECKING:
    from openlineage.client.transport.http import HttpTransport

EVENTS_PER_TICK = 200
SENDING_BUDGET_S = 10.0
"""No further event is begun in a tick after this time: a slow collector must not hold the sensor."""

_NOT_ABOUT_THE_EVENT = frozenset({401, 403, 404, 405, 407, 408, 429})
"""4xx answers that every event would get: a wrong key or address, or too many at once. They hold
the backlog; any other 4xx refuses the one event."""


class FilePosition(BaseModel):
    """How far the file was sent. `inode` tells when another file has taken its place."""

    model_config = ConfigDict(extra="forbid")

    inode: int = 0
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Sending:
    """What one tick sent: the new position, counts, and why it stopped early, if it did."""

    position: FilePosition
    sent: int
    refused: int
    problem: str | None


@dataclass(frozen=True, slots=True)
class _Answer:
    verdict: Literal["taken", "refused", "held"]
    reason: str


def append_lines(path: Path, lines: Sequence[str]) -> None:
    """Append whole lines, under a lock. A line that a killed process left torn is cut off first: it
    was never acknowledged, and its sensor writes it again."""
    if not lines:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        _cut_torn_line(file)
        file.write("".join(line + "\n" for line in lines).encode("utf-8"))


def _cut_torn_line(file: Any) -> None:
    end = file.seek(0, os.SEEK_END)
    position = end
    while position > 0:
        step = min(64 * 1024, position)
        file.seek(position - step)
        newline = file.read(step).rfind(b"\n")
        if newline >= 0:
            position = position - step + newline + 1
            break
        position -= step
    if position < end:
        file.truncate(position)
    file.seek(0, os.SEEK_END)


def refused_file(lineage_file: Path) -> Path:
    """Where events go that the collector refused, each as it stood, with the collector's answer."""
    return lineage_file.with_name(f"{lineage_file.stem}.refused.jsonl")


def _position_in(file: Any, position: FilePosition, log: logging.Logger) -> FilePosition:
    status = os.fstat(file.fileno())
    if position.inode == status.st_ino and position.offset <= status.st_size:
        return position
    if position.offset:
        log.warning("The lineage file was replaced or cut: sending it to the collector from its beginning.")
    return FilePosition(inode=status.st_ino, offset=0)


def send_backlog(
    lineage_file: Path,
    position: FilePosition,
    *,
    url: str,
    timeout_s: float,
    api_key: str | None,
    log: logging.Logger,
) -> Sending:
    """Send what the file holds after `position`, in order, until the end or the first failure.

    One event takes at most `timeout_s` to connect and as long again until the collector answers;
    there are no retries within a call.
    """
    if not lineage_file.exists():
        return Sending(position, 0, 0, None)
    sent = refused = 0
    try:
        transport = _transport(url, timeout_s, api_key)
    except ValueError as error:
        return Sending(position, 0, 0, without_secrets(str(error)))
    deadline = time.monotonic() + SENDING_BUDGET_S
    problem = None
    try:
        with lineage_file.open("rb") as file:
            position = _position_in(file, position, log)
            file.seek(position.offset)
            while sent + refused < EVENTS_PER_TICK and time.monotonic() < deadline:
                line = file.readline()
                if not line.endswith(b"\n"):
                    break
                answer = _post(transport, line)
                if answer.verdict == "held":
                    problem = answer.reason
                    break
                if answer.verdict == "refused":
                    entry = {"reason": answer.reason, "line": line.decode("utf-8", "replace").rstrip("\n")}
                    append_lines(refused_file(lineage_file), [json.dumps(entry)])
                    log.warning(
                        f"The lineage collector refused an event ({answer.reason}): it is kept in "
                        f"{refused_file(lineage_file)}."
                    )
                    refused += 1
                else:
                    sent += 1
                position = FilePosition(inode=position.inode, offset=position.offset + len(line))
    finally:
        transport.close()
    return Sending(position, sent, refused, problem)


def _transport(url: str, timeout_s: float, api_key: str | None) -> HttpTransport:
    from openlineage.client.transport.http import HttpConfig, HttpTransport
    from requests import Session

    session = Session()
    # A redirected POST arrives as a GET, and its 200 would be taken for an acknowledgement.
    session.max_redirects = 0
    no_retries = {"total": 0, "read": 0, "connect": 0, "backoff_factor": 0, "status_forcelist": []}
    auth = {"type": "api_key", "apiKey": api_key} if api_key else {}
    config = HttpConfig.from_dict({"url": url, "timeout": timeout_s, "retry": no_retries, "auth": auth})
    config.session = session
    return HttpTransport(config)


def _post(transport: HttpTransport, line: bytes) -> _Answer:
    from requests.exceptions import HTTPError, RequestException

    try:
        event = json.loads(line)
    except ValueError as error:
        return _Answer("refused", f"the line is not JSON: {error}")
    try:
        transport.emit(event)
    except HTTPError as error:
        status = error.response.status_code
        body = " ".join(error.response.text.split())[:200]
        held = status >= 500 or status in _NOT_ABOUT_THE_EVENT
        return _Answer("held" if held else "refused", without_secrets(f"HTTP {status}: {body}"))
    except (RequestException, ValueError) as error:
        return _Answer("held", without_secrets(f"{type(error).__name__}: {error}"))
    return _Answer("taken", "")
