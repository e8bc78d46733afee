"""Plots for asset metadata: small pictures in markdown, drawn without a display and without a CDN."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping
from typing import Any

import dagster as dg
import polars as pl

from hive_core.risk.portfolio.report import PortfolioRisk

MAX_POINTS = 1_500
"""More points than pixels only make the picture heavy."""


def _picture(draw: Callable[[Any], None], title: str) -> dg.MarkdownMetadataValue:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3.2), layout="constrained")
    axes = figure.subplots()
    axes.set_title(title, fontsize=10)
    axes.grid(visible=True, alpha=0.3)
    axes.tick_params(labelsize=8)
    draw(axes)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=90)
    encoded = base64.b64encode(buffer.getvalue()).decode("ascii")
    return dg.MetadataValue.md(f"![{title}](data:image/png;base64,{encoded})")


def _thinned(frame: pl.DataFrame) -> pl.DataFrame:
    step = max(1, frame.height // MAX_POINTS)
    return frame.gather_every(step)


def price_plot(bars: pl.DataFrame) -> dg.MarkdownMetadataValue:
    """Closing prices of one series of bars (BAR_SCHEMA), the ask where there is no bid."""
    thin = _thinned(bars.sort("ts_open"))
    name = f"{bars['symbol'][0]} {bars['timeframe'][0]} close" if bars.height else "no bars"
    closes = thin.select(pl.coalesce("bid_close", "ask_close"))

    def draw(axes: Any) -> None:
        axes.plot(thin["ts_open"].to_list(), closes.to_series().to_list(), linewidth=0.8)

    return _picture(draw, name)


def equity_plot(equity: pl.DataFrame) -> dg.MarkdownMetadataValue:
    """Equity of each account (ACCOUNT_EQUITY) with the floors below which it is lost."""
    shown = equity.sort("ts_event")

    def draw(axes: Any) -> None:
        for (account,), rows in shown.partition_by("account", as_dict=True, maintain_order=True).items():
            thin = _thinned(rows)
            times = thin["ts_event"].to_list()
            line = axes.plot(times, thin["equity"].to_list(), linewidth=1, label=f"{account} equity")[0]
            colour = line.get_color()
            axes.step(
                times,
                _gaps(thin["daily_floor"]),
                where="post",
                linewidth=0.7,
                linestyle="--",
                color=colour,
            )
            axes.plot(times, _gaps(thin["maximum_floor"]), linewidth=0.7, linestyle=":", color=colour)
        if equity.height:
            axes.legend(fontsize=8)
        axes.set_ylabel("account currency", fontsize=8)

    return _picture(draw, "Equity; dashed: daily floor, dotted: maximum floor")


def headroom_plot(headroom: pl.DataFrame) -> dg.MarkdownMetadataValue:
    """What is left to each account (ACCOUNT_HEADROOM) above the nearer of its floors, over time."""
    shown = headroom.sort("ts_event")

    def draw(axes: Any) -> None:
        for (account,), rows in shown.partition_by("account", as_dict=True, maintain_order=True).items():
            thin = _thinned(rows)
            axes.step(
                thin["ts_event"].to_list(),
                thin["left_pct"].to_list(),
                where="post",
                linewidth=1,
                label=str(account),
            )
        axes.axhline(0, color="black", linewidth=0.7)
        if headroom.height:
            axes.legend(fontsize=8)
        axes.set_ylabel("% of the initial balance", fontsize=8)

    return _picture(draw, "Room above the nearer floor; at the line a limit is broken")


def stress_plot(books: Mapping[str, PortfolioRisk]) -> dg.MarkdownMetadataValue:
    """What each scenario would do to each account's book, with stops that fill behind the gap."""

    def draw(axes: Any) -> None:
        known = {name: risk.stress.filter(pl.col("result").is_not_null()) for name, risk in books.items()}
        # Not every scenario can be told of every book: each has a row of its own for all.
        titles = list(dict.fromkeys(title for frame in known.values() for title in frame["title"]))
        height = 0.8 / max(len(known), 1)
        for place, (name, frame) in enumerate(known.items()):
            rows = [titles.index(title) + place * height for title in frame["title"]]
            axes.barh(rows, frame["result"], height=height, label=name)
        axes.set_yticks(range(len(titles)), titles, fontsize=7)
        axes.axvline(0, color="black", linewidth=0.7)
        if books:
            axes.legend(fontsize=8)
        axes.set_xlabel("account currency", fontsize=8)

    return _picture(draw, "What shocks and crises would do to what is held now")


def _gaps(values: pl.Series) -> list[float]:
    """Numbers to draw: where there is none, nothing is drawn."""
    return values.fill_null(float("nan")).to_list()


def r_plot(outcomes: pl.DataFrame) -> dg.MarkdownMetadataValue:
    """Summed R of each source (OUTCOMES) over time: what it earned in units of its own risk."""
    done = outcomes.filter(pl.col("r_multiple").is_not_null(), pl.col("ts_exit").is_not_null()).sort(
        "ts_exit"
    )

    def draw(axes: Any) -> None:
        for (source,), rows in done.partition_by("source", as_dict=True, maintain_order=True).items():
            axes.plot(
                rows["ts_exit"].to_list(),
                rows["r_multiple"].cum_sum().to_list(),
                linewidth=1,
                label=str(source),
            )
        if done.height:
            axes.legend(fontsize=8)
        axes.set_ylabel("R", fontsize=8)

    return _picture(draw, "Summed R by source, spread included")


def r_histogram(outcomes: pl.DataFrame) -> dg.MarkdownMetadataValue:
    """How often each R came out, by source (OUTCOMES): ended trades only."""
    ended = outcomes.filter(pl.col("ts_exit").is_not_null(), pl.col("r_multiple").is_not_null())
    groups = ended.sort("source").partition_by("source", as_dict=True, maintain_order=True)

    def draw(axes: Any) -> None:
        if groups:
            values = [rows["r_multiple"].to_list() for rows in groups.values()]
            axes.hist(values, bins=30, stacked=True, label=[str(source) for (source,) in groups])
            axes.legend(fontsize=8)
        axes.set_xlabel("R", fontsize=8)

    return _picture(draw, "Trades by their R")


def weights_plot(weights: pl.DataFrame) -> dg.MarkdownMetadataValue:
    """The weight of each source (SOURCE_WEIGHTS) by day."""

    def draw(axes: Any) -> None:
        by_source = weights.sort("day").partition_by("source", as_dict=True, maintain_order=True)
        for (source,), rows in sorted(by_source.items()):
            thin = _thinned(rows)
            axes.step(thin["day"].to_list(), thin["weight"].to_list(), where="post", label=str(source))
        if weights.height:
            axes.legend(fontsize=8)
        axes.set_ylim(bottom=0)

    return _picture(draw, "Weight by day")


def reasons_plot(quarantined: pl.DataFrame) -> dg.MarkdownMetadataValue:
    """How many signals each reason quarantined (QUARANTINED)."""
    counts = quarantined.group_by("reason").len().sort("len", "reason")

    def draw(axes: Any) -> None:
        axes.barh(counts["reason"].to_list(), counts["len"].to_list())

    return _picture(draw, "Quarantined signals by reason")
