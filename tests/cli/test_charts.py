"""Charts draw the numbers that they are given, inside their frame, whatever these are."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hive_cli.pages.charts import MAX_POINTS, equity_chart, histogram, share_bar, stacked_columns
from hive_core.signals.scorecards.losses import drawdowns

START = datetime(2017, 3, 1, tzinfo=UTC)
r_multiples = st.lists(st.floats(-50, 200, allow_subnormal=False), min_size=1, max_size=60)
"""As ratios of prices are: no quotient of them is so small that a division makes it zero."""


def equity(values: list[float]) -> str:
    running, total = [], 0.0
    for value in values:
        total += value
        running.append(total)
    moments = [START + timedelta(hours=number) for number in range(len(values))]
    return equity_chart(moments, running, drawdowns(values).tolist())


def points(drawing: str, css: str) -> list[tuple[float, float]]:
    (found,) = re.findall(rf'class="{css}" points="([^"]+)"', drawing)
    return [(float(x), float(y)) for x, y in (pair.split(",") for pair in found.split())]


def assert_inside(drawing: str) -> None:
    root = ElementTree.fromstring(drawing)  # noqa: S314 - our own drawing
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    for element in root.iter():
        for name, bound in (("x", width), ("y", height), ("x1", width), ("x2", width), ("y1", height)):
            assert -0.2 <= float(element.attrib.get(name, 0)) <= bound + 0.2
    for each in re.findall(r'points="([^"]+)"', drawing):
        for pair in each.split():
            x, y = map(float, pair.split(","))
            assert -0.2 <= x <= width + 0.2
            assert -0.2 <= y <= height + 0.2


@settings(max_examples=60)
@given(r_multiples)
def test_curves_and_columns_stay_in_their_frame(values: list[float]) -> None:
    assert_inside(equity(values))
    assert_inside(histogram(values))


def test_the_curve_begins_at_zero_and_goes_where_the_sum_goes() -> None:
    line = points(equity([1.0, 1.0, -3.0]), "line")
    (_, zero), (_, one), (_, two), (_, three) = line
    assert two < one < zero < three
    assert zero - one == pytest.approx(one - two, abs=0.2)


def test_the_fall_is_drawn_from_the_highest_sum_so_far() -> None:
    fall = points(equity([1.0, -2.0, 3.0]), "fall")
    base, first, second, third, _ = (y for _, y in fall)
    assert base == first == third
    assert second > base


def test_many_trades_are_thinned_without_losing_the_ends_and_the_worst_moment() -> None:
    values = [0.01] * 5_000 + [-80.0, 80.0] + [0.01] * 5_000
    line = points(equity(values), "line")
    assert len(line) <= MAX_POINTS + 4
    heights = [y for _, y in line]
    # A moment under zero, between two long rises: it is the lowest of all, and the end the highest.
    assert max(heights) > heights[0] > heights[-1] == min(heights)
    assert heights.count(max(heights)) == 1


@settings(max_examples=60)
@given(r_multiples)
def test_a_histogram_has_a_column_for_every_value(values: list[float]) -> None:
    drawing = histogram(values)
    heights = [
        float(height) for height in re.findall(r'class="(?:loss|gain)"[^>]* height="([\d.]+)"', drawing)
    ]
    assert max(heights) > 0
    assert ('class="loss"' in drawing) == any(value < 0 for value in values)


def test_columns_are_as_high_as_what_they_count() -> None:
    drawing = stacked_columns(["2017-01", "2017-02"], [("won", "gain", [2, 0]), ("lost", "loss", [1, 4])])
    heights = [float(height) for height in re.findall(r'<rect[^>]* height="([\d.]+)"', drawing)]
    two, one, four = heights
    assert two == pytest.approx(2 * one, abs=0.2)
    assert four == pytest.approx(4 * one, abs=0.2)
    assert "2017-01: 2 won" in drawing
    assert_inside(drawing)


def test_a_share_says_its_interval() -> None:
    assert "53%, 47% to 59%" in share_bar(0.53, 0.47, 0.59)
