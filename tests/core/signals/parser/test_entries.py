"""Clear calls, in the styles rooms write them, become the signal they say. Texts are the project's own."""

# ruff: noqa: RUF001 - rooms write with look-alike letters, and so do these texts

from __future__ import annotations

from decimal import Decimal

import pytest

from hive_core.configuration.model import SourceProfile
from hive_core.signals.parser.intents import read_text
from hive_core.signals.verdicts import ParsedSignal


def one_signal(text: str, profile: SourceProfile | None = None) -> ParsedSignal:
    verdicts = read_text(text, profile or SourceProfile())
    assert len(verdicts) == 1, verdicts
    assert isinstance(verdicts[0], ParsedSignal), verdicts[0]
    return verdicts[0]


def told(signal: ParsedSignal) -> str:
    entry = "market" if signal.entry is None else "-".join(str(edge) for edge in sorted(set(signal.entry)))
    targets = " ".join(map(str, signal.take_profits))
    return f"{signal.symbol} {signal.side} {signal.order_type} {entry} sl {signal.stop_loss} tp {targets}"


EURUSD_BUY = "EURUSD buy market 1.0850 sl 1.0810 tp 1.0910"

ENTRIES = {
    "one line": ("EURUSD BUY 1.0850 SL 1.0810 TP 1.0910", EURUSD_BUY),
    "strict lines": ("Buy EURUSD\nEntry 1.0850\nSL 1.0810\nTP 1.0910", EURUSD_BUY),
    "equals signs": ("eurusd buy = 1.0850 sl = 1.0810 tp = 1.0910", EURUSD_BUY),
    "pair with a slash": ("Long EUR/USD @1.0850\nStop 1.0810\nTarget 1.0910", EURUSD_BUY),
    "pair with a blank": ("buy eur usd at 1.0850 sl 1.0810 tp 1.0910", EURUSD_BUY),
    "pair with a hyphen": ("Pair: EUR-USD\nSide: buy\nEntry: 1.0850\nSL: 1.0810\nTP: 1.0910", EURUSD_BUY),
    "hash tag": ("#EURUSD\n\nBUY 1.0850\n\nSL 1.0810\nTP 1.0910", EURUSD_BUY),
    "broker suffix": ("EURUSDm buy 1.0850 sl 1.0810 tp 1.0910", EURUSD_BUY),
    "suffix after a point": ("EURUSD.vx buy 1.0850 sl 1.0810 tp 1.0910", EURUSD_BUY),
    "side glued on": ("EURUSDBUY 1.0850 SL 1.0810 TP 1.0910", EURUSD_BUY),
    "nick-name": ("fiber long 1.0850 sl 1.0810 tp 1.0910", EURUSD_BUY),
    "labels below each other": ("EURUSD BUY\n1.0850\nS.L\n1.0810\nT.P 1\n1.0910", EURUSD_BUY),
    "targets counted under one heading": (
        "EURUSD buy 1.0850\nSL 1.0810\nTargets\n1 1.0910\n2 1.0920\n3 - 1.0930",
        f"{EURUSD_BUY} 1.0920 1.0930",
    ),
    "a blank for thousands under one heading": (
        "gold buy 4 255\nSL 4 245\nTargets\n4 261\n4 268\n4 280\n4 290",
        "XAUUSD buy market 4255 sl 4245 tp 4261 4268 4280 4290",
    ),
    "targets with a letter for and": (
        "EURUSD buy 1.0850 sl 1.0810, tp 1.0910 n 1.0920",
        f"{EURUSD_BUY} 1.0920",
    ),
    "targets told as first and second": (
        "Taking EURUSD long at 1.0850. Stop goes at 1.0810, first target is 1.0910 and the second one 1.0920",
        f"{EURUSD_BUY} 1.0920",
    ),
    "every price in brackets": (
        "EURUSD buy (1.0850) sl(1.0810)tp(1.0910)(1.0920)(1.0930)",
        f"{EURUSD_BUY} 1.0920 1.0930",
    ),
    "gain in brackets behind the price": (
        "EURUSD buy 1.0850 sl 1.0810 (40) tp 1.0910 (60) 1.0920 (70)",
        f"{EURUSD_BUY} 1.0920",
    ),
    "pictures before prices with a point for thousands": (
        "XAUUSD buy 2.715 \N{CROSS MARK}2.706 \N{DIRECT HIT}2.722 \N{DIRECT HIT}2.730",
        "XAUUSD buy market 2715 sl 2706 tp 2722 2730",
    ),
    "a letter for the side": ("xau b 2650 sl 2640 tp 2660", "XAUUSD buy market 2650 sl 2640 tp 2660"),
    "abbreviated stop and targets": (
        "gold sell 2650 sl 55 tp 40 30",
        "XAUUSD sell market 2650 sl 2655 tp 2640 2630",
    ),
    "abbreviated targets behind a whole one": (
        "gold buy 2650 sl 2640 tp 2660 70 80",
        "XAUUSD buy market 2650 sl 2640 tp 2660 2670 2680",
    ),
    "pips glued in brackets": (
        "EURUSD buy 1.0850\nSL 1.0810 (40p)\nTP 1.0910 (60p) / 1.0920 (70p)",
        f"{EURUSD_BUY} 1.0920",
    ),
    "letters as labels on lines of their own": ("EURUSD long\nE 1.0850\nS 1.0810\nT 1.0910", EURUSD_BUY),
    "invalid above": (
        "EURUSD wave 5 long\nBuy: 1.0850\nInvalid below: 1.0810 (SL)\nObjectives: 1.0910",
        EURUSD_BUY,
    ),
    "told in prose": (
        "Guys buying eurusd from 1.0850, stop loss will be 1.0810. First profit 1.0910",
        EURUSD_BUY,
    ),
    "wanted prices": (
        "I'm buying eurusd here at 1.0850, stop goes under 1.0810 and I want 1.0910",
        EURUSD_BUY,
    ),
    "second entry behind its price": (
        "BUY EURUSD NOW\n1.0850\n1.0840 second entry\nSL 1.0810\nTP 1.0910",
        "EURUSD buy market 1.0840-1.0850 sl 1.0810 tp 1.0910",
    ),
    "risk and objectives": (
        "WTI | SHORT | 83.40-83.65 | risk 84.20 | obj 82.60, 81.90",
        "USOIL sell market 83.40-83.65 sl 84.20 tp 82.60 81.90",
    ),
    "risk in percent is no stop": ("EURUSD buy 1.0850\nRisk 2.5%\nSL 1.0810\nTP 1.0910", EURUSD_BUY),
    "a stop named behind its price": ("EURUSD long\nin: 1.0850\nout: 1.0810 (stop)\ntp1: 1.0910", EURUSD_BUY),
    "levels with what they are": (
        "EURUSD buy 1.0850\nStop below 78.6 = 1.0810\nTake profit 0 = 1.0910, -27 = 1.0950",
        f"{EURUSD_BUY} 1.0950",
    ),
    "a number of its maker": (
        "EURUSD open buy\nprice=1.0850\nsl=1.0810\ntp1=1.0910\nid=TR-20931",
        EURUSD_BUY,
    ),
    "shares behind targets": (
        "EURUSD buy 1.0850 sl 1.0810 tp 1.0910 half, 1.0950 rest",
        f"{EURUSD_BUY} 1.0950",
    ),
    "layers behind a price": ("EURUSD buy 1.0850 sl 1.0810 tp 1.0910 layers, be patient", EURUSD_BUY),
    "Hindi in its own letters": (
        "गोल्ड BUY करें\nएंट्री 3305 से 3301\nटारगेट 3310 / 3315\nस्टॉपलॉस 3296",
        "XAUUSD buy market 3301-3305 sl 3296 tp 3310 3315",
    ),
    "a stop order at its price": (
        "GBPUSD buy stop at 1.4810, set TP at 1.4860, set TP2 at 1.4950, SL at 1.4720",
        "GBPUSD buy stop 1.4810 sl 1.4720 tp 1.4860 1.4950",
    ),
    "a limit order on a line of its own": (
        "SHORT\n\nEURUSD\n\nLIMIT ORDER (1.0850)\n\nSL 1.0890\n\nTP 1.0800",
        "EURUSD sell limit 1.0850 sl 1.0890 tp 1.0800",
    ),
    "a stop of one digit": (
        "Pair: LINK/USDT\nPosition: Long\nEntry: 9.95 - 9.50\nTargets\n1) 10.40\n2) 10.90\nStop Loss: 9",
        "LINKUSDT buy market 9.50-9.95 sl 9 tp 10.40 10.90",
    ),
    "oil by two names": ("buy Brent oil 84.20 sl 83.10 tp 86.40", "UKOIL buy market 84.20 sl 83.10 tp 86.40"),
    "label spellings": ("BUY EURUSD 1.0850\nStop-Lose: 1.0810\nTake Profit (1): 1.0910", EURUSD_BUY),
    "slashed labels": ("BUY EURUSD 1.0850 | S/L 1.0810 | T/P1 1.0910", EURUSD_BUY),
    "labels glued to numbers": ("BUY EURUSD 1.0850 SL1.0810 TP1.0910", EURUSD_BUY),
    "target numbers with points": ("BUY EURUSD 1.0850\nSL 1.0810\nTp1.1.0910", EURUSD_BUY),
    "emoji and arrows": ("🟢EurUsd↗️BUY\n☑️ At ➡️1.0850\n➖➖➖\n❌ Sl➡️1.0810\n✅ Tp➡️1.0910", EURUSD_BUY),
    "emoji as codes": ("EURUSD buy 1.0850\n:x: SL 1.0810\n:white_check_mark: TP 1.0910", EURUSD_BUY),
    "markdown": ("**EURUSD** `BUY` **1.0850**\nSL: **1.0810**\nTP: `1.0910`", EURUSD_BUY),
    "brackets": ("[EURUSD] {BUY}\n[entry point]: [1.0850]\n(SL): (1.0810)\n<TP>: <1.0910>", EURUSD_BUY),
    "mathematical letters": ("𝐄𝐔𝐑𝐔𝐒𝐃 𝐁𝐔𝐘 1.0850 𝑆𝐿 1.0810 𝑇𝑃 1.0910", EURUSD_BUY),
    "full-width digits": ("EURUSD buy １.０８５０ sl 1.0810 tp 1.0910", EURUSD_BUY),
    "right-to-left marks": (
        "\u200fEURUSD\u200f buy \u202b1.0850\u202c\nSL\u200f 1.0810\nTP\u200f 1.0910",
        EURUSD_BUY,
    ),
    "marks inside words and numbers": (
        "EUR\u200bUSD b\u200duy 1.08\u200f50 S\u2060L 1.0810 TP 1.0\ufeff910",
        EURUSD_BUY,
    ),
    "no-break blanks": ("EURUSD\xa0buy\xa01.0850\nSL\xa01.0810\nTP\xa01.0910", EURUSD_BUY),
    "decimal comma": ("EURUSD buy 1,0850 sl 1,0810 tp 1,0910", EURUSD_BUY),
    "gain beside the price": ("EURUSD buy 1.0850\nSL 1.0810 (40 pips)\nTP 1.0910 +60", EURUSD_BUY),
    "risk and size": ("EURUSD buy 1.0850\nlot 0.02\nSL 1.0810\nTP 1.0910\nRisk 2% per trade", EURUSD_BUY),
    "date and time": ("2024.05.06 14:30 EURUSD buy 1.0850 sl 1.0810 tp 1.0910", EURUSD_BUY),
    "dates before the price": ("EURUSD buy 06.05.2024 14:30 1.0850 sl 1.0810 tp 1.0910", EURUSD_BUY),
    "date in words before the price": ("EURUSD buy (6th May 2024) 1.0850 sl 1.0810 tp 1.0910", EURUSD_BUY),
    "date in words": ("Idea of 6 May 2024\nEURUSD buy 1.0850 sl 1.0810 tp 1.0910", EURUSD_BUY),
    "time frame before the price": ("EURUSD buy H4 1.0850 sl 1.0810 tp 1.0910", EURUSD_BUY),
    "time frame": ("EURUSD H4 buy 1.0850 (15m trigger) sl 1.0810 tp 1.0910", EURUSD_BUY),
    "signal number": ("ParsedSignal no 14\nEURUSD buy 1.0850\nSL 1.0810\nTP 1.0910", EURUSD_BUY),
    "list number": ("3) EURUSD buy 1.0850 sl 1.0810 tp 1.0910", EURUSD_BUY),
    "reward to risk": ("EURUSD buy 1.0850\nSL 1.0810\nTP 1.0910\nRR 1.5", EURUSD_BUY),
    "side after the prices": (
        "Pair: EURUSD\nEntry price: 1.0850\n\nDirection: LONG\n\nSL: 1.0810\nTP: 1.0910",
        EURUSD_BUY,
    ),
    "side before the price, symbol after": ("BUY 1.0850 eurusd tp 1.0910 sl 1.0810", EURUSD_BUY),
    "same entry twice": ("Buy EURUSD 1.0850\nEntry: 1.0850\nSL 1.0810\nTP 1.0910", EURUSD_BUY),
    "advice to break even stays an entry": (
        "EURUSD buy 1.0850 SL 1.0810 TP 1.0910, move SL to breakeven after TP1",
        EURUSD_BUY,
    ),
    "advice with a price to move to": (
        "EURUSD buy 1.0850\nSL 1.0810\nTP 1.0910\nMove SL to 1.0860 once in profit",
        EURUSD_BUY,
    ),
    "target hit is only a condition": (
        "EURUSD buy 1.0850\nSL 1.0810\nTP 1.0910\nAfter TP1 hit close half",
        EURUSD_BUY,
    ),
    "long term": (
        "Long term idea: sell EURUSD 1.0850 sl 1.0890 tp 1.0700",
        "EURUSD sell market 1.0850 sl 1.0890 tp 1.0700",
    ),
    "Portuguese": (
        "EURUSD Venda (sell)\nEntrada: 1.0850\nStop Loss: 1.0890\nTake Profit: 1.0790",
        "EURUSD sell market 1.0850 sl 1.0890 tp 1.0790",
    ),
    "market without a price": (
        "EURUSD sell now\nSL 1.0890\nTP 1.0790",
        "EURUSD sell market market sl 1.0890 tp 1.0790",
    ),
    "at market price": (
        "EURUSD sell at market price\nSL 1.0890\nTP 1.0790",
        "EURUSD sell market market sl 1.0890 tp 1.0790",
    ),
    "limit": ("EURUSD buy limit @ 1.0800 sl 1.0760 tp 1.0880", "EURUSD buy limit 1.0800 sl 1.0760 tp 1.0880"),
    "limit first": (
        "LIMIT ENTRY\nEURUSD BUY\nEntry 1.0800\nSL 1.0760\nTP 1.0880",
        "EURUSD buy limit 1.0800 sl 1.0760 tp 1.0880",
    ),
    "stop order": (
        "EURUSD BUY STOP 1.0900\nSL 1.0860\nTP 1.0980",
        "EURUSD buy stop 1.0900 sl 1.0860 tp 1.0980",
    ),
    "side and stop loss side by side": (
        "EURUSD buy stop loss 1.0810 tp 1.0910",
        "EURUSD buy market market sl 1.0810 tp 1.0910",
    ),
    "zone": ("Gold sell 2650 - 2653\nSL 2660\nTP 2640", "XAUUSD sell market 2650-2653 sl 2660 tp 2640"),
    "zone the other way": (
        "Gold buy zone 2653/2650\nSL 2644\nTP 2660",
        "XAUUSD buy market 2650-2653 sl 2644 tp 2660",
    ),
    "zone with a bullet": (
        "Gold buy 2650• 2653\nSL 2644\nTP 2660",
        "XAUUSD buy market 2650-2653 sl 2644 tp 2660",
    ),
    "zone with an underline": (
        "Gold buy 2650_2653\nSL 2644\nTP 2660",
        "XAUUSD buy market 2650-2653 sl 2644 tp 2660",
    ),
    "zone in words": (
        "Gold buy between 2650 and 2653\nSL 2644\nTP 2660",
        "XAUUSD buy market 2650-2653 sl 2644 tp 2660",
    ),
    "zone with a blank": (
        "Gold buy now: 2650 2653\nSL 2644\nTP 2660",
        "XAUUSD buy market 2650-2653 sl 2644 tp 2660",
    ),
    "abbreviated edge": (
        "Gold sell 2650-53\nSL 2660\nTP 2640",
        "XAUUSD sell market 2650-2653 sl 2660 tp 2640",
    ),
    "abbreviated edge with a point": (
        "Gold sell 2650.5-52.5\nSL 2660\nTP 2640",
        "XAUUSD sell market 2650.5-2652.5 sl 2660 tp 2640",
    ),
    "abbreviated fraction": (
        "USDJPY sell 151.30/35 sl 151.80 tp 150.40",
        "USDJPY sell market 151.30-151.35 sl 151.80 tp 150.40",
    ),
    "thousands": (
        "XAU/USD buy 2,650.50 sl 2,640.00 tp 2,671.00",
        "XAUUSD buy market 2650.50 sl 2640.00 tp 2671.00",
    ),
    "thousands without a point": (
        "Gold buy 2,650 sl 2,640 tp 2,671",
        "XAUUSD buy market 2650 sl 2640 tp 2671",
    ),
    "three decimals by comma": (
        "USDJPY buy 151,250 sl 150,900 tp 152,000",
        "USDJPY buy market 151.250 sl 150.900 tp 152.000",
    ),
    "targets in a list": (
        "EURUSD buy 1.0850 sl 1.0810 tp 1.0880, 1.0910, 1.0940",
        "EURUSD buy market 1.0850 sl 1.0810 tp 1.0880 1.0910 1.0940",
    ),
    "targets joined by and": (
        "EURUSD buy 1.0850 sl 1.0810 take profit at 1.0880 & 1.0910",
        "EURUSD buy market 1.0850 sl 1.0810 tp 1.0880 1.0910",
    ),
    "targets without blanks": (
        "EURUSD buy 1.0850 sl 1.0810 tp 1.0880,1.0910",
        "EURUSD buy market 1.0850 sl 1.0810 tp 1.0880 1.0910",
    ),
    "targets below each other": (
        "EURUSD buy 1.0850\nSL 1.0810\nTargets:\n1.0880\n1.0910",
        "EURUSD buy market 1.0850 sl 1.0810 tp 1.0880 1.0910",
    ),
    "ordinal targets": (
        "EURUSD buy 1.0850\nSL 1.0810\n1st target @ 1.0880\n2nd target @ 1.0910",
        "EURUSD buy market 1.0850 sl 1.0810 tp 1.0880 1.0910",
    ),
    "raised target numbers": (
        "EURUSD buy 1.0850 TP¹ 1.0880 TP² 1.0910 SL 1.0810",
        "EURUSD buy market 1.0850 sl 1.0810 tp 1.0880 1.0910",
    ),
    "share of each target": (
        "EURUSD buy 1.0850\nSL 1.0810\nTP1 1.0880 (60%)\nTP2 1.0910 (40%)",
        "EURUSD buy market 1.0850 sl 1.0810 tp 1.0880 1.0910",
    ),
    "runner": (
        "EURUSD buy 1.0850\nSL 1.0810\nTP1 1.0880\nTP2 1.0910\nTP3 open",
        "EURUSD buy market 1.0850 sl 1.0810 tp 1.0880 1.0910",
    ),
    "runner in the list": (
        "Gold buy 2650 sl 2640 tp 2660 - 2670 - OPEN",
        "XAUUSD buy market 2650 sl 2640 tp 2660 2670",
    ),
    "pips from the entry": (
        "EURUSD buy 1.0850\nSL 40 pips\nTP1 60 pips\nTP2 90 pips",
        "EURUSD buy market 1.0850 sl 1.0810 tp 1.0910 1.0940",
    ),
    "pips of a sell": (
        "USDJPY sell 151.50 sl 30 pips tp 45pips",
        "USDJPY sell market 151.50 sl 151.80 tp 151.05",
    ),
    "list of pips": (
        "EURUSD sell 1.0850\nTP 20-50-100 pips\nSL 40 pips",
        "EURUSD sell market 1.0850 sl 1.0890 tp 1.0830 1.0800 1.0750",
    ),
    "signs for labels": (
        "EURUSD sell 1.0850\n🔻 1.0890\n🔹 1.0790",
        "EURUSD sell market 1.0850 sl 1.0890 tp 1.0790",
    ),
    "a stop on a close is a hard stop": (
        "EURUSD buy 1.0850 sl (daily close under 1.0810) tp 1.0910",
        "EURUSD buy market 1.0850 sl 1.0810 tp 1.0910",
    ),
    "index": ("US30 sell 38500 sl 38700 tp 38100", "US30 sell market 38500 sl 38700 tp 38100"),
    "a pair that Hive does not know": (
        "GBPMXN buy 23.20 sl 23.00 tp 23.60",
        "GBPMXN buy market 23.20 sl 23.00 tp 23.60",
    ),
    "a coin and a short target": (
        "LINK/USDT long 14.2 sl 13.5 tp 16",
        "LINKUSDT buy market 14.2 sl 13.5 tp 16",
    ),
    "a letter typed twice": (
        "EURUSSD buy 1.0850 sl 1.0810 tp 1.0910",
        "EURUSD buy market 1.0850 sl 1.0810 tp 1.0910",
    ),
    "two entries are a zone": (
        "EURUSD buy @ 1.0850\nbuy more @ 1.0820\nSL 1.0780\nTP 1.0910",
        "EURUSD buy market 1.0820-1.0850 sl 1.0780 tp 1.0910",
    ),
    "below is a trigger": (
        "EURUSD sell below 1.0850 sl 1.0890 tp 1.0790",
        "EURUSD sell stop 1.0850 sl 1.0890 tp 1.0790",
    ),
    "thousands with a comma": (
        "GOLD SELL 4,105.50 SL 4,115 TP 4,090",
        "XAUUSD sell market 4105.50 sl 4115 tp 4090",
    ),
    "thousands by blanks": (
        "Gold buy 4 105 sl 4 095.50 tp 4 120",
        "XAUUSD buy market 4105 sl 4095.50 tp 4120",
    ),
    "abbreviated targets": (
        "GOLD BUY 4514-10 SL 4505 TP 4520/25/35",
        "XAUUSD buy market 4510-4514 sl 4505 tp 4520 4525 4535",
    ),
    "no side but the prices": (
        "XAUUSD\nENTRY 4217-4226\nSL 4230\nTP 4215\nTP 4213",
        "XAUUSD sell market 4217-4226 sl 4230 tp 4215 4213",
    ),
    "bare targets": (
        "GOLD BUY 4192/4190\n\n4195\n4197\n4200\n\nSL 4185",
        "XAUUSD buy market 4190-4192 sl 4185 tp 4195 4197 4200",
    ),
}


