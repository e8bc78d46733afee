"""Which instrument a written name means: separators, venue prefixes, broker suffixes, other names.

For names that stand alone (a webhook's field, a column of a CSV, a broker's list). How names are found
inside a text is the parser's. A name with no reading, or with several, is refused: nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from hive_core.instruments.specification import AssetClass, alias_table, ambiguous_names, instruments

GLUED_SUFFIXES = frozenset(
    {"micro", "mini", "spot", "cash", "pro", "raw", "ecn", "stp", "sb", "vx", "m", "c", "i", "x", "z"}
)
"""Those that are taken off without a separator too, from full names of `FULL_NAME` letters or more:
`goldm` may be anything."""

SUFFIXES = GLUED_SUFFIXES | {"cent", "std", "vip", "prime", "cfd", "r", "a", "b", "h", "k", "s"}
"""What brokers append to an instrument's name for a kind of account. Other endings (`fut`, `perp`, `p` of
perpetual, `t` of USDT) name another thing and are not known."""

FULL_NAME = 6

_PREFIX = re.compile(r"^.*:")
_SEPARATORS = re.compile(r"[\s._\-/#+!$]+")
_QUOTED_BESIDE = frozenset({AssetClass.INDEX, AssetClass.ENERGY, AssetClass.METAL})


class UnmappedSymbol(ValueError):
    """A name that no single instrument has. `meanings` are those it could have, none if it is unknown."""

    def __init__(self, written: str, meanings: tuple[str, ...]) -> None:
        self.written, self.meanings = written, meanings
        super().__init__(
            f"{written} may mean {' or '.join(meanings)}"
            if meanings
            else f"{written} is not an instrument Hive knows"
        )


def map_symbol(written: str, nicknames: Mapping[str, str] | None = None) -> str:
    """Hive's own name of the instrument that is written: `oanda:Eur/Usd`, `XAUUSD.vx`, `US30_USD`, `gold`.

    Args:
        written: as it came, in any case.
        nicknames: a source's own names, upper case and without separators, to Hive's symbols. They
            count before any other.

    Raises:
        UnmappedSymbol: unknown, or ambiguous.
    """
    pieces = [piece for piece in _SEPARATORS.split(_PREFIX.sub("", written.upper())) if piece]
    names = {**alias_table(), **(nicknames or {})}
    whole = "".join(pieces)
    if whole in names and names[whole] in instruments():
        return names[whole]
    if whole in ambiguous_names():
        raise UnmappedSymbol(written, ambiguous_names()[whole])
    found = {symbol for name in _without_suffix(pieces) for symbol in _meanings(name, names)}
    if len(found) != 1:
        raise UnmappedSymbol(written, tuple(sorted(found)))
    return found.pop()


def _without_suffix(pieces: list[str]) -> set[str]:
    """The name itself, and without one suffix, set apart or glued on."""
    whole = "".join(pieces)
    found = {whole}
    if len(pieces) > 1 and pieces[-1].lower() in SUFFIXES:
        found.add("".join(pieces[:-1]))
    for suffix in GLUED_SUFFIXES:
        bare = whole.removesuffix(suffix.upper())
        if FULL_NAME <= len(bare) < len(whole):
            found.add(bare)
    return found


def _meanings(name: str, names: Mapping[str, str]) -> set[str]:
    """What a name means alone, or followed by the quote currency (`US30USD`, `DE30EUR`)."""
    if name in ambiguous_names():
        return set(ambiguous_names()[name])
    found = {names[name]} if name in names else set()
    if (symbol := names.get(name[:-3])) and symbol in instruments():
        beside = instruments()[symbol]
        if beside.asset_class in _QUOTED_BESIDE and name.endswith(beside.quote):
            found.add(symbol)
    return found & instruments().keys()
