"""Landings: what arrived becomes runs. Market data first, for signals are judged against it.

Messages wait until every bar, rate and calendar that landed before them is in its table. They do not wait for
runs that failed for good; days that were judged without prices are gone over again once these are there.
"""

import time
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import dagster as dg
from pydantic import BaseModel, ConfigDict

from hive_core.calendars.news import NEWS_HORIZON
from hive_core.landing.receipts import Receipt, receipts
from hive_core.market.as_of import bars_needed
from hive_core.signals.lifecycle.events import REACH
from hive_pipelines.assets.market import LAST_RECEIPT
from hive_pipelines.event_log import PARTITION, RANGE_END, RANGE_START
from hive_pipelines.jobs import bars_job, news_job, rates_job, signals_job
from hive_pipelines.markdown_text import as_markdown_text, without_markup
from hive_pipelines.partitions import BAR_SERIES, DAY_FORMAT
from hive_pipelines.resources import HiveResource

SETTLE_S = 2.0
"""Files that arrive together are worked on together: wait until the last receipt is this old."""

NEAR = timedelta(days=31)
"""Days of messages nearer than this share a run; a gap of years is not filled with empty partitions."""

LOOKS_BACK = timedelta(days=2)
"""A day's decisions look at the signals of the day before, and these at the messages of the day before.
Its updates reach signals posted `REACH` before."""

MAX_TEXT = 200
"""Characters of a refused row, or of a file's name, that are shown."""

RATES, NEWS = "rates", "news"
"""The names of what is awaited of the rates and the news; bars have that of their series,
`SYMBOL.TIMEFRAME`."""

_TABLES = {RATES: "reference_rates", NEWS: "news_events"}
_JOBS = {RATES: rates_job, NEWS: news_job}

RUNS_LOOKED_AT = 20
"""The newest runs of a series among which an unfinished one is looked for."""

WILL_RETRY = "dagster/will_retry"

Span = tuple[date, date]


class Awaited(BaseModel):
    """Receipts of a series, of the rates or of the news, that are not in the table yet: the first and the
    last of them, and whether the runs over them failed for good."""

    model_config = ConfigDict(extra="forbid")

    first: int
    last: int
    failed: bool = False


class Cursor(BaseModel):
    """How far receipts were taken, the market data that messages wait for, days to go over again because
    prices for them came later, and how often runs over messages were asked for."""

    model_config = ConfigDict(extra="forbid")

    market: int = 0
    messages: int = 0
    awaited: dict[str, Awaited] = {}
    again: list[Span] = []
    rounds: int = 0


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


def name_of(receipt: Receipt) -> str:
    """The series that a receipt of bars belongs to, `RATES` or `NEWS`."""
    said = receipt.declaration
    return f"{said['symbol']}.{said['timeframe']}" if receipt.kind == "bars" else receipt.kind


def days_judged_by(receipt: Receipt) -> Span | None:
    """First and last UTC day whose signals look at what a receipt of bars or news holds; None of others.

    The rates only tell what a currency is worth, and change no past day that anything is decided by.
    """
    span = span_of(receipt)
    if span is None or receipt.kind not in ("bars", "news"):
        return None
    if receipt.kind == "news":
        return span[0] - NEWS_HORIZON, span[1] + NEWS_HORIZON + LOOKS_BACK
    return span[0], span[1] + bars_needed(receipt.declaration["timeframe"]) + LOOKS_BACK


def market_requests(fresh: list[Receipt]) -> tuple[list[dg.RunRequest], list[str]]:
    """Runs for bars, rates and news that landed, one a series; and the series' names."""
    landed = {name_of(receipt) for receipt in fresh}
    names = sorted(landed - _JOBS.keys())
    last = fresh[-1].number
    requests = [
        dg.RunRequest(f"bars-{name}-{last}", job_name=bars_job.name, partition_key=name) for name in names
    ]
    requests += [
        dg.RunRequest(f"{name}-{last}", job_name=job.name) for name, job in _JOBS.items() if name in landed
    ]
    return requests, names


def signal_request(span: Span, number: int, round_: int) -> dg.RunRequest:
    """One run over a range of days. The same days may be asked for again without a new receipt, when
    prices for them come late: the round tells the two apart."""
    first, last = (day.strftime(DAY_FORMAT) for day in span)
    return dg.RunRequest(
        f"signals-{first}-{last}-{number}-{round_}",
        job_name=signals_job.name,
        tags={RANGE_START: first, RANGE_END: last},
    )


