"""A toy set of definitions that fails on demand, and a server on loopback that behaves like Slack."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from hive_pipelines.alerts.sensor import AlertCursor, alert_sensor
from hive_pipelines.event_log import skip_to_end

DAYS = dg.DailyPartitionsDefinition("2024-01-01", end_date="2024-02-01")


class Mood:
    """What the toy assets and checks do in the next run."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.check = dg.AssetCheckResult(passed=True)
        self.gate = dg.AssetCheckResult(passed=True)


mood = Mood()


@dg.asset(partitions_def=DAYS)
def prices() -> None:
    if mood.error is not None:
        raise mood.error


@dg.asset
def table() -> None: ...


@dg.asset_check(asset=table)
def plausible() -> dg.AssetCheckResult:
    return mood.check


@dg.asset_check(asset=table, blocking=True)
def gate() -> dg.AssetCheckResult:
    return mood.gate


definitions = dg.Definitions(assets=[prices, table], asset_checks=[plausible, gate], sensors=[alert_sensor])


class FakeSlack:
    """Answers like Slack's webhook and chat.postMessage. `answers` are used up first in, first out, then
    all is well; an answer is (status, body, headers) or "hang"."""

    def __init__(self) -> None:
        self.answers: list[Any] = []
        self.tried: list[dict[str, Any]] = []
        self.taken: list[dict[str, Any]] = []
        self.authorization: str | None = None
        self.released = threading.Event()
        slack = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                slack.tried.append(message)
                slack.authorization = self.headers.get("Authorization")
                is_web_api = self.path == "/api/chat.postMessage"
                well = (200, '{"ok": true, "ts": "1.2"}' if is_web_api else "ok", {})
                answer = slack.answers.pop(0) if slack.answers else well
                if answer == "hang":
                    slack.released.wait(30)
                    return
                status, body, headers = answer
                if answer == well:
                    slack.taken.append(message)
                payload = body.encode("utf-8")
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Type", "application/json" if is_web_api else "text/html")
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            def log_message(self, *arguments: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.webhook_url = f"{self.address}/services/T000/B000/Wh00kSecret"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    @property
    def texts(self) -> list[str]:
        return [message["text"] for message in self.taken]

    def close(self) -> None:
        self.released.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    server = FakeSlack()
    yield server
    server.close()


@pytest.fixture
def webhook(slack: FakeSlack, home: Path, monkeypatch: pytest.MonkeyPatch) -> FakeSlack:
    monkeypatch.setenv("HIVE_SLACK_WEBHOOK_URL", slack.webhook_url)
    return slack


@pytest.fixture
def web_api(slack: FakeSlack, home: Path, monkeypatch: pytest.MonkeyPatch) -> FakeSlack:
    monkeypatch.setenv("HIVE_SLACK_TOKEN", "xoxb-1-the-token")
    monkeypatch.setenv("HIVE_SLACK_API_URL", f"{slack.address}/api/")
    return slack


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HIVE_HOME", str(tmp_path / "home"))
    for name in ("HIVE_CONFIG", "HIVE_SLACK_WEBHOOK_URL", "HIVE_SLACK_TOKEN", "HIVE_SLACK_API_URL"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "home"


@pytest.fixture(scope="session")
def instance() -> Iterator[dg.DagsterInstance]:
    """One for all tests, as its tables are slow to make; each test starts at the end of its log."""
    with dg.DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral


@pytest.fixture
def toys() -> Iterator[Mood]:
    yield mood
    mood.__init__()


@pytest.fixture
def materialize(instance: dg.DagsterInstance, toys: Mood) -> Callable[..., str]:
    def run(name: str, partition: str | None = None, to: str | None = None) -> str:
        job = definitions.resolve_implicit_global_asset_job_def()
        tags = {"dagster/partition": partition} if partition else {}
        if to:
            tags = {
                "dagster/asset_partition_range_start": partition,
                "dagster/asset_partition_range_end": to,
            }
        return job.execute_in_process(
            instance=instance, asset_selection=[dg.AssetKey(name)], tags=tags, raise_on_error=False
        ).run_id

    return run


class Ticker:
    """Evaluates the sensor as the Dagster daemon does: each tick gets the last tick's cursor."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        beginning = AlertCursor()
        skip_to_end(instance, beginning.tail)
        self.beginning = beginning.model_dump_json()
        self.instance, self.cursor, self.told = instance, self.beginning, ""

    def __call__(self) -> None:
        context = dg.build_sensor_context(
            instance=self.instance, cursor=self.cursor, definitions=definitions, sensor_name="alert_sensor"
        )
        result = alert_sensor(context)
        self.cursor, self.told = result.cursor, result.skip_reason.skip_message

    def release(self) -> None:
        """Let the time pass for which Slack is left alone."""
        cursor = json.loads(self.cursor)
        cursor["held_until_s"] = 0
        self.cursor = json.dumps(cursor)


@pytest.fixture
def tick(instance: dg.DagsterInstance, home: Path) -> Ticker:
    return Ticker(instance)
