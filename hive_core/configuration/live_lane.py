"""Settings of the live lane: whether decks are published, how often, and for how long one holds."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from hive_core.contracts.base import Contract


class LiveLaneSettings(Contract):
    """Decks for the daemon's live lane. Times in seconds.

    With `enabled` Dagster publishes a deck whenever what it is cut from has changed, and at least every
    `deck_refresh_s`. A deck holds for `deck_valid_s`; when it has ended and there is no newer one, the live
    lane refuses messages and says so.
    """

    enabled: bool = False
    deck_refresh_s: Annotated[int, Field(ge=30, le=86_400)] = 900
    deck_valid_s: Annotated[int, Field(ge=60, le=7 * 86_400)] = 3_600

    @model_validator(mode="after")
    def _is_refreshed_before_it_ends(self) -> Self:
        if self.deck_refresh_s >= self.deck_valid_s:
            raise ValueError(
                "deck_refresh_s must be less than deck_valid_s: a deck would end before the next"
            )
        return self
