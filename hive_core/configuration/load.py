"""Reading `hive.toml`: text to a frozen Configuration, or every mistake with its line and a caret."""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from hive_core.configuration.model import Configuration
from hive_core.landing.home import named_configuration


@dataclass(frozen=True, slots=True)
class ConfigurationFault:
    """One mistake: where it stands, what is wrong, and the nearest right key if the key is unknown."""

    file: str
    line: int
    column: int
    text: str
    reason: str

    def render(self) -> str:
        """`file:line:column: reason`, the line itself, and a caret below the place."""
        head = f"{self.file}:{self.line}:{self.column}: {self.reason}"
        if not self.text:
            return head
        return f"{head}\n    {self.text}\n    {' ' * (self.column - 1)}^"


class ConfigurationError(ValueError):
    """A configuration that cannot be used, with all of its faults."""

    def __init__(self, faults: list[ConfigurationFault]) -> None:
        super().__init__("\n".join(fault.render() for fault in faults))
        self.faults = faults


_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?")
_KEY = re.compile(r"^\s*((?:\"[^\"]+\"|[A-Za-z0-9_-]+)(?:\s*\.\s*(?:\"[^\"]+\"|[A-Za-z0-9_-]+))*)\s*=")

Place = tuple[int, int]
Path_ = tuple[str | int, ...]


def _key_parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip().strip('"') for part in text.split("."))


def _places(text: str) -> dict[Path_, Place]:
    """Line and column of every table header and key of a TOML document."""
    places: dict[Path_, Place] = {}
    table: Path_ = ()
    counts: dict[Path_, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            name: Path_ = _key_parts(header.group(2))
            if header.group(1) == "[[":
                places.setdefault(name, (number, header.start(2) + 1))  # of the whole array: its first
                index = counts.get(name, 0)
                counts[name] = index + 1
                name = (*name, index)
            elif name[:1] in counts and len(name) > 1:
                name = (name[0], counts[name[:1]] - 1, *name[1:])
            table = name
            places[table] = (number, header.start(2) + 1)
        elif key := _KEY.match(line):
            path = (*table, *_key_parts(key.group(1)))
            for end in range(len(table) + 1, len(path) + 1):
                places.setdefault(path[:end], (number, key.start(1) + 1))
    return places


def _fields_at(path: Path_) -> list[str]:
    """The keys that are right at a place, for the suggestion."""
    model: Any = Configuration
    for part in path:
        if isinstance(part, int):
            continue
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            return []
        field = model.model_fields.get(part)
        if field is None:
            return []
        annotation: Any = field.annotation
        arguments = [a for a in get_args(annotation) if isinstance(a, type) and issubclass(a, BaseModel)]
        model = arguments[0] if arguments else annotation
        if part == "sources" and len(path) > 1:
            return list(model.model_fields)
    return list(model.model_fields) if isinstance(model, type) and issubclass(model, BaseModel) else []


def parse_configuration(text: str, file: str = "hive.toml") -> Configuration:
    """Parse the text of a `hive.toml`.

    Raises:
        ConfigurationError: with every fault: file, line, column, reason, and the nearest right key.
    """
    lines = text.splitlines()
    try:
        raw = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"line (\d+), column (\d+)", str(error))
        line, column = (int(place[1]), int(place[2])) if place else (max(len(lines), 1), 1)
        shown = lines[line - 1] if line <= len(lines) else ""
        reason = "not TOML: " + str(error).split(" (at")[0]
        raise ConfigurationError([ConfigurationFault(file, line, column, shown, reason)]) from None
    try:
        # By way of JSON, where strictness still takes an array for a tuple and text for a decimal.
        return Configuration.model_validate_json(json.dumps(raw, default=str))
    except ValidationError as error:
        problems = error.errors(include_url=False)
    places = _places(text)
    faults = []
    for problem in problems:
        path = _without_tags(tuple(part for part in problem["loc"] if part != "[key]"), raw)
        if problem["type"] == "too_short" and any(
            other["loc"][: len(path) + 1][:-1] == path for other in problems
        ):
            continue  # pydantic's echo of the faults inside
        found = path
        while found and found not in places:
            found = found[:-1]
        line, column = places.get(found, (1, 1))
        reason = problem["msg"].removeprefix("Value error, ")
        name = ".".join(str(part) for part in path if not isinstance(part, int))
        if problem["type"] == "extra_forbidden":
            near = difflib.get_close_matches(str(path[-1]), _fields_at(path[:-1]), n=1)
            reason = "unknown key" + (f", did you mean {near[0]}?" if near else "")
        elif problem["type"] == "missing":
            reason = "missing"
        shown = lines[line - 1] if line <= len(lines) else ""
        faults.append(ConfigurationFault(file, line, column, shown, f"{name}: {reason}"))
    raise ConfigurationError(sorted(faults, key=lambda fault: (fault.line, fault.column)))


def _without_tags(path: Path_, raw: Any) -> Path_:
    """A place without the kinds by which pydantic tells one sort of table from another."""
    found: list[str | int] = []
    here = raw
    for part in path:
        if isinstance(here, dict) and part not in here and part in {here.get("kind"), here.get("style")}:
            continue
        found.append(part)
        if isinstance(here, dict):
            here = here.get(part)
        elif isinstance(here, list) and isinstance(part, int) and part < len(here):
            here = here[part]
        else:
            here = None
    return tuple(found)


def load_configuration(path: Path) -> Configuration:
    """Read `path`; a file that is not there means every default, unless `HIVE_CONFIG` names it.

    Raises:
        ConfigurationError: as `parse_configuration`, or the file cannot be read.
    """
    if not path.exists() and path != named_configuration():
        return Configuration()
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise _unreadable(path, f"not UTF-8 at byte {error.start}") from None
    except FileNotFoundError:
        raise _unreadable(
            path, "HIVE_CONFIG names it, and it is not there: write it, or unset HIVE_CONFIG"
        ) from None
    except OSError as error:
        raise _unreadable(path, f"cannot be read ({error.strerror})") from None
    return parse_configuration(text, str(path))


def _unreadable(path: Path, reason: str) -> ConfigurationError:
    return ConfigurationError([ConfigurationFault(str(path), 1, 1, "", reason)])
