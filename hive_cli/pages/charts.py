"""Small charts as inline SVG: a line over time, columns, a share with its interval. Numbers in, text out.

What a chart means stands beside it on the page. Sizes are in units of a 400 wide drawing; the page
decides how wide that is, and how large the letters in it are.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape
from math import ceil, floor, log10

WIDTH = 400.0
LEFT, RIGHT, TOP = 34.0, 8.0, 8.0
MAX_POINTS = 600
"""More points than pixels only make the page heavy."""


def equity_chart(moments: Sequence[datetime], running_r: Sequence[float], drawdown_r: Sequence[float]) -> str:
    """Summed R over time as a line from zero, and below it how far it stands under its highest point.

    Args:
        moments: when each trade ended, in order; at least one.
        running_r: the sum of R after each.
        drawdown_r: how far that is below the highest sum so far, 0 or more.
    """
    kept = _thinned(running_r)
    times = [moments[at] for at in kept]
    first, last = times[0], times[-1]
    span = max((last - first).total_seconds(), 1.0)
    xs = [_across((moment - first).total_seconds() / span) for moment in times]
    upper = _Scale.over([0.0, *(running_r[at] for at in kept)], top=TOP, height=130.0, steps=6)
    lower = _Scale.over([0.0, *(-drawdown_r[at] for at in kept)], top=160.0, height=48.0, steps=2)
    line = " ".join(f"{x:.1f},{upper.at(running_r[at]):.1f}" for x, at in zip(xs, kept, strict=True))
    fall = " ".join(f"{x:.1f},{lower.at(-drawdown_r[at]):.1f}" for x, at in zip(xs, kept, strict=True))
    base = f"{lower.at(0.0):.1f}"
    parts = [
        *upper.grid(),
        *lower.grid(),
        f'<polyline class="line" points="{xs[0]:.1f},{upper.at(0.0):.1f} {line}"/>',
        f'<polygon class="fall" points="{xs[0]:.1f},{base} {fall} {xs[-1]:.1f},{base}"/>',
        *_dates(first, last, y=226.0),
    ]
    return _drawing("Summed R over time, and its drawdown", parts, height=232.0, css="wide")


def histogram(values: Sequence[float], *, columns: int = 24) -> str:
    """How many values lie in each of some equal steps; those below zero in another colour. At least one."""
    low, high = min(values), max(values)
    width = _nice(max(high - low, 1e-9) / columns)
    first = floor(low / width)
    counts = [0] * (floor(high / width) - first + 1)
    for value in values:
        counts[floor(value / width) - first] += 1
    scale = _Scale.over([0.0, *map(float, counts)], top=TOP, height=120.0, whole=True)
    step = (WIDTH - LEFT - RIGHT) / len(counts)
    parts = scale.grid()
    for at, count in enumerate(counts):
        colour = "loss" if (first + at) < 0 else "gain"
        y = scale.at(count)
        parts.append(
            f'<rect class="{colour}" x="{LEFT + at * step + 0.4:.1f}" y="{y:.1f}" width="{step - 0.8:.1f}"'
            f' height="{scale.at(0.0) - y:.1f}"/>'
        )
    every = ceil(len(counts) / 6)
    for at in range(0, len(counts), every):
        parts.append(_text(f"{(first + at) * width:+.3g}", LEFT + at * step, 144.0, "middle"))
    return _drawing("Trades by their R", parts, height=152.0)


def stacked_columns(labels: Sequence[str], layers: Sequence[tuple[str, str, Sequence[int]]]) -> str:
    """Columns side by side, each of layers from the bottom up: (name, class, a number a column)."""
    totals = [sum(layer[2][at] for layer in layers) for at in range(len(labels))]
    scale = _Scale.over([0.0, *map(float, totals)], top=TOP, height=120.0, whole=True)
    step = (WIDTH - LEFT - RIGHT) / len(labels)
    width = min(step * 0.8, 40.0)
    parts = scale.grid()
    for at in range(len(labels)):
        below = 0
        middle = LEFT + (at + 0.5) * step
        for name, css, counts in layers:
            if counts[at]:
                y, bottom = scale.at(below + counts[at]), scale.at(below)
                parts.append(
                    f'<rect class="{css}" x="{middle - width / 2:.1f}" y="{y:.1f}" width="{width:.1f}"'
                    f' height="{bottom - y:.1f}"><title>{escape(f"{labels[at]}: {counts[at]} {name}")}'
                    "</title></rect>"
                )
            below += counts[at]
    every = ceil(len(labels) / 6)
    parts += [
        _text(labels[at], LEFT + (at + 0.5) * step, 144.0, "middle") for at in range(0, len(labels), every)
    ]
    return _drawing("Outcomes by month", parts, height=152.0)


def share_bar(share: float, low: float, high: float) -> str:
    """A share between 0 and 1 as a bar, with its interval as a line across its end."""
    return (
        '<svg class="share" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label="'
        f'{share:.0%}, {low:.0%} to {high:.0%}"><rect class="rest" width="100" height="10"/>'
        f'<rect class="gain" width="{share * 100:.1f}" height="10"/>'
        f'<rect class="interval" x="{low * 100:.1f}" y="4" width="{(high - low) * 100:.1f}" height="2"/>'
        "</svg>"
    )


class _Scale:
    """From values to heights in a drawing, with round steps between."""

    def __init__(self, low: float, high: float, step: float, top: float, height: float) -> None:
        self._low, self._high, self._step, self._top, self._height = low, high, step, top, height

    @classmethod
    def over(
        cls, values: Sequence[float], *, top: float, height: float, steps: int = 4, whole: bool = False
    ) -> _Scale:
        step = _nice(max(max(values) - min(values), 1e-9) / steps)
        if whole:
            step = max(step, 1.0)
        return cls(floor(min(values) / step) * step, ceil(max(values) / step) * step, step, top, height)

    def at(self, value: float) -> float:
        return self._top + self._height * (self._high - value) / max(self._high - self._low, 1e-12)

    def grid(self) -> list[str]:
        parts = []
        for number in range(round((self._high - self._low) / self._step) + 1):
            value = self._low + number * self._step
            y, css = self.at(value), "zero" if abs(value) < self._step / 2 else "grid"
            line = f'<line class="{css}" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
            parts += [line, _text(f"{value:.4g}", LEFT - 4, y + 2.5, "end")]
        return parts


def _nice(rough: float) -> float:
    """The next of 1, 2, 5 times a power of ten."""
    power = 10.0 ** floor(log10(rough))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= rough * 0.999)


def _across(share: float) -> float:
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _thinned(values: Sequence[float]) -> list[int]:
    """Places of the first, the last, and the lowest and highest value of each equal stretch between."""
    if len(values) <= MAX_POINTS:
        return list(range(len(values)))
    size = ceil(2 * len(values) / MAX_POINTS)
    kept = {0, len(values) - 1}
    for start in range(0, len(values), size):
        stretch = range(start, min(start + size, len(values)))
        kept |= {min(stretch, key=values.__getitem__), max(stretch, key=values.__getitem__)}
    return sorted(kept)


def _dates(first: datetime, last: datetime, *, y: float) -> list[str]:
    form = "%Y-%m-%d"
    marks = [(0.0, "start"), (0.5, "middle"), (1.0, "end")] if last > first else [(0.0, "start")]
    return [
        _text((first + (last - first) * share).strftime(form), _across(share), y, anchor)
        for share, anchor in marks
    ]


def _text(words: str, x: float, y: float, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _drawing(title: str, parts: Sequence[str], *, height: float, css: str = "") -> str:
    return (
        f'<svg class="{css}" viewBox="0 0 {WIDTH:.0f} {height:.0f}" role="img" aria-label="{escape(title)}">'
        f"{''.join(parts)}</svg>"
    )
