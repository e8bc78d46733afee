"""Amounts as a person writes them in hive.toml: a number or a text, kept as an exact decimal."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator

from hive_core.contracts.base import ExactDecimal


def _whole_number_as_text(value: object) -> object:
    # A person writes 100000 as well as 100000.0; on the wire a decimal is always text.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Setting = Annotated[ExactDecimal, BeforeValidator(_whole_number_as_text)]
