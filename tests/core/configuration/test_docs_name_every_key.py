"""docs/configuration.md names every key of hive.toml, with the default that it has."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from hive_core.configuration.broker_fix import (
    AttachedBracket,
    FixEndpoint,
    FixSettings,
    FixSymbol,
    ListBracket,
)
from hive_core.configuration.broker_metatrader import MetaTraderSettings
from hive_core.configuration.broker_oanda import OandaSettings
from hive_core.configuration.kafka_lane import KafkaSettings
from hive_core.configuration.live_lane import LiveLaneSettings
from hive_core.configuration.load import parse_configuration
from hive_core.configuration.model import (
    Account,
    Configuration,
    Execution,
    Lineage,
    Ports,
    Resolution,
    Slack,
    SourceProfile,
    Updates,
)
from hive_core.configuration.policy import PolicySettings

REPOSITORY = Path(__file__).parents[3]
PAGE = REPOSITORY / "docs" / "configuration.md"

TABLES: dict[str, type[BaseModel]] = {
    "Top level": Configuration,
    "`[ports]`": Ports,
    "`[[accounts]]`": Account,
    "`[sources.<name>]`": SourceProfile,
    "`[resolution]`": Resolution,
    "`[updates]`": Updates,
    "`[execution]`": Execution,
    "`[execution.policy]`": PolicySettings,
    "`[live_lane]`": LiveLaneSettings,
    "`[kafka]`": KafkaSettings,
    "`[lineage]`": Lineage,
    "`[slack]`": Slack,
}

BROKERS: dict[str, type[BaseModel]] = {
    '`[[brokers]]`, `kind = "oanda"`': OandaSettings,
    '`[[brokers]]`, `kind = "fix"`': FixSettings,
    "`[brokers.trading]` and `[brokers.quotes]`, of `fix`": FixEndpoint,
    "`[[brokers.symbols]]`, of `fix`": FixSymbol,
    '`[brokers.bracket]`, of `fix`, `style = "attached"`': AttachedBracket,
    '`[brokers.bracket]`, of `fix`, `style = "list_oco"`': ListBracket,
    '`[[brokers]]`, `kind = "metatrader"`': MetaTraderSettings,
}


def told(page: str, heading: str) -> dict[str, str]:
    """Key to default, as the table under a heading says."""
    section = page.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| `([a-z0-9_]+)` \| (.+?) \|", section, re.MULTILINE)
    return {key: default.strip("`") for key, default in rows}


def in_words(field: FieldInfo) -> str:
    """A field's default as the page spells it."""
    if field.is_required():
        return "required"
    default = field.get_default(call_default_factory=True)
    if default is None:
        return "none"
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, BaseModel):
        return "table"
    if default == ():
        return "none"
    if isinstance(default, tuple):
        return f"{['no', 'one', 'two', 'three'][len(default)]} accounts"
    return "empty" if default in ({}, "") else str(default)


def type_in_words(annotation: Any) -> str:
    """A field's type as the tables of `[[brokers]]` spell it."""
    while get_args(annotation) and get_origin(annotation) not in {Literal, tuple, dict}:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(annotation))
    if get_origin(annotation) is tuple:
        return "list of tables"
    if get_origin(annotation) is dict or issubclass(annotation, BaseModel):
        return "table"
    return {int: "whole number", bool: "yes or no", str: "text", Decimal: "number"}[annotation]


@pytest.mark.parametrize("heading", TABLES)
def test_the_page_has_every_key_with_its_default(heading):
    fields = TABLES[heading].model_fields
    assert told(PAGE.read_text("utf-8"), heading) == {name: in_words(field) for name, field in fields.items()}


@pytest.mark.parametrize("heading", BROKERS)
def test_the_page_has_every_key_of_a_broker_with_its_default_and_type(heading):
    page, fields = PAGE.read_text("utf-8"), BROKERS[heading].model_fields
    defaults = {name: in_words(field) for name, field in fields.items()}
    if "kind" in defaults:
        defaults["kind"] = "required"  # without it nobody knows whose keys the others are
    assert told(page, heading) == defaults
    section = page.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    types = dict(re.findall(r"^\| `([a-z0-9_]+)` \| [^|]+ \| ([^|]+) \| [^|]+ \|$", section, re.MULTILINE))
    assert types == {name: type_in_words(field.annotation) for name, field in fields.items()}


@pytest.mark.parametrize("page", [PAGE, REPOSITORY / "README.md"], ids=lambda page: page.name)
def test_an_example_of_hive_toml_is_a_configuration(page):
    (example,) = re.findall(r"```toml\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    assert parse_configuration(example).account_for_source("my_room")[0] == "my_challenge"


@pytest.mark.parametrize("page", ["fix.md", "metatrader.md"])
def test_an_example_of_a_venue_is_a_configuration(page):
    (example,) = re.findall(r"```toml\n(.*?)```", (PAGE.parent / page).read_text("utf-8"), re.DOTALL)
    found = parse_configuration(example)
    assert found.broker_named(found.accounts[0].broker or "") is not None


def test_a_key_that_is_missing_on_the_page_is_seen():
    page = PAGE.read_text("utf-8").replace("| `vote_window_s` |", "| vote_window_s |")
    assert "vote_window_s" not in told(page, "`[resolution]`")
