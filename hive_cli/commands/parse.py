"""`hive parse`: what the messages of a file say, line by line."""

from __future__ import annotations

from typing import Annotated

import typer


def parse(
    file: Annotated[
        str, typer.Argument(help='Lines of {"id","ts","source","text","reply_to"?,"edit_of"?}; "-" is stdin.')
    ],
    out: Annotated[str, typer.Option(help='Where the lines go; "-" is stdout.')] = "-",
) -> None:
    """Read messages of rooms: signals, updates, noise, or a refusal with its reason.

    Streams: a file may be of any size, and packed by gzip. An output file appears when all is written.
    Sources are read as hive.toml declares them (pip, symbol, zone).
    Exit code 1: a line was no message; it stands in the output as refused, and all others are read.
    """
    import contextlib
    import sys
    import time

    from hive_cli.console import print_plain, printable, progress
    from hive_cli.failure import Failure
    from hive_cli.settings import load_settings
    from hive_cli.streams import is_one_file, lines_in, reading, writing
    from hive_core.signals.parser.lines import LineReader

    reader = LineReader(load_settings().configuration)
    began = time.perf_counter()
    with contextlib.ExitStack() as stack:
        source = stack.enter_context(reading(file))
        if is_one_file(source, out):
            raise Failure("the output would overwrite the input", where=printable(file), exit_code=2)
        write = stack.enter_context(writing(out))

        # On a terminal that the lines do not go to, a count runs: a file may be of any size.
        bar = stack.enter_context(progress()) if sys.stderr.isatty() and out != "-" else None
        task = None if bar is None else bar.add_task("messages read", total=None)
        for number, line in enumerate(reader.read(lines_in(source, file)), start=1):
            write(line + "\n")
            if bar is not None and task is not None and number % 5_000 == 0:
                bar.update(task, completed=number, description=f"{number:,} messages read")
    took_s = time.perf_counter() - began
    counts = reader.counts
    total = sum(counts.values())
    told = ", ".join(f"{counts[kind]:,} {kind}" for kind in ("signal", "update", "noise", "refused"))
    print_plain(
        [
            *(f"WARN {warning}" for warning in reader.warnings()),
            *([f"wrote {printable(out)}"] if out != "-" else []),
            f"{total:,} messages in {took_s:.1f} s: {told}",
            f"PASS {total - reader.unreadable:,} messages  SKIP 0  ERROR {reader.unreadable}",
        ],
        stderr=True,
    )
    if reader.unreadable:
        raise typer.Exit(1)
