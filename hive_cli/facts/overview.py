"""The state of everything, for `hive status`: services, data, runs, checks, accounts, and what is wrong.

A part that cannot be read is told as such; it hides nothing of the others.
"""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hive_cli.facts.daemon import DaemonUnreachable, daemon_of
from hive_cli.facts.dagster import UNFINISHED, DagsterFacts, DagsterUnreachable
from hive_cli.facts.inbox import inbox
from hive_cli.facts.lake import LakeFacts
from hive_cli.facts.results import limits
from hive_cli.services.roster import HIVE_EXEC, NAMES, WEBSERVER
from hive_cli.services.supervisor import state_of

if TYPE_CHECKING:
    from hive_cli.settings import Settings

LOW_HEADROOM_PCT = 1.0
"""A trader wants to know before a limit is reached; one percent of the balance is two trades at 0.5 %."""


def overview(settings: Settings) -> dict[str, Any]:
    """Everything that can be known now; `attention` lists what a person should look at."""
    services = [asdict(state_of(settings.home, name)) for name in NAMES]
    running = {service["name"] for service in services if service["state"] == "running"}
    found: dict[str, Any] = {
        "versions": versions(),
        "home": str(settings.home.root),
        "services": services,
        "data": landed(settings),
        "inbox": inbox(settings.home),
        "stages": LakeFacts.of(settings.home).rows(),
        "dagster": _dagster(settings) if WEBSERVER in running else {"unavailable": "the webserver is down"},
        "exec": _exec(settings, is_expected=HIVE_EXEC in running),
    }
    _note_foreground(services, found["exec"], settings)
    return {"attention": attention(found), **found}


def versions() -> dict[str, str | None]:
    """Hive and the libraries that its results depend on; None for what is not installed."""
    from importlib.metadata import PackageNotFoundError, version

    found: dict[str, str | None] = {}
    for package in ("hive-trading", "polars", "dagster", "duckdb", "dbt-core", "great-expectations"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = None
    return found


def landed(settings: Settings) -> list[dict[str, Any]]:
    """What has landed: by room or instrument, with the age of the newest data in it."""
    from hive_core.landing.receipts import receipts

    found: dict[tuple[str, str], dict[str, Any]] = {}
    for receipt in receipts(settings.home):
        said = receipt.declaration
        name = said.get("source") or " ".join(filter(None, (said.get("symbol"), said.get("timeframe"))))
        line = found.setdefault(
            (receipt.kind, name or receipt.file_name),
            {"receipts": 0, "rows": 0, "rejected": 0, "last_ts": "", "received_ns": 0},
        )
        line["receipts"] += 1
        line["rows"] += int(receipt.facts.get("rows") or receipt.facts.get("messages") or 0)
        line["rejected"] += len(receipt.rejected)
        line["last_ts"] = max(line["last_ts"], str(receipt.facts.get("last_ts") or ""))
        line["received_ns"] = max(line["received_ns"], receipt.received_ns)
    now = datetime.now(UTC)
    return [
        {"kind": kind, "name": name, **line, "age_days": _age_days(line["last_ts"], now)}
        for (kind, name), line in sorted(found.items())
    ]


def _age_days(last_ts: str, now: datetime) -> float | None:
    if not last_ts:
        return None
    last = datetime.fromisoformat(last_ts)
    age = now - (last if last.tzinfo else last.replace(tzinfo=UTC))
    return round(max(0.0, age.total_seconds()) / 86_400, 1)  # a calendar's events are still to come


def _dagster(settings: Settings) -> dict[str, Any]:
    try:
        with DagsterFacts(settings.dagster_url) as dagster:
            return {
                "version": dagster.version(),
                "daemons_healthy": dagster.daemons_healthy(),
                "locations": [asdict(location) for location in dagster.locations()],
                "runs": {
                    "succeeded": dagster.run_count("SUCCESS"),
                    "failed": dagster.run_count("FAILURE"),
                    "unfinished": dagster.run_count(*UNFINISHED),
                },
                "last_runs": [asdict(run) for run in dagster.runs(limit=5)],
                "last_failed": [
                    {**asdict(run), "error": dagster.run_error(run.run_id)}
                    for run in dagster.broken_runs()[:3]
                ],
                "failed_checks": [asdict(check) for check in dagster.failed_checks()],
            }
    except DagsterUnreachable as error:
        return {"unavailable": str(error)}


def _note_foreground(services: list[dict[str, Any]], execution: dict[str, Any], settings: Settings) -> None:
    """A daemon that `hive exec`, systemd or a container started has no record here, and runs all the same."""
    for service in services:
        if service["name"] == HIVE_EXEC and service["state"] != "running" and "health" in execution:
            service.update(
                state="running", pid=execution["health"]["pid"], port=settings.configuration.ports.hive_exec
            )


def _exec(settings: Settings, *, is_expected: bool) -> dict[str, Any]:
    try:
        with daemon_of(settings) as daemon:
            return {"health": daemon.health(), "accounts": limits(daemon.accounts())}
    except DaemonUnreachable as error:
        return {"unavailable": str(error) if is_expected else "the execution daemon is down"}


def attention(found: dict[str, Any]) -> list[str]:
    """What needs a person, worst first."""
    told = [
        f"daemon: {line} (hive breakers)" for line in found["exec"].get("health", {}).get("attention", [])
    ]
    told += [
        f"{service['name']} died (pid {service['pid']}): hive up starts it again"
        for service in found["services"]
        if service["state"] == "died"
    ]
    execution, dagster = found["exec"], found["dagster"]
    told.extend(
        f"{each['source']}/{each['file']} was refused: {each['reason']}" for each in found["inbox"]["refused"]
    )
    for account in execution.get("accounts", []):
        if account["state"] != "open":
            told.append(f"account {account['name']} is {account['state']}: it takes no new risk")
        if account["unpriced"]:
            symbols = ", ".join(account["unpriced"])
            told.append(
                f"account {account['name']}: no price of {symbols} since the start, so its positions count "
                "as if their stops were hit (equity*)"
            )
        for limit in ("daily", "maximum"):
            left = account[f"{limit}_headroom_pct"]
            if account["state"] == "open" and left is not None and float(left) < LOW_HEADROOM_PCT:
                told.append(f"account {account['name']} is {float(left):.2f} % from its {limit} loss limit")
    for location in dagster.get("locations", []):
        if location["error"]:
            told.append(f"the code location {location['name']} does not load: {location['error']}")
        told.extend(
            f"sensor {sensor['name']} failed: {sensor['last_note']}"
            for sensor in location["sensors"]
            if sensor["last_status"] == "FAILURE"
        )
    if dagster.get("daemons_healthy") is False:
        told.append("a Dagster daemon has no fresh heartbeat: sensors and queued runs wait")
    told.extend(
        f"check {check['asset']}.{check['name']} failed ({check['severity']}, run {check['run_id'][:8]}): "
        f"{check['said']}"
        for check in dagster.get("failed_checks", [])
    )
    told.extend(
        f"run {run['run_id'][:8]} of {run['job']} failed {_ago(run['ended_s'])}: {run['error']}"
        for run in dagster.get("last_failed", [])
    )
    told.extend(
        f"{part}: {found[key]['unavailable']}"
        for part, key in (("Dagster", "dagster"), ("execution", "exec"))
        if "unavailable" in found[key] and any(s["state"] != "stopped" for s in found["services"])
    )
    return told


def _ago(then_s: float | None) -> str:
    if then_s is None:
        return "just now"
    minutes = (time.time() - then_s) / 60
    return f"{minutes:.0f} minutes ago" if minutes < 120 else f"{minutes / 60:.0f} hours ago"
