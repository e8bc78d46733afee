"""Who may import whom, and what may never be loaded: by the linter, by ruff, and in fresh interpreters."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = ROOT / "pyproject.toml"
BIN = Path(sys.executable).parent


def linted(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BIN / "lint-imports", "--config", SETTINGS, "--no-cache"],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_import_contract_is_kept():
    run = linted(ROOT)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "0 broken" in run.stdout


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("hive_core", "import hive_exec"),
        ("hive_core", "import hive_pipelines"),
        ("hive_core", "def late():\n    import hive_cli"),
        ("hive_exec", "import hive_pipelines"),
        ("hive_pipelines", "import hive_exec"),
        ("hive_exec", "import hive_cli"),
        ("hive_cli", "import hive_pipelines"),
    ],
)
def test_an_import_upward_or_across_breaks_a_contract(tmp_path, place, line):
    for package in ("hive_core", "hive_exec", "hive_pipelines", "hive_cli"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text(line if package == place else "")
    run = linted(tmp_path)
    assert run.returncode == 1
    assert "1 broken" in run.stdout


def loaded_by(code: str) -> set[str]:
    """Top-level names of every module that a fresh interpreter holds after running `code`."""
    told = f"{code}\nimport sys\nprint('\\n'.join(name.split('.')[0] for name in sys.modules))"
    run = subprocess.run(
        [sys.executable, "-c", told], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    return set(run.stdout.split())


HEAVY = {
    *("dagster", "torch", "lightgbm", "sklearn", "great_expectations", "pandera", "pandas", "pyarrow"),
    *("matplotlib", "openlineage", "slack_sdk", "duckdb", "dbt", "scipy"),
}


def test_the_daemon_loads_nothing_heavy():
    loaded = loaded_by("import hive_exec.main")
    assert {"hive_exec", "uvicorn", "polars"} <= loaded
    assert not loaded & (HEAVY | {"hive_pipelines", "hive_cli", "starlette"})


def test_the_domain_loads_no_web_database_network_or_framework():
    code = (
        "import pkgutil, importlib, hive_core\n"
        "for module in pkgutil.walk_packages(hive_core.__path__, 'hive_core.'):\n"
        "    importlib.import_module(module.name)"
    )
    loaded = loaded_by(code)
    assert {"hive_core", "polars", "pydantic"} <= loaded
    assert not loaded & (
        HEAVY | {"starlette", "uvicorn", "sqlite3", "httpx", "fsspec", "requests", "hive_exec"}
    )


def imported_names(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize(
    "path", sorted((ROOT / "hive_core").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT))
)
def test_no_module_of_the_domain_imports_them_later_either(path):
    # Where files land is the one edge of the domain: it writes under names of its own, locks, and may be
    # called from two threads.
    allowed = {"os", "fcntl", "secrets", "threading"} if path.parent.name == "landing" else set()
    outside = {
        *("dagster", "torch", "starlette", "uvicorn", "sqlite3", "httpx", "requests", "socket", "urllib"),
        *("http", "asyncio", "threading", "subprocess", "os", "tempfile", "fcntl", "time", "secrets", "uuid"),
    }
    assert not imported_names(path) & (outside - allowed)


BANNED = (
    *("torch", "lightgbm", "sklearn", "scipy", "pandas", "pyarrow", "matplotlib", "great_expectations"),
    *("openlineage", "slack_sdk", "duckdb"),
)


def ruff_on(code: str, name: str) -> str:
    run = subprocess.run(
        [
            BIN / "ruff",
            "check",
            "--config",
            SETTINGS,
            "--no-cache",
            "--select",
            "TID253",
            "--stdin-filename",
            ROOT / name,
            "-",
        ],
        input=code,
        capture_output=True,
        text=True,
        check=False,
    )
    return run.stdout


@pytest.mark.parametrize("package", ["hive_core", "hive_exec", "hive_cli", "hive_pipelines"])
def test_a_heavy_library_at_module_level_is_refused(package):
    lines = [f"import {name}\nfrom {name} import something" for name in BANNED]
    told = ruff_on("\n".join(lines), f"{package}/planted.py")
    for name in BANNED:
        assert told.count(f"`{name}` is banned at the module level") == 2


def test_inside_a_function_a_heavy_library_is_welcome():
    assert "All checks passed" in ruff_on("def f():\n    import torch\n", "hive_pipelines/planted.py")
