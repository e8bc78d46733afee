"""Whether prices can be what they are said to be: rows, and the file as a whole.

Row checks say which column is at fault and why; the others compare a file with its declaration
(scale, timeframe, clock). What a file looks like belongs in `formats`, what is done about it in `parse`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

import polars as pl

from hive_core.contracts.base import decimal_text
from hive_core.contracts.rejection import RefusedFile
from hive_core.instruments.specification import InstrumentSpecification, instruments
from hive_core.market.bars import TIMEFRAME_SECONDS
from hive_core.market.declaration import BarDeclaration

_NEW_YORK = "America/New_York"
_OPEN_HOUR, _CLOSE_HOUR = 17, 5 * 24 + 17
"""Hours since Sunday 00:00 New York at which the week opens and closes."""

FRINGE_HOURS = 3
"""Brokers show indicative quotes up to three hours before the week opens (FXCM from 2013: from Sunday
14:00 New York in half of the weeks) and a last tick after it closes."""

TOLERATED_WEEKS = 0.3
TOLERATED_ROWS = 0.002
"""A declared zone is refused when what contradicts it exceeds both. Measured on H1 and M1 files of five
publishers, 2006 to 2026: under the right zone at most 8.4 % of the weeks and 0.08 % of the rows do; under
one that is an hour wrong in half of the year at least 45 % and 0.38 %; under a wrong one over scattered
days 33 %. In between lies a file whose own clock is wrong in its first three of twelve years (27 %): it
is let in, with a doubt for these years. The share of weeks alone would refuse a file of one week for one
stray minute."""

TOLERATED_OVERLAPS = 0.01
LEAST_SHARE_INSIDE_BAND = 0.5
ENOUGH_BARS = 20
"""With fewer bars the usual distance between them says nothing."""


@dataclass(frozen=True, slots=True)
class RowCheck:
    """A fault of one row: where it is true, the column is at fault. `reason` may name other cells of
    the row in braces."""

    column: str
    reason: str
    is_faulty: pl.Expr


def price_checks(sides: Sequence[str], specification: InstrumentSpecification) -> list[RowCheck]:
    """The checks of one row's prices, in the order in which they are told.

    They expect the price columns as numbers: null where the cell is not a number.
    """
    low, high = float(specification.plausible_low), float(specification.plausible_high)
    columns = [f"{side}_{part}" for side in sides for part in ("open", "high", "low", "close")]
    checks = [RowCheck(name, "not a number", pl.col(name).is_null()) for name in columns]
    checks += [RowCheck(name, "not finite", ~pl.col(name).is_finite()) for name in columns]
    checks += [RowCheck(name, "not above zero", pl.col(name) <= 0) for name in columns]
    band = f"outside {specification.plausible_low} to {specification.plausible_high}, the plausible band"
    checks += [RowCheck(name, band, ~pl.col(name).is_between(low, high)) for name in columns]
    for side in sides:
        opens, highs, lows, closes = (f"{side}_{part}" for part in ("open", "high", "low", "close"))
        checks.append(RowCheck(highs, f"high is below low {{{lows}}}", pl.col(highs) < pl.col(lows)))
        for name, part in ((opens, "open"), (closes, "close")):
            below = f"high is below {part} {{{name}}}"
            above = f"low is above {part} {{{name}}}"
            checks.append(RowCheck(highs, below, pl.col(highs) < pl.col(name)))
            checks.append(RowCheck(lows, above, pl.col(lows) > pl.col(name)))
    if len(sides) == 2:
        for part in ("open", "high", "low", "close"):
            # If every ask is at or above its bid, so is the highest of them, and the lowest.
            crossed = pl.col(f"ask_{part}") < pl.col(f"bid_{part}")
            checks.append(RowCheck(f"ask_{part}", f"ask is below bid {{bid_{part}}}", crossed))
    return checks


def volume_checks() -> list[RowCheck]:
    """The checks of a volume, which may be absent (`volume_given` false) but not wrong."""
    volume = pl.col("volume")
    return [
        RowCheck("volume", "not a number", pl.col("volume_given") & volume.is_null()),
        RowCheck("volume", "not a volume", ~volume.is_finite() | (volume < 0)),
    ]


def fitting_scales(typical: float, specification: InstrumentSpecification) -> list[Decimal]:
    """The powers of ten that bring a number of the file into the plausible band; the tick's first."""
    low, high = float(specification.plausible_low), float(specification.plausible_high)
    found = [Decimal(10) ** power for power in range(9) if low <= typical / 10**power <= high]
    return sorted(found, key=lambda scale: scale * specification.tick != 1)


