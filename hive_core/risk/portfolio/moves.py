"""How far prices moved, as ratios, and the crosses that follow: EURJPY out of EURUSD and USDJPY.

A ratio is the price after over the price before, one number or a path of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from hive_core.instruments.specification import AssetClass, instruments
from hive_core.risk.portfolio.inputs import FloatArray

Ratio = TypeVar("Ratio", float, FloatArray)


def crossed(symbol: str, ratios: Mapping[str, Ratio]) -> Ratio | None:
    """The ratio of a pair of currencies that follows from those of others; None where nothing follows.

    A chain of pairs from its base to its quote, the shortest, ties in order of the names. Not for what is no
    pair of currencies: gold in euros is another instrument than gold in dollars.
    """
    wanted = instruments().get(symbol)
    if wanted is None or wanted.asset_class is not AssetClass.CURRENCY:
        return None
    edges: dict[str, list[tuple[str, str]]] = {}
    for other in sorted(ratios):
        pair = instruments().get(other)
        if pair is not None and pair.asset_class is AssetClass.CURRENCY:
            edges.setdefault(pair.base, []).append((pair.quote, other))
            edges.setdefault(pair.quote, []).append((pair.base, other))
    reached: dict[str, Ratio | None] = {wanted.base: None}
    queue = [wanted.base]
    for currency in queue:  # grows while it is walked: breadth first
        for following, pair_name in edges.get(currency, []):
            if following in reached:
                continue
            step = ratios[pair_name]
            if instruments()[pair_name].base != currency:
                step = 1.0 / step
            so_far = reached[currency]
            reached[following] = step if so_far is None else so_far * step
            queue.append(following)
    return reached.get(wanted.quote)


def ratio_of(symbol: str, ratios: Mapping[str, Ratio]) -> Ratio | None:
    """The ratio of an instrument as it is given, else as it follows; None where it is unknown."""
    return ratios[symbol] if symbol in ratios else crossed(symbol, ratios)
