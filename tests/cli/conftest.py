"""A home of its own for every test, and the command as a function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from hive_cli.main import run
from hive_core.landing.home import HiveHome


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HiveHome:
    for name in ("HIVE_CONFIG", "HIVE_LAKE", "DAGSTER_HOME", "HIVE_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HIVE_HOME", str(tmp_path / ".hive"))
    monkeypatch.chdir(tmp_path)
    # Ports where nobody listens: a Hive that runs on this machine is not ours.
    (tmp_path / "hive.toml").write_text(
        "[ports]\nhive_exec = 20001\ndagster_code_server = 20002\ndagster_webserver = 20003\n"
    )
    return HiveHome(tmp_path / ".hive")


@pytest.fixture
def hive(home: HiveHome, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    def call(*arguments: str) -> Said:
        code = run(list(arguments))
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return call
