"""The entry point: the list of commands, and the one place where an error becomes text and a code."""

from __future__ import annotations

import os
import re
import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer

from hive_cli.commands import importing, listening, principals
from hive_cli.commands.account import account
from hive_cli.commands.daemon import execute
from hive_cli.commands.demo import demo
from hive_cli.commands.doctor import doctor
from hive_cli.commands.down import down
from hive_cli.commands.explain import explain
from hive_cli.commands.flow import flow
from hive_cli.commands.health import health
from hive_cli.commands.holding import breakers, kill, resume
from hive_cli.commands.orders import orders
from hive_cli.commands.parse import parse
from hive_cli.commands.people import close, positions, resolve, review
from hive_cli.commands.replay import replay
from hive_cli.commands.rules import rules
from hive_cli.commands.score import score
from hive_cli.commands.status import status
from hive_cli.commands.up import up
from hive_cli.commands.verify import verify
from hive_cli.console import print_plain
from hive_cli.failure import Failure

app = typer.Typer(
    name="hive",
    help="Turns forex signals into orders that can explain themselves.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


_OURS = re.compile(re.escape(str(Path(__file__).parents[1])) + r"/hive_(core|exec|cli)/")


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        sys.stdout.write(f"hive {version('hive-trading')}\n")
        raise typer.Exit


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version.")
    ] = False,
) -> None:
    """Options that every command takes."""


app.command()(up)
app.command()(flow)
app.command()(status)
app.command()(health)
app.command()(down)
app.add_typer(importing.app, name="import")
app.add_typer(listening.app, name="listen")
app.add_typer(principals.app, name="principals")
app.command()(account)
app.command()(rules)
app.command()(parse)
app.command()(score)
app.command()(orders)
app.command()(positions)
app.command()(close)
app.command()(review)
app.command()(resolve)
app.command()(breakers)
app.command()(kill)
app.command()(resume)
app.command()(explain)
app.command()(verify)
app.command()(replay)
app.command()(doctor)
app.command()(demo)
app.command("exec")(execute)


def run(arguments: list[str]) -> int:
    """Run the command with these arguments; its exit code.

    0: done. 1: something failed, or a part of the input was skipped or refused. 2: the request or the
    configuration was wrong. 130: interrupted.
    """
    debug = "--debug" in arguments or os.environ.get("HIVE_DEBUG") == "1"
    try:
        try:
            app(args=[word for word in arguments if word != "--debug"], prog_name="hive")
        finally:
            sys.stdout.flush()  # a full disk is told here, not by the interpreter after the end
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except Failure as failure:
        _say(failure.lines())
        if debug:
            _say(traceback.format_exc().splitlines())
        return failure.exit_code
    except KeyboardInterrupt:
        _say(["interrupted"])
        return 130
    except BrokenPipeError:
        # The reader of our pipe has seen enough; nothing is left to say to it.
        _give_up_stdout()
        return 0
    except Exception as error:  # noqa: BLE001 (the last line of defence: a person gets lines, not a dump)
        if debug:
            _say(traceback.format_exc().splitlines())
            return 1
        _say(_unforeseen(error))
        return 1
    return 0


def _unforeseen(error: Exception) -> list[str]:
    """An error that no command knows: of a file its name, of anything else the last line of ours."""
    step = "  next: the same command with --debug shows the whole traceback"
    if isinstance(error, OSError) and error.strerror:
        where = [f"  where: {error.filename}"] if error.filename is not None else []
        return [f"ERROR {error.strerror}", *where, step]
    frames = traceback.extract_tb(error.__traceback__)
    frame = next((each for each in reversed(frames) if _OURS.match(each.filename)), frames[-1])
    reason = " ".join(str(error).split())[:300]
    return [
        f"ERROR {type(error).__name__}: {reason}",
        f"  where: {frame.filename}:{frame.lineno} in {frame.name}",
        step,
    ]


def _say(lines: list[str]) -> None:
    try:
        sys.stdout.flush()
    except OSError:  # nothing more can be written there; what follows goes to stderr
        _give_up_stdout()
    print_plain(lines, stderr=True)


def _give_up_stdout() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main() -> None:
    """`hive`."""
    sys.exit(run(sys.argv[1:]))
