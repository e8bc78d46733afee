"""What the daemon writes to stderr: one line an event, as JSON or for people, without secrets.

`HIVE_LOG=json` or `text`; unset it is text on a terminal and JSON elsewhere. Libraries log through the same
formatter. Nothing that comes from outside can begin a line of its own or steer a terminal.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TextIO

FIELDS = ("account", "order", "seq")
"""What an event may carry beside its text: `log.info(text, extra={"account": ...})`."""
MAX_CHARACTERS = 8_000
LEAST_HIDDEN_CHARACTERS = 8
"""A shorter secret may be a word or a number of every other line; it is hidden by its form only."""

_HIDDEN = "[hidden]"
_SECRETS = (
    (re.compile(r"(?i)\b(bearer|basic|digest)\s+[A-Za-z0-9._~+/=-]{4,}"), rf"\1 {_HIDDEN}"),
    (
        re.compile(r"(?i)(\b(?:proxy-)?authorization\b['\"]?\s*[:=]\s*)(?!\s*bearer \[)[^\r\n]+"),
        rf"\1{_HIDDEN}",
    ),
    # Password and NewPassword of a FIX message; a value of the venue's own may be short.
    (re.compile(r"(\b(?:554|925)=)[^\x01|\r\n]+"), rf"\1{_HIDDEN}"),
    # user:password@ of an address: that of a journal in PostgreSQL, of a proxy, of a broker.
    (re.compile(r"(\b[a-zA-Z][a-zA-Z0-9+.-]*://)[^\s/@'\"]+@"), rf"\1{_HIDDEN}@"),
    (
        re.compile(
            r"(?i)\b((?:[a-z0-9]+[_-])*(?:token|password|passwd|secret|api[_-]?key|private[_-]?key)"
            r"['\"]?\s*[=:]\s*)(['\"]?)[^\s'\",;&)}\]]+"
        ),
        rf"\1\2{_HIDDEN}",
    ),
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class UnknownLogFormat(ValueError):
    """`HIVE_LOG` asks for a format that there is not."""


class Scrubber:
    """Hides what nobody may read in a log: by its form, and by its value where it is known."""

    def __init__(self) -> None:
        self._values: set[str] = set()

    def hide(self, value: str) -> None:
        """Hide this very value wherever it comes up. Raises ValueError for one as short as a word."""
        if len(value) < LEAST_HIDDEN_CHARACTERS:
            raise ValueError(f"a secret of fewer than {LEAST_HIDDEN_CHARACTERS} characters")
        self._values.add(value)

    def scrub(self, text: str) -> str:
        """The text without secrets."""
        for value in self._values:
            text = text.replace(value, _HIDDEN)
        for pattern, instead in _SECRETS:
            text = pattern.sub(instead, text)
        return text


SCRUBBER = Scrubber()
"""That of this process. Whoever reads a secret tells it."""


def on_one_line(text: str) -> str:
    """Control characters, line ends and what turns the direction of writing, each as a visible escape."""
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


class LineFormatter(logging.Formatter):
    """One event, one line. A traceback comes as one field of it."""

    def __init__(self, *, is_json: bool, scrubber: Scrubber = SCRUBBER) -> None:
        super().__init__()
        self._is_json = is_json
        self._scrubber = scrubber

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        told: dict[str, str | int] = {
            "ts": moment.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": self._clean(record.getMessage()),
        }
        for name in FIELDS:
            value = getattr(record, name, None)
            if value is not None:
                told[name] = value if isinstance(value, int) else self._clean(str(value))
        if record.exc_info and record.exc_info[1] is not None:
            lines = traceback.format_exception(*record.exc_info)
            told["exception"] = self._clean("".join(lines)[-MAX_CHARACTERS:])
        if self._is_json:
            return json.dumps(told, ensure_ascii=False)
        head = f"{told.pop('ts')} {str(told.pop('level')).upper()} {told.pop('logger')} {told.pop('event')}"
        fields = "".join(f" {name}={value}" for name, value in told.items() if name != "exception")
        trace = told.get("exception")
        return f"{head}{fields}" + (f" | {trace}" if trace else "")

    def _clean(self, text: str) -> str:
        # Cut twice: a secret that the first cut halves is behind the second.
        return on_one_line(self._scrubber.scrub(text[: 2 * MAX_CHARACTERS])[:MAX_CHARACTERS])


class _LineHandler(logging.StreamHandler[TextIO]):
    """Writes to a stream, or to whatever stderr is at the time."""

    def __init__(self, stream: TextIO | None) -> None:
        super().__init__(stream)
        self._given = stream

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line."""
        self.stream = self._given or sys.stderr
        super().emit(record)


def configure_logging(environment: Mapping[str, str], stream: TextIO | None = None) -> None:
    """Every logger of this process through one handler of ours, to stderr.

    Raises:
        UnknownLogFormat: `HIVE_LOG` is neither json nor text.
    """
    target = stream or sys.stderr
    wanted = environment.get("HIVE_LOG") or ("text" if target.isatty() else "json")
    if wanted not in {"json", "text"}:
        raise UnknownLogFormat(f"HIVE_LOG={wanted!r}: json or text is expected")
    handler = _LineHandler(stream)
    handler.setFormatter(LineFormatter(is_json=wanted == "json"))
    root = logging.getLogger()
    for before in [each for each in root.handlers if isinstance(each, _LineHandler)]:
        root.removeHandler(before)
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    for name in ("httpx", "httpcore", "uvicorn.access"):  # an address each request, with what stands in it
        logging.getLogger(name).setLevel(logging.WARNING)
