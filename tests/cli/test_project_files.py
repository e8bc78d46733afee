"""The files that people, CI and Dagster read: Makefile, lock, dagster.yaml, workspace.yaml."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_make_help_explains_every_target() -> None:
    # Run by `make test` it would be a make inside a make, which tells its folder.
    command = ["make", "--no-print-directory", "help"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony is not None
    explained = {line.split()[1]: line.split(maxsplit=2)[2] for line in told.splitlines()}
    assert set(explained) == set(phony[1].split())
    assert {"setup", "run", "stop", "up", "test", "check", "bench", "prove", "lock"} <= set(explained)


def test_every_dependency_is_locked_with_hashes_but_those_that_learn() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = dict(project["project"]["optional-dependencies"])
    models = extras.pop("models")
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    wanted += [line for extra in extras.values() for line in extra]
    lock = (ROOT / "requirements.lock").read_text()
    locked = set(re.findall(r"^([a-z0-9-]+)==", lock, re.MULTILINE))
    assert {name_of(line) for line in wanted} <= locked
    assert not {name_of(line) for line in models} & locked
    pins = len(re.findall(r"^[a-z0-9-]+==", lock, re.MULTILINE))
    assert len(re.findall(r"==[^\n]*\\\n    --hash=sha256:", lock)) == pins


def name_of(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9_.-]+", requirement)
    assert found is not None
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def test_the_lock_names_no_index_and_no_path() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert not re.search(r"https?://|file:|^--(?!hash)|@ ", lock, re.MULTILINE)


def test_dagsters_settings_load_and_mean_what_they_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import dagster
    from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager

    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    (tmp_path / "dagster.yaml").write_bytes((ROOT / "dagster.yaml").read_bytes())
    with dagster.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert instance.telemetry_enabled is False
        assert instance.nux_enabled is False
        assert instance.run_monitoring_enabled is True
        assert (instance.run_retries_enabled, instance.run_retries_max_retries) == (True, 2)
        limits = instance.get_concurrency_config()
        assert limits.run_queue_config is not None
        assert limits.run_queue_config.max_concurrent_runs == 2
        assert limits.pool_config.pool_granularity is not None
        assert limits.pool_config.default_pool_limit == 1
        assert isinstance(instance.compute_log_manager, LocalComputeLogManager)


def test_the_workspace_finds_the_code_server_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    from dagster._core.workspace.load import location_origins_from_yaml_paths

    from hive_cli.services.roster import environment, services
    from hive_cli.settings import load_settings

    monkeypatch.setenv("HIVE_CONFIG", os.devnull)
    settings = load_settings()
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)
    origins = location_origins_from_yaml_paths([str(ROOT / "workspace.yaml")])
    (origin,) = origins.values() if isinstance(origins, dict) else origins
    assert (origin.host, origin.port, origin.location_name) == ("127.0.0.1", 4266, "hive")
    server = next(service for service in services(settings) if service.name == "dagster-code-server")
    assert server.command[server.command.index("--port") + 1] == "4266"


def test_no_service_phones_home_or_runs_without_byte_code(monkeypatch: pytest.MonkeyPatch) -> None:
    from hive_cli.services.roster import environment
    from hive_cli.settings import load_settings

    monkeypatch.setenv("HIVE_CONFIG", os.devnull)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    given = environment(load_settings())
    assert "PYTHONDONTWRITEBYTECODE" not in given
    assert given["DAGSTER_DISABLE_TELEMETRY"] == "yes"
    assert given["DO_NOT_TRACK"] == "1"
    assert given["DBT_SEND_ANONYMOUS_USAGE_STATS"] == "false"
    assert given["GX_ANALYTICS_ENABLED"] == "false"


def test_without_the_pipelines_nothing_is_started_and_the_install_is_named(
    hive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hive_cli.services.bundled.find_spec", lambda name: None)
    said = hive("up")
    assert said.code == 1
    assert said.err.splitlines()[-1] == '  next: pip install ".[pipelines,demo]"'
    assert json.loads(hive("down", "--json").out)["stopped"] == []


def test_every_variable_of_the_environment_is_documented() -> None:
    documented = (ROOT / "docs" / "configuration.md").read_text("utf-8")
    folders = ("hive_core", "hive_exec", "hive_cli", "hive_pipelines", "proofs", "bench")
    named = {
        name
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
        for name in re.findall(r"""["'](HIVE_[A-Z_]+[A-Z])["']""", path.read_text("utf-8"))
    }
    assert len(named) > 15
    assert [name for name in sorted(named) if f"`{name}`" not in documented] == []
