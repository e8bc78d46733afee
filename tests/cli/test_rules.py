"""`hive rules`: the packs, as of a day, with what is unknown and where sources disagree."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from hive_cli.main import app
from hive_core.risk.rules.reading import programme_names


def told(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["rules", *arguments], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    return result.output


def test_all_packs_are_listed():
    text = told()
    for name in programme_names():
        assert name in text
    assert "5 % of initial, from balance, hard" in text
    listed = json.loads(told("--json"))["programmes"]
    assert [one["name"] for one in listed] == list(programme_names())


def test_a_programme_is_shown_as_of_a_day_with_its_sources():
    today = told("ftmo_2step")
    assert "days: 4" in today
    assert "academy.ftmo.com/lesson/minimum-trading-days (firm, 2026-11-23)" in today
    then = told("ftmo_2step", "--on", "2022-03-01")
    assert "days: 10" in then
    assert "as of 2022-03-01" in then


def test_what_is_unknown_is_told_and_is_in_the_json():
    text = told("e8_one", "--phase", "phase1")
    assert "unknown, so a person is asked: " in text
    assert "daily_loss.resets" in text
    held = json.loads(told("e8_one", "--json"))
    assert "daily_loss.resets" in held["unknown"]
    assert held["daily_loss"]["resets"] == "unknown"


def test_disputed_rules_are_told():
    assert "sources disagree on " in told("ftmo_1step")


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["ftmo"], "no programme 'ftmo'; there are: "),
        (
            ["ftmo_2step", "--phase", "phase9"],
            "ftmo_2step has no phase 'phase9'; it has: phase1, phase2, funded",
        ),
        (["ftmo_2step", "--on", "yesterday"], "--on: 'yesterday' is no day"),
    ],
)
def test_what_is_not_there_is_refused_with_the_next_step(arguments, what):
    result = CliRunner().invoke(app, ["rules", *arguments])
    assert result.exit_code != 0
    assert what in str(result.exception)
