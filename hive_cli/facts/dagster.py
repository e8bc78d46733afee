"""What the Dagster webserver says over GraphQL: code location, daemons, sensors, runs, failed checks."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Any

from hive_cli.facts.http import local_client

UNFINISHED = ("QUEUED", "NOT_STARTED", "STARTING", "STARTED", "SUSPENDED", "CANCELING")

_HEALTH = "{ instance { daemonHealth { allDaemonStatuses { daemonType required healthy } } } }"

_LOCATIONS = """{ workspaceOrError { __typename ... on Workspace { locationEntries { name loadStatus
  locationOrLoadError { __typename ... on PythonError { message className causes { message className } }
    ... on RepositoryLocation { repositories { sensors { name sensorType sensorState { status
      typeSpecificData { __typename ... on SensorData { lastCursor lastTickTimestamp } }
      ticks(limit: 1) { status timestamp skipReason error { message } } } } } } } } } } }"""

_RUNS = """query($filter: RunsFilter, $limit: Int) { runsOrError(filter: $filter, limit: $limit) { __typename
  ... on Runs { results { runId status jobName creationTime startTime endTime
    tags { key value } assetSelection { path } } } ... on PythonError { message } } }"""

_RUN_COUNT = """query($filter: RunsFilter) { runsOrError(filter: $filter) { __typename
  ... on Runs { count } ... on PythonError { message } } }"""

_RUN_ERRORS = """query($run: ID!) { logsForRun(runId: $run) { __typename ... on EventConnection { events {
  __typename ... on ExecutionStepFailureEvent { stepKey error { message errorChain { error { message } } } }
  ... on EngineEvent { error { message errorChain { error { message } } } }
  ... on RunFailureEvent { message error { message } } } } } }"""

_CHECKS = """{ assetNodes { assetKey { path } assetChecksOrError { __typename ... on AssetChecks { checks {
  name blocking
  executionForLatestMaterialization { status runId timestamp
    evaluation { severity description } } } } } } }"""


class DagsterUnreachable(Exception):
    """The webserver does not answer, or not as it should."""


@dataclass(frozen=True, slots=True)
class Sensor:
    """A sensor with its last tick; times in Unix seconds."""

    name: str
    running: bool
    cursor: str | None
    last_tick_s: float | None
    last_status: str | None
    last_note: str | None


@dataclass(frozen=True, slots=True)
class Location:
    """A code location: loaded, or the error that keeps it from loading."""

    name: str
    loaded: bool
    error: str | None
    sensors: tuple[Sensor, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """A run; times in Unix seconds. `partition` is a key, or a range as `first..last`."""

    run_id: str
    status: str
    job: str
    partition: str | None
    will_retry: bool
    assets: tuple[str, ...]
    created_s: float
    started_s: float | None
    ended_s: float | None


@dataclass(frozen=True, slots=True)
class FailedCheck:
    """An asset check whose latest evaluation failed."""

    asset: str
    name: str
    blocking: bool
    severity: str
    run_id: str
    said: str


class DagsterFacts:
    """Questions to the Dagster webserver. Use as a context manager."""

    def __init__(self, base_url: str, *, timeout_s: float = 30.0) -> None:
        self._url = base_url
        self._client = local_client(base_url, timeout_s=timeout_s)

    def __enter__(self) -> DagsterFacts:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def _ask(self, query: str, **variables: Any) -> dict[str, Any]:
        import httpx

        try:
            answer = self._client.post("/graphql", json={"query": query, "variables": variables})
            body = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise DagsterUnreachable(f"{self._url}: {error}") from None
        if not isinstance(body, dict) or body.get("errors") or not body.get("data"):
            raise DagsterUnreachable(f"{self._url}: {str(body)[:300]}")
        data: dict[str, Any] = body["data"]
        return data

    def answers(self) -> bool:
        """Whether the webserver is up."""
        import httpx

        try:
            return self._client.get("/server_info").status_code == 200
        except httpx.HTTPError:
            return False

    def version(self) -> str:
        """Dagster's version."""
        return str(self._ask("{ version }")["version"])

    def daemons_healthy(self) -> bool:
        """Whether every daemon that this instance needs has a fresh heartbeat."""
        statuses = self._ask(_HEALTH)["instance"]["daemonHealth"]["allDaemonStatuses"]
        return all(status["healthy"] for status in statuses if status["required"])

    def locations(self) -> list[Location]:
        """The code locations with their sensors."""
        answer = self._ask(_LOCATIONS)["workspaceOrError"]
        return [_location(entry) for entry in answer.get("locationEntries", [])]

    def runs(self, *, statuses: tuple[str, ...] = (), limit: int = 20) -> list[Run]:
        """The newest runs, of some statuses or of all, the newest first."""
        wanted = {"statuses": list(statuses)} if statuses else {}
        answer = self._ask(_RUNS, filter=wanted, limit=limit)
        return [_run(raw) for raw in answer["runsOrError"].get("results", [])]

    def run_count(self, *statuses: str) -> int:
        """How many runs have one of these statuses."""
        answer = self._ask(_RUN_COUNT, filter={"statuses": list(statuses)} if statuses else {})
        return int(answer["runsOrError"].get("count") or 0)

    def broken_runs(self, *, limit: int = 200) -> list[Run]:
        """Failed runs among the newest that will not be tried again and that no later success of the
        same job and partition has made good."""
        good: set[tuple[str, str | None]] = set()
        broken = []
        for run in self.runs(statuses=("SUCCESS", "FAILURE"), limit=limit):
            if run.status == "SUCCESS":
                good.add((run.job, run.partition))
            elif not run.will_retry and (run.job, run.partition) not in good:
                broken.append(run)
        return broken

    def run_error(self, run_id: str) -> str:
        """Why a run failed, in one line: the innermost cause of its first failed step, or what kept it
        from running at all."""
        events = self._ask(_RUN_ERRORS, run=run_id)["logsForRun"].get("events", [])
        for kind in ("ExecutionStepFailureEvent", "EngineEvent", "RunFailureEvent"):
            for event in events:
                if event["__typename"] == kind and (event.get("error") or event.get("message")):
                    step = f"{event['stepKey']}: " if event.get("stepKey") else ""
                    return step + _innermost(event)
        return "no error was recorded"

    def failed_checks(self) -> list[FailedCheck]:
        """Asset checks that failed at their latest evaluation, also non-blocking ones."""
        failed = []
        for node in self._ask(_CHECKS)["assetNodes"]:
            for check in node["assetChecksOrError"].get("checks", []):
                last = check["executionForLatestMaterialization"]
                if last is None or last["status"] not in {"FAILED", "EXECUTION_FAILED"}:
                    continue
                evaluation = last["evaluation"] or {"severity": "ERROR", "description": None}
                asset = "/".join(node["assetKey"]["path"])
                severity, said = evaluation["severity"], evaluation["description"] or "it gave no reason"
                failed.append(
                    FailedCheck(asset, check["name"], check["blocking"], severity, last["runId"], said)
                )
        return failed


