"""The scorecard of a source as one HTML file: figures, charts, assumptions, every signal with its id.

Nothing is loaded from elsewhere, and the page's policy forbids it. Text of others is escaped. What is
measured is `facts.scorecard`'s; the words for it are in `facts.verdicts`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from hive_cli.console import printable
from hive_cli.facts.scorecard import SourceReport
from hive_cli.facts.verdicts import decay_sentence, honesty_sentences, result_sentence, with_interval
from hive_cli.pages.charts import equity_chart, histogram, share_bar, stacked_columns

MAX_SIGNALS = 2_000
"""Rows of the table of signals, the newest: a phone shows these, and the lake has all."""

_STYLE = """
:root{color-scheme:light;--ink:#1d2733;--soft:#5b6875;--line:#dfe4e9;--gain:#2b7a5b;--loss:#b4483c;--idle:#c3cbd3}
*{box-sizing:border-box}
body{margin:0 auto;max-width:62rem;padding:1rem;color:var(--ink);background:#fff;
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
h1{font-size:1.5rem;margin:.5rem 0 0;overflow-wrap:anywhere}h2{font-size:1.1rem;margin:2rem 0 .5rem}
p{margin:.4rem 0}.soft,small{color:var(--soft)}.verdict{font-size:1.1rem}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(8rem,1fr));gap:.5rem;margin:1rem 0}
.figures div{border:1px solid var(--line);border-radius:.5rem;padding:.5rem .7rem}
.figures b{display:block;font-size:1.35rem;font-variant-numeric:tabular-nums}
.figures small{display:block;line-height:1.3}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(20rem,100%),1fr));gap:0 2rem}
svg{display:block;width:100%;height:auto}svg text{font-size:11px;fill:var(--soft)}
svg .grid,svg .zero{stroke:var(--line);vector-effect:non-scaling-stroke}svg .zero{stroke:var(--soft)}
svg .line{fill:none;stroke:var(--ink);stroke-width:1.5;vector-effect:non-scaling-stroke}
svg .fall,svg .loss{fill:var(--loss)}svg .fall{opacity:.55}svg .gain{fill:var(--gain)}
svg .idle{fill:var(--idle)}
svg .open{fill:#8fa3b8}svg .rest{fill:#eef1f4}svg .interval{fill:var(--ink)}
.share{width:100%;min-width:5rem;height:.9rem;border-radius:.2rem}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:.25rem .6rem .25rem 0;text-align:left;border-bottom:1px solid var(--line);vertical-align:middle}
th{color:var(--soft);font-weight:500}td.n,th.n{text-align:right;padding-right:1.2rem}.signals{font-size:.85rem;white-space:nowrap}
.key span{white-space:nowrap;margin-right:.8em}
.key i{display:inline-block;width:.8em;height:.8em;border-radius:.15em;margin-right:.3em}
li{margin:.25rem 0}summary{cursor:pointer;padding:.4rem 0}
@media(min-width:46rem){svg.wide text{font-size:6px}}
"""

_LAYERS = (
    ("reached every target", "gain", ("target",)),
    ("stopped", "loss", ("stop",)),
    ("still open", "open", ("open",)),
    ("not filled", "idle", ("expired", "unfilled")),
)
_COLOURS = {"gain": "--gain", "loss": "--loss", "open": "#8fa3b8", "idle": "--idle"}


def score_page(report: SourceReport) -> str:
    """The whole document."""
    card, source = report.card, escape(printable(report.source))
    posted = report.outcomes["ts_event"].sort().to_list()
    sections = [
        f"<h1>{source}</h1>",
        f'<p class="soft">{card["signals"]:,} signals, {posted[0]:%Y-%m-%d} to {posted[-1]:%Y-%m-%d}; '
        f"bars until {report.bars_until}</p>",
        f'<p class="verdict">{escape(result_sentence(card))}</p>',
        _figures(report),
        _charts(report),
        _targets(report),
        _paragraphs("Does it get worse?", [decay_sentence(card, report.trades["r_multiple"].to_list())]),
        _paragraphs("Its own word", honesty_sentences(card)),
        _months(report),
        "<h2>How this was measured</h2><ul>"
        + "".join(f"<li>{escape(line)}</li>" for line in report.assumptions())
        + "</ul>",
        _signals(report),
    ]
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\';'
        " style-src 'unsafe-inline'\">"
        f"<title>{source}: scorecard</title><style>{_STYLE}</style></head><body>"
        f"{''.join(sections)}</body></html>\n"
    )


def _figures(report: SourceReport) -> str:
    card, weight = report.card, report.weight
    figures = [
        ("mean R a trade", *with_interval(card, "mean_r", "+.2f")),
        ("won", *with_interval(card, "hit_rate", ".0%")),
        ("traded", f"{card['traded']:,}", f"{card['unfilled']:,} not filled, {card['open']:,} open"),
        ("summed R", f"{card['total_r']:+.1f}", "spread included"),
        ("deepest drawdown", f"{card['max_drawdown_r']:.1f} R", "of summed R below its high"),
        ("longest losing run", f"{card['longest_losing_run']:,}", "trades below 0 R in a row"),
        ("weight", f"{weight.weight:.2f}", f"of its voice on {report.weight_day}"),
    ]
    boxes = (
        f"<div><small>{escape(name)}</small><b>{escape(value)}</b><small>{escape(under)}</small></div>"
        for name, value, under in figures
    )
    return f'<div class="figures">{"".join(boxes)}</div>'


def _charts(report: SourceReport) -> str:
    from hive_core.signals.scorecards.losses import drawdowns

    if report.trades.is_empty():
        return "<p>No signal was traded to its end: there is no curve to draw.</p>"
    r_multiples = report.trades["r_multiple"].to_list()
    curve = equity_chart(
        report.trades["ts_exit"].to_list(),
        report.trades["r_multiple"].cum_sum().to_list(),
        drawdowns(r_multiples).tolist(),
    )
    months, layers = _by_month(report)
    key = "".join(
        f'<span><i style="background:{_css(css)}"></i>{escape(name)}</span> ' for name, css, _ in _LAYERS
    )
    return (
        f"<h2>Summed R, and how far it is below its high</h2>{curve}"
        f'<div class="pair"><div><h2>Trades by their R</h2>{histogram(r_multiples)}</div>'
        f"<div><h2>Signals by month</h2>{stacked_columns(months, layers)}"
        f'<p class="key"><small>{key}</small></p></div></div>'
    )


def _css(name: str) -> str:
    colour = _COLOURS[name]
    return f"var({colour})" if colour.startswith("--") else colour


def _by_month(report: SourceReport) -> tuple[list[str], list[tuple[str, str, list[int]]]]:
    marked = report.outcomes.select("outcome", month=report.outcomes["ts_event"].dt.strftime("%Y-%m"))
    months = sorted(marked["month"].unique())
    counts: dict[tuple[str, str], int] = {
        (month, outcome): count
        for month, outcome, count in marked.group_by("month", "outcome").len().iter_rows()
    }
    layers = [
        (name, css, [sum(counts.get((month, each), 0) for each in outcomes) for month in months])
        for name, css, outcomes in _LAYERS
    ]
    return months, layers


def _targets(report: SourceReport) -> str:
    rows = [
        (
            f"TP{row['target']}",
            f"{row['reached']:,} of {row['tried']:,}",
            f"{row['rate']:.0%} ({row['rate_low']:.0%} to {row['rate_high']:.0%})",
            share_bar(row["rate"], row["rate_low"], row["rate_high"]),
        )
        for row in report.targets
    ]
    if not rows:
        return ""
    table = _table(("target", ">reached", "share, 95 %", ""), rows, raw={3})
    return f"<h2>How often each target was reached</h2>{table}"


def _months(report: SourceReport) -> str:
    import polars as pl

    ended = pl.col("ts_exit").is_not_null()
    months = (
        report.outcomes.group_by(pl.col("ts_event").dt.strftime("%Y-%m").alias("month"))
        .agg(
            pl.len(),
            ended.sum().alias("traded"),
            (ended & (pl.col("r_multiple") > 0)).sum().alias("won"),
            pl.col("r_multiple").filter(ended).sum().alias("r"),
        )
        .sort("month")
    )
    rows = [
        (month, f"{count:,}", f"{traded:,}", f"{won:,}", f"{r:+.1f}")
        for month, count, traded, won, r in months.iter_rows()
    ]
    return (
        f"<h2>By month of posting</h2>{_table(('month', '>signals', '>traded', '>won', '>summed R'), rows)}"
    )


def _signals(report: SourceReport) -> str:
    shown = report.outcomes.sort("ts_event", "signal_id", descending=True).head(MAX_SIGNALS)
    rows = [
        (
            f"{row['ts_event']:%Y-%m-%d %H:%M}",
            row["symbol"],
            row["outcome"],
            f"{row['targets_hit']} of {row['targets']}",
            "" if row["r_multiple"] is None else f"{row['r_multiple']:+.2f}",
            row["message_id"],
            row["signal_id"],
        )
        for row in shown.iter_rows(named=True)
    ]
    columns = ("posted, UTC", "what", "outcome", ">targets", ">R", "message", "signal")
    left = report.outcomes.height - shown.height
    note = f"<p><small>The newest {shown.height:,}; {left:,} older ones stand in the lake.</small></p>"
    return (
        f"<h2>Signals</h2><details><summary>{shown.height:,} signals with their ids</summary>"
        f"{note if left else ''}{_table(columns, rows, css='signals')}</details>"
    )


def _paragraphs(title: str, sentences: Iterable[str]) -> str:
    return f"<h2>{escape(title)}</h2>" + "".join(f"<p>{escape(each)}</p>" for each in sentences)


def _table(
    columns: Sequence[str], rows: Iterable[Sequence[Any]], *, raw: Iterable[int] = (), css: str = ""
) -> str:
    """A table; columns whose name begins with `>` stand right; cells are escaped but for the `raw` ones."""
    markup = set(raw)
    right = [' class="n"' if name.startswith(">") else "" for name in columns]
    head = "".join(
        f"<th{align}>{escape(name.removeprefix('>'))}</th>"
        for name, align in zip(columns, right, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(
            f"<td{right[at]}>{cell if at in markup else escape(printable(str(cell)))}</td>"
            for at, cell in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )
    return f'<div class="scroll"><table class="{css}"><tr>{head}</tr>{body}</table></div>'
