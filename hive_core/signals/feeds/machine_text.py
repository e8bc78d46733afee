"""Whether a message's text was written by a machine, and what it says then. The door of this room.

Ordinary chat must pass by at the cost of three looks for a character.
"""

from __future__ import annotations

import re

from hive_core.contracts.base import strict_json
from hive_core.signals.feeds.json_signal import is_json, read_json
from hive_core.signals.feeds.tradingview import read_alert, read_vote
from hive_core.signals.verdicts import Verdict

_IDS = ("id", "signal_id")
_ID_LINE = re.compile(r"(?:^|[;\n])\s*(?:SIGNAL_)?ID\s*=[ \t]*([^;\n]*[^;\s])", re.IGNORECASE)


def read_machine_text(text: str) -> list[Verdict] | None:
    """The verdicts on a machine's text, at least one; None for a text that people wrote.

    A text that begins as JSON, or is made of `KEY=VALUE` with a symbol and a signal, is a machine's even
    when it is broken: then it is refused, and never read as prose.
    """
    if "{" in text and is_json(text):
        return read_json(text)
    if "=" in text and (said := read_alert(text)) is not None:
        return said
    if "[" in text:
        return read_vote(text)
    return None


def own_id(text: str) -> str | None:
    """The id that a machine's text carries (`id` or `signal_id`), as written; None where it has none, or
    cannot be read. For telling an alert that is sent twice."""
    if is_json(text):
        try:
            record = strict_json(text.encode("utf-8", "surrogatepass"))
        except ValueError:
            return None
        found = [record[name] for name in _IDS if isinstance(record, dict) and record.get(name) is not None]
        return str(found[0]) if found else None
    named = _ID_LINE.search(text)
    return named[1] if named else None
