"""Landings: what arrived becomes runs. Market data first, for signals are judged against it."""

import time
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import dagster as dg
from pydantic import BaseModel, ConfigDict

from hive_core.landing.receipts import Receipt, receipts
from hive_pipelines.assets.signals import BAR_CONTEXT
from hive_pipelines.jobs import bars_job, rates_job, signals_job
from hive_pipelines.markdown_text import as_markdown_text, without_markup
from hive_pipelines.partitions import BAR_SERIES, DAY_FORMAT
from hive_pipelines.resources import HiveResource

SETTLE_S = 2.0
"""Files that arrive together are worked on together: wait until the last receipt is this old."""

NEAR = timedelta(days=31)
"""Days of messages nearer than this share a run; a gap of years is not filled with empty partitions."""

LOOKS_BACK = timedelta(days=2)
"""A day's decisions look at the signals of the day before, and these at the messages of the day before."""

MAX_TEXT = 200
"""Characters of a refused row, or of a file's name, that are shown."""

RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"

Span = tuple[date, date]


class Cursor(BaseModel):
    """How far receipts were taken, and days to go over again because prices for them came later."""

    model_config = ConfigDict(extra="forbid")

    market: int = 0
    messages: int = 0
    again: list[Span] = []


def span_of(receipt: Receipt) -> Span | None:
    """First and last UTC day of what landed, or None when nothing in it was usable."""
    first, last = receipt.facts.get("first_ts"), receipt.facts.get("last_ts")
    if not first or not last:
        return None
    days = [datetime.fromisoformat(str(ts)).astimezone(UTC).date() for ts in (first, last)]
    return days[0], days[1]


def joined(spans: Iterable[Span]) -> list[Span]:
    """Spans in order, those that overlap or lie near each other as one."""
    found: list[Span] = []
    for first, last in sorted(spans):
        if found and first - found[-1][1] <= NEAR:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


def overlapping(spans: Iterable[Span], others: Iterable[Span]) -> list[Span]:
    """The parts of `spans` that lie inside any of `others`."""
    return [
        (max(a[0], b[0]), min(a[1], b[1]))
        for a in spans
        for b in list(others)
        if max(a[0], b[0]) <= min(a[1], b[1])
    ]


def touched(known: Iterable[Span], changed: Iterable[Span], reach: timedelta) -> list[Span]:
    """The days of `known` that are judged by what stands in `changed`: those, and `reach` after them."""
    return overlapping(known, [(first, last + reach) for first, last in changed])


def market_requests(fresh: list[Receipt]) -> tuple[list[dg.RunRequest], list[str]]:
    """Runs for bars and rates that landed, one a series; and the series' names."""
    series = sorted(
        {f"{r.declaration['symbol']}.{r.declaration['timeframe']}" for r in fresh if r.kind == "bars"}
    )
    last = fresh[-1].number
    requests = [
        dg.RunRequest(f"bars-{name}-{last}", job_name=bars_job.name, partition_key=name) for name in series
    ]
    if any(receipt.kind == "rates" for receipt in fresh):
        requests.append(dg.RunRequest(f"rates-{last}", job_name=rates_job.name))
    return requests, series


def signal_request(span: Span, number: int) -> dg.RunRequest:
    """One run over a range of days."""
    first, last = (day.strftime(DAY_FORMAT) for day in span)
    return dg.RunRequest(
        f"signals-{first}-{last}-{number}",
        job_name=signals_job.name,
        tags={RANGE_START: first, RANGE_END: last},
    )


def _market_is_busy(instance: dg.DagsterInstance) -> bool:
    unfinished = [
        dg.DagsterRunStatus.QUEUED,
        dg.DagsterRunStatus.NOT_STARTED,
        dg.DagsterRunStatus.STARTING,
        dg.DagsterRunStatus.STARTED,
    ]
    return any(
        instance.get_runs_count(dg.RunsFilter(job_name=job.name, statuses=unfinished))
        for job in (bars_job, rates_job)
    )


@dg.sensor(
    name="landings",
    jobs=[bars_job, rates_job, signals_job],
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Turns what landed into runs: bars and rates first, then the days of the messages. Days "
    "whose prices, or messages of the days before, came later are gone over again.",
)
def landings(context: dg.SensorEvaluationContext, hive: HiveResource) -> dg.SensorResult | dg.SkipReason:
    """Ask for runs over everything that landed and is not taken yet."""
    cursor = Cursor.model_validate_json(context.cursor) if context.cursor else Cursor()
    everything = list(receipts(hive.home()))
    if everything and time.time() - everything[-1].received_ns / 1e9 < SETTLE_S:
        return dg.SkipReason("something landed just now; waiting for what comes with it")
    messages = [receipt for receipt in everything if receipt.kind == "messages"]
    market = [r for r in everything if r.kind != "messages" and r.number > cursor.market]
    if market:
        requests, series = market_requests(market)
        spans = [span for r in market if r.kind == "bars" and (span := span_of(r)) is not None]
        older = [span for r in messages if r.number <= cursor.messages and (span := span_of(r)) is not None]
        cursor.again = joined([*cursor.again, *touched(older, spans, BAR_CONTEXT + LOOKS_BACK)])
        cursor.market = everything[-1].number
        _tell(context.instance, market)
        return dg.SensorResult(
            run_requests=requests,
            dynamic_partitions_requests=[BAR_SERIES.build_add_request(series)] if series else [],
            cursor=cursor.model_dump_json(),
        )
    fresh = [receipt for receipt in messages if receipt.number > cursor.messages]
    if not fresh and not cursor.again:
        return dg.SkipReason("nothing new has landed")
    if _market_is_busy(context.instance):
        return dg.SkipReason("messages wait for the market data that landed before them")
    known = [span for r in messages if (span := span_of(r)) is not None]
    new = [span for r in fresh if (span := span_of(r)) is not None]
    spans = joined([*cursor.again, *new, *touched(known, new, LOOKS_BACK)])
    number = everything[-1].number
    cursor.messages, cursor.again = number, []
    _tell(context.instance, fresh)
    return dg.SensorResult(
        run_requests=[signal_request(span, number) for span in spans], cursor=cursor.model_dump_json()
    )


def _tell(instance: dg.DagsterInstance, landed: list[Receipt]) -> None:
    """Show each landing at its external asset."""
    for receipt in landed:
        rows = receipt.facts.get("messages" if receipt.kind == "messages" else "rows")
        instance.report_runless_asset_event(
            dg.AssetMaterialization(
                f"landed_{receipt.kind}",
                description=without_markup(receipt.file_name, MAX_TEXT),
                metadata={
                    "file": receipt.file_name,
                    "data_sha256": receipt.payload_sha256,
                    **({} if rows is None else {"dagster/partition_row_count": rows}),
                    "receipt": receipt.number,
                    "rejected_rows": len(receipt.rejected),
                    "declaration": dict(receipt.declaration),
                    "facts": dict(receipt.facts),
                    "first_rejections": dg.MetadataValue.md(
                        "\n".join(
                            "- "
                            + as_markdown_text(
                                f"row {row.row}, {row.column} = {row.value[:40]!r}: {row.reason}", MAX_TEXT
                            )
                            for row in receipt.rejected[:10]
                        )
                        or "none"
                    ),
                },
            )
        )
