"""Prices as rooms abbreviate them, made whole by the signal."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_core.signals.lifecycle.prices import full_price, is_written_for, layers_named


@pytest.mark.parametrize(
    ("written", "price", "names"),
    [
        ("4223", "4223", True),
        ("23", "4223", True),
        ("8.7", "4208.7", True),
        ("0.8", "4200.8", True),
        ("65", "4165.3", True),
        ("23", "4233", False),
        ("4223", "4233", False),
        ("1.0850", "1.0850", True),
        ("0.5", "1.5", False),
    ],
)
def test_a_layer_is_named_in_full_or_by_its_last_digits(written, price, names):
    assert is_written_for(Decimal(written), Decimal(price)) is names


def test_of_two_layers_the_one_that_is_named_to_its_last_digit_counts():
    layers = [Decimal("4165.3"), Decimal("4165")]
    assert layers_named(Decimal("65"), layers) == [Decimal("4165")]
    assert layers_named(Decimal("65.3"), layers) == [Decimal("4165.3")]
    assert layers_named(Decimal("77"), layers) == []


@pytest.mark.parametrize(
    ("written", "reference", "full"),
    [
        ("4233", "4240.3", "4233"),
        ("33", "4240.3", "4233"),
        ("95", "4203", "4195"),
        ("3.391", "3402", "3391"),
        ("144250", "145.1", "144.25"),
        ("90", "4240", None),
        ("1.0850", "4240", None),
        ("8", "4240", None),
        ("0", "4240", None),
        ("4", "4240", None),
        ("4.1", "4240", None),
        ("4.150", "4240", "4150"),
        ("4.1005", "4240", None),
        ("1.0850", "1.0900", "1.0850"),
    ],
)
def test_a_stop_is_made_whole_where_only_one_price_can_be_meant(written, reference, full):
    found = full_price(Decimal(written), Decimal(reference))
    assert found == (None if full is None else Decimal(full))


@given(st.decimals("0.01", 99_999, places=2), st.decimals("0.5", 99_999, places=2))
def test_a_price_made_whole_is_never_far_from_its_signal(written, reference):
    found = full_price(written, reference)
    assert found is None or Decimal("0.7") * reference <= found <= Decimal("1.3") * reference
