"""The third step by itself: what a number as written may stand for."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hive_core.signals.parser.numbers import behind_index, completions, listed, readings


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("4105", ["4105"]),
        ("1.0850", ["1.0850"]),
        ("4,105", ["4105", "4.105"]),  # thousands or a decimal comma
        ("4.105", ["4.105", "4105"]),
        ("0.625", ["0.625"]),  # no thousands begin with nought
        ("0,625", ["0.625"]),
        ("1,0850", ["1.0850"]),
        ("4,105.50", ["4105.50"]),
        ("4.105,50", ["4105.50"]),
        ("4'105.50", ["4105.50"]),
        ("4'105", ["4105"]),
        ("1,234,567", ["1234567"]),
        ("1.234.567", ["1234567"]),
        ("2650..5", ["2650.5"]),
        (".6250", ["0.6250", "6250"]),
        (".4105.5", ["4105.5"]),
        (".6", ["0.6", "6"]),
        ("0", []),
        ("0.00", []),
        ("1.2.3", []),
        ("3222,15,05", []),
        ("1234567890", []),
        ("12x", []),
        ("", []),
    ],
)
def test_the_readings_of_a_number(raw: str, expected: list[str]) -> None:
    assert [str(value) for value in readings(raw)] == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("132.650,133.000", ("132.650", "133.000")),
        ("1.13,1.14,1.15", ("1.13", "1.14", "1.15")),
        ("4105", ()),
        ("4105,", ()),
        ("1.2.3,4", ()),
    ],
)
def test_a_list_without_blanks(raw: str, expected: tuple[str, ...]) -> None:
    assert listed(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("1.2655", ("2655",)),
        ("1.1.0850", ("1.0850",)),
        ("12655", ("2655",)),
        ("12655.5", ("2655.5",)),
        ("2655", ("655",)),
        ("265", ()),
        ("02655", ()),
        ("123.4", ()),
    ],
)
def test_what_stands_behind_a_targets_number(raw: str, expected: tuple[str, ...]) -> None:
    assert behind_index(raw) == expected


@pytest.mark.parametrize(
    ("first", "raw", "nearest"),
    [
        ("4105", "03", "4103"),
        ("4105", "10", "4110"),
        ("4198", "02", "4202"),
        ("134.30", "35", "134.35"),
        ("1.0850", "60", "1.0860"),
        ("134.98", "02", "135.02"),
        ("134.02", "98", "133.98"),
        ("4105", "03.5", "4103.5"),
        ("4105", "4110", None),  # as long as the whole one
        ("4105", "x", None),
        ("4105", "03.", None),
        ("1.0850", "6", None),  # one digit is no abbreviation of a fraction
    ],
)
def test_an_abbreviated_number(first: str, raw: str, nearest: str | None) -> None:
    found = completions(Decimal(first), raw)
    assert (str(found[0]) if found else None) == nearest


@settings(max_examples=100)
@given(st.integers(1, 999_999_999), st.integers(0, 8))
def test_a_plain_number_reads_as_itself_first(digits: int, places: int) -> None:
    value = Decimal(digits).scaleb(-places)
    assert readings(f"{value:f}")[0] == value


@settings(max_examples=100)
@given(st.integers(1000, 99_999_999), st.integers(0, 99))
def test_thousands_parted_in_every_custom_read_alike(whole: int, cents: int) -> None:
    value = Decimal(f"{whole}.{cents:02}")
    grouped = f"{whole:,}"
    for written in (
        f"{grouped}.{cents:02}",
        f"{grouped.replace(',', '.')},{cents:02}",
        f"{grouped.replace(',', chr(39))}.{cents:02}",
    ):
        assert readings(written) == (value,)


@settings(max_examples=100)
@given(st.integers(2000, 99_999), st.integers(1, 3), st.integers(0, 999))
def test_completions_end_in_the_digits_written_and_the_nearest_comes_first(
    first: int, length: int, tail: int
) -> None:
    raw = f"{tail % 10**length:0{length}}"
    found = completions(Decimal(first), raw)
    assert found
    assert all(str(value).endswith(raw) for value in found)
    away = [abs(value - first) for value in found]
    assert away == sorted(away)
    assert away[0] * 2 <= 10**length
