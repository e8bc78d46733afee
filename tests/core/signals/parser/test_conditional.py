"""A call that hangs on what the market does first is none to take; one with a case for later is."""

from __future__ import annotations

import pytest

from hive_core.configuration.model import SourceProfile
from hive_core.signals.parser.intents import read_text
from hive_core.signals.verdicts import ParsedSignal, Refused


@pytest.mark.parametrize(
    "text",
    [
        "Only if 2655 breaks: buy gold 2650 sl 2640 tp 2660",
        "buy gold 2650 (if it breaks 2655) sl 2640 tp 2660",
        "buy gold 2650\nonly after h1 close above 2655\nsl 2640\ntp 2660",
        "buy gold 2650\nsl 2640\ntp 2660\nOnly after H1 closes above 2655",
        "Buy EURUSD 1.0850 if 1.0840 holds, sl 1.0810 tp 1.0910",
        "Buy EURUSD 1.0850 unless 1.0840 breaks, sl 1.0810 tp 1.0910",
        "Buy EURUSD 1.0850 when h1 closes above 1.0860 sl 1.0810 tp 1.0910",
        "Buy EURUSD 1.0850 sl 1.0810 tp 1.0910 provided 1.0840 holds",
        "Compra EURUSD 1.0850 si 1.0840 aguanta, sl 1.0810 tp 1.0910",
        "Compra EURUSD 1.0850 se 1.0840 segurar, sl 1.0810 tp 1.0910",
        "Покупка EURUSD 1.0850 если 1.0840 удержится, sl 1.0810 tp 1.0910",
        "Mua EURUSD 1.0850 nếu 1.0840 giữ, sl 1.0810 tp 1.0910",
        "EURUSD kharido 1.0850 agar 1.0840 hold kare, sl 1.0810 tp 1.0910",
        "شراء EURUSD 1.0850 اذا ثبت 1.0840 sl 1.0810 tp 1.0910",
    ],
)
def test_a_call_that_hangs_on_the_market_is_refused(text: str) -> None:
    (verdict,) = read_text(text, SourceProfile())
    assert isinstance(verdict, Refused)
    assert verdict.field == "entry"


@pytest.mark.parametrize(
    "case",
    [
        " close if it breaks 1.0830",
        ". If it breaks 1.08 we look for sells",
        ", move SL to be once 1.0880 is reached",
        ", once price reaches 1.0880 move sl to entry",
        "\nclose half when it touches 1.0880",
        "\nIf tp1 is reached the rest runs free",
        "\nwhen in profit secure some",
        "\nmover stop a entrada cuando toque 1.0880",
        "\nперенести стоп в безубыток когда коснется 1.0880",  # noqa: RUF001
    ],
)
def test_a_case_of_management_leaves_the_call(case: str) -> None:
    (verdict,) = read_text(f"Buy EURUSD 1.0850 sl 1.0810 tp 1.0910{case}", SourceProfile())
    assert isinstance(verdict, ParsedSignal), verdict
    assert (str(verdict.stop_loss), [str(price) for price in verdict.take_profits]) == ("1.0810", ["1.0910"])