def _innermost(event: dict[str, Any]) -> str:
    error = event.get("error") or {"message": event["message"]}
    chain = [link["error"]["message"] for link in error.get("errorChain") or []]
    return _one_line((chain or [error["message"]])[-1])


def _one_line(message: str) -> str:
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return " ".join(lines)[:400]


def _location(entry: dict[str, Any]) -> Location:
    found = entry["locationOrLoadError"] or {"__typename": "none"}
    if found["__typename"] == "PythonError":
        causes = [cause["message"] for cause in found.get("causes") or []]
        return Location(entry["name"], False, _one_line((causes or [found["message"]])[-1]), ())
    sensors = [_sensor(raw) for repository in found.get("repositories", []) for raw in repository["sensors"]]
    return Location(entry["name"], entry["loadStatus"] == "LOADED", None, tuple(sensors))


def _sensor(raw: dict[str, Any]) -> Sensor:
    state = raw["sensorState"]
    data = state["typeSpecificData"] or {}
    tick = (state["ticks"] or [{}])[0]
    note = (tick.get("error") or {}).get("message") or tick.get("skipReason")
    return Sensor(
        raw["name"],
        state["status"] == "RUNNING",
        data.get("lastCursor"),
        data.get("lastTickTimestamp"),
        tick.get("status"),
        _one_line(note) if note else None,
    )


def _scope(tags: dict[str, str]) -> str | None:
    first, last = (tags.get(f"dagster/asset_partition_range_{end}") for end in ("start", "end"))
    return f"{first}..{last}" if first and last else tags.get("dagster/partition")


def _run(raw: dict[str, Any]) -> Run:
    tags = {tag["key"]: tag["value"] for tag in raw["tags"]}
    return Run(
        raw["runId"],
        raw["status"],
        raw["jobName"],
        _scope(tags),
        tags.get("dagster/will_retry") == "true",
        tuple("/".join(key["path"]) for key in raw["assetSelection"] or []),
        raw["creationTime"],
        raw["startTime"],
        raw["endTime"],
    )
