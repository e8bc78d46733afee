"""Deck: the context that Dagster publishes for the live lane, as a signed manifest over tables.

Everything that reading and resolving a message needs besides the message: the settings, what was said and
heard lately, weights, prices, rates and news. Here stands what a deck says of itself; how it is cut is
`signals.lane_context`'s, its files are `landing.decks`'s.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from hive_core.configuration.model import Account, Configuration, Resolution, SourceProfile, Validation
from hive_core.contracts.base import Contract, Identifier, Sha256, SourceId, TimestampNs
from hive_core.evidence.canonical import content_hash
from hive_core.evidence.signature import Signature

PURPOSE = "hive.deck.1"
"""What the signature is for."""

MAX_TABLE_BYTES = 256 * 1024 * 1024
MAX_ROWS = 20_000_000

DeckTableName = Literal[
    "bars",
    "enriched_signals",
    "messages",
    "news_events",
    "parsed_signals",
    "reference_rates",
    "source_weights",
]
TABLE_NAMES: tuple[DeckTableName, ...] = (
    "bars",
    "enriched_signals",
    "messages",
    "news_events",
    "parsed_signals",
    "reference_rates",
    "source_weights",
)


class DeckTable(Contract):
    """One table of a deck: its file is named by the hash of its bytes."""

    name: DeckTableName
    rows: Annotated[int, Field(ge=0, le=MAX_ROWS)]
    size_bytes: Annotated[int, Field(gt=0, le=MAX_TABLE_BYTES)]
    sha256: Sha256


class DeckInput(Contract):
    """A file of the lake that a deck was cut from."""

    table: Identifier
    partition: Identifier
    sha256: Sha256


class LaneSettings(Contract):
    """The settings that decide what a message becomes; ports, feeds and the like decide nothing."""

    accounts: Annotated[tuple[Account, ...], Field(min_length=1)]
    sources: dict[SourceId, SourceProfile]
    validation: Validation
    resolution: Resolution

    @classmethod
    def of(cls, configuration: Configuration) -> Self:
        """Those of a configuration."""
        return cls(
            accounts=configuration.accounts,
            sources=configuration.sources,
            validation=configuration.validation,
            resolution=configuration.resolution,
        )

    def as_configuration(self) -> Configuration:
        """A configuration with these settings, and defaults for what decides nothing."""
        return Configuration(
            accounts=self.accounts,
            sources=self.sources,
            validation=self.validation,
            resolution=self.resolution,
        )


class Deck(Contract):
    """What a deck is: when it was made and until when it holds, by which code, from which data.

    `first_ts_ns` is where the context begins that votes and exposures are counted from: a UTC midnight.
    Messages reach a day further back. `lane_version` and `resolver_version` are those of the code that made
    it; another code must not use it. `run_id` is the Dagster run.
    """

    format: Literal[1] = 1
    made_at_ns: TimestampNs
    valid_until_ns: TimestampNs
    first_ts_ns: TimestampNs
    lane_version: Identifier
    resolver_version: Identifier
    run_id: Identifier
    settings: LaneSettings
    tables: tuple[DeckTable, ...]
    inputs: Annotated[tuple[DeckInput, ...], Field(max_length=10_000)]

    @model_validator(mode="after")
    def _holds_for_a_while(self) -> Self:
        if not self.first_ts_ns < self.made_at_ns < self.valid_until_ns:
            raise ValueError("first_ts_ns, made_at_ns and valid_until_ns follow each other")
        return self

    @model_validator(mode="after")
    def _has_every_table_once(self) -> Self:
        if tuple(table.name for table in self.tables) != TABLE_NAMES:
            raise ValueError(f"the tables are, in this order: {', '.join(TABLE_NAMES)}")
        return self

    def sha256(self) -> str:
        """What a decision names it by; it covers every table by its hash."""
        return content_hash(self)


class SignedDeck(Contract):
    """A deck with the signature over its canonical bytes, for the purpose `PURPOSE`."""

    deck: Deck
    signature: Signature
