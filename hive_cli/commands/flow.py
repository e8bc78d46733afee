"""`hive flow`: the samples once through everything, by the real sensors, and what came of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hive_cli.own_name import own_name

if TYPE_CHECKING:
    from hive_cli.facts.settling import Look, Settling
    from hive_cli.settings import Settings

POLL_S = 2.0
"""A look reads every side file; more often would take the cores from the flow itself."""
UNREACHABLE_FOR_S = 30.0
"""A busy webserver on two cores answers late; one that is silent for so long is gone."""
TELL_EVERY_S = 15.0
"""How often a log that nobody watches gets a line."""


def flow(
    within_s: Annotated[int, typer.Option(help="Give up after this many seconds.")] = 540,
    as_json: Annotated[bool, typer.Option("--json", help="Print the facts as JSON.")] = False,
) -> None:
    """Start everything, take the samples through the whole flow, and print what came of it."""
    from hive_cli.commands.up import start_services, urls
    from hive_cli.console import print_json
    from hive_cli.facts.daemon import daemon_of
    from hive_cli.facts.results import by_source, limits, refused
    from hive_cli.facts.settling import Settling
    from hive_cli.samples import bring_samples
    from hive_cli.settings import load_settings

    settings = load_settings()
    steps, began_s = _Steps(), time.time()
    start_services(settings)
    steps.done("start the services")
    with daemon_of(settings) as daemon:
        before = {order["client_order_id"] for order in daemon.orders()}
    samples = bring_samples(settings.home, received_ns=time.time_ns())
    steps.done("bring the samples in")
    wait(Settling(settings, frozenset(sample["sha256"] for sample in samples)), settings, within_s=within_s)
    steps.done("flow from messages to reports")
    with daemon_of(settings) as daemon:
        orders, accounts = daemon.orders(), daemon.accounts()
    found = {
        "samples": samples,
        "stages": stages(settings),
        "refused": refused(settings.home, orders),
        "by_source": by_source(orders),
        "accounts": limits(accounts),
        "runs": runs_since(settings, began_s),
        "orders": len(orders),
        "new_orders": len({order["client_order_id"] for order in orders} - before),
        "last_order": orders[-1]["client_order_id"] if orders else None,
    }
    steps.done("gather the facts")
    found |= {"urls": urls(settings), "stop": f"{own_name()} down (or make stop)", "seconds": steps.seconds}
    if as_json:
        print_json(found)
    else:
        _show(found)


class _Steps:
    """Wall time of each step, in seconds."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since = time.monotonic()

    def done(self, name: str) -> None:
        now = time.monotonic()
        self.seconds[name] = round(now - self._since, 1)
        self._since = now


def runs_since(settings: Settings, began_s: float) -> list[dict[str, Any]]:
    """The runs that this flow caused, oldest first: how long each waited and took, in seconds."""
    from hive_cli.facts.dagster import DagsterFacts

    with DagsterFacts(settings.dagster_url) as dagster:
        found = [run for run in dagster.runs(limit=100) if run.created_s >= began_s]
    return [
        {
            "run_id": run.run_id,
            "job": run.job,
            "partition": run.partition,
            "status": run.status,
            "after_s": round(run.created_s - began_s, 1),
            "waited_s": round((run.started_s or run.created_s) - run.created_s, 1),
            "took_s": round((run.ended_s or time.time()) - (run.started_s or run.created_s), 1),
        }
        for run in reversed(found)
    ]


def stages(settings: Settings) -> dict[str, int]:
    """Rows at each stage, from the side files of the lake."""
    from hive_cli.facts.lake import LakeFacts

    return LakeFacts.of(settings.home).rows()


