"""Settings of an account at a MetaTrader 5 broker. The bridge's token is a secret and does not stand here."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from hive_core.contracts.base import AccountName, Contract, Symbol

NEW_YORK_PLUS_7 = "new_york+7"
"""The clock of most MetaTrader servers: the day turns at 17:00 in New York, summer and winter."""

_VENUE_NAME = re.compile(r"[A-Za-z0-9._#+!$&/-]{0,31}", re.ASCII)


def _server_clock(name: str) -> str:
    if name == NEW_YORK_PLUS_7:
        return name
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(
            f"{name!r} is no server clock: {NEW_YORK_PLUS_7}, or an IANA zone such as Europe/Athens"
        ) from None
    return name


def _venue_name(name: str) -> str:
    if not _VENUE_NAME.fullmatch(name):
        raise ValueError(
            f"{name!r} is no part of a broker's symbol: at most 31 of A-Z a-z 0-9 . _ # + - / ! $ &"
        )
    return name


VenueName = Annotated[str, AfterValidator(_venue_name)]


class MetaTraderSettings(Contract):
    """Where the bridge is, which account stands behind it, and the broker's own habits.

    The bridge's token comes from the environment variable `token_variable`, or from the file that
    `<token_variable>_FILE` names.

    `login` and `server` are compared with what the terminal says before anything is sent: a terminal that
    was logged in elsewhere trades nothing. `accounting` is compared likewise. `server_clock` is the clock
    by which the server stamps times, which is not UTC. `magic` numbers this installation: the upper part
    of every order's magic number, so two installations on one account need two. A broker's name of a
    symbol is `symbol_names` of ours, or ours between `symbol_prefix` and `symbol_suffix`.
    `overlap_s` is how far history is read again, for deals can arrive late; `settle_s` how long after a
    request was cut off it may still be executed.
    """

    name: AccountName
    kind: Literal["metatrader"] = "metatrader"
    bridge_host: Annotated[str, Field(pattern=r"^[A-Za-z0-9.:-]{1,253}$")] = "127.0.0.1"
    bridge_port: Annotated[int, Field(ge=1024, le=65535)] = 18813
    token_variable: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{2,63}$")] = "HIVE_METATRADER_BRIDGE_TOKEN"  # noqa: S105 - a name
    login: Annotated[int, Field(ge=1)]
    server: Annotated[str, Field(min_length=1, max_length=128)]
    accounting: Literal["hedging", "netting"]
    server_clock: Annotated[str, AfterValidator(_server_clock)] = NEW_YORK_PLUS_7
    magic: Annotated[int, Field(ge=1, le=32_767)] = 4_483
    symbol_prefix: VenueName = ""
    symbol_suffix: VenueName = ""
    symbol_names: dict[Symbol, VenueName] = {}
    answer_timeout_s: Annotated[int, Field(ge=1, le=300)] = 60
    max_quote_age_s: Annotated[int, Field(ge=1, le=600)] = 30
    clock_tolerance_s: Annotated[int, Field(ge=1, le=60)] = 10
    overlap_s: Annotated[int, Field(ge=60, le=86_400)] = 3_600
    settle_s: Annotated[int, Field(ge=60, le=3_600)] = 300
    poll_ms: Annotated[int, Field(ge=100, le=10_000)] = 500
    max_requests_per_s: Annotated[int, Field(ge=1, le=50)] = 5