def refuse_wrong_scale(
    numbers: pl.DataFrame, columns: Sequence[str], declaration: BarDeclaration, spec: InstrumentSpecification
) -> None:
    """Compare the prices of a file, as they stand in it, with the declared scale.

    Raises:
        RefusedFile: no scale is said, or most prices fall outside the plausible band; names the scale
            that would fit.
    """
    usable = numbers.select(pl.concat(pl.col(name) for name in columns).alias("price")).filter(
        pl.col("price").is_finite() & (pl.col("price") > 0)
    )["price"]
    typical = usable.median()
    if not isinstance(typical, float):
        return
    fits = fitting_scales(typical, spec)
    words = " or ".join(f"--price-scale {decimal_text(scale)}" for scale in fits)
    advice = (
        f"divide by {' or '.join(decimal_text(fit) for fit in fits)}: declare {words}"
        if fits
        else f"no power of ten brings them there: is this file {spec.symbol}?"
    )
    scale = declaration.scale
    if scale is None:
        raise RefusedFile(
            f"--price-scale is not declared and {declaration.format} does not fix it; prices near "
            f"{typical:g} should be {spec.plausible_low} to {spec.plausible_high} ({spec.symbol}): {advice}"
        )
    low, high = float(spec.plausible_low), float(spec.plausible_high)
    inside = (usable / float(scale)).is_between(low, high).sum()
    if inside >= LEAST_SHARE_INSIDE_BAND * len(usable):
        return
    raise RefusedFile(
        f"prices near {typical / float(scale):g} are outside {spec.plausible_low} to {spec.plausible_high}, "
        f"the plausible band of {spec.symbol}; {advice}"
    )


def refuse_wrong_timeframe(ts_open: pl.Series, declaration: BarDeclaration) -> None:
    """Compare the distances between bars (sorted, unique) with the declared timeframe.

    Raises:
        RefusedFile: bars begin before the one before them has closed, or usually stand further apart.
    """
    seconds = TIMEFRAME_SECONDS[declaration.timeframe]
    distances = ts_open.diff().drop_nulls().dt.total_seconds()
    if distances.is_empty():
        return
    usual = distances.value_counts(sort=True)[ts_open.name][0]
    # A day of 23 hours and a four-hour bar across the spring shift are shorter, and right.
    shortest = seconds - (3600 if seconds >= TIMEFRAME_SECONDS["H4"] else 0)
    overlapping = (distances < shortest).mean()
    too_far = len(distances) >= ENOUGH_BARS and usual > seconds
    if not too_far and isinstance(overlapping, float) and overlapping <= TOLERATED_OVERLAPS:
        return
    named = next((name for name, length in TIMEFRAME_SECONDS.items() if length == usual), None)
    advice = f"declare --timeframe {named}" if named and usual != seconds else "check --timeframe"
    raise RefusedFile(
        f"{declaration.timeframe} bars are {seconds} s apart, these usually {usual} s; {advice}"
    )


def market_closed(ts: pl.Expr) -> pl.Expr:
    """`calendars.trading_day.market_is_closed`, as an expression on UTC times."""
    local = ts.dt.convert_time_zone(_NEW_YORK)
    weekday, hour = local.dt.weekday(), local.dt.hour()
    return ((weekday == 5) & (hour >= 17)) | (weekday == 6) | ((weekday == 7) & (hour < 17))


def bar_while_closed(declaration: BarDeclaration) -> pl.Expr:
    """Whether the whole of a bar lies in the weekend. A day's bar: whether its local date is a Saturday.

    Never of what trades at weekends too; its clock cannot be told from them.
    """
    ts = pl.col("ts_open")
    if not instruments()[declaration.symbol].closes_at_weekends:
        return pl.lit(False)
    if declaration.timeframe == "D1":
        return ts.dt.convert_time_zone(declaration.time_zone).dt.weekday() == 6
    last = ts + pl.duration(seconds=TIMEFRAME_SECONDS[declaration.timeframe] - 1)
    return market_closed(ts) & market_closed(last)


