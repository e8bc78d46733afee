"""A broker's names of symbols and ours: a prefix, a suffix ("EURUSD.m"), and names that follow no rule."""

from __future__ import annotations

from hive_core.configuration.broker_metatrader import MetaTraderSettings


class SymbolNames:
    """Both directions, by the settings of one account."""

    def __init__(self, settings: MetaTraderSettings) -> None:
        self._prefix, self._suffix = settings.symbol_prefix, settings.symbol_suffix
        self._venue = dict(settings.symbol_names)
        self._ours = {venue: ours for ours, venue in self._venue.items()}

    def venue_name(self, symbol: str) -> str:
        """The broker's name of our symbol."""
        return self._venue.get(symbol, f"{self._prefix}{symbol}{self._suffix}")

    def our_name(self, name: str) -> str:
        """Our symbol of the broker's name; the broker's own where it is not made like ours."""
        if name in self._ours:
            return self._ours[name]
        bare = name.removeprefix(self._prefix).removesuffix(self._suffix)
        return bare if self.venue_name(bare) == name else name
