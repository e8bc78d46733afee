"""Stress scenarios that people write: strict YAML in, shocks and windows out.

What they do to a book is `stress`'s question.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Annotated, Self, TypeVar

from pydantic import Field, ValidationError, model_validator

from hive_core.contracts.base import Contract, ExactDecimal, Symbol
from hive_core.instruments.specification import instruments
from hive_core.risk.portfolio.moves import crossed
from hive_core.risk.strict_yaml import StrictYamlError, place_of, read_strict_yaml

FOLDER = "hive_core.risk.portfolio.scenarios"
CONSISTENT_PCT = Decimal("0.5")
"""Shocks of three pairs that close a triangle may differ by so much, being rounded."""

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]{0,63}$")]
Text = Annotated[str, Field(min_length=3, max_length=400)]
Shock = Annotated[ExactDecimal, Field(gt=-100, le=1000)]
"""Per cent of the price before; -100 would leave no price."""


class ScenarioFileError(ValueError):
    """A file of scenarios is not what it has to be: the file, the place in it, and the reason."""


class Scenario(Contract):
    """Prices that jump at once, by per cent, and nothing between."""

    name: Name
    title: Text
    source: Text
    shocks_pct: Annotated[dict[Symbol, Shock], Field(min_length=1)]
    left_out: dict[Annotated[str, Field(min_length=1, max_length=20)], Text] = {}
    """What the source shocks too and Hive cannot hold, and why it is left out."""

    @model_validator(mode="after")
    def _known_and_consistent(self) -> Self:
        unknown = sorted(set(self.shocks_pct) - set(instruments()))
        if unknown:
            raise ValueError(f"not a known instrument: {', '.join(unknown)}")
        ratios = {symbol: 1 + float(pct) / 100 for symbol, pct in self.shocks_pct.items()}
        for symbol, ratio in ratios.items():
            implied = crossed(symbol, {other: value for other, value in ratios.items() if other != symbol})
            if implied is not None and abs(implied / ratio - 1) * 100 > CONSISTENT_PCT:
                raise ValueError(f"{symbol} moves by {ratio - 1:.2%}, the others imply {implied - 1:.2%}")
        return self


class Window(Contract):
    """A stretch of history: `first` is the first day whose move counts, from the price before it."""

    name: Name
    title: Text
    source: Text
    first: Annotated[date, Field(strict=False)]
    last: Annotated[date, Field(strict=False)]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise ValueError(f"the last day, {self.last}, lies before the first, {self.first}")
        return self


Read = TypeVar("Read", bound=Contract)


class _Scenarios(Contract):
    scenarios: Annotated[tuple[Scenario, ...], Field(min_length=1)]


class _Windows(Contract):
    windows: Annotated[tuple[Window, ...], Field(min_length=1)]


def parse_scenarios(text: str, file_name: str) -> tuple[Scenario, ...]:
    """The scenarios that a file's text describes.

    Raises:
        ScenarioFileError: with the file, the line or field, and the reason.
    """
    found = _read(_Scenarios, text, file_name).scenarios
    _once(tuple(each.name for each in found), file_name)
    return found


def parse_windows(text: str, file_name: str) -> tuple[Window, ...]:
    """The windows of history that a file's text describes.

    Raises:
        ScenarioFileError: with the file, the line or field, and the reason.
    """
    found = _read(_Windows, text, file_name).windows
    _once(tuple(each.name for each in found), file_name)
    return found


@cache
def packaged_scenarios() -> tuple[Scenario, ...]:
    """The scenarios that Hive brings. Raises ScenarioFileError."""
    return parse_scenarios(_packaged("shocks.yaml"), "shocks.yaml")


@cache
def packaged_windows() -> tuple[Window, ...]:
    """The windows of history that Hive names. Raises ScenarioFileError."""
    return parse_windows(_packaged("windows.yaml"), "windows.yaml")


def _packaged(file_name: str) -> str:
    return files(FOLDER).joinpath(file_name).read_text("utf-8")


def _once(names: tuple[str, ...], file_name: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ScenarioFileError(f"{file_name}: {', '.join(twice)} stands twice")


def _read(kind: type[Read], text: str, file_name: str) -> Read:
    try:
        return kind.model_validate(read_strict_yaml(text))
    except StrictYamlError as error:
        raise ScenarioFileError(f"{file_name}: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        raise ScenarioFileError(f"{file_name}: {place_of(first['loc'])}: {first['msg']}") from None
