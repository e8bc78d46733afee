"""Programme files: strict YAML in, a `Programme` out. A key that stands twice, an anchor, an alias or a tag
is refused, so is a number with a decimal point that is not quoted: what stands there is what counts.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from pydantic import ValidationError

from hive_core.risk.rules.programme import Programme

FOLDER = "hive_core.risk.packs"
_IS_FIELD = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)


class ProgrammeFileError(ValueError):
    """A programme's file is not what it has to be: the file, the place in it, and the reason."""


class _StrictLoader(yaml.SafeLoader):  # type: ignore[misc]  # yaml ships no types
    """YAML with none of its surprises."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> Any:
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise ProgrammeFileError(f"line {event.start_mark.line + 1}: anchors and aliases are not read")
        if getattr(event, "tag", None) is not None:
            raise ProgrammeFileError(f"line {event.start_mark.line + 1}: tags are not read")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise ProgrammeFileError(
                    f"line {key.start_mark.line + 1}: the key {key.value!r} stands twice"
                )
            seen.add(key.value)
        return dict(super().construct_mapping(node, deep=deep))


def _refuse_float(loader: _StrictLoader, node: yaml.ScalarNode) -> Any:
    raise ProgrammeFileError(
        f'line {node.start_mark.line + 1}: {node.value} stands without quotes; write "{node.value}"'
    )


_StrictLoader.add_constructor("tag:yaml.org,2002:float", _refuse_float)


def parse_programme(text: str, file_name: str) -> Programme:
    """The programme that a file's text describes.

    Raises:
        ProgrammeFileError: with the file, the line or field, and the reason.
    """
    try:
        raw = yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - a SafeLoader, made stricter
        return Programme.model_validate(_tuples(raw))
    except ProgrammeFileError as error:
        raise ProgrammeFileError(f"{file_name}: {error}") from None
    except yaml.YAMLError as error:
        raise ProgrammeFileError(f"{file_name}: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        first = error.errors()[0]
        raise ProgrammeFileError(f"{file_name}: {_place(first['loc'])}: {first['msg']}") from None


def _place(loc: tuple[int | str, ...]) -> str:
    """Where a fault lies, as a person counts: `rules[2].daily_loss.value.pct`. What pydantic calls the
    branches of a choice is left out."""
    text = ""
    for part in loc:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        elif _IS_FIELD.fullmatch(part):
            text += f".{part}"
    return text.removeprefix(".") or "the file"


def _tuples(value: object) -> object:
    """Contracts hold tuples, and strictness takes no list for one."""
    if isinstance(value, list):
        return tuple(_tuples(item) for item in value)
    if isinstance(value, dict):
        return {key: _tuples(item) for key, item in value.items()}
    return value


@cache
def programme_names() -> tuple[str, ...]:
    """The names of the programmes there are."""
    found = (entry.name for entry in files(FOLDER).iterdir())
    return tuple(sorted(name.removesuffix(".yaml") for name in found if name.endswith(".yaml")))


@cache
def programme(name: str) -> Programme:
    """A packaged programme by its name.

    Raises:
        KeyError: no such programme, with the names there are.
        ProgrammeFileError: its file is not what it has to be.
    """
    if name not in programme_names():
        raise KeyError(f"no programme {name!r}; there are: {', '.join(programme_names())}")
    file_name = f"{name}.yaml"
    found = parse_programme(files(FOLDER).joinpath(file_name).read_text("utf-8"), file_name)
    if found.name != name:
        raise ProgrammeFileError(f"{file_name}: name: says {found.name!r}")
    return found
