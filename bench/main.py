"""The first floor's times and sizes: the plain install, the command, imports, and `hive flow` by step.

`HIVE_BENCH_FLOW=0` leaves the flow out (some four minutes).
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

from bench.reporting import Row, report, row

REPOSITORY = Path(__file__).resolve().parent.parent
INSTALLS, STARTS, IMPORTS = 3, 7, 3


def _seconds(
    command: list[str], *, environment: dict[str, str] | None = None, cwd: Path | None = None
) -> float:
    began = time.perf_counter()
    subprocess.run(command, env=environment, cwd=cwd, check=True, capture_output=True)
    return time.perf_counter() - began


def _megabytes(folder: Path) -> float:
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file() and not p.is_symlink()) / 1e6


def _environment(**extra: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, **extra}


def install_rows(folder: Path) -> tuple[list[Row], Path]:
    """Build the wheel and install it plainly into new environments; returns the last one's folder."""
    wheels = folder / "wheels"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    subprocess.run([*pip, "wheel", "--no-deps", "-w", str(wheels), str(REPOSITORY)], check=True)
    (wheel,) = wheels.glob("*.whl")
    seconds, sizes, demo_seconds, demo_sizes = [], [], [], []
    for number in range(INSTALLS):
        place = folder / f"plain-{number}"
        venv.create(place, with_pip=True)
        empty = _megabytes(place)
        python = str(place / "bin" / "python")
        install = [python, "-m", "pip", "--disable-pip-version-check", "-q", "install"]
        seconds.append(_seconds([*install, str(wheel)], environment=_environment()))
        sizes.append(_megabytes(place) - empty)
        demo_seconds.append(_seconds([*install, f"{wheel}[demo]"], environment=_environment()))
        demo_sizes.append(_megabytes(place) - empty)
        if number + 1 < INSTALLS:
            shutil.rmtree(place)
    work = "install"
    return [
        row(work, "plain", "time", "s", seconds, goal=15),
        row(work, "plain", "size", "MB", sizes, goal=450),
        row(work, "[demo] on top", "time", "s", demo_seconds),
        row(work, "plain and [demo]", "size", "MB", demo_sizes),
    ], place


def command_rows(place: Path, folder: Path) -> list[Row]:
    """The command in the plain environment, beside an interpreter that does nothing."""
    binary = place / "bin"
    environment = _environment(HIVE_HOME=str(folder / "home"))
    floor = [_seconds([str(binary / "python"), "-c", "pass"]) for _ in range(STARTS)]
    helps = [_seconds([str(binary / "hive"), "--help"], environment=environment) for _ in range(STARTS)]
    demos = [
        _seconds([str(binary / "hive"), "demo"], environment=environment, cwd=folder) for _ in range(STARTS)
    ]
    nothing = row("start", "python -c pass", "wall", "s", floor)
    against = ("python -c pass", nothing.value)
    return [
        nothing,
        row("start", "hive --help", "wall", "s", helps, floor=against, goal=0.5),
        row("first result", "hive demo", "wall", "s", demos, floor=against, goal=3),
    ]


def import_rows(folder: Path) -> list[Row]:
    """Importing the daemon and the code location, beside Dagster alone."""
    environment = _environment(HIVE_HOME=str(folder / "home"))

    def imported(statement: str) -> list[float]:
        code = f"import time; began = time.perf_counter(); {statement}; print(time.perf_counter() - began)"
        found = []
        for _ in range(IMPORTS + 1):  # the first one fills caches
            ran = subprocess.run(
                [sys.executable, "-W", "ignore", "-c", code],
                env=environment,
                cwd=REPOSITORY,
                check=True,
                capture_output=True,
                text=True,
            )
            found.append(float(ran.stdout.split()[-1]))
        return found[1:]

    dagster = row("import", "dagster", "wall", "s", imported("import dagster"))
    location = "from hive_pipelines.definitions import build_defs; build_defs().resolve_all_job_defs()"
    return [
        dagster,
        row(
            "import",
            "the code location, definitions resolved",
            "wall",
            "s",
            imported(location),
            floor=("import dagster", dagster.value),
        ),
        row("import", "hive_exec.main", "wall", "s", imported("import hive_exec.main")),
    ]


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def flow_rows(folder: Path) -> list[Row]:
    """`hive flow` in a new home, by step, and a second time."""
    web, code, daemon = _free_ports(3)
    folder.mkdir()
    (folder / "hive.toml").write_text(
        f"[ports]\ndagster_webserver = {web}\ndagster_code_server = {code}\nhive_exec = {daemon}\n", "utf-8"
    )
    environment = _environment(HIVE_HOME=str(folder / ".hive"), HIVE_CONFIG=str(folder / "hive.toml"))
    command = [sys.executable, "-m", "hive_cli"]
    rows = []
    try:
        for subject in ("make run", "make run again"):
            ran = subprocess.run(
                [*command, "flow", "--json"],
                env=environment,
                cwd=folder,
                check=True,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            facts = json.loads(ran.stdout)
            for step, seconds in facts["seconds"].items():
                rows.append(row("flow", subject, step, "s", [seconds]))
            if subject == "make run":
                for run in facts["runs"]:
                    rows.append(row("flow", subject, f"run of {run['job']}", "s", [run["took_s"]]))
            rows.append(row("flow", subject, "new orders", "", [facts["new_orders"]]))
    finally:
        subprocess.run([*command, "down"], env=environment, cwd=folder, check=False, capture_output=True)
    return rows


def main() -> None:
    """Measure everything and report."""
    with tempfile.TemporaryDirectory(prefix="hive-bench-") as name:
        folder = Path(name)
        rows, place = install_rows(folder)
        rows += command_rows(place, folder)
        rows += import_rows(folder)
        if os.environ.get("HIVE_BENCH_FLOW", "1") != "0":
            rows += flow_rows(folder / "flow")
    report("main", rows)


if __name__ == "__main__":
    main()
