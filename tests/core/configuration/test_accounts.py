"""Which account a source trades, and the way back from an account's name to its settings."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from hive_core.configuration.load import ConfigurationError, parse_configuration
from hive_core.configuration.model import Account, Configuration
from hive_core.contracts.base import AccountName


def account(name: str, *sources: str) -> Account:
    return Account(name=name, mode="replay", sources=sources or ("*",))


def test_the_default_puts_the_samples_together_and_every_other_source_alone():
    configuration = Configuration()
    assert configuration.account_for_source("sample_edge")[0] == "samples"
    assert configuration.account_for_source("gold_room")[0] == "replay_gold_room"
    assert configuration.account_named("replay_gold_room").name == "replay_{source}"
    assert configuration.account_named("nobody") is None
    assert configuration.account_named("replay_") is None
    assert configuration.account_named("replay_{source}").name == "replay_{source}"  # a source's name, too


def test_the_first_account_that_takes_a_source_trades_it():
    configuration = Configuration(accounts=(account("gold", "gold_*"), account("rest")))
    assert configuration.account_for_source("gold_1")[0] == "gold"
    assert configuration.account_for_source("silver")[0] == "rest"


def test_a_source_that_no_account_takes_has_none():
    assert Configuration(accounts=(account("gold", "gold_*"),)).account_for_source("silver") is None


def test_two_templates_of_one_stem_are_told_apart_by_their_sources():
    careful, bold = account("r_{source}", "gold_*"), account("r_{source}")
    configuration = Configuration(accounts=(careful, bold.model_copy(update={"max_open_positions": 1})))
    assert configuration.account_named("r_gold_1").max_open_positions == 20
    assert configuration.account_named("r_eur").max_open_positions == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (account("a"), account("a", "x")),
        (account("replay_gold"), account("replay_{source}")),
        (account("replay_{source}"), account("replay_gold")),
        (account("a{source}", "b*"), account("ab{source}")),
        (account("ab{source}"), account("a{source}", "b*")),
    ],
)
def test_two_accounts_that_could_have_one_name_are_refused(one, other):
    with pytest.raises(ValidationError, match="could name the same account"):
        Configuration(accounts=(one, other))


def test_the_refusal_points_at_the_accounts():
    text = "\n\n[[accounts]]\nname = 'a'\nmode = 'replay'\nsources = ['x']\n"
    with pytest.raises(ConfigurationError) as refused:
        parse_configuration(text + text)
    (fault,) = refused.value.faults
    assert (fault.line, fault.reason) == (3, "accounts: a and a could name the same account")


def test_a_fixed_name_beside_a_template_that_cannot_make_it_is_allowed():
    Configuration(accounts=(account("replay_gold", "x"), account("replay_{source}", "silver*")))


@pytest.mark.parametrize(
    "name",
    ["", "Samples", "-a", "a b", "a{source}b", "{source}", "a{source}{source}", "a{room}", "a" * 33, "a\n"],
)
def test_names_that_cannot_be_are_refused(name):
    with pytest.raises(ValidationError):
        account(name)


names = st.from_regex(r"[ab][ab_]{0,3}(\{source\})?", fullmatch=True)
patterns = st.from_regex(r"[abx]{0,2}[*?]?", fullmatch=True).filter(bool)
sources = st.from_regex(r"[abx][abx_]{0,4}", fullmatch=True)


@given(
    st.lists(st.tuples(names, patterns), min_size=1, max_size=4), st.lists(sources, min_size=1, max_size=8)
)
def test_an_accounts_name_leads_back_to_the_account_that_a_source_trades(accounts, some_sources):
    try:
        configuration = Configuration(
            accounts=tuple(
                account(name, pattern).model_copy(update={"max_open_positions": number})
                for number, (name, pattern) in enumerate(accounts, start=1)
            )
        )
    except ValidationError:
        assume(False)
    for source in some_sources:
        found = configuration.account_for_source(source)
        if found is not None:
            name, settings = found
            assert configuration.account_named(name) is settings
            assert source in name or "{source}" not in settings.name


def test_the_longest_name_of_a_source_is_still_an_accounts_name():
    (longest,) = (account("a" * 24 + "{source}"),)
    name, _ = Configuration(accounts=(longest,)).account_for_source("s" * 64)
    assert TypeAdapter(AccountName).validate_python(name) == name


def test_the_weight_of_a_source_is_its_own_or_the_default():
    resolution = parse_configuration("[resolution]\ndefault_weight = 2\nweights = {room = 0.5}\n").resolution
    assert (str(resolution.weight_of("room")), str(resolution.weight_of("other"))) == ("0.5", "2")
