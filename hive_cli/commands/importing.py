"""`hive import`: a user's own prices, messages and signals, landed as they came; and the samples."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from hive_core.contracts.rejection import RejectedRow
    from hive_core.landing.outcome import ImportOutcome

SHOWN_ROWS = 10
WHAT_FOLLOWS = "a running Hive takes it from here (hive up); hive status shows how far it came"

BARS_EXAMPLE = (
    "hive import bars EURUSD_H1.csv --symbol EURUSD --timeframe H1 --format mt5 "
    "--time-zone Europe/Athens --price-scale 1"
)
NEWS_EXAMPLE = "hive import news calendar.csv --format csv --time-zone Europe/London"
MESSAGES_EXAMPLE = (
    "hive import messages result.json --source my_room --format telegram --time-zone Europe/London"
)
SIGNALS_EXAMPLE = "hive import signals calls.avro --source my_strategy"
MESSAGE_FORMATS = ("telegram", "jsonl", "csv")
SIGNAL_FORMATS = {
    "avro": "signals_avro",
    "csv": "signals_csv",
    "jsonl": "signals_jsonl",
    "tradingview": "tradingview",
}

app = typer.Typer(
    no_args_is_help=True, help="Bring in prices, news, messages and signals, kept as they came."
)


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one file: an outcome, or why the whole of it was refused."""

    path: str
    outcome: ImportOutcome | None
    refusal: str | None

    def as_facts(self) -> dict[str, Any]:
        """The same for `--json`."""
        if self.outcome is None:
            return {"file": self.path, "refused": self.refusal}
        outcome = self.outcome
        return {
            "file": self.path,
            "receipt": outcome.receipt.number,
            "sha256": outcome.receipt.payload_sha256,
            "is_new": outcome.is_new,
            "accepted_rows": outcome.accepted_rows,
            "rejected": [
                {"row": r.row, "column": r.column, "value": r.value, "reason": r.reason}
                for r in outcome.rejected
            ],
            "facts": dict(outcome.receipt.facts),
        }


Files = Annotated[list[Path], typer.Argument(help="The files, as they came.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print the facts as JSON.")]


