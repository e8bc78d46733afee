"""Settings of an account at a venue that speaks FIX 4.4.

Secrets never stand here: `<secrets>_USERNAME` and `<secrets>_PASSWORD` come from the environment.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from hive_core.configuration.amounts import Setting
from hive_core.contracts.base import AccountName, Contract, Symbol

CompId = Annotated[str, Field(pattern=r"^[!-~]{1,64}$")]
"""Printable ASCII without spaces."""
CustomTag = Annotated[int, Field(ge=957, le=99_999)]
"""A field number beyond those of FIX 4.4."""
Seconds = Annotated[int, Field(gt=0, le=3600)]


class FixEndpoint(Contract):
    """One FIX session: where, who, and its times.

    `reset_on_logon` begins both sequence numbers with 1 at every logon, for venues that ask for it; what
    was reported while the session was down is then not repeated, and reconciliation alone finds it.
    """

    host: Annotated[str, Field(pattern=r"^[A-Za-z0-9.:-]{1,253}$")]
    port: Annotated[int, Field(ge=1, le=65535)]
    tls: bool = True
    sender_comp_id: CompId
    target_comp_id: CompId
    sender_sub_id: Annotated[str, Field(pattern=r"^[!-~]{0,64}$")] = ""
    target_sub_id: Annotated[str, Field(pattern=r"^[!-~]{0,64}$")] = ""
    heartbeat_s: Annotated[int, Field(ge=1, le=120)] = 30
    reset_on_logon: bool = False


class FixSymbol(Contract):
    """How the venue names an instrument, and how many units it counts for a lot of ours."""

    symbol: Symbol
    venue_symbol: Annotated[str, Field(pattern=r"^[!-~]{1,32}$")]
    units_per_lot: Annotated[Setting, Field(gt=0)]


class AttachedBracket(Contract):
    """Stop and target as the venue's own fields of the entry order.

    `is_echoed`: every report of the entry repeats the stop's field, so that a fill without it is known to
    stand without a stop.
    """

    style: Literal["attached"]
    stop_tag: CustomTag
    target_tag: CustomTag
    is_echoed: bool = True


class ListBracket(Contract):
    """Entry, stop and target as one NewOrderList; stop and target wait for the entry and cancel each other.

    FIX 4.4 has no field for it; venues use ContingencyType(1385) of FIX 5.0, or one of their own.
    """

    style: Literal["list_oco"]
    contingency_tag: CustomTag = 1385
    contingency_value: Annotated[str, Field(pattern=r"^[!-~]{1,8}$")] = "2"


class FixSettings(Contract):
    """An account at a FIX 4.4 venue.

    `quotes` is the session for prices where it is not the one for orders. `answer_timeout_s` bounds how
    long an answer is waited for; `settle_s` how long after that a request may still be acted upon.
    `position_id_tag` names a position at a hedging venue (721 PosMaintRptID unless it has its own).
    """

    name: AccountName = "fix"
    kind: Literal["fix"] = "fix"
    account: CompId
    trading: FixEndpoint
    quotes: FixEndpoint | None = None
    secrets: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,62}$")] = "HIVE_FIX"
    symbols: Annotated[tuple[FixSymbol, ...], Field(min_length=1, max_length=500)]
    bracket: Annotated[AttachedBracket | ListBracket, Field(discriminator="style")]
    is_hedging: bool
    deduplicates_client_ids: bool
    position_id_tag: Annotated[int, Field(ge=1, le=99_999)] = 721
    answer_timeout_s: Seconds = 10
    settle_s: Seconds = 120
    max_requests_per_s: Annotated[int, Field(ge=1, le=1000)] = 20

    @model_validator(mode="after")
    def _one_name_each(self) -> Self:
        for names in ([s.symbol for s in self.symbols], [s.venue_symbol for s in self.symbols]):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(
                    f"symbols: {', '.join(twice)} stands twice; each instrument has one name here"
                )
        return self
