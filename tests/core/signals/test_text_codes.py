"""Texts as numbers: found through their hashes they are what `pl.Enum` makes of them, and nothing unknown
passes for something known."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from hive_core.instruments.specification import instruments
from hive_core.signals import text_codes
from hive_core.signals.text_codes import FEW_ROWS, ROWS_AT_ONCE, codes_of, slots_of

KNOWN = [f"room_{number:02d}" for number in range(40)] + ["", "a room whose name is longer than a view", "ü"]


def rooms(count: int) -> pl.DataFrame:
    numbers = np.random.default_rng(7).integers(0, len(KNOWN), count)
    return pl.DataFrame({"source": np.array(KNOWN, dtype=object)[numbers]}, schema={"source": pl.String})


def by_enum(frame: pl.DataFrame) -> list[int]:
    return frame["source"].cast(pl.Enum(KNOWN)).to_physical().to_list()


@pytest.mark.parametrize("count", [0, 1, FEW_ROWS - 1, FEW_ROWS, ROWS_AT_ONCE + 1])
def test_codes_are_those_of_the_enumeration(count: int) -> None:
    frame = rooms(count)
    ((codes, names),) = codes_of(frame, "source", known={"source": KNOWN})
    assert names == KNOWN
    assert codes.tolist() == by_enum(frame)


def test_unknown_columns_are_numbered_in_the_order_of_their_texts() -> None:
    frame = rooms(FEW_ROWS).with_columns(pl.lit("EURUSD").alias("symbol"))
    (source, sources), (symbol, symbols) = codes_of(frame, "source", "symbol")
    assert sources == sorted(KNOWN)
    assert [sources[code] for code in source.tolist()] == frame["source"].to_list()
    assert symbols == list(instruments())
    assert set(symbol.tolist()) == {symbols.index("EURUSD")}


@pytest.mark.parametrize("at", [0, ROWS_AT_ONCE - 1, ROWS_AT_ONCE])
def test_a_text_that_nobody_knows_is_refused_wherever_it_stands(at: int) -> None:
    texts = rooms(ROWS_AT_ONCE + 1)["source"].to_list()
    texts[at] = "room_99"
    with pytest.raises(pl.exceptions.InvalidOperationError, match="room_99"):
        codes_of(pl.DataFrame({"source": texts}), "source", known={"source": KNOWN})


def test_a_text_in_the_slot_of_a_known_one_is_not_taken_for_it() -> None:
    slots = slots_of(["room_00"])
    assert slots is not None
    shift, (slot,) = slots
    others = pl.Series([f"stranger_{number}" for number in range(1_000_000)])
    stranger = others.filter((others.hash() // 2**shift) % 2**16 == slot)[0]
    frame = pl.DataFrame({"source": ["room_00"] * FEW_ROWS + [stranger]})
    with pytest.raises(pl.exceptions.InvalidOperationError, match=stranger):
        codes_of(frame, "source", known={"source": ["room_00"]})


def test_texts_whose_bits_clash_are_numbered_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [f"room_{number}" for number in range(3_000)]
    assert slots_of(many) is None
    assert slots_of([]) is None
    frame = rooms(FEW_ROWS)
    monkeypatch.setattr(text_codes, "_SLOT_MASK", np.uint64(1))
    monkeypatch.setattr(text_codes, "_SLOT_SHIFTS", (0,))
    assert slots_of(KNOWN) is None
    ((codes, _),) = codes_of(frame, "source", known={"source": KNOWN})
    assert codes.tolist() == by_enum(frame)


def test_the_lower_bits_tell_apart_what_the_highest_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = rooms(FEW_ROWS)
    for shift in (48, 32, 16, 0):
        monkeypatch.setattr(text_codes, "_SLOT_SHIFTS", (shift,))
        ((codes, _),) = codes_of(frame, "source", known={"source": KNOWN})
        assert codes.tolist() == by_enum(frame)
