"""The part of Rego v1 that every engine here reads in the same way; a policy outside of it is refused.

Engines were compared expression by expression. They differ in ordering values of different types, in
built-ins (one leaves `time.parse_rfc3339_ns` undefined, so that a rule built on it never holds), in `with`
(one ends the process), and in numbers that are no integers. What is left is enough to say who may trade what.
Tests of policies are not held to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from hive_exec.policy.question import LARGEST_INTEGER

BUILT_INS = frozenset({"count", "is_array", "is_boolean", "is_number", "is_object", "is_string", "sort"})
"""The built-ins that a policy may call. One is added here once the vectors agree on it in every engine."""
REFUSED_WORDS = frozenset({"as", "every", "with"})
ORDERINGS = frozenset({"<", "<=", ">", ">="})

_TOKEN = re.compile(
    r"""(?P<blank>[ \t\r]+|\#[^\n]*)
      | (?P<line>\n)
      | (?P<text>"(?:[^"\\\n]|\\[^\n])*")
      | (?P<number>[0-9][0-9.eE]*)
      | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<mark>:=|==|!=|<=|>=|[<>{}()\[\],.;:])""",
    re.VERBOSE | re.ASCII,
)
_HEAD = re.compile(r"(?:\s|#[^\n]*\n)*package hive(?:\.[a-z][a-z0-9_]*)+\n", re.ASCII)
_NAME = re.compile(r"[a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*)*", re.ASCII)
_KEYWORDS = frozenset({"if", "in", "not", "some", "default", "else", "import", "package"})


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    line: int


def faults_of_module(source: str) -> tuple[str, ...]:
    """Why a module of policies is not in the subset, each with its line; nothing where it is.

    It is: a package under `hive`; `import rego.v1` and no other import; the built-ins of `BUILT_INS` and
    functions of the module itself; integers; no arithmetic, unification, comprehension, `every` or `with`.
    Both sides of an ordering are integers, counts, or names that a line before it in the same block says
    `is_number` of.
    """
    faults: list[str] = []
    if not _HEAD.match(source):
        faults.append("line 1: the package is none under hive")
    tokens, stopped = _tokens(source)
    if stopped is not None:
        faults.append(stopped)
    faults += _word_faults(tokens)
    faults += _call_faults(tokens)
    faults += _ordering_faults(tokens)
    return tuple(faults)


def _tokens(source: str) -> tuple[list[_Token], str | None]:
    found: list[_Token] = []
    at, line = 0, 1
    while at < len(source):
        match = _TOKEN.match(source, at)
        if match is None:
            return found, f"line {line}: {source[at]!r} is outside the subset"
        kind = str(match.lastgroup)
        if kind != "blank":
            found.append(_Token(kind, match[0], line))
        line += kind == "line"
        at = match.end()
    found.append(_Token("line", "\n", line))
    return found, None


def _word_faults(tokens: list[_Token]) -> Iterator[str]:
    imports = []
    for place, token in enumerate(tokens):
        if token.kind == "word" and token.text in REFUSED_WORDS:
            yield f"line {token.line}: {token.text} is outside the subset"
        elif token.kind == "word" and token.text == "import":
            imports.append("".join(_rest_of_line(tokens, place + 1)))
            if imports[-1] != "rego.v1":
                yield f"line {token.line}: import {imports[-1]} is outside the subset"
        elif token.kind == "number" and not (token.text.isdigit() and int(token.text) <= LARGEST_INTEGER):
            yield f"line {token.line}: {token.text} is no integer up to {LARGEST_INTEGER}"
    if "rego.v1" not in imports:
        yield "line 1: import rego.v1 is missing"


def _call_faults(tokens: list[_Token]) -> Iterator[str]:
    own = _functions(tokens)
    for name in sorted(own & BUILT_INS):
        yield f"line 1: {name} is a built-in and is defined anew"
    for place, token in enumerate(tokens):
        if token.text == "(" and place and tokens[place - 1].kind == "word":
            called = _name_before(tokens, place)
            if called not in own | BUILT_INS and called not in _KEYWORDS:
                yield f"line {token.line}: {called} is called, which is outside the subset"


def _functions(tokens: list[_Token]) -> set[str]:
    """Names of functions that a module defines: at the beginning of a line, outside of every block."""
    found: set[str] = set()
    depth = 0
    for before, token, after in zip(tokens, tokens[1:], tokens[2:], strict=False):
        depth += (before.text == "{") - (before.text == "}")
        if depth == 0 and before.kind == "line" and token.kind == "word" and after.text == "(":
            found.add(token.text)
    return found


def _ordering_faults(tokens: list[_Token]) -> Iterator[str]:
    blocks: list[set[str]] = [set()]
    for statement, end in _statements(tokens):
        words = [token.text for token in statement]
        if words[:2] == ["is_number", "("] and words[-1:] == [")"]:
            blocks[-1].add("".join(words[2:-1]))
        places = [place for place, word in enumerate(words) if word in ORDERINGS]
        for place in places:
            for side in (words[:place], words[place + 1 :]):
                if not _is_number(side, blocks[-1]):
                    yield f"line {statement[0].line}: {' '.join(side)} is ordered and may be no number"
        if end == "{":
            blocks.append(set())
        elif end == "}" and len(blocks) > 1:
            blocks.pop()
        elif len(blocks) == 1:
            blocks = [set()]


def _statements(tokens: list[_Token]) -> Iterator[tuple[list[_Token], str]]:
    """Each run of tokens between line ends, `;`, `if` and braces, with what ended it."""
    held: list[_Token] = []
    for token in tokens:
        if token.kind == "line" or token.text in {";", "{", "}", "if"}:
            yield held, token.text
            held = []
        else:
            held.append(token)


def _is_number(side: list[str], guarded: set[str]) -> bool:
    text = "".join(side)
    if text.isdigit() or text in guarded:
        return True
    return text.startswith("count(") and text.endswith(")") and _NAME.fullmatch(text[6:-1]) is not None


def _name_before(tokens: list[_Token], place: int) -> str:
    """The dotted name that ends right before a place."""
    start = place - 1
    while start >= 2 and tokens[start - 1].text == "." and tokens[start - 2].kind == "word":
        start -= 2
    return "".join(token.text for token in tokens[start:place])


def _rest_of_line(tokens: list[_Token], place: int) -> Iterator[str]:
    while tokens[place].kind != "line":
        yield tokens[place].text
        place += 1
