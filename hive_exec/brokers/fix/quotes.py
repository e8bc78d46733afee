"""Best bid and ask from market data messages. Which symbols are asked for belongs to the adapter."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from hive_exec.brokers.fix.decoding import Fields, Message
from hive_exec.brokers.fix.tags import MsgType, Tag

_BID, _OFFER = "0", "1"
_DELETE = "2"


@dataclass(slots=True)
class QuoteBook:
    """The last bid and offer of each of the venue's symbols."""

    _sides: dict[tuple[str, str], Decimal] = field(default_factory=dict)

    def clear(self) -> None:
        """A new subscription begins with nothing: a price from before the gap is no price."""
        self._sides.clear()

    def take(self, message: Message) -> list[tuple[str, Decimal, Decimal]]:
        """The venue's symbols that have a bid and an offer after this message, with both."""
        changed: dict[str, None] = {}
        is_full = message.msg_type == MsgType.MARKET_DATA_SNAPSHOT
        if is_full:
            for side in (_BID, _OFFER):
                self._sides.pop((message.text(Tag.SYMBOL), side), None)
        for entry in message.groups.get(Tag.NO_MD_ENTRIES, ()):
            symbol = message.text(Tag.SYMBOL) if is_full else entry.get(Tag.SYMBOL, "")
            if entry.get(Tag.MD_ENTRY_TYPE) in {_BID, _OFFER} and symbol:
                self._change(symbol, entry)
                changed[symbol] = None
        return [
            (symbol, self._sides[symbol, _BID], self._sides[symbol, _OFFER])
            for symbol in changed
            if (symbol, _BID) in self._sides and (symbol, _OFFER) in self._sides
        ]

    def _change(self, symbol: str, entry: Fields) -> None:
        key = (symbol, entry[Tag.MD_ENTRY_TYPE])
        price = entry.get(Tag.MD_ENTRY_PX)
        if entry.get(Tag.MD_UPDATE_ACTION) == _DELETE or price is None:
            self._sides.pop(key, None)
        else:
            self._sides[key] = Decimal(price)
