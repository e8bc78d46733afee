"""The code version of a decision covers every file that resolution is made of."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import hive_core
from hive_core.signals.code_version import FILES, code_version, version_of

PACKAGE = Path(hive_core.__file__).parent
ENTRANCES = {"signals/resolve.py", "signals/replay.py"}
ENDS = {"configuration/model.py", "signals/scorecards/weights.py"}
"""Counted themselves, not what they import: settings are in a decision's own hash, and only one number, the
prior, is taken from the other."""
BESIDE = {"instruments/instruments.toml"}
"""No code, and read by it."""


def files_imported(name: str) -> set[str]:
    """The files of the package that one of them imports."""
    found = set()
    for node in ast.walk(ast.parse((PACKAGE / name).read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            modules = [node.module, *(f"{node.module}.{each.name}" for each in node.names)]
        elif isinstance(node, ast.Import):
            modules = [each.name for each in node.names]
        else:
            continue
        inside = (each.removeprefix("hive_core.") for each in modules if each.startswith("hive_core."))
        found |= {path for each in inside if (PACKAGE / (path := each.replace(".", "/") + ".py")).exists()}
    return found


def test_every_file_that_resolution_imports_is_in_its_version():
    seen: set[str] = set()
    ahead = set(ENTRANCES)
    while ahead:
        name = ahead.pop()
        seen.add(name)
        if name not in ENDS:
            ahead |= files_imported(name) - seen
    assert sorted(seen | BESIDE) == sorted(FILES)
    assert list(FILES) == sorted(FILES)


@pytest.mark.parametrize("name", FILES)
def test_a_change_of_any_file_is_another_version(name: str):
    files = {each: (PACKAGE / each).read_bytes() for each in FILES}
    assert version_of(files) == code_version()
    assert version_of({**files, name: files[name] + b"#"}) != code_version()
    as_on_windows = files[name].replace(b"\n", b"\r\n")
    assert version_of({**files, name: as_on_windows}) == code_version()


def test_it_names_the_package_and_is_an_identifier():
    assert code_version().startswith(f"hive-{hive_core.__version__}-")
    assert len(code_version().rsplit("-", 1)[1]) == 12
