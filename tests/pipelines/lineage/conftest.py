"""A toy set of definitions, a home folder, a collector on loopback, and the published schemas."""

import json
import os
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from openlineage_specs import event_validator

from hive_pipelines.event_log import skip_to_end
from hive_pipelines.lineage.sensor import LineageCursor, lineage_sensor

DAYS = dg.DailyPartitionsDefinition("2024-01-01", end_date="2024-02-01")
SCHEMA = dg.TableSchema(
    columns=[dg.TableColumn("ts_open", "Datetime"), dg.TableColumn("close", "Float64", description="bid")]
)


@dg.asset(partitions_def=DAYS)
def bars(context: dg.AssetExecutionContext) -> None:
    for number, key in enumerate(context.partition_keys, start=1):
        metadata = {
            "dagster/partition_row_count": 10 * number,
            "dagster/row_count": 1_000,
            "size_bytes": 100 * number,
            "data_sha256": f"{number:064x}",
            "dagster/column_schema": SCHEMA,
        }
        context.add_asset_metadata(metadata, asset_key=dg.AssetKey("bars"), partition_key=key)


@dg.asset(partitions_def=DAYS)
def ticks(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Says what is of the whole run in its result, which Dagster repeats at each partition."""
    for key in context.partition_keys:
        context.add_asset_metadata({"dagster/partition_row_count": 4}, partition_key=key)
    return dg.MaterializeResult(metadata={"bytes_in_run": 600, "files_in_run": 3, "data_sha256": "f" * 64})


@dg.asset_check(asset=bars, blocking=True)
def bars_are_whole() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True, metadata={"column": "close"})


@dg.asset_check(asset=bars)
def bars_have_no_gap() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=False, severity=dg.AssetCheckSeverity.WARN, description="2 gaps, key token=abc123"
    )


@dg.asset(deps=[bars], metadata={"dagster/column_schema": SCHEMA})
def scores() -> dg.MaterializeResult:
    return dg.MaterializeResult(metadata={"dagster/row_count": 7})


@dg.asset_check(asset=bars, additional_deps=[scores])
def bars_agree_with_scores() -> dg.AssetCheckResult:
    """Is evaluated when the scores, which read the bars, are done."""
    return dg.AssetCheckResult(passed=True)


@dg.asset(deps=[bars, scores])
def broken() -> None:
    raise ValueError("no price at postgres://hive:hunter22@db/x")


@dg.asset(deps=[broken])
def after_broken() -> None: ...


@dg.asset(
    retry_policy=dg.RetryPolicy(max_retries=1), check_specs=[dg.AssetCheckSpec("settled", asset="stubborn")]
)
def stubborn(context: dg.AssetExecutionContext) -> Iterator[Any]:
    if context.retry_number == 0:
        context.log_event(dg.AssetMaterialization("stubborn", metadata={"dagster/row_count": 999}))
        context.log_event(dg.AssetCheckEvaluation(dg.AssetKey("stubborn"), "settled", passed=False))
        raise RuntimeError("once")
    yield dg.MaterializeResult(metadata={"dagster/row_count": 5})
    yield dg.AssetCheckResult(check_name="settled", passed=True)


@dg.asset
def watched(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Ticks the lineage sensor while its own step is running."""
    tick = lineage_sensor(
        dg.build_sensor_context(
            instance=context.instance,
            cursor=os.environ["TOY_CURSOR"],
            definitions=definitions,
            sensor_name="lineage_sensor",
        )
    )
    return dg.MaterializeResult(metadata={"cursor": tick.cursor})


definitions = dg.Definitions(
    assets=[bars, ticks, scores, broken, after_broken, stubborn, watched],
    asset_checks=[bars_are_whole, bars_have_no_gap, bars_agree_with_scores],
    sensors=[lineage_sensor],
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HIVE_HOME", str(tmp_path / "home"))
    for name in ("HIVE_LAKE", "HIVE_CONFIG", "OPENLINEAGE_URL", "HIVE_OPENLINEAGE_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "home"


@pytest.fixture(scope="session")
def instance() -> Iterator[dg.DagsterInstance]:
    """One for all tests, as its tables are slow to make; each test starts at the end of its log."""
    with dg.DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral


@pytest.fixture
def materialize(instance: dg.DagsterInstance) -> Callable[..., str]:
    """Run assets of the toy definitions in process; gives the run id."""

    def run(*names: str, partitions: tuple[str, str] | None = None) -> str:
        job = definitions.resolve_implicit_global_asset_job_def()
        tags = {}
        if partitions:
            tags = {
                "dagster/asset_partition_range_start": partitions[0],
                "dagster/asset_partition_range_end": partitions[1],
            }
        keys = [dg.AssetKey(name) for name in names]
        return job.execute_in_process(
            instance=instance, asset_selection=keys, tags=tags, raise_on_error=False
        ).run_id

    return run


class Ticker:
    """Evaluates the sensor as the Dagster daemon does: each tick gets the last tick's cursor."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        beginning = LineageCursor()
        skip_to_end(instance, beginning.tail)
        self.beginning = beginning.model_dump_json()
        self.instance, self.cursor, self.told = instance, self.beginning, ""

    def __call__(self) -> None:
        context = dg.build_sensor_context(
            instance=self.instance, cursor=self.cursor, definitions=definitions, sensor_name="lineage_sensor"
        )
        result = lineage_sensor(context)
        self.cursor, self.told = result.cursor, result.skip_reason.skip_message


@pytest.fixture
def tick(instance: dg.DagsterInstance, home: Path) -> Ticker:
    return Ticker(instance)


@pytest.fixture
def events(home: Path) -> Callable[[], list[dict[str, Any]]]:
    """The events in the lineage file."""

    def read() -> list[dict[str, Any]]:
        lines = (home / "lineage" / "openlineage.jsonl").read_text("utf-8").splitlines()
        return [json.loads(line) for line in lines]

    return read


@pytest.fixture
def repository(instance: dg.DagsterInstance) -> dg.RepositoryDefinition:
    found = dg.build_sensor_context(instance=instance, definitions=definitions).repository_def
    assert found is not None
    return found


class Collector:
    """An OpenLineage collector that answers as it is told to. `answer` is a status, a function of the
    event, or "hang"."""

    def __init__(self) -> None:
        self.answer: Any = 201
        self.accepted: list[dict[str, Any]] = []
        self.asked = 0
        self.authorization: str | None = None
        self.released = threading.Event()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                event = json.loads(body)
                collector.asked += 1
                collector.authorization = self.headers.get("Authorization")
                answer = collector.answer(event) if callable(collector.answer) else collector.answer
                if answer == "hang":
                    collector.released.wait(30)
                    return
                if self.path == "/api/v1/lineage" and answer in (200, 201):
                    collector.accepted.append(event)
                self.send_response(answer)
                if answer in (301, 302, 307, 308):
                    self.send_header("Location", "/elsewhere")
                self.end_headers()

            def do_GET(self) -> None:
                self.send_response(200)
                self.end_headers()

            def log_message(self, *arguments: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def close(self) -> None:
        self.released.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch, home: Path) -> Iterator[Collector]:
    server = Collector()
    monkeypatch.setenv("OPENLINEAGE_URL", server.url)
    home.parent.joinpath("hive.toml").write_text('[lineage]\ntimeout_s = "0.3"\n', "utf-8")
    yield server
    server.close()


@pytest.fixture(scope="session")
def published() -> Callable[[dict[str, Any]], None]:
    """Checks an event and each of its facets against the published JSON schemas."""
    folder = os.environ.get("HIVE_SPECS")
    if not folder:
        pytest.skip("HIVE_SPECS is not set: the published OpenLineage schemas are not at hand")
    return event_validator(Path(folder))
