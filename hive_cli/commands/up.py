"""`hive up`: start the services and wait until each answers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hive_cli.own_name import own_name

if TYPE_CHECKING:
    from hive_cli.services.supervisor import Notify
    from hive_cli.settings import Settings

STYLES = {"ready": "green", "running": "green", "starting": "yellow", "died": "red", "stopped": "dim"}


def up(
    as_json: Annotated[bool, typer.Option("--json", help="Print the facts as JSON.")] = False,
) -> None:
    """Start the Dagster webserver, its code server and daemon, and the execution daemon."""
    from hive_cli.console import facts, marked, print_json, print_plain, table, totals_line
    from hive_cli.settings import load_settings

    settings = load_settings()
    began = time.monotonic()
    started = start_services(settings)
    took_s = round(time.monotonic() - began, 1)
    running = service_facts(settings)
    if as_json:
        print_json({"started": started, "services": running, "seconds": took_s, "urls": urls(settings)})
        return
    rows = [
        (s["name"], marked(s["state"], STYLES.get(s["state"], "")), str(s["pid"]), str(s["port"] or "-"))
        for s in running
    ]
    facts().print(table("Services", ("service", "state", ">pid", ">port"), rows))
    print_plain(
        [
            f"started {', '.join(started)} in {took_s} s" if started else "everything was running already",
            *[f"{name}: {url}" for name, url in urls(settings).items()],
            f"stop with: {own_name()} down (or make stop)",
            totals_line({"services": len(running)}),
        ]
    )


def urls(settings: Settings) -> dict[str, str]:
    """Where a person looks."""
    return {
        "Dagster": settings.dagster_url,
        "asset graph": f"{settings.dagster_url}/asset-groups",
        "execution daemon": f"{settings.exec_url}/health",
    }


def service_facts(settings: Settings) -> list[dict[str, Any]]:
    """Name, state, pid, port and start time of every service."""
    from dataclasses import asdict

    from hive_cli.services.roster import NAMES
    from hive_cli.services.supervisor import state_of

    return [asdict(state_of(settings.home, name)) for name in NAMES]


def start_services(settings: Settings) -> list[str]:
    """Bring everything up with a live display; the names that had to be started.

    Raises:
        Failure: what failed, with the last lines of its log.
    """
    from hive_cli.services.folders import prepare
    from hive_cli.services.readiness import is_ready, refuse_broken_definitions
    from hive_cli.services.roster import environment, services
    from hive_cli.services.supervisor import bring_up

    wanted = services(settings)
    prepare(settings.home)
    with _display([service.name for service in wanted]) as notify:
        started = bring_up(
            settings.home,
            wanted,
            host=settings.configuration.ports.host,
            environment=environment(settings),
            is_ready=lambda service: is_ready(service, settings),
            notify=notify,
        )
    refuse_broken_definitions(settings)
    return started


@contextmanager
def _display(names: list[str]) -> Iterator[Notify]:
    """A live table on a terminal, one line a change elsewhere; both on stderr."""
    from rich.live import Live

    from hive_cli.console import marked, notes, print_plain, table

    console = notes()
    states: dict[str, tuple[str, float]] = dict.fromkeys(names, ("waiting", 0.0))

    def draw() -> Any:
        rows = [
            (name, marked(state, STYLES.get(state, "dim")), f"{seconds:.1f} s" if seconds else "")
            for name, (state, seconds) in states.items()
        ]
        return table("", ("service", "state", ">after"), rows)

    if not console.is_terminal:

        def tell(name: str, state: str, seconds: float) -> None:
            after = f" after {seconds:.1f} s" if seconds else ""
            print_plain([f"{name}: {state}{after}"], stderr=True)

        yield tell
        return
    with Live(draw(), console=console, transient=True, refresh_per_second=8) as live:

        def show(name: str, state: str, seconds: float) -> None:
            states[name] = (state, seconds)
            live.update(draw())

        yield show
