"""Report: what the daemon tells back, record by record, in the order it happened."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from hive_core.contracts.base import AccountName, Contract, Sha256, TimestampNs


class Report(Contract):
    """One journal record as others see it.

    `seq` is its place in the journal, `ts_event_ns` the account's clock when it happened (in a
    replay account that is the time of the prices, not of the wall), `record_sha256` the chain hash.
    """

    seq: Annotated[int, Field(ge=1)]
    account: AccountName
    ts_event_ns: TimestampNs
    kind: Annotated[str, Field(pattern=r"^[a-z_]{1,48}$")]
    body: dict[str, Any]
    record_sha256: Sha256


class ReportPage(Contract):
    """A page of reports after a sequence number; `head_seq` is the newest record there is."""

    reports: tuple[Report, ...]
    head_seq: Annotated[int, Field(ge=0)]