def wait(settling: Settling, settings: Settings, *, within_s: float) -> None:
    """Watch until everything has settled, with a live display.

    Raises:
        Failure: a run failed, a service died, or the time is over; it names the stage that waits.
    """
    from hive_cli.console import notes, print_plain, progress
    from hive_cli.facts.daemon import DaemonUnreachable
    from hive_cli.facts.dagster import DagsterUnreachable
    from hive_cli.failure import Failure

    began = time.monotonic()
    last_answer = last_told = began
    terminal = notes().is_terminal
    waits_for = "the first look"
    with progress() as bar:
        task = bar.add_task("the flow", total=None)
        while True:
            now = time.monotonic()
            try:
                look, waits_for = settling.look()
                last_answer = now
                _refuse_failed_runs(settings)
                told = _told(look, waits_for)
                bar.update(task, description=told, completed=look.runs_done)
                if not terminal and (now - last_told > TELL_EVERY_S or not waits_for):
                    last_told = now
                    print_plain([f"{now - began:5.0f} s  {told}"], stderr=True)
                if not waits_for:
                    return
            except (DagsterUnreachable, DaemonUnreachable) as error:
                _refuse_dead_services(settings)
                if now - last_answer > UNREACHABLE_FOR_S:
                    raise Failure(
                        "a service does not answer", where=str(error), next_step="hive status"
                    ) from None
            if now - began > within_s:
                raise Failure(
                    f"the flow did not settle within {within_s:.0f} s; it waits for {waits_for}",
                    where=str(settings.home.logs),
                    next_step="hive status tells what needs attention; hive flow goes on from here",
                )
            time.sleep(POLL_S)


def _told(look: Look, waits_for: str) -> str:
    names = ("messages", "valid_signals", "decisions", "orders", "fills")
    counts = "  ".join(f"{name} {look.rows.get(name, 0):,}" for name in names)
    return f"{counts}  runs {look.runs_done}  " + (f"waiting for {waits_for}" if waits_for else "settled")


def _refuse_failed_runs(settings: Settings) -> None:
    """What failed for good will not come by waiting."""
    from hive_cli.facts.dagster import DagsterFacts
    from hive_cli.failure import Failure

    with DagsterFacts(settings.dagster_url) as dagster:
        for run in dagster.broken_runs():
            raise Failure(
                f"a run of {run.job}" + (f" for {run.partition}" if run.partition else "") + " failed",
                where=f"{settings.dagster_url}/runs/{run.run_id}",
                details=[dagster.run_error(run.run_id)],
                next_step="correct the cause, re-execute the run there, then: hive flow",
            )


def _refuse_dead_services(settings: Settings) -> None:
    from hive_cli.failure import Failure
    from hive_cli.services.process import last_lines, log_path
    from hive_cli.services.roster import NAMES
    from hive_cli.services.supervisor import state_of

    for name in NAMES:
        if state_of(settings.home, name).state != "running":
            log = log_path(settings.home, name)
            raise Failure(
                f"{name} died",
                where=str(log),
                details=last_lines(log),
                next_step="hive flow goes on from here",
            )


def _show(found: dict[str, Any]) -> None:
    from hive_cli.commands.status import accounts_table
    from hive_cli.console import facts, print_plain, table, totals_line

    console = facts()
    console.print(table("Rows at each stage", ("table", ">rows"), list(found["stages"].items())))
    refusals = [(each["stage"], each["source"], each["reason"], each["count"]) for each in found["refused"]]
    console.print(table("Refused, and why", ("stage", "source", "reason", ">count"), refusals))
    counts = ("orders", "filled", "closed", "won")
    results = [
        (each["sources"], *(each[name] for name in counts), f"{each['profit']:+,.2f}")
        for each in found["by_source"]
    ]
    columns = ("sources", *(f">{name}" for name in counts), ">profit")
    console.print(table("Orders and fills by source", columns, results))
    console.print(accounts_table(found["accounts"]))
    if found["runs"]:
        names = ("job", "partition", "status", "after_s", "waited_s", "took_s")
        runs = [tuple(str(run[name] or "-") for name in names) for run in found["runs"]]
        heads = ("job", "partition", "status", ">began after s", ">waited s", ">took s")
        console.print(table("Runs", heads, runs))
    took = [(name, f"{seconds:.1f}") for name, seconds in found["seconds"].items()]
    console.print(table("Wall time", ("step", ">seconds"), took))
    again = "no new order: everything was already here" if not found["new_orders"] else ""
    print_plain(
        [
            "The prices are real. The rooms are samples, written for Hive: their results mean nothing.",
            f"orders placed by this run: {found['new_orders']:,}" + (f" ({again})" if again else ""),
            *[f"{name}: {url}" for name, url in found["urls"].items()],
            *([f"why an order exists: {own_name()} explain {last}"] if (last := found["last_order"]) else []),
            f"stop with: {found['stop']}",
            totals_line(
                {"orders": found["orders"], "fills": sum(each["filled"] for each in found["by_source"])},
                skipped={"refused": sum(each["count"] for each in found["refused"])},
            ),
        ]
    )
