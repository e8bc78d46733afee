"""The access token: read from the environment or from a file, and never shown.

What is done with it belongs to `transport`.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping

from pydantic import SecretStr

from hive_exec.logs import SCRUBBER

_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{8,512}", re.ASCII)
_OPEN_TO_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class TokenUnusable(ValueError):
    """There is no token, or none that can be used. The message never holds what was read."""


def read_token(variable: str, environment: Mapping[str, str]) -> SecretStr:
    """The token from `variable`, or from the file that `<variable>_FILE` names.

    Raises:
        TokenUnusable: neither or both are set, the file cannot be read or is open to others, or what is
            there does not look like a token.
    """
    given, path = environment.get(variable), environment.get(f"{variable}_FILE")
    if (given is None) == (path is None):
        said = "neither is" if given is None else "both are"
        raise TokenUnusable(
            f"the token is read from {variable} or from the file that {variable}_FILE names, and "
            f"{said} set: set one of them"
        )
    if path is not None:
        given = _from_file(path, f"{variable}_FILE")
    token = (given or "").strip()
    if not _TOKEN.fullmatch(token):
        raise TokenUnusable(f"{variable}: what is there does not look like a token")
    SCRUBBER.hide(token)
    return SecretStr(token)


def _from_file(path: str, variable: str) -> str:
    try:
        with open(path, encoding="ascii") as file:
            mode = os.fstat(file.fileno()).st_mode
            if mode & _OPEN_TO_OTHERS:
                raise TokenUnusable(f"{variable}: others can read {path}; run chmod 600 on it")
            return file.read(4_096)
    except (OSError, UnicodeDecodeError) as error:
        raise TokenUnusable(f"{variable}: {path} cannot be read ({type(error).__name__})") from None
