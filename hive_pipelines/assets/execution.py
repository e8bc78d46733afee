"""Execution: what the daemon reports, as tables."""

import json
from collections.abc import Iterator
from typing import Any

import dagster as dg
import httpx
import polars as pl

from hive_core.contracts.execution_tables import EXECUTION_REPORTS
from hive_core.contracts.report import ReportPage
from hive_core.market.bars import RATE_SCHEMA
from hive_pipelines.account_headroom import LOW_PCT, headroom_of, low_accounts
from hive_pipelines.book_risk import BookRisks, book_risks
from hive_pipelines.lake import WHOLE
from hive_pipelines.plots import equity_plot, headroom_plot, stress_plot
from hive_pipelines.quality.checks import check_specs
from hive_pipelines.reports_to_tables import execution_tables, reports_frame
from hive_pipelines.resources import HiveResource
from hive_pipelines.showing import as_table, result_of

OWNERS = ["team:execution"]
PAGE = 2_000

_SPEC: dict[str, Any] = {"group_name": "execution", "owners": OWNERS, "kinds": {"polars", "parquet"}}
_ALL = dg.AllPartitionMapping()

delivered_decisions = dg.AssetSpec(
    "delivered_decisions",
    deps=[dg.AssetDep("decisions", partition_mapping=_ALL)],
    group_name="execution",
    kinds={"http"},
    owners=OWNERS,
    description="Decisions that the daemon acknowledged. Materialised by the sensor that delivers them; its "
    "cursor passes only what was acknowledged.",
)


@dg.asset(deps=[delivered_decisions], check_specs=check_specs("execution_reports"), pool="execution", **_SPEC)
def execution_reports(context: dg.AssetExecutionContext, hive: HiveResource):
    """Every record of the daemon's journal, in its order; only new ones are fetched."""
    stored = hive.lake().read("execution_reports", WHOLE)
    before = stored if stored is not None else pl.DataFrame(schema=EXECUTION_REPORTS)
    pages = [before]
    after = int(before["seq"].max() or 0)  # type: ignore[arg-type]
    with hive.daemon(timeout_s=30) as daemon:
        refuse_another_journal(daemon, before)
        while True:
            page = fetch_reports(daemon, after)
            if not page.reports:
                break
            pages.append(reports_frame(page.reports))
            after = page.reports[-1].seq
    frame = pl.concat(pages)
    kinds = frame.group_by("kind").len().sort("kind")
    return result_of(
        context,
        "execution_reports",
        frame,
        {"new": frame.height - before.height, "rows_by_kind": dict(kinds.iter_rows()), "head_seq": after},
    )


def fetch_reports(daemon: httpx.Client, after_seq: int) -> ReportPage:
    """A page of reports. Raises httpx.HTTPError when the daemon does not answer."""
    response = daemon.get("/reports", params={"after_seq": after_seq, "limit": PAGE})
    response.raise_for_status()
    return ReportPage.model_validate_json(response.content)


def refuse_another_journal(daemon: httpx.Client, stored: pl.DataFrame) -> None:
    """The daemon's journal must be the one whose reports are stored: its record at the stored end has
    the stored hash. Otherwise records of two journals would stand under each other.

    Raises:
        dg.Failure: it is another one.
    """
    if stored.is_empty():
        return
    last = stored.row(-1, named=True)
    page = daemon.get("/reports", params={"after_seq": last["seq"] - 1, "limit": 1})
    page.raise_for_status()
    found = ReportPage.model_validate_json(page.content).reports
    if not found or found[0].record_sha256 != last["record_sha256"]:
        raise dg.Failure(
            f"the daemon's journal is not the one whose reports are stored: record {last['seq']} is "
            "missing in it or has another hash. Bring back that journal (`hive verify`), or move the lake "
            "folders of the execution tables away to begin anew"
        )


_TABLES = {
    "orders": "Orders with their last state; the ones that were never filled included.",
    "denials": "Decisions that the account's rules refused, with the rule and its numbers.",
    "fills": "Executions: entries and exits at the side that traded.",
    "positions": "Filled orders from entry to exit, with profit after costs and R.",
    "account_equity": "Balance, equity and the floors of each account, at each bar with risk on.",
}


