"""Settings of the policies that are asked about every order beside the gate; what they say is not ours."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from hive_core.configuration.amounts import Setting
from hive_core.contracts.base import Contract, Identifier


class PolicySettings(Contract):
    """Who answers, and with which policies.

    `engine`: in this process, or an OPA server at `url` that was given the policies of `folder` (unset: those
    that Hive ships). `timeout_s` is how long an answer may take; none in time denies. `strategies` names the
    strategy of each source, by patterns, the first that fits; a source without one is `unknown`.
    """

    engine: Literal["in_process", "server"] = "in_process"
    folder: Annotated[str, Field(min_length=1, max_length=1_024)] | None = None
    url: Annotated[str, Field(pattern=r"^https?://", max_length=1_024)] | None = None
    timeout_s: Annotated[Setting, Field(gt=0, le=5)] = Decimal("0.25")
    strategies: dict[Annotated[str, Field(min_length=1, max_length=64)], Identifier] = {}

    @model_validator(mode="after")
    def _a_server_has_an_address(self) -> Self:
        if (self.engine == "server") != (self.url is not None):
            raise ValueError("`url` is the address of an engine that is a server, and of no other")
        return self
