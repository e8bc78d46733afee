"""A decision's bytes: what is refused field by field, and an id that is made of every field."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from exec_bench import a_decision, delivery_bytes
from hypothesis import given
from hypothesis import strategies as st

from hive_core.contracts.base import MAX_REMEMBERED_BYTES, ContractError, parse_contract, validated
from hive_core.contracts.decision import Decision, DecisionRule, Delivery, Vote
from hive_core.evidence.canonical import canonical_bytes, content_hash

MISSING = object()


def changed(path: str, value: object) -> bytes:
    """A good delivery with one place changed."""
    whole = json.loads(delivery_bytes(a_decision(entry="1.06000", order_type="limit")))
    *parents, last = path.split(".")
    place: Any = whole
    for part in parents:
        place = place[int(part)] if part.isdigit() else place[part]
    if value is MISSING:
        del place[last]
    else:
        place[int(last) if last.isdigit() else last] = value
    return json.dumps(whole).encode()


def test_a_good_delivery_is_read() -> None:
    decision = a_decision()
    assert parse_contract(Delivery, delivery_bytes(decision)).decision == decision


NOT_DECIMALS = [
    1.06,
    1,
    True,
    None,
    "",
    " 1.06",
    "1.06 ",
    "1.06\n",
    "+1.06",
    "1.",
    ".5",
    "1e0",
    "1E+400000",
    "NaN",
    "Infinity",
    "-Infinity",
    "sNaN",
    "0x10",
    "1_0",
    "1,06",
    "\uff11.06",  # a full-width one
    "\u0661",  # an Arabic one
    "1.06\x00",
    "1234567890123",
    "0.123456789",
    ["1.06"],
    {"value": "1.06"},
]
NOT_PRICES = [*NOT_DECIMALS, "0", "-0", "0.00", "-1.06"]


@pytest.mark.parametrize("value", NOT_PRICES, ids=repr)
@pytest.mark.parametrize("field", ["stop_loss", "reference_price", "entry", "take_profits.0"])
def test_a_price_is_text_of_a_positive_plain_decimal(field: str, value: object) -> None:
    if field == "entry" and value is None:
        value = "null"  # None itself is the market order's
    with pytest.raises(ContractError) as refused:
        parse_contract(Delivery, changed(f"decision.{field}", value))
    assert refused.value.field == f"decision.{field}"


@pytest.mark.parametrize("value", [*NOT_DECIMALS, "-0.5"], ids=repr)
@pytest.mark.parametrize("name", ["weight", "base_weight"])
def test_a_weight_may_be_zero_but_not_less(name: str, value: object) -> None:
    with pytest.raises(ContractError) as refused:
        parse_contract(Delivery, changed(f"decision.votes.0.{name}", value))
    assert refused.value.field == f"decision.votes.0.{name}"
    parse_contract(Delivery, changed(f"decision.votes.0.{name}", "0"))


@pytest.mark.parametrize("spelling", ["NaN", "Infinity", "1e999", "-0.0", "1E+400000"])
def test_a_bare_number_is_no_price_however_it_is_spelled(spelling: str) -> None:
    payload = delivery_bytes(a_decision()).replace(b'"stop_loss":"1.058"', f'"stop_loss":{spelling}'.encode())
    with pytest.raises(ContractError):
        parse_contract(Delivery, payload)


@pytest.mark.parametrize(
    "value", [True, 1.0, 10.5, "1488790740000000000", None, -1, 4_102_444_800_000_000_001, 10**30], ids=repr
)
def test_a_time_is_a_whole_number_of_nanoseconds_up_to_2100(value: object) -> None:
    with pytest.raises(ContractError):
        parse_contract(Delivery, changed("decision.ts_decided_ns", value))


@pytest.mark.parametrize(
    "value",
    [
        "eurusd",
        "EURUSd",
        "\u0415URUSD",  # Cyrillic
        "\uff25URUSD",  # full-width
        "EUR\u200bUSD",  # zero-width space
        "\u202eEURUSD",  # right-to-left override
        "EURUSD\x00",
        "EURUSD\n",
        " EURUSD",
        "EUR/USD",
        "EU",
        "A" * 13,
        "",
        "../../etc",
        None,
        5,
        True,
    ],
    ids=repr,
)
def test_a_symbol_is_three_to_twelve_plain_capitals_and_digits(value: object) -> None:
    with pytest.raises(ContractError) as refused:
        parse_contract(Delivery, changed("decision.symbol", value))
    assert refused.value.field == "decision.symbol"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("decision.decision_id", "d\u0435c_1"),
        ("decision.decision_id", "dec_1\x00"),
        ("decision.decision_id", "dec_1\n"),
        ("decision.decision_id", "dec\u200b1"),
        ("decision.decision_id", "d" * 129),
        ("decision.decision_id", ""),
        ("decision.decision_id", "dec 1"),
        ("decision.decision_id", "../dec"),
        ("decision.account", "Samples"),
        ("decision.account", "-samples"),
        ("decision.account", "s" * 97),
        ("decision.account", "samples\n"),
        ("decision.side", "BUY"),
        ("decision.side", "hold"),
        ("decision.order_type", "fok"),
        ("decision.votes.0.source", "Room"),
        ("decision.votes.0.source", "r" * 65),
        ("decision.votes.0.signal_id", "sig\u202e1"),
        ("decision.votes.0.message_sha256", "B" * 64),
        ("decision.votes.0.message_sha256", "b" * 63),
        ("decision.resolver_settings_sha256", "g" * 64),
        ("decision.votes.0.kind", "model"),
        ("decision.votes.0.order_type", "fok"),
        ("decision.rule.vote_window_s", 0),
        ("decision.rule.vote_window_s", 1.5),
        ("decision.rule.decay_half_life_s", 0),
        ("decision.rule.threshold", "0"),
        ("decision.rule.minimum_voices", 0),
        ("decision.rule.minimum_voices", 65),
        ("decision.votes", []),
        ("decision.votes", {}),
        ("decision.take_profits", []),
        ("decision.take_profits", ["1.07"] * 17),
        ("decision.take_profits", "1.07"),
        ("origin.partition", "2017-3-6"),
        ("origin.partition", "2017-03-06T00"),
        ("origin.data_sha256", ""),
        ("origin.run_id", "run id"),
        ("decision", []),
        ("origin", None),
    ],
    ids=repr,
)
def test_each_field_says_what_it_may_be(field: str, value: object) -> None:
    with pytest.raises(ContractError) as refused:
        parse_contract(Delivery, changed(field, value))
    assert refused.value.field.startswith(field)


@pytest.mark.parametrize("name", sorted(Decision.model_fields))
def test_no_field_of_a_decision_may_be_missing_null_or_twice(name: str) -> None:
    with pytest.raises(ContractError) as refused:
        parse_contract(Delivery, changed(f"decision.{name}", MISSING))
    assert refused.value.field == f"decision.{name}"
    with pytest.raises(ContractError):
        parse_contract(Delivery, changed(f"decision.{name}", None))
    payload = delivery_bytes(a_decision())
    once = f'"{name}":'.encode()
    with pytest.raises(ContractError, match=f"{name}: the key stands twice"):
        parse_contract(Delivery, payload.replace(once, once + b"null," + once, 1))


@pytest.mark.parametrize(
    "place", ["units", "decision.units", "origin.units", "decision.votes.0.units", "decision.rule.units"]
)
def test_an_unknown_key_is_refused_by_its_name(place: str) -> None:
    with pytest.raises(ContractError) as refused:
        parse_contract(Delivery, changed(place, 1))
    assert refused.value.field == place


@pytest.mark.parametrize("order_type", ["limit", "stop"])
def test_a_pending_order_without_a_price_is_refused(order_type: str) -> None:
    with pytest.raises(ContractError, match=f"a {order_type} order needs its entry price"):
        parse_contract(
            Delivery, delivery_bytes(a_decision()).replace(b'"market"', f'"{order_type}"'.encode())
        )


@pytest.mark.parametrize("payload", [b"[]", b'"text"', b"1", b"null", b"true"])
def test_a_payload_is_an_object(payload: bytes) -> None:
    with pytest.raises(ContractError, match="a JSON object is expected"):
        parse_contract(Delivery, payload)


def test_a_payload_over_its_limit_is_not_parsed_at_all() -> None:
    with pytest.raises(ContractError, match="at most 100 are accepted"):
        parse_contract(Delivery, delivery_bytes(a_decision()), max_bytes=100)


OTHER_VALUES: dict[str, object] = {
    "account": "others",
    "symbol": "GBPUSD",
    "side": "sell",
    "order_type": "stop",
    "entry": Decimal("1.06001"),
    "market_bid": Decimal("1.06001"),
    "market_ask": Decimal("1.06001"),
    "reference_price": Decimal("1.06001"),
    "stop_loss": Decimal("1.05801"),
    "take_profits": (Decimal("1.06300"), Decimal("1.06400")),
    "ts_decided_ns": 1,
    "valid_until_ns": 2,
    "rule": DecisionRule(vote_window_s=3600, decay_half_life_s=60, threshold=Decimal(1), minimum_voices=1),
    "votes": (),
    "resolver_version": "2",
    "resolver_settings_sha256": "d" * 64,
}
OTHER_VOTES: dict[str, object] = {
    "kind": "card",
    "source": "another",
    "signal_id": "sig_2",
    "message_id": "2",
    "message_sha256": "e" * 64,
    "ts_event_ns": 3,
    "valid_until_ns": 4,
    "side": "sell",
    "order_type": "stop",
    "base_weight": Decimal("0.5"),
    "weight": Decimal("0.5"),
    "entry": Decimal("1.05"),
    "stop_loss": Decimal("1.05"),
    "take_profits": (Decimal("1.07"),),
}


@pytest.mark.parametrize("name", sorted(set(Decision.model_fields) - {"decision_id"}))
def test_the_id_changes_with_every_field(name: str) -> None:
    decision = a_decision(order_type="limit", entry="1.06000")
    other = decision.model_copy(update={name: OTHER_VALUES[name]})
    assert other.expected_id() != decision.expected_id()
    assert other.sha256() != decision.sha256()


@pytest.mark.parametrize("name", sorted(Vote.model_fields))
def test_the_id_changes_with_every_field_of_a_vote(name: str) -> None:
    decision = a_decision(order_type="limit", entry="1.06000")
    vote = decision.votes[0].model_copy(update={name: OTHER_VOTES[name]})
    assert decision.model_copy(update={"votes": (vote,)}).expected_id() != decision.expected_id()


def test_the_id_is_of_the_content_not_of_itself_or_of_its_spelling() -> None:
    decision = a_decision()
    assert decision.decision_id == decision.expected_id()
    assert decision.model_copy(update={"decision_id": "dec_x"}).expected_id() == decision.decision_id
    respelled = decision.model_copy(update={"stop_loss": Decimal("1.05800000")})
    assert respelled.expected_id() == decision.decision_id


def test_a_decision_cannot_be_changed_after_it_was_read() -> None:
    with pytest.raises(ValueError, match="frozen"):
        a_decision().side = "sell"


plain_prices = st.decimals(min_value="0.00000001", max_value="999999999999", places=8)


@given(plain_prices, plain_prices)
def test_a_decision_survives_its_own_bytes(stop: Decimal, target: Decimal) -> None:
    decision = a_decision(stop=format(stop, "f"), targets=(format(target, "f"),))
    again = parse_contract(Decision, canonical_bytes(decision))
    assert again == decision
    assert again.expected_id() == decision.decision_id
    assert content_hash(decision) == decision.sha256()


def test_the_same_bytes_are_the_same_decision_while_they_are_few() -> None:
    payload = delivery_bytes(a_decision())
    held = parse_contract(Delivery, payload)
    assert validated(Delivery, bytes(bytearray(payload))) is held
    assert parse_contract(Delivery, delivery_bytes(a_decision(stop="1.05700"))) is not held
    long = payload + b" " * MAX_REMEMBERED_BYTES
    assert validated(Delivery, long) is not validated(Delivery, long)
    for _ in range(2):  # what was refused is looked at again
        with pytest.raises(ContractError):
            parse_contract(Decision, payload)
