"""Lakes of synthetic tables, and the marts that dbt makes of them: one dbt process for all tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from hive_core.landing.home import HiveHome
from hive_pipelines.marts_project import dbt_environment, mart_path, prepare_marts_folder
from hive_pipelines.project_files import project_file

# One process imports and parses dbt once for three lakes.
DBT = """
import json, os, sys
from dbt.cli.main import dbtRunner
for name, commands in json.loads(sys.argv[1]):
    os.environ["HIVE_LAKE"] = os.path.join(os.environ["LAKES"], name, "lake")
    statuses = {}
    for command in commands:
        result = dbtRunner().invoke([*command, "--quiet", "--project-dir", os.environ["DBT_PROFILES_DIR"]])
        if result.exception is not None:
            raise result.exception
        statuses.update({found.node.name: found.status.value for found in result.result})
    print(json.dumps([name, statuses]))
"""


@dataclass(frozen=True)
class Built:
    """One lake after dbt: its home, and the status of each model and test by name."""

    home: HiveHome
    statuses: dict[str, str]

    def mart(self, name: str) -> pl.DataFrame:
        """The rows of a mart's file."""
        return pl.read_parquet(mart_path(self.home, name))


@dataclass(frozen=True)
class DbtSession:
    """What one dbt process made: a lake each, dbt's manifest, and the folder it was started in."""

    lakes: dict[str, Built]
    manifest: dict
    started_in: Path
    project_before: frozenset[Path]


def _files_of_project() -> frozenset[Path]:
    return frozenset(project_file("dbt_project").rglob("*"))


def _write(home: HiveHome, tables: dict[str, pl.DataFrame]) -> None:
    for name, frame in tables.items():
        folder = Path(home.lake) / name
        folder.mkdir(parents=True)
        if name in {"messages", "parsed_signals"} and not frame.is_empty():
            # Daily partitions, as the pipelines write them.
            for day, part in frame.group_by(pl.col("ts_event").dt.date()):
                part.write_parquet(folder / f"{day[0]}.parquet")
        else:
            frame.write_parquet(folder / "all.parquet")
    prepare_marts_folder(home)


def _row(frame: pl.DataFrame, number: int = 0, **changes: object) -> pl.DataFrame:
    """One of the sound rows, changed."""
    return frame[number].with_columns(
        pl.lit(value, dtype=frame.schema[name]).alias(name) for name, value in changes.items()
    )


