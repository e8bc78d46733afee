"""The manifest of the dbt project: parsed once, again when the project changes, and never half written."""

import json
import shutil

import pytest

from hive_core.landing.home import HiveHome
from hive_pipelines import marts_project
from hive_pipelines.marts_project import MartsProjectError, dbt_environment, manifest_path
from hive_pipelines.project_files import project_file

pytestmark = pytest.mark.slow


def test_a_manifest_is_parsed_once_and_again_when_the_project_changes(tmp_path, monkeypatch):
    monkeypatch.delenv("HIVE_LAKE", raising=False)
    project = tmp_path / "dbt_project"
    shutil.copytree(project_file("dbt_project"), project)
    monkeypatch.setattr(marts_project, "project_file", lambda name: tmp_path / name)
    home = HiveHome(tmp_path / "home")
    first = manifest_path(home)
    assert "model.hive.fct_orders" in json.loads(first.read_text("utf-8"))["nodes"]
    assert {path.name for path in home.dbt_target.iterdir()} == {first.name, "partial_parse.msgpack"}

    with monkeypatch.context() as without_dbt:
        without_dbt.setattr(marts_project, "dbt_executable", lambda: "/nowhere/dbt")
        assert manifest_path(home) == first

    model = project / "models" / "marts" / "dim_sources.sql"
    model.write_text(model.read_text("utf-8") + "-- changed\n{{ nonsense(", "utf-8")
    with pytest.raises(MartsProjectError, match=r"dbt cannot parse[\s\S]*dim_sources"):
        manifest_path(home)
    assert {path.name for path in home.dbt_target.iterdir()} == {first.name, "partial_parse.msgpack"}


def test_the_environment_names_every_folder_that_dbt_may_write_to(tmp_path, monkeypatch):
    monkeypatch.setenv("HIVE_LAKE", str(tmp_path / "elsewhere"))
    environment = dbt_environment(HiveHome(tmp_path))
    assert environment["HIVE_LAKE"] == str(tmp_path / "elsewhere")
    assert environment["DBT_TARGET_PATH"] == str(tmp_path / "dbt")
    assert environment["DBT_LOG_PATH"] == str(tmp_path / "dbt" / "logs")
