"""Settings of a FIX account: what cannot be meant is refused before anything connects."""

from __future__ import annotations

import json

import pytest
from fix_venue_bench import fix_settings

from hive_core.configuration.broker_fix import FixSettings
from hive_core.configuration.load import parse_configuration
from hive_core.contracts.base import ContractError, parse_contract


def _changed(**changes: object) -> bytes:
    return json.dumps({**json.loads(fix_settings().model_dump_json()), **changes}).encode()


def test_settings_survive_being_written():
    assert parse_contract(FixSettings, fix_settings().model_dump_json().encode()) == fix_settings()


@pytest.mark.parametrize("written", ["100000", '"100000"', "100000.0"])
def test_units_are_written_as_a_number_or_as_text(written):
    text = """[[brokers]]
kind = "fix"
account = "A1"
is_hedging = false
deduplicates_client_ids = true
trading = { host = "fix.example", port = 9880, sender_comp_id = "HIVE", target_comp_id = "VENUE" }
bracket = { style = "attached", stop_tag = 1002, target_tag = 1000 }
"""
    text += f'symbols = [{{ symbol = "EURUSD", venue_symbol = "EUR/USD", units_per_lot = {written} }}]'
    (broker,) = parse_configuration(text).brokers
    assert isinstance(broker, FixSettings)
    assert broker.symbols[0].units_per_lot == 100_000


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"symbols": []}, "symbols"),
        ({"bracket": {"style": "attached"}}, "stop_tag"),
        ({"bracket": {"style": "attached", "stop_tag": 99, "target_tag": 1000}}, "stop_tag"),
        ({"bracket": {"style": "none"}}, "bracket"),
        ({"account": "with space"}, "account"),
        ({"secrets": "lower"}, "secrets"),
        ({"answer_timeout_s": 0}, "answer_timeout_s"),
        ({"password": "never here"}, "password"),
        ({"is_hedging": None}, "is_hedging"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(change, place):
    with pytest.raises(ContractError, match=place):
        parse_contract(FixSettings, _changed(**change))


def test_an_instrument_has_one_name_at_the_venue():
    symbols = json.loads(fix_settings().model_dump_json())["symbols"]
    symbols[1]["venue_symbol"] = symbols[0]["venue_symbol"]
    with pytest.raises(ContractError, match="EUR/USD stands twice"):
        parse_contract(FixSettings, _changed(symbols=symbols))