def _broken(sound: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Faults that have nothing to do with each other, so that every dbt test finds its own."""
    extra: dict[str, list[pl.DataFrame]] = {name: [] for name in sound}

    def add(table: str, number: int = 0, **changes: object) -> None:
        extra[table].append(_row(sound[table], number, **changes))

    day = datetime.fromisoformat
    add("parsed_signals")
    add("parsed_signals", signal_id=None)
    add("parsed_signals", signal_id="sig_x1", source=None)
    add("parsed_signals", signal_id="sig_x2", source="room_that_never_posted")
    add("parsed_signals", signal_id="sig_x3", ts_event=None)
    add("parsed_signals", signal_id="sig_x4", side="long")
    add("parsed_signals", signal_id="sig_x5", order_type="iceberg")
    add("parsed_signals", signal_id="sig_x6")
    add("quarantined_signals", signal_id="sig_x6", reason=None)
    add("source_outcomes", signal_id="sig_x1", outcome="perhaps")
    add("messages", source=None)
    add("messages", message_id="never_parsed")
    add("decisions", decision_id="dec_x1", signal_ids=["sig_b2"])
    add("decisions", decision_id="dec_x2", signal_ids=["sig_a4"], ts_decided=day("2017-03-01T00:00:00+00:00"))
    add("orders")
    add("orders", client_order_id=None)
    add("orders", client_order_id="ord_x1", account=None)
    add("orders", client_order_id="ord_x2", decision_id=None)
    add("orders", client_order_id="ord_x3", decision_id="dec_x9")
    add("orders", client_order_id="ord_x4", side="long")
    add("orders", client_order_id="ord_x5", order_type="iceberg")
    add("orders", client_order_id="ord_x6", state="lost")
    add("orders", client_order_id="ord_x7", ts_intended=None)
    add("orders", client_order_id="ord_x8", ts_intended=day("2017-03-05T00:00:00+00:00"))
    add("orders", client_order_id="ord_x9", state="filled")
    add("orders", client_order_id="ord_x10", sources=["room_that_never_posted"])
    add("orders", client_order_id="ord_x11", sources=[None])
    add("orders", client_order_id="ord_x12", sources=[])
    add("positions", client_order_id="ord_x12", profit=50.0)
    add("fills", client_order_id="ord_x99", execution_id="ord_x99-1")
    add("account_equity", account=None)
    add("account_equity", trading_day=None)
    add("account_equity", 4, equity_low=89_000.0)
    add("account_equity", account="third", balance=100.0)
    add("account_equity", 3, account="third", balance=200.0)
    return {name: pl.concat([frame, *extra[name]]).cast(dict(frame.schema)) for name, frame in sound.items()}


def _live(sound: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """An order and a denial of rooms that spoke to the live lane alone."""
    reports = sound["execution_reports"]
    received = reports.filter(pl.col("kind") == "decision_received")

    def heard(number: int, name: str) -> pl.DataFrame:
        body = json.loads(received["body"][0])
        body["decision_id"] = name
        body["delivery"]["origin"] = {"lane": "live"}
        return _row(received, seq=900 + number, body=json.dumps(body))

    order = _row(sound["orders"], client_order_id="ord_l1", decision_id="dec_l1", sources=["room_live"])
    denial = _row(
        sound["denials"], decision_id="dec_l2", account=received["account"][0], sources=["room_shy"]
    )
    return {
        **sound,
        "execution_reports": pl.concat([reports, heard(1, "dec_l1"), heard(2, "dec_l2")]),
        "orders": pl.concat([sound["orders"], order.with_columns(state=pl.lit("accepted"))]),
        "denials": pl.concat([sound["denials"], denial]),
    }


@pytest.fixture(scope="session")
def dbt_session(sound_tables, tmp_path_factory) -> DbtSession:
    """dbt over a sound lake, one without rows, one that is broken in every way that has a test, one
    whose days were made again with other decisions after their orders had traded, one with rooms of the live
    lane."""
    root = tmp_path_factory.mktemp("marts")
    started_in = root / "started_in"
    started_in.mkdir()
    lakes = {
        "sound": sound_tables,
        "empty": {name: frame.clear() for name, frame in sound_tables.items()},
        "broken": _broken(sound_tables),
        "live": _live(sound_tables),
        "made_again": {
            **sound_tables,
            "decisions": sound_tables["decisions"].with_columns("again_" + pl.col("decision_id")),
        },
    }
    homes = {name: HiveHome(root / name) for name in lakes}
    for name, tables in lakes.items():
        _write(homes[name], tables)
    # A failed test keeps dbt from building what follows; run and test apart look at everything.
    plan = [("sound", [["build"]]), ("empty", [["build"]]), ("broken", [["run"], ["test"]])]
    plan += [("made_again", [["build"]]), ("live", [["build"]])]
    environment = {
        **{name: value for name, value in os.environ.items() if name != "HIVE_LAKE"},
        **dbt_environment(homes["sound"]),
        "LAKES": str(root),
        "HOME": str(started_in),
    }
    before = _files_of_project()
    finished = subprocess.run(
        [sys.executable, "-c", DBT, json.dumps(plan)],
        cwd=started_in,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    found = dict(json.loads(line) for line in finished.stdout.splitlines() if line.startswith("["))
    built = {name: Built(homes[name], statuses) for name, statuses in found.items()}
    manifest = json.loads((homes["sound"].dbt_target / "manifest.json").read_text("utf-8"))
    return DbtSession(built, manifest, started_in, before)


@pytest.fixture
def sound(dbt_session) -> Built:
    """The sound lake with its marts."""
    return dbt_session.lakes["sound"]