@pytest.mark.parametrize(("text", "expected"), ENTRIES.values(), ids=ENTRIES.keys())
def test_a_clear_call_is_read_as_it_is_written(text: str, expected: str) -> None:
    assert told(one_signal(text)) == expected


def test_a_pip_of_gold_is_what_the_source_calls_so() -> None:
    text = "Gold buy 2650 sl 50 pips tp 100 pips"
    tenths = SourceProfile(pip={"XAUUSD": Decimal("0.1")})
    cents = SourceProfile(pip={"XAUUSD": Decimal("0.01")})
    assert told(one_signal(text, tenths)) == "XAUUSD buy market 2650 sl 2645.0 tp 2660.0"
    assert told(one_signal(text, cents)) == "XAUUSD buy market 2650 sl 2649.50 tp 2651.00"


def test_a_room_of_one_instrument_need_not_name_it() -> None:
    profile = SourceProfile(default_symbol="XAUUSD")
    assert told(one_signal("buy 2650 sl 2640 tp 2670", profile)) == "XAUUSD buy market 2650 sl 2640 tp 2670"


def test_signals_in_one_message_stay_apart() -> None:
    text = (
        "Two ideas for today\n\nEURUSD BUY 1.0850\nSL 1.0810\nTP 1.0910\n\n"
        "GBPUSD SELL 1.2700\nSL 1.2750\nTP 1.2600\n\nGood luck"
    )
    verdicts = read_text(text, SourceProfile())
    assert [told(verdict) for verdict in verdicts if isinstance(verdict, ParsedSignal)] == [
        EURUSD_BUY,
        "GBPUSD sell market 1.2700 sl 1.2750 tp 1.2600",
    ]
    assert len(verdicts) == 2


def test_signals_on_lines_below_each_other_stay_apart() -> None:
    text = "EURUSD BUY 1.0850 SL 1.0810 TP 1.0910\nEURUSD SELL 1.0950 SL 1.0990 TP 1.0900"
    verdicts = read_text(text, SourceProfile())
    assert [told(verdict) for verdict in verdicts if isinstance(verdict, ParsedSignal)] == [
        EURUSD_BUY,
        "EURUSD sell market 1.0950 sl 1.0990 tp 1.0900",
    ]


def test_a_good_signal_survives_a_bad_one_in_the_same_message() -> None:
    verdicts = read_text("EURUSD buy 1.0850 sl 1.0810 tp 1.0910\n\nGBPUSD sell 1.27 tp 1.26", SourceProfile())
    assert [type(verdict).__name__ for verdict in verdicts] == ["ParsedSignal", "Refused"]
