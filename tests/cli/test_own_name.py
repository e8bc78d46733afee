"""A printed command can be typed as it is printed."""

from __future__ import annotations

import sys

import pytest

from hive_cli import own_name as module
from hive_cli.own_name import own_name


@pytest.fixture
def place(tmp_path, monkeypatch):
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    hive = tmp_path / ".venv" / "bin" / "hive"
    hive.write_text("")
    monkeypatch.setattr(sys, "executable", str(hive.with_name("python")))
    monkeypatch.chdir(tmp_path)
    return hive


def test_on_the_path_it_is_hive(place, monkeypatch):
    monkeypatch.setattr(module.shutil, "which", lambda _: str(place))
    assert own_name() == "hive"


def test_beside_the_path_it_is_its_place(place, monkeypatch, tmp_path):
    monkeypatch.setattr(module.shutil, "which", lambda _: None)
    assert own_name() == ".venv/bin/hive"
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert own_name() == str(place)


def test_another_hive_on_the_path_is_not_this_one(place, monkeypatch):
    monkeypatch.setattr(module.shutil, "which", lambda _: "/usr/bin/hive")
    assert own_name() == ".venv/bin/hive"
