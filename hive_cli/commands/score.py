"""`hive score SOURCE`: what a source's signals earned, in the terminal and as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from hive_cli.facts.scorecard import SourceReport


def score(
    source: Annotated[str, typer.Argument(help="The source, as it was named when its messages came in.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the facts as JSON, write no page.")] = False,
) -> None:
    """Measure a source: R with intervals, targets, drawdown, decay, honesty; and write it as a page."""
    from hive_cli.console import print_json
    from hive_cli.facts.scorecard import score_source
    from hive_cli.settings import load_settings
    from hive_core.landing.home import publish

    settings = load_settings()
    report = score_source(settings, source)
    if as_json:
        print_json(_facts(report))
        return
    from hive_cli.pages.score_page import score_page

    path = settings.home.root / "reports" / f"score-{report.source}.html"
    publish(path, score_page(report).encode("utf-8"))
    _tell(report, str(path))


def _facts(report: SourceReport) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "source": report.source,
        "scorecard": report.card,
        "targets": report.targets,
        "weight": {**asdict(report.weight), "day": report.weight_day},
        "exits_by_timeframe": report.exits_by_timeframe,
        "bars_until": report.bars_until,
        "assumptions": report.assumptions(),
    }


def _tell(report: SourceReport, path: str) -> None:
    from hive_cli.console import facts, print_plain, table, totals_line
    from hive_cli.facts.verdicts import decay_sentence, honesty_sentences, result_sentence, with_interval

    card, weight = report.card, report.weight
    evidence = f"evidence {weight.evidence:.2f}"
    if weight.shrunk_mean_r is not None:
        evidence = f"mean R shrunk to {weight.shrunk_mean_r:+.3f}, {evidence}"
    rows = [
        ("signals", f"{card['signals']:,}", f"{card['unfilled']:,} not filled, {card['open']:,} still open"),
        ("traded to the end", f"{card['traded']:,}", f"{card['wins']:,} won"),
        ("won", *with_interval(card, "hit_rate", ".0%")),
        ("mean R", *with_interval(card, "mean_r", "+.2f")),
        ("summed R", f"{card['total_r']:+.1f}", "spread included"),
        ("deepest drawdown", f"{card['max_drawdown_r']:.1f} R", "of summed R below its high"),
        ("longest losing run", f"{card['longest_losing_run']:,}", "trades below 0 R"),
        ("weight", f"{weight.weight:.2f}", f"of its voice on {report.weight_day}; {evidence}"),
    ]
    facts().print(table(f"{report.source}, by bars until {report.bars_until}", ("", ">measured", ""), rows))
    targets = [
        (
            f"TP{row['target']}",
            row["reached"],
            row["tried"],
            f"{row['rate']:.0%} [{row['rate_low']:.0%}, {row['rate_high']:.0%}]",
        )
        for row in report.targets
    ]
    if targets:
        facts().print(table("By target", ("target", ">reached", ">trades", ">share, 95 %"), targets))
    print_plain(
        [
            result_sentence(card),
            f"Decay. {decay_sentence(card, report.trades['r_multiple'].to_list())}",
            *(f"Own word. {sentence}" for sentence in honesty_sentences(card)),
            "Measured so:",
            *(f"  - {line}" for line in report.assumptions()),
            f"page: {path}",
            totals_line({"signals": card["signals"], "trades": card["traded"]}),
        ]
    )