def contradicting_weeks(bars: pl.DataFrame, declaration: BarDeclaration) -> pl.DataFrame:
    """Of each week by New York's clock, whether its bars contradict the declared zone.

    A clock that is wrong moves a week's both ends: bars before the opening come with none in the last
    hour of Friday, bars after the close with none in the first hour of Sunday. Bars in the weekend's
    fringe whose week has the other end are a broker's habit; bars deeper in it never are.

    Args:
        bars: `ts_open` and `while_closed`.

    Returns:
        `week` (its Sunday), `rows`, `closed_rows`, `contradicts`, in order.
    """
    local = pl.col("ts_open").dt.convert_time_zone(_NEW_YORK)
    if declaration.timeframe == "D1":
        local = pl.col("ts_open").dt.convert_time_zone(declaration.time_zone)
    sunday_first = (local.dt.replace_time_zone(None) + pl.duration(days=1)).dt.truncate("1w")
    hour = (local.dt.weekday().cast(pl.Int32) % 7) * 24 + local.dt.hour().cast(pl.Int32)
    end_hour = hour + (TIMEFRAME_SECONDS[declaration.timeframe] - 1) // 3600
    early = pl.col("while_closed") & (pl.col("hour") < _OPEN_HOUR)
    late = pl.col("while_closed") & (pl.col("hour") >= _CLOSE_HOUR)
    deep = (early & (pl.col("hour") < _OPEN_HOUR - FRINGE_HOURS)) | (
        late & (pl.col("hour") >= _CLOSE_HOUR + FRINGE_HOURS)
    )
    in_last_hour = (pl.col("hour") < _CLOSE_HOUR) & (pl.col("end_hour") >= _CLOSE_HOUR - 1)
    in_first_hour = (pl.col("hour") <= _OPEN_HOUR) & (pl.col("end_hour") >= _OPEN_HOUR)
    return (
        bars.select(
            (sunday_first.dt.date() - pl.duration(days=1)).alias("week"),
            hour.alias("hour"),
            end_hour.alias("end_hour"),
            "while_closed",
        )
        .group_by("week")
        .agg(
            pl.len().alias("rows"),
            pl.col("while_closed").sum().alias("closed_rows"),
            (deep.any() | (early.any() & ~in_last_hour.any()) | (late.any() & ~in_first_hour.any())).alias(
                "contradicts"
            ),
        )
        .sort("week")
    )


def refuse_wrong_clock(bars: pl.DataFrame, declaration: BarDeclaration) -> dict[str, str | int]:
    """Compare the weekends of a file with the declared zone.

    Args:
        bars: sorted by `ts_open`, with `while_closed`.

    Returns:
        Facts: `market_closed_rows` where there are any, and `clock_doubt`, a sentence, where some years
        contradict the zone, too few to refuse the file.

    Raises:
        RefusedFile: the zone cannot be right.
    """
    closed_rows = int(bars["while_closed"].sum())
    if not closed_rows:
        return {}
    facts: dict[str, str | int] = {"market_closed_rows": closed_rows}
    weeks = contradicting_weeks(bars, declaration)
    if _contradicted(weeks):
        zone = declaration.time_zone if declaration.timeframe == "D1" else _NEW_YORK
        first = bars.filter("while_closed")["ts_open"][0].astimezone(ZoneInfo(zone))
        raise RefusedFile(
            f"the declared time zone {declaration.time_zone} cannot be right: {closed_rows} bars stand in "
            f"the weekend, in {weeks['contradicts'].sum()} of {len(weeks)} weeks; the first would be "
            f"{first:%A %Y-%m-%d %H:%M} in {zone}. Declare the zone of the file's clock with --time-zone"
        )
    years = weeks.with_columns(pl.col("week").dt.year().alias("year")).partition_by(
        "year", maintain_order=True
    )
    doubtful = [year for year in years if _contradicted(year)]
    if doubtful:
        told = ", ".join(
            f"{year['year'][0]} ({year['contradicts'].sum()} of {len(year)} weeks)" for year in doubtful
        )
        facts["clock_doubt"] = f"bars stand in the weekend: {declaration.time_zone} may be wrong in {told}"
    return facts


def _contradicted(weeks: pl.DataFrame) -> bool:
    wrong = weeks.filter("contradicts")
    share_of_rows = int(wrong["closed_rows"].sum()) / int(weeks["rows"].sum())
    return len(wrong) / len(weeks) > TOLERATED_WEEKS and share_of_rows > TOLERATED_ROWS