@app.command()
def bars(
    files: Files,
    symbol: Annotated[str | None, typer.Option(help="The instrument, such as EURUSD.")] = None,
    format_: Annotated[
        str | None, typer.Option("--format", help="mt5, histdata, lean, dukascopy, csv or parquet.")
    ] = None,
    timeframe: Annotated[str | None, typer.Option(help="M1, M5, M15, M30, H1, H4 or D1.")] = None,
    time_zone: Annotated[
        str | None, typer.Option(help="The clock of its times, such as UTC or Europe/Athens.")
    ] = None,
    price_scale: Annotated[
        str | None, typer.Option(help="Price in the file / scale = price: 1, or 100000 for points.")
    ] = None,
    side: Annotated[
        str | None, typer.Option(help="bid, ask or both, where the format leaves it open.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Import bars. What is not declared is refused, never guessed."""
    from hive_cli.failure import Faults
    from hive_cli.settings import load_settings
    from hive_core.contracts.rejection import RefusedFile
    from hive_core.market.declaration import declare_bars
    from hive_core.market.importing import import_bars

    needed = {"--symbol": symbol, "--format": format_, "--timeframe": timeframe, "--time-zone": time_zone}
    _refuse_missing("bars", needed, BARS_EXAMPLE)
    given = {"symbol": symbol, "format": format_, "timeframe": timeframe, "time_zone": time_zone}
    try:
        declaration = declare_bars({**given, "price_scale": price_scale, "side": side})
    except RefusedFile as error:
        faults = re.split(r"; (?=--)", str(error))
        raise Faults("the declaration is wrong", faults, next_step=f"for example: {BARS_EXAMPLE}") from None
    home = load_settings().home
    _import_each(
        files,
        lambda name, payload: import_bars(home, name, payload, declaration, received_ns=time.time_ns()),
        as_json=as_json,
    )


@app.command()
def news(
    files: Files,
    format_: Annotated[str | None, typer.Option("--format", help="csv or forexfactory.")] = None,
    time_zone: Annotated[str | None, typer.Option(help="The clock of times that name no zone.")] = None,
    known_ahead_h: Annotated[
        int | None,
        typer.Option(help="Hours before an event at which it was known, where the file does not say it."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Import an economic calendar. An event counts from when it was first seen."""
    from pydantic import ValidationError

    from hive_cli.failure import Faults
    from hive_cli.settings import load_settings
    from hive_core.calendars.news_file import NewsDeclaration
    from hive_core.calendars.news_importing import import_news

    _refuse_missing("news", {"--format": format_}, NEWS_EXAMPLE)
    said = {"format": format_, "time_zone": time_zone, "known_ahead_h": known_ahead_h}
    try:
        declaration = NewsDeclaration.model_validate({k: v for k, v in said.items() if v is not None})
    except ValidationError as error:
        faults = [
            f"--{str(fault['loc'][0]).replace('_', '-')}: {fault['msg'].removeprefix('Value error, ')}"
            for fault in error.errors(include_url=False)
        ]
        step = f"for example: {NEWS_EXAMPLE}"
        raise Faults("the declaration is wrong", faults, next_step=step) from None
    home = load_settings().home
    _import_each(
        files,
        lambda name, payload: import_news(home, name, payload, declaration, received_ns=time.time_ns()),
        as_json=as_json,
    )


@app.command()
def messages(
    files: Files,
    source: Annotated[str | None, typer.Option(help="A name for the room: a-z, 0-9, _ and -.")] = None,
    format_: Annotated[str | None, typer.Option("--format", help="telegram, jsonl or csv.")] = None,
    time_zone: Annotated[str | None, typer.Option(help="The clock of times that name no zone.")] = None,
    chat: Annotated[
        str | None, typer.Option(help="Which chat, in a Telegram export of a whole account.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Import the messages of one room."""
    _refuse_missing("messages", {"--source": source, "--format": format_}, MESSAGES_EXAMPLE)
    _refuse_unknown_format("messages", format_, MESSAGE_FORMATS, MESSAGES_EXAMPLE)
    said = {"source": source, "format": format_, "time_zone": time_zone, "chat": chat}
    _import_messages(files, said, MESSAGES_EXAMPLE, as_json=as_json)


@app.command()
def signals(
    files: Files,
    source: Annotated[str | None, typer.Option(help="A name for the sender: a-z, 0-9, _ and -.")] = None,
    format_: Annotated[
        str | None,
        typer.Option("--format", help="avro, csv, jsonl or tradingview; by default the files' ending."),
    ] = None,
    time_zone: Annotated[str | None, typer.Option(help="The clock of times that name no zone.")] = None,
    as_json: Json = False,
) -> None:
    """Import signals that machines wrote, one a record. Each becomes a message of its sender."""
    endings = {path.name.removesuffix(".gz").rpartition(".")[2] for path in files}
    named = format_ or (endings.pop() if len(endings) == 1 else None)
    _refuse_missing("signals", {"--source": source, "--format": named}, SIGNALS_EXAMPLE)
    _refuse_unknown_format("signals", named, SIGNAL_FORMATS, SIGNALS_EXAMPLE)
    said = {"source": source, "format": SIGNAL_FORMATS[str(named)], "time_zone": time_zone}
    _import_messages(files, said, SIGNALS_EXAMPLE, as_json=as_json)


@app.command()
def samples(as_json: Json = False) -> None:
    """Import the sample prices, and drop the sample rooms into the inbox."""
    from hive_cli.console import print_json, print_plain, totals_line
    from hive_cli.samples import bring_samples
    from hive_cli.settings import load_settings

    found = bring_samples(load_settings().home, received_ns=time.time_ns())
    if as_json:
        print_json({"files": found})
        return
    print_plain(
        [
            *[f"{each['file']}: {each['did']}" for each in found],
            "The prices are real (ECB; EURUSD of 2017). The rooms are samples, written for Hive.",
            WHAT_FOLLOWS,
            totals_line({"files": len(found)}),
        ]
    )


def _import_messages(files: list[Path], said: dict[str, str | None], example: str, *, as_json: bool) -> None:
    """Declare the files as said, with the source's own clock where none is said, and import them."""
    from pydantic import ValidationError

    from hive_cli.failure import Faults
    from hive_cli.settings import load_settings
    from hive_core.signals.importing import import_messages
    from hive_core.signals.messages import MessageDeclaration

    settings = load_settings()
    profile = settings.configuration.sources.get(said["source"] or "")
    said = {**said, "time_zone": said["time_zone"] or (profile.time_zone if profile else None)}
    try:
        declaration = MessageDeclaration.model_validate({k: v for k, v in said.items() if v is not None})
    except ValidationError as error:
        faults = [
            f"--source: {said['source']!r} is no room's name: lower case, digits, _ and -, such as my_room"
            if fault["loc"] == ("source",)
            else f"--{str(fault['loc'][0]).replace('_', '-')}: {fault['msg'].removeprefix('Value error, ')}"
            for fault in error.errors(include_url=False)
        ]
        raise Faults("the declaration is wrong", faults, next_step=f"for example: {example}") from None
    home = settings.home
    _import_each(
        files,
        lambda name, payload: import_messages(home, name, payload, declaration, received_ns=time.time_ns()),
        as_json=as_json,
    )


def _refuse_missing(what: str, options: dict[str, str | None], example: str) -> None:
    from hive_cli.failure import Failure

    missing = [name for name, value in options.items() if value is None]
    if missing:
        raise Failure(
            f"not declared: {', '.join(missing)}",
            details=[f"{what} need {', '.join(options)}; nothing is guessed"],
            next_step=f"for example: {example}",
            exit_code=2,
        )


def _refuse_unknown_format(what: str, named: str | None, known: Collection[str], example: str) -> None:
    from hive_cli.failure import Failure

    if str(named) not in known:
        raise Failure(
            f"{named} is no format of {what}",
            details=[f"there are: {', '.join(sorted(known))}"],
            next_step=f"for example: {example}",
            exit_code=2,
        )


def _import_each(files: list[Path], take: Callable[[str, bytes], ImportOutcome], *, as_json: bool) -> None:
    """Every file on its own: what is wrong with one loses nothing of another."""
    from hive_cli.console import print_json, printable, progress
    from hive_core.contracts.rejection import RefusedFile
    from hive_core.landing.reading import read_bounded

    done: list[Imported] = []
    with progress() as bar:
        task = bar.add_task("importing", total=len(files))
        for path in files:
            bar.update(task, description=printable(path.name))
            try:
                done.append(Imported(str(path), take(path.name, read_bounded(path)), None))
            except RefusedFile as error:
                done.append(Imported(str(path), None, str(error)))
            except OSError as error:
                done.append(Imported(str(path), None, f"cannot be read: {error.strerror}"))
            bar.advance(task)
    clean = all(each.outcome is not None and not each.outcome.rejected for each in done)
    if as_json:
        print_json({"files": [each.as_facts() for each in done]})
    else:
        _show(done)
    if not clean:
        raise typer.Exit(1)


def _show(done: list[Imported]) -> None:
    from hive_cli.console import counted, facts, print_plain, totals_line

    for each in done:
        if each.outcome is None:
            print_plain(
                [f"ERROR {each.path}: refused, nothing of it was kept", f"  {each.refusal}"], stderr=True
            )
            continue
        outcome = each.outcome
        again = "" if outcome.is_new else " (landed before; nothing new)"
        found = outcome.receipt.facts
        span = f", {found['first_ts']} to {found['last_ts']}" if "first_ts" in found else ""
        rows = counted(outcome.accepted_rows, "rows")
        print_plain([f"{each.path}: {rows}{span}; receipt {outcome.receipt.number}{again}"])
        if outcome.rejected:
            facts().print(_rejected_table(outcome.rejected))
    kept = [each.outcome for each in done if each.outcome is not None]
    print_plain(
        [
            *([WHAT_FOLLOWS] if any(outcome.is_new for outcome in kept) else []),
            totals_line(
                {"files": len(kept), "rows": sum(outcome.accepted_rows for outcome in kept)},
                skipped={"rows": sum(len(outcome.rejected) for outcome in kept)},
                errors=len(done) - len(kept),
            ),
        ]
    )


def _rejected_table(rejected: tuple[RejectedRow, ...]) -> Any:
    from hive_cli.console import table

    more = (
        f"; {len(rejected) - SHOWN_ROWS:,} more, all of them with --json"
        if len(rejected) > SHOWN_ROWS
        else ""
    )
    rows = [(str(r.row), r.column, r.value[:60], r.reason) for r in rejected[:SHOWN_ROWS]]
    return table(f"Rows not used{more}", (">row", "column", "value", "reason"), rows)
