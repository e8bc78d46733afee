"""The container: what its file says, and its entry point run as it would be."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "container"
ENTRYPOINT = FOLDER / "entrypoint.sh"


def instructions(text: str) -> list[tuple[str, str]]:
    """The instructions of a Dockerfile, lines that go on joined."""
    joined = re.sub(r"\\\n", " ", "\n".join(line for line in text.splitlines() if not line.startswith("#")))
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in joined.splitlines()) if word]


@pytest.fixture
def last_stage() -> list[tuple[str, str]]:
    found = instructions((FOLDER / "Dockerfile").read_text())
    begins = max(number for number, (word, _) in enumerate(found) if word == "FROM")
    return found[begins:]


def only(stage: list[tuple[str, str]], word: str) -> str:
    (found,) = [rest for name, rest in stage if name == word]
    return found


def test_it_does_not_run_as_root_and_its_home_is_a_volume(last_stage) -> None:
    user = only(last_stage, "USER")
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    assert only(last_stage, "VOLUME") in only(last_stage, "ENV")
    assert f"HIVE_HOME={only(last_stage, 'VOLUME')}" in only(last_stage, "ENV")
    words = [word for word, _ in last_stage]
    assert words.index("USER") < words.index("ENTRYPOINT")
    assert "COPY" not in words[words.index("USER") :]  # nothing of the image belongs to who runs it


def test_it_is_asked_for_its_health_by_a_command_that_exists(last_stage, capsys) -> None:
    from hive_cli.main import run

    command = json.loads(only(last_stage, "HEALTHCHECK").partition("CMD ")[2])
    assert command[0] == "hive"
    assert run([*command[1:], "--help"]) == 0
    assert "exit code 0" in capsys.readouterr().out


def test_what_it_starts_is_the_daemon(last_stage, capsys) -> None:
    from hive_cli.main import run

    assert only(last_stage, "STOPSIGNAL") == "SIGTERM"
    assert json.loads(only(last_stage, "ENTRYPOINT")) == ["hive-entrypoint"]
    assert run([*json.loads(only(last_stage, "CMD")), "--help"]) == 0
    assert "execution daemon" in capsys.readouterr().out


def test_packages_are_checked_by_hash_and_the_install_reaches_no_index() -> None:
    text = " ".join(rest for word, rest in instructions((FOLDER / "Dockerfile").read_text()) if word == "RUN")
    assert "--require-hashes" in text
    assert "--no-index" in text
    assert "http" not in text


def test_what_is_copied_in_exists_and_holds_no_history_or_data() -> None:
    lines = (FOLDER / "Dockerfile.dockerignore").read_text().splitlines()
    assert lines[1] == "*"  # all is left out that is not named
    for name in (line[1:] for line in lines if line.startswith("!")):
        assert (ROOT / name).exists(), name
    assert not {".git", ".hive", ".venv"} & {line.lstrip("!").split("/")[0] for line in lines}


def entered(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(ENTRYPOINT), *arguments], env=environment, capture_output=True, text=True)


@pytest.fixture
def beside(tmp_path: Path) -> dict[str, str]:
    """A `hive` that tells how it was called, an `id` that is no root, and a home."""
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "hive").write_text('#!/bin/sh\necho "$$ $HIVE_CONFIG $*"\n')
    (tools / "id").write_text("#!/bin/sh\necho 10001\n")
    for tool in tools.iterdir():
        tool.chmod(0o755)
    home = tmp_path / "home"
    home.mkdir()
    return {"PATH": f"{tools}:{os.environ['PATH']}", "HIVE_HOME": str(home), "HIVE_CONFIG": "a.toml"}


def test_the_command_takes_the_place_of_the_shell(beside) -> None:
    process = subprocess.Popen([str(ENTRYPOINT), "exec"], env=beside, stdout=subprocess.PIPE, text=True)
    said, _ = process.communicate(timeout=10)
    assert said == f"{process.pid} a.toml exec\n"


def test_root_is_refused(beside, tmp_path: Path) -> None:
    (tmp_path / "bin" / "id").write_text("#!/bin/sh\necho 0\n")
    done = entered(beside, "exec")
    assert done.returncode == 78
    assert "runs as root" in done.stderr


def test_a_home_that_cannot_be_written_is_refused(beside, tmp_path: Path) -> None:
    done = entered({**beside, "HIVE_HOME": str(tmp_path / "missing")}, "exec")
    assert done.returncode == 78
    assert "mount a volume" in done.stderr


@pytest.mark.skipif(shutil.which("hadolint") is None, reason="needs hadolint")
def test_hadolint_finds_nothing() -> None:
    done = subprocess.run(["hadolint", str(FOLDER / "Dockerfile")], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")
