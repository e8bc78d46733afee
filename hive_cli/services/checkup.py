"""What is missing or misconfigured, one finding a check, each with its next step.

Nothing here changes anything. `hive doctor` prints it.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal

from hive_cli.failure import Failure
from hive_cli.services import ports
from hive_cli.services.process import living, read_record, session_of
from hive_cli.services.roster import NAMES
from hive_cli.settings import Settings, load_settings

if TYPE_CHECKING:
    from hive_core.landing.home import HiveHome

LEAST_FREE_BYTES = 1_000_000_000
"""A first run with its environment's caches takes a few hundred megabytes; below this it may not end."""

Verdict = Literal["PASS", "WARN", "ERROR"]

EXTRAS = {
    "pipelines": ("dagster", "dagster_webserver", "dbt", "duckdb", "great_expectations", "pandera"),
    "demo": ("gym_anytrading", "currency_converter"),
    "slack": ("slack_sdk",),
    "telegram": ("telethon",),
}
EXTRA_IS_FOR = {
    "pipelines": "Dagster: hive up",
    "demo": "samples: hive demo",
    "slack": "alerts",
    "telegram": "live rooms: hive listen telegram",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check. `next_step` is empty when there is nothing to do."""

    verdict: Verdict
    check: str
    found: str
    next_step: str = ""


def examine() -> Iterator[Finding]:
    """Every check, in an order in which the first ERROR explains the later ones."""
    yield python_version()
    for extra in EXTRAS:
        yield extra_installed(extra)
    yield time_zones()
    yield chromium()
    try:
        settings = load_settings()
    except Failure as failure:
        for line in failure.details:
            yield Finding("ERROR", "hive.toml", line, "correct it; the file beside HIVE_HOME, or HIVE_CONFIG")
        return
    yield configuration(settings)
    yield home_writable(settings.home)
    yield disk_space(settings.home)
    yield dagster_home(settings.home)
    for name in NAMES:
        yield service(settings.home, name)
    yield from ports_free(settings)
    yield from firms(settings)
    for check in (landing, lake, journal):
        yield _guarded(check, settings)


def _guarded(check: Callable[[Settings], Finding], settings: Settings) -> Finding:
    """A check that fails in an unforeseen way is itself a finding."""
    try:
        return check(settings)
    except Exception as error:  # noqa: BLE001 (a doctor who faints tells nothing)
        return Finding("ERROR", check.__name__, f"{type(error).__name__}: {error}", "hive doctor --debug")


def python_version() -> Finding:
    """3.11 or 3.12: what the lock was made for."""
    found = ".".join(str(part) for part in sys.version_info[:3])
    if (3, 11) <= sys.version_info[:2] < (3, 13):
        return Finding("PASS", "Python", found)
    return Finding("ERROR", "Python", f"{found}; 3.11 or 3.12 is needed", "make setup PYTHON=python3.11")


def extra_installed(extra: str) -> Finding:
    """Whether the packages of an extra can be found (they are not imported)."""
    missing = [module for module in EXTRAS[extra] if find_spec(module) is None]
    if not missing:
        return Finding("PASS", f"[{extra}]", "installed")
    return Finding(
        "WARN",
        f"[{extra}]",
        f"missing: {', '.join(missing)}",
        f'pip install ".[{extra}]" (only needed for {EXTRA_IS_FOR[extra]})',
    )


def firms(settings: Settings) -> Iterator[Finding]:
    """What the firm of each account that lives by the wall clock says of being traded from here."""
    from datetime import UTC, datetime

    from hive_core.risk.firm_policy import firm_words
    from hive_core.risk.rules.phases import rules_on

    today = datetime.now(UTC).date()
    for account in settings.configuration.accounts:
        if account.mode == "replay":
            continue
        rules = rules_on(account.rule_pack, today)
        words = firm_words(rules, account)
        name = f"{account.name} at {rules.firm}"
        page = "read the firm's own page today: hive rules " + rules.programme
        for consequence, verdict, told, step in _FIRM_SAYS:
            said = [word.text for word in words if word.consequence == consequence]
            if said:
                yield Finding(verdict, name, f"{told}: {'; '.join(said)}", f"{step}; {page}")
        if all(word.consequence in ("free", "read_up") for word in words):
            yield Finding("PASS", name, f"{rules.title}, {rules.phase}: nothing that it says forbids this")


_FIRM_SAYS: tuple[tuple[str, Verdict, str, str], ...] = (
    ("stops_all", "ERROR", "not known, so that no order passes", "take a phase whose limits are stated"),
    ("blocked", "ERROR", "the firm forbids, so that such orders are denied", "do not connect this account"),
    ("asks", "WARN", "a person is asked at every order", "accepted_unknowns, once you have read up on it"),
)
"""By consequence: how bad it is, what it means, and what to do."""


def time_zones() -> Finding:
    """Trading days are reckoned by IANA zones."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        for name in ("Europe/Prague", "America/New_York", "Europe/Athens"):
            ZoneInfo(name)
    except ZoneInfoNotFoundError as error:
        return Finding("ERROR", "time zones", str(error), "pip install tzdata")
    return Finding("PASS", "time zones", "known")


def chromium() -> Finding:
    """Only the browser test needs it."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path:
        return Finding("PASS", "chromium", path)
    return Finding(
        "WARN", "chromium", "not found; only the browser test needs it", "apt-get install chromium"
    )


def configuration(settings: Settings) -> Finding:
    """Read already; what is told is which file, or that there is none."""
    path = settings.home.configuration_file
    if path.exists():
        return Finding("PASS", "hive.toml", str(path))
    return Finding("PASS", "hive.toml", "none: every setting has its default")


def home_writable(home: HiveHome) -> Finding:
    """Whether the home, or the folder that it will be made in, can be written."""
    place = home.root
    while not place.exists():
        place = place.parent
    if place.is_dir() and os.access(place, os.W_OK | os.X_OK):
        return Finding("PASS", "HIVE_HOME", str(home.root))
    return Finding("ERROR", "HIVE_HOME", f"{place} cannot be written", "set HIVE_HOME to a folder of yours")


def disk_space(home: HiveHome, *, least_bytes: int = LEAST_FREE_BYTES) -> Finding:
    """A full disk stops the journal, and with it trading."""
    place = home.root
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if free >= least_bytes:
        return Finding("PASS", "disk", f"{free / 1e9:.1f} GB free")
    return Finding("ERROR", "disk", f"only {free / 1e9:.2f} GB free", f"free some space under {place}")


def dagster_home(home: HiveHome) -> Finding:
    """Its settings decide limits and telemetry; without the file Dagster has its own defaults."""
    path = home.dagster / "dagster.yaml"
    outside = os.environ.get("DAGSTER_HOME")
    if outside and os.path.realpath(outside) != os.path.realpath(home.dagster):
        return Finding(
            "WARN",
            "DAGSTER_HOME",
            f"is {outside} in this shell; hive up uses {home.dagster}",
            f"export DAGSTER_HOME={home.dagster}, before you call dagster or dg yourself",
        )
    if path.exists():
        return Finding("PASS", "DAGSTER_HOME", str(home.dagster))
    if home.dagster.exists():
        return Finding("WARN", "DAGSTER_HOME", f"{path} is missing", "hive up writes it")
    return Finding("PASS", "DAGSTER_HOME", "not made yet: hive up makes it")


def service(home: HiveHome, name: str) -> Finding:
    """Runs, stopped, died, or its record is no record."""
    try:
        record = read_record(home, name)
    except ValueError as error:
        return Finding("ERROR", name, str(error), "remove that file, then: hive down, hive up")
    if record is None:
        return Finding("PASS", name, "not started")
    if living(record) is not None:
        return Finding("PASS", name, f"runs, pid {record.pid}")
    if left := session_of(record):
        pids = ", ".join(str(process.pid) for process in left)
        return Finding("ERROR", name, f"died (pid {record.pid}) and left {pids}", "hive up starts it again")
    return Finding(
        "ERROR", name, f"died: pid {record.pid} is gone", f"read {home.logs / name}.log, then: hive up"
    )


def ports_free(settings: Settings) -> Iterator[Finding]:
    """Each port is free, or held by the service that it is for."""
    wanted = settings.configuration.ports
    for setting, name, port in (
        ("hive_exec", "hive-exec", wanted.hive_exec),
        ("dagster_code_server", "dagster-code-server", wanted.dagster_code_server),
        ("dagster_webserver", "dagster-webserver", wanted.dagster_webserver),
    ):
        check = f"port {port}"
        if ports.is_free(wanted.host, port):
            yield Finding("PASS", check, "free")
            continue
        try:
            record = read_record(settings.home, name)
        except ValueError:
            record = None
        if record is not None and record.port == port and living(record) is not None:
            yield Finding("PASS", check, f"{name} of this home")
        else:
            yield Finding(
                "ERROR",
                check,
                f"held by {ports.holder(port)}",
                f"stop it, or set ports.{setting} in hive.toml",
            )


def landing(settings: Settings) -> Finding:
    """Every receipt can be read, and its bytes are those that landed."""
    from hive_core.landing.receipts import read_payload, receipts

    count = 0
    for receipt in receipts(settings.home):
        try:
            read_payload(settings.home, receipt.payload_sha256)
        except (ValueError, FileNotFoundError) as error:
            return Finding(
                "ERROR",
                "landing",
                f"receipt {receipt.number}: {error}",
                "bring the file back, or import it again",
            )
        count += 1
    folder = settings.home.landing / "receipts"
    present = len(list(folder.glob("[0-9]*.json")))
    if present > count:
        step = "restore it from a backup: nothing after it is read"
        return Finding("ERROR", "landing", f"receipt {count + 1} is missing", step)
    return Finding("PASS", "landing", f"{count} receipts, every payload whole")


def lake(settings: Settings) -> Finding:
    """Side files and data files agree."""
    from hive_cli.facts.lake import STAGES, LakeFacts

    facts = LakeFacts.of(settings.home)
    files = [file for table in STAGES for file in facts.files(table)]
    for file in files:
        if facts.sha256(file) != file.sha256:
            return Finding(
                "ERROR",
                "lake",
                f"{file.table}/{file.name}.parquet is not what was written",
                f"materialize {file.table} again for {file.name}",
            )
    if not files:
        return Finding("PASS", "lake", f"{facts.address}: empty")
    return Finding("PASS", "lake", f"{facts.address}: {len(files)} files, every hash right")


def journal(settings: Settings) -> Finding:
    """The chain holds."""
    from hive_cli.facts.chain import Evidence
    from hive_cli.facts.chain import examine as examine_journal

    if not settings.home.journal.exists():
        return Finding("PASS", "journal", "none yet")
    found = examine_journal(str(settings.home.journal), Evidence.of_home(settings), settings)
    if found["fault"] is not None:
        fault = found["fault"]
        return Finding("ERROR", "journal", f"record {fault['seq']}: {fault['reason']}", "hive verify")
    return Finding("PASS", "journal", f"{found['records']:,} records hold")
