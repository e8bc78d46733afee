"""`hive account`: every limit of an account, used and left, as the daemon tells it."""

from __future__ import annotations

import json

import pytest
from core_bench import with_order

from hive_cli.commands.account import _bar, _show
from hive_core.configuration.model import Configuration
from hive_core.contracts.order import OrderState
from hive_exec import service


class OneBot:
    """A daemon's cell, as far as one account is asked for."""

    def __init__(self, bot):
        self.bots = {bot.name: bot}
        self.configuration = Configuration()


def story(**settings):
    bot, _ = with_order(OrderState.FILLED)
    bot.settings = bot.settings.model_copy(update=settings)
    return service.account(OneBot(bot), bot.name)


def test_the_limits_are_shown_with_what_is_left_of_them(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    told = story()
    assert json.loads(json.dumps(told)) == told
    _show(told)
    text = capsys.readouterr().out
    for expected in (
        "FTMO 2-Step, phase1, as of 2017-03-06",
        "daily loss",
        "95000",
        "with every stop hit",
        "profit target",
        "exposure EUR",
        "the firm does not state: inactivity",
    ):
        assert expected in text


def test_what_asks_a_person_is_told(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    _show(story(mode="paper", accepted_unknowns=()))
    text = capsys.readouterr().out
    assert "What the firm says" in text
    assert "follow signals of others" in text


@pytest.mark.parametrize(("used", "cells"), [(0, 0), (49, 10), (100, 20), (250, 20)])
def test_the_bar_is_as_long_as_what_is_used(used, cells):
    assert _bar(used).plain.count("\u2588") == cells


def test_without_a_daemon_the_next_step_is_told(hive):
    said = hive("account")
    assert said.code == 1
    assert "hive up" in said.err
