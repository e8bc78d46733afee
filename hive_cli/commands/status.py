"""`hive status`: what needs attention first, then services, data, stages, runs and accounts."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from hive_cli.console import moment

STYLES = {"running": "green", "died": "red", "stopped": "dim"}


def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print the facts as JSON.")] = False,
) -> None:
    """Tell the state of everything; what needs attention stands first."""
    from hive_cli.console import facts, print_json, print_plain, totals_line
    from hive_cli.facts.overview import overview
    from hive_cli.settings import load_settings

    settings = load_settings()
    found = overview(settings)
    if as_json:
        print_json(found)
        return
    wanted = found["attention"]
    print_plain(["Needs attention", *[f"  ! {line}" for line in wanted or ["nothing"]]])
    console = facts()
    for each in _tables(found):
        console.print(each)
    known = found["versions"].items()
    print_plain([", ".join(f"{name} {version or 'not installed'}" for name, version in known)])
    running = sum(service["state"] == "running" for service in found["services"])
    print_plain([totals_line({"services": running}, warnings=len(wanted))])


def _tables(found: dict[str, Any]) -> list[Any]:
    from hive_cli.console import marked, table

    services = [
        (s["name"], marked(s["state"], STYLES[s["state"]]), str(s["pid"] or "-"), str(s["port"] or "-"))
        for s in found["services"]
    ]
    data = [
        (d["kind"], d["name"], d["rows"], d["rejected"], d["last_ts"], f"{d['age_days']} days")
        for d in found["data"]
    ]
    made = [
        table("Services", ("service", "state", ">pid", ">port"), services),
        table("Landed", ("kind", "name", ">rows", ">rejected", "newest", ">age"), data),
        table("In the lake", ("table", ">rows"), list(found["stages"].items())),
    ]
    if "unavailable" not in found["dagster"]:
        made += [_sensors(found["dagster"]), _runs(found["dagster"])]
    if "unavailable" not in found["exec"]:
        made.append(accounts_table(found["exec"]["accounts"]))
    return made


def _sensors(dagster: dict[str, Any]) -> Any:
    from hive_cli.console import table

    rows = [
        (
            sensor["name"],
            "running" if sensor["running"] else "stopped",
            moment(int((sensor["last_tick_s"] or 0) * 1e9)) if sensor["last_tick_s"] else None,
            sensor["last_note"],
        )
        for location in dagster["locations"]
        for sensor in location["sensors"]
    ]
    return table("Sensors", ("sensor", "state", "last tick", "it said"), rows)


def _runs(dagster: dict[str, Any]) -> Any:
    from hive_cli.console import marked, table

    colours = {"SUCCESS": "green", "FAILURE": "red"}
    counts = ", ".join(f"{count:,} {name}" for name, count in dagster["runs"].items())
    rows = [
        (
            run["run_id"][:8],
            run["job"],
            run["partition"],
            marked(run["status"], colours.get(run["status"], "yellow")),
            moment(int(run["created_s"] * 1e9)),
        )
        for run in dagster["last_runs"]
    ]
    return table(f"Runs ({counts})", ("run", "job", "partition", "status", "created"), rows)


def _room(account: dict[str, Any], limit: str) -> str:
    room = account[f"{limit}_headroom"]
    return "no limit is known" if room is None else f"{room} ({account[f'{limit}_headroom_pct']} %)"


def accounts_table(accounts: list[dict[str, Any]]) -> Any:
    """Equity and the distance to each limit; `hive flow` prints it too."""
    from hive_cli.console import marked, table

    rows = [
        (
            a["name"],
            f"{a['mode']}",
            marked(a["state"], "green" if a["state"] == "open" else "red"),
            moment(a["clock_ns"]),
            f"{a['equity']} {a['currency']}" + ("*" if a["unpriced"] else ""),
            _room(a, "daily"),
            _room(a, "maximum"),
            a["open_positions"],
        )
        for a in accounts
    ]
    columns = (
        "account",
        "mode",
        "state",
        "clock",
        ">equity",
        ">to daily limit",
        ">to maximum limit",
        ">open",
    )
    return table("Accounts", columns, rows)
