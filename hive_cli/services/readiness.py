"""Whether a service answers: asked at its port, in its own language."""

from __future__ import annotations

from hive_cli.facts.daemon import DaemonFacts, DaemonUnreachable
from hive_cli.facts.dagster import DagsterFacts, DagsterUnreachable
from hive_cli.failure import Failure
from hive_cli.services.ports import answers
from hive_cli.services.process import log_path
from hive_cli.services.roster import CODE_SERVER, HIVE_EXEC, WEBSERVER, Service
from hive_cli.settings import Settings


def is_ready(service: Service, settings: Settings) -> bool:
    """One question, answered within a second or two.

    The code server opens its port when the definitions are loaded, so a connection is proof enough;
    what is wrong with them is asked of the webserver.
    """
    host = settings.configuration.ports.host
    try:
        if service.name == HIVE_EXEC:
            with DaemonFacts(settings.exec_url) as daemon:
                return daemon.health().get("status") == "ok"
        if service.name == CODE_SERVER and service.port is not None:
            return answers(host, service.port)
        with DagsterFacts(settings.dagster_url) as dagster:
            return dagster.answers() if service.name == WEBSERVER else dagster.daemons_healthy()
    except (DagsterUnreachable, DaemonUnreachable):
        return False


def refuse_broken_definitions(settings: Settings) -> None:
    """The services answer, but do the definitions load?

    Raises:
        Failure: with the error of the code location.
    """
    try:
        with DagsterFacts(settings.dagster_url) as dagster:
            broken = [place for place in dagster.locations() if place.error is not None]
    except DagsterUnreachable as error:
        raise Failure(
            "the Dagster webserver does not answer", where=str(error), next_step="hive status"
        ) from None
    for location in broken:
        raise Failure(
            f"the code location {location.name} does not load",
            where=str(log_path(settings.home, CODE_SERVER)),
            details=[str(location.error)],
            next_step="dg check defs shows the whole error; then: hive down, hive up",
        )
