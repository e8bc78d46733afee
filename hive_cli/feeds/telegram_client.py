"""Telethon's client, made from the environment. Keys and session come from there and are never shown.

How to get an api id and hash: https://docs.telethon.dev/en/stable/basic/signing-in.html.
"""

from __future__ import annotations

import os
from typing import Any

from hive_cli.failure import Failure

VARIABLES = ("HIVE_TELEGRAM_API_ID", "HIVE_TELEGRAM_API_HASH", "HIVE_TELEGRAM_SESSION")


def client_of_environment() -> Any:
    """A client that is not connected yet, for the running loop.

    Raises:
        Failure: Telethon is not installed, or a variable is missing or malformed.
    """
    session, client = _telethon()
    missing = [name for name in VARIABLES if not os.environ.get(name)]
    if missing:
        raise Failure(
            f"not set: {', '.join(missing)}",
            next_step="id and hash are from my.telegram.org; hive listen telegram --login prints a session",
            exit_code=2,
        )
    api_id, api_hash, text = (os.environ[name] for name in VARIABLES)
    try:
        return client(session(text), int(api_id), api_hash, sequential_updates=True)
    except Exception:  # noqa: BLE001 (its text may hold the key)
        # Not chained either: a traceback would show the values.
        fault = Failure(f"{' or '.join(VARIABLES[::2])} is malformed", exit_code=2)
    raise fault


def log_in() -> str:
    """Ask for phone and code on the terminal; the session as text.

    Raises:
        Failure: Telethon is not installed, or a variable is missing.
    """
    session, client = _telethon()
    missing = [name for name in VARIABLES[:2] if not os.environ.get(name)]
    if missing:
        raise Failure(
            f"not set: {', '.join(missing)}", next_step="they are from my.telegram.org", exit_code=2
        )
    with client(session(), int(os.environ[VARIABLES[0]]), os.environ[VARIABLES[1]]) as logged_in:
        saved: str = logged_in.session.save()
    return saved


def _telethon() -> tuple[Any, Any]:
    try:
        from telethon import TelegramClient
        from telethon.sessions import StringSession
    except ModuleNotFoundError:
        raise Failure(
            "Telethon is not installed", next_step="pip install 'hive-trading[telegram]'", exit_code=2
        ) from None
    return StringSession, TelegramClient