def _read_up_to(instance: dg.DagsterInstance, name: str) -> int:
    """The last receipt that is in the table of a series, of the rates or of the news."""
    wanted = (
        dg.AssetRecordsFilter(asset_key=dg.AssetKey(_TABLES[name]))
        if name in _TABLES
        else dg.AssetRecordsFilter(asset_key=dg.AssetKey("bars"), asset_partitions=[name])
    )
    for record in instance.fetch_materializations(wanted, limit=1).records:
        if (read := record.asset_materialization.metadata.get(LAST_RECEIPT)) is not None:
            return int(read.value)
    return 0


def _is_under_way(instance: dg.DagsterInstance, name: str) -> bool:
    """Whether a run over it is unfinished, or has failed and will be made again by itself."""
    job, tags = (_JOBS[name], {}) if name in _JOBS else (bars_job, {PARTITION: name})
    runs = instance.get_runs(dg.RunsFilter(job_name=job.name, tags=tags), limit=RUNS_LOOKED_AT)
    if any(not run.is_finished for run in runs):
        return True
    if not runs or not runs[0].is_failure:
        return False
    # Dagster says that a run failed first, and a moment later whether it will be made again.
    undecided = instance.run_retries_enabled and WILL_RETRY not in runs[0].tags
    return undecided or runs[0].is_complete_and_waiting_to_retry


def _look_at_awaited(
    context: dg.SensorEvaluationContext, cursor: Cursor, everything: list[Receipt]
) -> list[str]:
    """Strike off what has come into its table, and mark the days that were judged without it.

    Returns:
        The names of what is still to come.
    """
    judged = [
        span
        for r in everything
        if r.kind == "messages" and r.number <= cursor.messages and (span := span_of(r)) is not None
    ]
    under_way = []
    for name, awaited in list(cursor.awaited.items()):
        read = _read_up_to(context.instance, name)
        come = [
            r
            for r in everything
            if r.kind != "messages" and awaited.first <= r.number <= read and name_of(r) == name
        ]
        spans = [span for r in come if (span := days_judged_by(r)) is not None]
        cursor.again = joined([*cursor.again, *overlapping(judged, spans)])
        awaited.first = max(awaited.first, read + 1)
        if awaited.first > awaited.last:
            del cursor.awaited[name]
        elif _is_under_way(context.instance, name):
            under_way.append(name)
        elif not awaited.failed:
            awaited.failed = True
            context.log.error(_told_failed(name, awaited))
    return under_way


def _told_failed(name: str, awaited: Awaited) -> str:
    return (
        f"{name}: no run brought receipt {awaited.last} into its table, and none will by itself. Messages go "
        "on without it; their days are gone over again once it is materialised. Next step: look at the "
        "failed run, and launch it again"
    )


@dg.sensor(
    name="landings",
    jobs=[bars_job, rates_job, news_job, signals_job],
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Turns what landed into runs: bars, rates and news first, and when these are in their tables "
    "or failed for good, the days of the messages. Days whose prices, news, or messages of the days before, "
    "came later are gone over again.",
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
        for receipt in market:
            known = cursor.awaited.get(name_of(receipt))
            first = known.first if known else receipt.number
            cursor.awaited[name_of(receipt)] = Awaited(first=first, last=receipt.number)
        cursor.market = everything[-1].number
        _tell(context.instance, market)
        return dg.SensorResult(
            run_requests=requests,
            dynamic_partitions_requests=[BAR_SERIES.build_add_request(series)] if series else [],
            cursor=cursor.model_dump_json(),
        )
    under_way = _look_at_awaited(context, cursor, everything)
    failed = [
        _told_failed(name, each)
        for name, each in cursor.awaited.items()
        if each.failed and name not in under_way
    ]
    fresh = [receipt for receipt in messages if receipt.number > cursor.messages]
    if under_way or not (fresh or cursor.again):
        told = "nothing new has landed"
        if under_way:
            told = f"messages wait for the market data that landed before them: {', '.join(under_way)}"
        skip = dg.SkipReason(". ".join([told, *failed]))
        return dg.SensorResult(skip_reason=skip, cursor=cursor.model_dump_json())
    spans_known = [span for r in messages if (span := span_of(r)) is not None]
    new = [span for r in fresh if (span := span_of(r)) is not None]
    spans = joined([*cursor.again, *new, *touched(spans_known, new, max(LOOKS_BACK, REACH))])
    number = everything[-1].number
    requests = [signal_request(span, number, cursor.rounds) for span in spans]
    cursor.messages, cursor.again, cursor.rounds = number, [], cursor.rounds + 1
    for each in failed:
        context.log.error(each)
    _tell(context.instance, fresh)
    return dg.SensorResult(run_requests=requests, cursor=cursor.model_dump_json())


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
