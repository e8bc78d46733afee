"""The token with which a caller on this machine speaks to the daemon, found without configuration.

Making tokens and checking them is the daemon's (`hive_exec.principals`); callers only look theirs up.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from hive_core.landing.home import HiveHome

TOKEN_VARIABLE = "HIVE_EXEC_TOKEN"  # noqa: S105 (the name of a variable)
OWNER = "owner"
PIPELINES = "pipelines"
_SAFE_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,200}", re.ASCII)


class TokenUnusable(Exception):
    """A token is there, but must not or cannot be used."""


def refuse_if_shared(path: Path) -> None:
    """Nobody but the owner may read what proves who somebody is.

    Raises:
        TokenUnusable: group or others have a right to the file.
    """
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise TokenUnusable(f"{path} can be read by others (mode {mode:04o}); next: chmod 600 {path}")


def daemon_token(home: HiveHome, principal: str) -> str | None:
    """The token of a principal: `HIVE_EXEC_TOKEN` if it is set, else its file under the home.

    Returns:
        None when there is neither: the daemon has never been started on this home.

    Raises:
        TokenUnusable: the file is readable by others, or holds no token.
    """
    path = home.tokens / principal
    named = os.environ.get(TOKEN_VARIABLE)
    where = TOKEN_VARIABLE if named is not None else str(path)
    if named is None:
        try:
            refuse_if_shared(path)
            named = path.read_text("ascii")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise TokenUnusable(f"{path} cannot be read: {error}") from None
    token = named.strip()
    if not _SAFE_TOKEN.fullmatch(token):
        raise TokenUnusable(f"{where} holds no token: 20 to 200 letters, digits, - and _ are expected")
    return token


def bearer_headers(home: HiveHome, principal: str) -> dict[str, str]:
    """The header that carries the token, or none where there is no token.

    Raises:
        TokenUnusable: as `daemon_token`.
    """
    token = daemon_token(home, principal)
    return {} if token is None else {"Authorization": f"Bearer {token}"}
