"""The code location as a whole: every asset can be read by a person, every check has data that fails it."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from hive_core.landing.home import HiveHome
from hive_pipelines.assets.execution import BOOKS_CHECK, LOW_CHECK
from hive_pipelines.assets.lanes import CHECK as LANES_CHECK
from hive_pipelines.definitions import build_defs
from hive_pipelines.lake_io_manager import LakeIOManager
from hive_pipelines.marts_project import manifest_path
from hive_pipelines.quality.checks import SCHEMA_CHECK, SUITE_CHECK, check_specs
from hive_pipelines.quality.honesty import HONESTY_CHECK
from hive_pipelines.quality.schemas import SCHEMAS
from hive_pipelines.quality.suites import suite_tables
from hive_pipelines.sensors.deliveries import CHECK

# The dbt project is parsed for a home that was never there: seconds.
pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
EXTERNAL = {"landed_bars", "landed_rates", "landed_news", "landed_messages", "delivered_decisions"}
NO_TABLE = {"deck"}
"""Published beside the lake."""
OF_ONE_TABLE = {
    HONESTY_CHECK: "source_scorecards",
    LANES_CHECK: "execution_reports",
    LOW_CHECK: "account_headroom",
    BOOKS_CHECK: "portfolio_risk",
}
FAILING_DATA = {
    "dbt": "marts/test_marts.py::test_every_dbt_test_fails_on_the_lake_that_is_broken_for_it",
    SCHEMA_CHECK: "quality/test_schemas.py::test_a_broken_row_is_named_with_its_columns_and_values",
    SUITE_CHECK: "quality/test_suites.py::test_an_implausible_row_is_named_with_its_columns_and_values",
    HONESTY_CHECK: "quality/test_honesty.py::test_a_source_that_claims_more_than_was_measured_is_named",
    LANES_CHECK: "test_lanes.py::test_a_planted_difference_fails_the_check_and_is_shown",
    LOW_CHECK: "test_account_headroom.py::test_little_room_fails_the_check_and_names_the_account",
    BOOKS_CHECK: "test_book_risk.py::test_a_book_that_is_not_known_or_moves_as_one_fails_the_check",
    CHECK: "sensors/test_deliveries.py::test_a_stop_on_the_wrong_side_is_refused_here_and_the_others_go_on",
}
"""Where each kind of check meets data that fails it."""


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Iterator[HiveHome]:
    with pytest.MonkeyPatch.context() as patched:
        patched.delenv("HIVE_LAKE", raising=False)
        patched.setenv("HIVE_HOME", str(tmp_path_factory.mktemp("definitions") / "home"))
        yield HiveHome.from_environment()


@pytest.fixture(scope="module")
def definitions(home) -> dg.Definitions:
    return build_defs()


@pytest.fixture(scope="module")
def specs(definitions) -> dict[str, dg.AssetSpec]:
    return {spec.key.to_user_string(): spec for spec in definitions.resolve_all_asset_specs()}


@pytest.fixture(scope="module")
def checks(definitions) -> list[dg.AssetCheckSpec]:
    graph = definitions.resolve_asset_graph()
    return [graph.get_check_spec(key) for key in graph.asset_check_keys]


def dbt_tests(home: HiveHome) -> set[str]:
    nodes = json.loads(manifest_path(home).read_text("utf-8"))["nodes"].values()
    return {node["name"] for node in nodes if node["resource_type"] == "test"}


def test_every_asset_says_what_it_is_whose_and_of_which_kind(specs):
    lacking = {
        name: fields
        for name, spec in specs.items()
        if (
            fields := [
                field
                for field in ("description", "owners", "kinds", "group_name")
                if not getattr(spec, field)
            ]
        )
    }
    assert lacking == {}
    assert {spec.group_name for spec in specs.values()} == {
        "landing",
        "market",
        "signals",
        "execution",
        "sources",
        "marts",
    }
    short = [name for name, spec in specs.items() if len(spec.description.split()) < 5]
    assert short == []


def test_every_table_of_the_lake_has_its_checks(specs, checks):
    marts = {name for name, spec in specs.items() if spec.group_name == "marts"}
    tables = set(specs) - EXTERNAL - NO_TABLE - marts
    assert tables == set(SCHEMAS)
    promised = {
        (spec.asset_key.to_user_string(), spec.name) for table in tables for spec in check_specs(table)
    }
    found = {(spec.asset_key.to_user_string(), spec.name) for spec in checks}
    assert promised <= found
    others = {name for name, check in found - promised if check not in OF_ONE_TABLE}
    assert marts == others - EXTERNAL, "a mart without a test"


def test_schemas_block_and_suites_warn(checks):
    assert {spec.blocking for spec in checks if spec.name == SCHEMA_CHECK} == {True}
    assert {spec.blocking for spec in checks if spec.name == SUITE_CHECK} == {False}


def test_every_check_is_one_that_meets_data_that_fails_it(home, checks):
    """For each kind there is a test that goes through all of its kind."""
    of_dbt = dbt_tests(home)
    unmet = []
    for spec in checks:
        table = spec.asset_key.to_user_string()
        kind = "dbt" if spec.name in of_dbt else spec.name
        goes_through = {
            "dbt": True,
            SCHEMA_CHECK: table in SCHEMAS,
            SUITE_CHECK: table in suite_tables(),
            CHECK: table == "delivered_decisions",
        }
        if not goes_through.get(kind, OF_ONE_TABLE.get(kind) == table):
            unmet.append((table, spec.name))
    assert unmet == []
    assert of_dbt <= {spec.name for spec in checks}, "a dbt test that is no asset check"


@pytest.mark.parametrize("place", FAILING_DATA.values())
def test_the_tests_that_fail_the_checks_are_there(place):
    file, name = place.split("::")
    functions = {
        node.name
        for node in ast.parse((HERE / file).read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef)
    }
    assert name in functions


def test_frames_are_stored_by_the_lake_and_nothing_is_pickled(definitions):
    repository = definitions.get_repository_def()
    resources = repository.get_top_level_resources()
    assert set(resources) == {"hive", "io_manager"}
    assert isinstance(definitions.resources["io_manager"], LakeIOManager)
    graph = definitions.resolve_asset_graph()
    of_others = {
        key.to_user_string()
        for key in graph.materializable_asset_keys
        if graph.get(key).assets_def.get_io_manager_key_for_asset_key(key) != "io_manager"
    }
    assert of_others == {spec for spec in of_others if spec.startswith(("fct_", "dim_", "mart_"))}


def test_a_resource_can_be_replaced(home):
    class Elsewhere(LakeIOManager):
        """Stands for a lake of another kind."""

    replaced = Elsewhere(hive=build_defs().resources["hive"])
    assert build_defs(resource_overrides={"io_manager": replaced}).resources["io_manager"] is replaced


def test_every_job_and_sensor_can_be_loaded_and_the_sensors_run_by_themselves(definitions):
    repository = definitions.get_repository_def()
    assert {job.name for job in repository.get_all_jobs()} >= {
        "bars_job",
        "rates_job",
        "signals_job",
        "reports_job",
    }
    sensors = {sensor.name: sensor for sensor in repository.sensor_defs}
    assert set(sensors) == {
        "inbox_messages",
        "landings",
        "deliver_decisions",
        "pull_reports",
        "fresh_decks",
        "lineage_sensor",
        "alert_sensor",
    }
    assert {sensor.default_status for sensor in sensors.values()} == {dg.DefaultSensorStatus.RUNNING}


def test_the_jobs_together_make_every_asset(definitions):
    repository = definitions.get_repository_def()
    names = ("bars_job", "rates_job", "news_job", "signals_job", "reports_job", "deck_job")
    made = {
        key.to_user_string()
        for name in names
        for key in repository.get_job(name).asset_layer.executable_asset_keys
    }
    graph = definitions.resolve_asset_graph()
    assert made == {key.to_user_string() for key in graph.materializable_asset_keys}


def test_the_check_of_deliveries_asked_for_by_hand_says_who_reports_it(definitions):
    key = dg.AssetCheckKey(dg.AssetKey("delivered_decisions"), CHECK)
    job = definitions.resolve_implicit_global_asset_job_def().get_subset(asset_check_selection={key})
    with pytest.raises(dg.Failure, match="reported by the sensor deliver_decisions"):
        job.execute_in_process()


def test_what_the_journal_holds_is_fetched_before_the_lanes_are_compared(definitions):
    job = definitions.resolve_job_def("lanes_job")
    of_the_check = next(node for node in job.nodes if "live_decisions" in node.name)
    before = job.dependency_structure.all_upstream_outputs_from_node(of_the_check.name)
    assert [output.node_name for output in before] == ["execution_reports"]
