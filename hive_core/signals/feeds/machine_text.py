"""Whether a message's text was written by a machine, and what it says then. The door of this room.

Ordinary chat must pass by at the cost of three looks for a character.
"""

from __future__ import annotations

from hive_core.signals.feeds.json_signal import is_json, read_json
from hive_core.signals.feeds.tradingview import read_alert, read_vote
from hive_core.signals.verdicts import Verdict


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
