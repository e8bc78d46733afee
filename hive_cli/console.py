"""Everything the command prints goes through here: facts to stdout, progress and errors to stderr.

Text of others (messages, files, their names) is shown without what a terminal would obey: `printable`.
Colours and progress bars are for terminals; rich leaves both out when the output is piped and when
NO_COLOR is set. What a command says belongs to the command.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress
    from rich.table import Table
    from rich.text import Text

PIPED_WIDTH = 200
"""Columns when nobody sees the edge of the screen: wide enough that no cell is cut."""

_OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""What a terminal obeys instead of showing: C0 and C1 controls but newline and tab, and the marks that
turn the direction of text (https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters)."""


def printable(text: str) -> str:
    """Text without what a terminal would obey: a message must not clear the screen, name the window or
    show an order's figures backwards."""
    return _OBEYED.sub("", text)


def _console(*, stderr: bool) -> Console:
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else PIPED_WIDTH
    return Console(file=stream, width=width, highlight=False, soft_wrap=False)


def facts() -> Console:
    """Where results go."""
    return _console(stderr=False)


def notes() -> Console:
    """Where progress and errors go, so that stdout stays clean for a pipe."""
    return _console(stderr=True)


def print_json(value: Any) -> None:
    """One JSON document on stdout; times and decimals as text. What a terminal would obey is written as
    JSON's escapes, so that nothing of a value is lost."""
    written = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    # The layout of the document holds none but newlines; all others stand inside texts.
    sys.stdout.write(_OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", written) + "\n")


def print_plain(lines: Iterable[str], *, stderr: bool = False) -> None:
    """Lines without markup and wrapping, printable."""
    stream = sys.stderr if stderr else sys.stdout
    stream.write("".join(f"{printable(line)}\n" for line in lines))


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """A table; columns whose name begins with `>` stand right. Cells are printable text, never
    markup: a message may hold brackets."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    made = Table(title=title or None, title_justify="left", box=box.SIMPLE_HEAD, title_style="bold")
    for column in columns:
        made.add_column(
            column.removeprefix(">"), justify="right" if column.startswith(">") else "left", overflow="fold"
        )
    for row in rows:
        made.add_row(*[cell if isinstance(cell, Text) else Text(_cell(cell)) for cell in row])
    return made


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return printable(str(value))


def moment(ts_ns: int | None) -> str | None:
    """Nanoseconds as `2017-03-01 14:00:00`, UTC."""
    if ts_ns is None:
        return None
    return datetime.fromtimestamp(ts_ns / 1e9, UTC).strftime("%Y-%m-%d %H:%M:%S")


def marked(text: str, style: str = "") -> Text:
    """Printable text in a colour: a cell, or a line of a tree."""
    from rich.text import Text

    return Text(printable(text), style=style)


def progress() -> Progress:
    """A progress bar on stderr; it draws nothing when that is not a terminal."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
    from rich.progress import TimeElapsedColumn as Elapsed

    console = notes()
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Elapsed(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )


def counted(count: int, units: str) -> str:
    """`1 row`, `6,200 rows`; `units` is the plural."""
    return f"{count:,} {units if count != 1 else units.removesuffix('s')}"


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(counted(count, units) for units, count in counts.items()) or "0"


def totals_line(
    passed: Mapping[str, int],
    *,
    skipped: Mapping[str, int] | None = None,
    errors: int = 0,
    warnings: int | None = None,
) -> str:
    """The fixed last line, such as `PASS 3 files, 6,200 rows  SKIP 2 rows  ERROR 0`."""
    shown = {unit: count for unit, count in (skipped or {}).items() if count}
    warned = "" if warnings is None else f"  WARN {warnings}"
    return f"PASS {_listed(passed)}{warned}  SKIP {_listed(shown)}  ERROR {errors}"
