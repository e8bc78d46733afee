"""The marts are written into a folder; a lake that is none is refused before anything is made."""

from __future__ import annotations

from pathlib import Path

import pytest

from hive_core.landing.home import HiveHome
from hive_pipelines.marts_project import LakeIsNoFolder, mart_path, prepare_marts_folder


@pytest.mark.parametrize("address", ["s3://bucket/lake", "file:///somewhere/lake", "memory://lake"])
def test_a_lake_that_is_no_folder_is_refused_and_nothing_is_made(address, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HIVE_LAKE", address)
    home = HiveHome(tmp_path / "home")
    for touch in (lambda: prepare_marts_folder(home), lambda: mart_path(home, "fct_orders")):
        with pytest.raises(LakeIsNoFolder, match=rf"a folder, not to HIVE_LAKE={address}.*Next step"):
            touch()
    assert list(tmp_path.iterdir()) == []


def test_the_folder_of_the_marts_is_made_in_the_lake(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("HIVE_LAKE", str(tmp_path / "elsewhere"))
    home = HiveHome(tmp_path / "home")
    prepare_marts_folder(home)
    assert mart_path(home, "fct_orders") == tmp_path / "elsewhere" / "marts" / "fct_orders.parquet"
    assert mart_path(home, "fct_orders").parent.is_dir()