@dg.multi_asset(
    outs={name: dg.AssetOut(description=text, **_SPEC) for name, text in _TABLES.items()},
    check_specs=[spec for name in _TABLES for spec in check_specs(name)],
    pool="execution",
)
def account_tables(context: dg.AssetExecutionContext, execution_reports: pl.DataFrame) -> Iterator[Any]:
    """Fold the reports into tables."""
    rows = execution_reports.sort("seq").select("account", "ts_event", "kind", "body").iter_rows()
    tables = execution_tables((account, ts, kind, json.loads(body)) for account, ts, kind, body in rows)
    for name in _TABLES:
        frame: pl.DataFrame = getattr(tables, name)
        shown = {"equity": equity_plot(frame)} if name == "account_equity" else {}
        yield result_of(context, name, frame, shown)


LOW_CHECK = "room_left"


@dg.asset(
    check_specs=[
        *check_specs("account_headroom"),
        dg.AssetCheckSpec(LOW_CHECK, asset="account_headroom", description="Every account has room left."),
    ],
    pool="execution",
    **_SPEC,
)
def account_headroom(context: dg.AssetExecutionContext, account_equity: pl.DataFrame):
    """What is left to each account above the nearer of its floors, at each mark of its equity."""
    frame = headroom_of(account_equity)
    return result_of(
        context, "account_headroom", frame, {"headroom": headroom_plot(frame)}, [room_check(frame)]
    )


def room_check(headroom: pl.DataFrame) -> dg.AssetCheckResult:
    """Warns of every account that has little room left now. `headroom` is ACCOUNT_HEADROOM."""
    low = low_accounts(headroom)
    return dg.AssetCheckResult(
        passed=not low,
        check_name=LOW_CHECK,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(f"{name} has {left:.2f} % left" for name, left in low.items())
        or f"at least {LOW_PCT} % of the initial balance everywhere",
    )


BOOKS_CHECK = "books_are_known"


@dg.asset(
    deps=[dg.AssetDep("reference_rates", partition_mapping=_ALL)],
    check_specs=[
        *check_specs("portfolio_risk"),
        dg.AssetCheckSpec(
            BOOKS_CHECK,
            asset="portfolio_risk",
            description="Of everything that is held the risk can be told, and nothing held moves as one.",
        ),
    ],
    pool="execution",
    **_SPEC,
)
def portfolio_risk(
    context: dg.AssetExecutionContext,
    hive: HiveResource,
    positions: pl.DataFrame,
    orders: pl.DataFrame,
    execution_reports: pl.DataFrame,
):
    """Value at risk and expected shortfall of what each account holds, its currencies, and what crises and
    shocks would do to it. At the last daily rates before the account's last report."""
    rates = hive.lake().read("reference_rates", WHOLE)
    found = book_risks(
        positions,
        orders,
        execution_reports,
        pl.DataFrame(schema=RATE_SCHEMA) if rates is None else rates.select(*RATE_SCHEMA),
    )
    shown: dict[str, Any] = {"stress": stress_plot(found.books)}
    for name, risk in found.books.items():
        shown[f"stress of {name}"] = dg.MetadataValue.md(_rounded(risk.stress.drop("unknown", "kind")))
        shown[f"currencies of {name}"] = dg.MetadataValue.md(_rounded(risk.exposures))
    return result_of(context, "portfolio_risk", found.figures, shown, [books_check(found)])


def books_check(found: BookRisks) -> dg.AssetCheckResult:
    """Warns of every book of which nothing can be said, and of what moves as one in another."""
    told = [f"{name}: {why}" for name, why in found.refused.items()]
    told += [f"{name}: {alert}" for name, risk in found.books.items() for alert in risk.alerts()]
    return dg.AssetCheckResult(
        passed=not told,
        check_name=BOOKS_CHECK,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(told) or f"{len(found.books)} books",
    )


def _rounded(frame: pl.DataFrame) -> str:
    return as_table(frame.with_columns(pl.col(pl.Float64).round(2)))
