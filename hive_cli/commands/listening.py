"""`hive listen`: live feeds in the foreground, until SIGTERM or Ctrl-C. What they bring goes to the inbox."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from hive_cli.feeds.telegram_reader import TelegramReader
    from hive_core.landing.feed_log import FeedLog

TOKEN_VARIABLE = "HIVE_WEBHOOK_TOKEN"  # noqa: S105 (the name of a variable, not a token)
SESSION_VARIABLE = "HIVE_TELEGRAM_SESSION"
DEFAULT_PORT = 8789

app = typer.Typer(no_args_is_help=True, help="Listen to live feeds; what they bring lands by itself.")

Source = Annotated[str, typer.Option(help="A name for the sender: a-z, 0-9, _ and -.")]


@app.command()
def tradingview(
    source: Source,
    port: Annotated[int, typer.Option(min=1024, max=65535)] = DEFAULT_PORT,
    host: Annotated[str, typer.Option(help="Leave it, and put a proxy with TLS in front.")] = "127.0.0.1",
) -> None:
    """Take TradingView alerts over HTTP. The token that callers must show is in HIVE_WEBHOOK_TOKEN."""
    import uvicorn

    from hive_cli.console import print_plain
    from hive_cli.failure import Failure
    from hive_cli.feeds.alerts import AlertLog
    from hive_cli.feeds.webhook import MIN_TOKEN_CHARACTERS, PATH, create_app
    from hive_cli.services.ports import holder, is_free

    token = os.environ.get(TOKEN_VARIABLE, "")
    if len(token) < MIN_TOKEN_CHARACTERS:
        raise Failure(
            f"{TOKEN_VARIABLE} is not set, or has fewer than {MIN_TOKEN_CHARACTERS} characters",
            details=["whoever knows the address could send orders: callers must show a token"],
            next_step=f"export {TOKEN_VARIABLE}=$(openssl rand -hex 24)",
            exit_code=2,
        )
    if not is_free(host, port):
        raise Failure(f"port {port} is taken by {holder(port)}", next_step="name another with --port")
    with _log_of(source) as log:
        print_plain(
            [
                f"alerts for {source}: POST http://{host}:{port}{PATH}?token=..., or Authorization: Bearer",
                "TradingView sends to ports 80 and 443 only: put a proxy with TLS in front; Ctrl-C ends",
            ]
        )
        uvicorn.run(
            create_app(AlertLog(log), token),
            host=host,
            port=port,
            log_level="warning",
            access_log=False,  # it would write the token down
            server_header=False,
            limit_concurrency=64,
            timeout_keep_alive=5,
            timeout_graceful_shutdown=5,
        )


@app.command()
def telegram(
    room: Annotated[
        list[str] | None,
        typer.Option(
            help="SOURCE=CHAT, once a room: a name for it, and its @name or id.", show_default=False
        ),
    ] = None,
    login: Annotated[bool, typer.Option("--login", help="Log in once, and print the session.")] = False,
) -> None:
    """Read Telegram rooms as a member of them. Keys and session are in HIVE_TELEGRAM_* only."""
    import asyncio
    from contextlib import ExitStack

    from hive_cli.console import print_plain
    from hive_cli.failure import Failure
    from hive_cli.feeds.telegram_client import client_of_environment, log_in
    from hive_cli.feeds.telegram_reader import ReaderStopped, TelegramReader
    from hive_cli.feeds.telegram_room import Room

    if login:
        print_plain(
            [f"{SESSION_VARIABLE}={log_in()}", "whoever has this is logged in as you: keep it secret"]
        )
        return
    chats = _chats(room or [])
    with ExitStack() as logs:
        rooms = {chat: Room(logs.enter_context(_log_of(source))) for chat, source in chats.items()}
        print_plain([f"reading {', '.join(chats.values())}; Ctrl-C ends"])
        try:
            asyncio.run(_read(lambda: TelegramReader(client_of_environment(), rooms)))
        except ReaderStopped as stopped:
            raise Failure(
                f"the reader stopped: {stopped}", next_step="start it again: it fetches what it missed"
            ) from None


async def _read(reader: Callable[[], TelegramReader]) -> None:
    # Telethon's client belongs to the loop that runs when it is made.
    await reader().run()


def _chats(rooms: list[str]) -> dict[str | int, str]:
    """Sources by their chat."""
    from hive_cli.failure import Failure

    found: dict[str | int, str] = {}
    for each in rooms:
        source, _, chat = each.partition("=")
        number = chat.lstrip("-")
        found[int(chat) if number.isascii() and number.isdigit() else chat] = source
    if not found or "" in {*found, *found.values()} or len(set(found.values())) < len(rooms):
        raise Failure(
            "no rooms, or one without a chat, or one twice",
            next_step="for example: hive listen telegram --room gold=@some_channel --room fx=-1001234567",
            exit_code=2,
        )
    return found


def _log_of(source: str) -> FeedLog:
    """The source's log, opened; what stands in the way is told."""
    from pydantic import TypeAdapter, ValidationError

    from hive_cli.failure import Failure
    from hive_cli.settings import load_settings
    from hive_core.contracts.base import SourceId
    from hive_core.landing.feed_log import FeedDamaged, FeedInUse, FeedLog

    try:
        TypeAdapter(SourceId).validate_python(source)
    except ValidationError:
        raise Failure(
            f"--source: {source!r} is no source's name",
            next_step="use lower case, digits, _ and -, such as my_strategy",
            exit_code=2,
        ) from None
    try:
        return FeedLog(load_settings().home, source)
    except FeedInUse as error:
        raise Failure(str(error), next_step="stop it, or name another source") from None
    except FeedDamaged as error:
        raise Failure(str(error), next_step="move the file away; what it held has landed") from None
