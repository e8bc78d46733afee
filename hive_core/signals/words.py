"""The words of rooms: sides, order types, labels, units, and what is said of trades already made.

Vocabulary only, on text as `text.normalise` leaves it (lower case, no ornaments). How words are put
together stands in `clauses` and `calls`.
"""

from __future__ import annotations

import re


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


SIDES: dict[str, str] = {
    **dict.fromkeys(
        ("buy", "buys", "buying", "bought", "long", "longs", "bullish", "compra", "comprar", "compre"), "buy"
    ),
    **dict.fromkeys(
        ("sell", "sells", "selling", "sold", "short", "shorts", "bearish", "venda", "vender", "venta"), "sell"
    ),
}
STOP_LABELS = frozenset({"sl", "stop", "stops"})
TARGET_LABELS = frozenset({"tp", "tps", "target", "targets"})
ENTRY_LABELS = frozenset({"entry", "entries", "enter", "entered", "entrada"})
"""Say "here is the entry" wherever they stand."""
PLACE_WORDS = frozenset(
    {"@", "at", "from", "price", "between", "zone", "area", "cmp", "around", "near", "en"}
)
"""Lead to the entry, unless they stand inside another label's clause ("stop at 1.10")."""
OTHER_LABELS = _words(
    """risk reward rr ratio lot lots size leverage lev timeframe tf chart date time expiry floating current
    bid ask spread previous support resistance account balance deposit id no number payoff confidence margin
    dca"""
)
"""What follows one of these on its line is none of our prices."""
LIMIT_WORDS = frozenset({"limit", "limits"})
STOP_ORDER = "stoporder"
MARKET_WORDS = frozenset({"now", "market", "instant", "cmp"})
RUNNER_WORDS = frozenset({"open", "hold", "runner", "runners", "running", "trailing"})
JOINING_WORDS = frozenset({"to", "and", "or", "till", "until"})
ENTRY_CONDITIONS = _words(
    "if when once after wait break breaks breaking breakout below above under over unless retest"
)
STOP_CONDITIONS = _words("if when once close closes closing closed candle break breaks daily")

MOVING_WORDS = _words(
    "move moved moving adjust adjusted shift raise lower change modify update trail tighten"
)
ARTICLES = _words("the your our my this")

PIP_UNITS = frozenset({"pip", "pips"})
POINT_UNITS = frozenset({"point", "points", "pts"})
OTHER_UNITS = _words(
    """% usd usdt dollar dollars h hr hrs hour hours min mins minute minutes day days week weeks
    am pm gmt rr"""
)
LOT_UNITS = frozenset({"lot", "lots"})
GLUED_UNITS = frozenset({"m", "x", "k", "r", "st", "nd", "rd", "th"})
"""Units only where nothing stands between: 15m, 20x, 1st."""

CURRENCIES = _words(
    """usd eur gbp jpy chf cad aud nzd zar mxn try sgd hkd nok sek pln cnh usdt btc eth xau xag xpt xpd ltc
    xrp sol bnb ada doge"""
)
OTHER_INSTRUMENTS = _words(
    "silver oil wti brent usoil ukoil btc bitcoin eth ethereum xag nasdaq dax dj dow spx nikkei"
)
INDEX_NAMES = frozenset({"us", "nas", "ger", "de", "uk", "jp", "spx", "sp", "fra", "aus", "hk", "usa"})
"""With a number glued to them they are indices: us30, nas100, ger40."""

_NEGATION = r"(?:don'?t|do not|never|not|no need to)"
NEGATED_SIDE = re.compile(rf"\b(?:{_NEGATION}|avoid|no)\s+(?:to\s+)?(?:buy|sell|long|short)(?:ing)?\b")

REPORT_HEADING = re.compile(
    r"\b(?:closed (?:trades?|positions?|signals?)|(?:trades?|signals?|positions?) closed"
    r"|(?:daily|weekly|monthly|today'?s?|yesterday'?s?) (?:results?|reports?|recap|summary|performance)"
    r"|results? of|trading results?|performance report|trade history)\b"
)
_RESULT = re.compile(
    r"\b(?:tp|target|sl)\s*\d{0,2}\s*[-:.@]*\s*(?:\d+(?:\.\d+)?\s+)?(?:was |is |got |been |has been )?"
    r"(?:hit|hits|reached|done|smashed)\b"
    r"|\bhit (?:our |the |your )?(?:first |second |third )?(?:tp|target|sl)(?![a-z])"
    r"|(?<![a-z])(?:pips?|profit) (?:running|done|gained|booked|secured|locked|in profit)\b"
    r"|(?<![a-z])pips? profits?\b|\brunning (?:in )?\+?\s*\d+\s*\+?\s*pips?\b"
)
_INSTRUCTION = re.compile(r"\b(?:after|when|once|if|until|as soon as|before)\b")

_TRADE_NOUNS = (
    r"(?:trade|position|order|buy|sell|long|short|layer|runner|signal|setup|limit)s?|entries|pending"
)
_MANAGEMENT = re.compile(
    r"\bbreakeven\b|\bsl (?:to|at|@|on)? ?(?:be|entry)\b|\b(?:set|put|go|move) (?:to )?be\b|\brisk free\b"
    r"|\bzero risk\b"
    r"|\b(?:move|moved|moving|set|adjust|shift|raise|lower|change|modify|update|trail|tighten|rời|dời)"
    r" (?:the |your |our |my )?(?:sl|stop|stops|tp)\b"
    r"|\bclose (?:(?:all|the|this|these|your|our|my|any|remaining|rest|of|half|some|open|in|full|fully) )*"
    rf"(?:{_TRADE_NOUNS}|now|half|partials?|partially|fully|gold|xau\w*|[a-z]{{3}}/?(?:usd|jpy|gbp|chf|cad|aud|nzd)"
    r"|\d+(?:\.\d+)?)\b|\bclose all ?$"
    r"|\bexit (?:now|all|the|this|trades?|positions?)\b|\bwe'?re out\b|\bget out now\b"
    rf"|\b(?:cancel|delete|remove) (?:(?:the|this|all|your|our|my|gold|buy|sell) )*(?:{_TRADE_NOUNS})\b"
    r"|\b(?:secure|book|bank|take) (?:some |your |the |half |more )*(?:profits?|partials?)\b"
    r"|\bpartials? (?:close|book|booked|profits?|out|tp)\b"
    r"|\bđóng (?:lệnh|hòa|hết|\d)|\bchốt (?:lệnh|hòa)",
    re.MULTILINE,
)
_NEGATED_MANAGEMENT = re.compile(rf"\b{_NEGATION}\s+(?:close|cancel|delete|exit|move)\b")


def reports_result(text: str) -> bool:
    """Whether a line tells what became of a trade, and is not an instruction for the case that it does."""
    return any(_RESULT.search(line) and not _INSTRUCTION.search(line) for line in text.split("\n"))


def manages_trade(text: str) -> bool:
    """Whether a text tells what to do with a trade that is open or pending."""
    return bool(_MANAGEMENT.search(_NEGATED_MANAGEMENT.sub(" ", text)))
