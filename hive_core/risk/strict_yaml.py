"""YAML that says what it seems to say: for files that people write and a reviewer compares with a source.

A key that stands twice, an anchor, an alias or a tag is refused, so is a number with a decimal point that
is not quoted: what stands there is what counts. What a file means is its reader's question.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

_IS_FIELD = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)


class StrictYamlError(ValueError):
    """A text is not YAML as strict as this, and where."""


class _StrictLoader(yaml.SafeLoader):  # type: ignore[misc]  # yaml ships no types
    """YAML with none of its surprises."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> Any:
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise StrictYamlError(f"line {event.start_mark.line + 1}: anchors and aliases are not read")
        if getattr(event, "tag", None) is not None:
            raise StrictYamlError(f"line {event.start_mark.line + 1}: tags are not read")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise StrictYamlError(f"line {key.start_mark.line + 1}: the key {key.value!r} stands twice")
            seen.add(key.value)
        return dict(super().construct_mapping(node, deep=deep))


def _refuse_float(loader: _StrictLoader, node: yaml.ScalarNode) -> Any:
    raise StrictYamlError(
        f'line {node.start_mark.line + 1}: {node.value} stands without quotes; write "{node.value}"'
    )


_StrictLoader.add_constructor("tag:yaml.org,2002:float", _refuse_float)


def read_strict_yaml(text: str) -> object:
    """What a text says, lists as tuples: contracts hold tuples, and strictness takes no list for one.

    Raises:
        StrictYamlError: with the line, where there is one, and the reason.
    """
    try:
        return _tuples(yaml.load(text, Loader=_StrictLoader))  # noqa: S506 - a SafeLoader, made stricter
    except yaml.YAMLError as error:
        raise StrictYamlError(" ".join(str(error).split())) from None


def place_of(loc: tuple[int | str, ...]) -> str:
    """Where a fault of pydantic's lies, as a person counts: `rules[2].daily_loss.value.pct`. What pydantic
    calls the branches of a choice is left out."""
    text = ""
    for part in loc:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        elif _IS_FIELD.fullmatch(part):
            text += f".{part}"
    return text.removeprefix(".") or "the file"


def _tuples(value: object) -> object:
    if isinstance(value, list):
        return tuple(_tuples(item) for item in value)
    if isinstance(value, dict):
        return {key: _tuples(item) for key, item in value.items()}
    return value
