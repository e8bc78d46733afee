"""Which deck the live lane uses: the newest that is signed, of this code and not over; until there is a newer
one, the last good one. It reads files, and so runs outside of the cell's thread.
"""

from __future__ import annotations

import logging

from hive_core.calendars.trading_day import iso_utc
from hive_core.evidence.signature import SignatureFault
from hive_core.landing.decks import (
    KEY_NAME,
    DeckFault,
    fault_of,
    folder,
    keys_folder,
    manifests,
    read_context,
    read_manifest,
)
from hive_core.landing.home import HiveHome
from hive_core.landing.keys import public_key
from hive_core.signals.lane_context import LaneContext

_log = logging.getLogger("hive_exec.lanes")

LOOKED_AT = 20
"""Of manifests, the newest: behind so many bad ones nobody looks for a good one."""


class DeckKeeper:
    """Looks for decks, and keeps the last good one. It never goes back to an older one."""

    def __init__(self, home: HiveHome) -> None:
        self._home = home
        self.held: LaneContext | None = None
        self.refused: dict[str, str] = {}
        """Manifests that were not taken, by name, with the reason; each is logged once."""

    def look(self, now_ns: int) -> LaneContext | None:
        """A newer deck than the one that is held, if there is one that may be used."""
        try:
            key = public_key(keys_folder(self._home), KEY_NAME)
        except SignatureFault as fault:
            self._refuse("key", str(fault))
            return None
        newest = 0 if self.held is None else self.held.deck.made_at_ns
        for path in manifests(self._home)[:LOOKED_AT]:
            try:
                deck = read_manifest(path, key)
                if deck.made_at_ns <= newest:
                    return None
                if why := fault_of(deck, now_ns):
                    raise DeckFault(f"{path.name}: {why}")
                self.held = read_context(self._home, deck)
            except (DeckFault, OSError) as problem:
                self._refuse(path.name, str(problem))
                continue
            self.refused.clear()
            return self.held
        return None

    def alarm(self, now_ns: int) -> str:
        """Why the live lane cannot answer, or nothing."""
        last = next(iter(self.refused.values()), "")
        why = f"; {last}" if last else ""
        if self.held is None:
            return f"no deck in {folder(self._home).name}: materialise the asset deck{why}"
        deck = self.held.deck
        if now_ns >= deck.valid_until_ns:
            return (
                f"the deck of {iso_utc(deck.made_at_ns)} ended at {iso_utc(deck.valid_until_ns)}, and there "
                f"is no newer one: look at the asset deck and its sensor{why}"
            )
        return ""

    def _refuse(self, name: str, reason: str) -> None:
        if self.refused.get(name) != reason:
            _log.error("deck refused: %s", reason)
        self.refused[name] = reason
