"""What a firm says of an account before it is connected: each permission, each consequence, each source."""

from __future__ import annotations

from datetime import date

import pytest
from rules_bench import rule_set

from hive_core.configuration.model import Account
from hive_core.risk.firm_policy import WAYS, firm_words
from hive_core.risk.rules.as_of import rules_as_of
from hive_core.risk.rules.phases import phase_names, rules_on
from hive_core.risk.rules.reading import programme, programme_names
from hive_core.risk.rules.values import Policy

ALLOWED = Policy(**dict.fromkeys(WAYS, "allowed"))


def an_account(**changes):
    return Account(name="a", mode="paper", sources=("room_*", "me"), own_sources=("me",), **changes)


def consequences(permissions, sources=(), **changes):
    rules = rule_set(policy=ALLOWED.model_copy(update=permissions))
    return {word.way: word.consequence for word in firm_words(rules, an_account(**changes), sources)}


@pytest.mark.parametrize(
    ("permission", "changes", "consequence"),
    [
        ("allowed", {}, "free"),
        ("forbidden", {}, "blocked"),
        ("forbidden", {"accepted_unknowns": ("policy",)}, "blocked"),  # no setting makes it allowed
        ("forbidden", {"asks_where_firm_forbids": True}, "asks"),
        ("own_accounts_only", {}, "blocked"),
        ("restricted", {}, "asks"),
        ("restricted", {"accepted_unknowns": ("policy",)}, "asks"),
        ("restricted", {"accepted_unknowns": ("policy.third_party_signals",)}, "read_up"),
        ("unknown", {}, "asks"),
        ("unknown", {"accepted_unknowns": ("policy",)}, "read_up"),
    ],
)
def test_what_each_permission_leads_to(permission, changes, consequence):
    assert consequences({"third_party_signals": permission}, **changes)["third_party_signals"] == consequence


def test_the_owners_own_signals_are_nobodys_to_follow():
    assert "third_party_signals" not in consequences({"third_party_signals": "forbidden"}, sources=("me",))
    rules = rule_set(policy=ALLOWED.model_copy(update={"third_party_signals": "forbidden"}))
    (word,) = [
        one
        for one in firm_words(rules, an_account(), ("me", "room_1", "room_2"))
        if one.way == "third_party_signals"
    ]
    assert word.sources == ("room_1", "room_2")
    assert word.text == "follow signals of others (room_1, room_2): forbidden"


def test_where_the_daemon_runs_is_told_and_holds_nothing_back():
    assert consequences({"remote_servers": "forbidden", "cloud_copiers": "unknown"}) == dict.fromkeys(
        WAYS, "free"
    )


def test_a_firm_of_which_nothing_is_known_asks_for_everything():
    rules = rule_set(policy="unknown", news="unknown")
    found = {word.way: word.consequence for word in firm_words(rules, an_account())}
    assert found["automation"] == found["third_party_signals"] == found["news"] == "asks"


def test_a_phase_without_known_limits_stops_all():
    words = firm_words(rule_set(daily_loss="unknown"), an_account())
    assert [word.way for word in words if word.consequence == "stops_all"] == ["daily_loss"]


def test_every_phase_there_is_has_its_words_as_the_gate_has_them():
    today = date(2026, 11, 23)
    stopped = 0
    for name in phase_names():
        words = firm_words(rules_on(name, today), an_account())
        assert words, name
        stopped += any(word.consequence == "stops_all" for word in words)
    known = [programme(name) for name in programme_names()]
    without = sum(
        bool({"daily_loss", "maximum_loss", "daily_loss.resets", "maximum_loss.resets"} & set(rules.unknown))
        for one in known
        for phase in one.phases
        for rules in [rules_as_of(one, phase, today)]
    )
    assert stopped == without > 0
