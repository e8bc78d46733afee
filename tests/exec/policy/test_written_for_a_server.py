"""What an operator gives an OPA server."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from hive_exec.policy.__main__ import main
from hive_exec.policy.bundle import policy_folder, read_bundle


def test_the_folder_and_its_revision(tmp_path):
    command = [sys.executable, "-m", "hive_exec.policy", tmp_path / "served"]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    bundle = read_bundle(policy_folder())
    assert run.stdout == f"{bundle.revision}\n"
    written = {path.name: path.read_bytes() for path in (tmp_path / "served").iterdir()}
    assert written == bundle.served_files()


def test_policies_of_ones_own(tmp_path, capsys):
    shutil.copytree(policy_folder(), tmp_path / "own")
    with (tmp_path / "own" / "order.rego").open("a") as file:
        file.write("# ours\n")
    assert main([str(tmp_path / "served"), str(tmp_path / "own")]) == 0
    assert capsys.readouterr().out == f"{read_bundle(tmp_path / 'own').revision}\n"


@pytest.mark.parametrize("arguments", [[], ["a", "b", "c"]])
def test_it_says_how_it_is_called(capsys, arguments):
    assert main(arguments) == 2
    assert "usage" in capsys.readouterr().err


def test_a_folder_with_something_in_it_is_left_alone(tmp_path, capsys):
    (tmp_path / "old.rego").write_text("package hive.old\n")
    assert main([str(tmp_path)]) == 2
    assert "not empty" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["old.rego"]


def test_policies_that_cannot_be_used_are_not_written(tmp_path, capsys):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "a.rego").write_text(
        "package hive.a\n\nimport rego.v1\n\nallow if time.now_ns() == 1\n"
    )
    assert main([str(tmp_path / "served"), str(tmp_path / "own")]) == 2
    assert "a.rego, line 5" in capsys.readouterr().err
    assert not (tmp_path / "served").exists()
