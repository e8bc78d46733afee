"""The password of a FIX session: read from the environment, and kept out of every log."""

from __future__ import annotations

from collections.abc import Mapping

from hive_exec.logs import LEAST_HIDDEN_CHARACTERS, SCRUBBER


class PasswordUnusable(ValueError):
    """A password that could not be kept secret. The message never holds what was read."""


def read_password(variable: str, environment: Mapping[str, str]) -> str:
    """The password, or "" where none is set: some venues know their counterparts by address or certificate.

    Raises:
        PasswordUnusable: it is so short that hiding it in a log would blank words, and so tell which it is.
    """
    password = environment.get(variable, "")
    if not password:
        return ""
    if len(password) < LEAST_HIDDEN_CHARACTERS:
        raise PasswordUnusable(
            f"{variable} has fewer than {LEAST_HIDDEN_CHARACTERS} characters, and so short a password cannot "
            "be hidden in a log: agree a longer one with the venue"
        )
    SCRUBBER.hide(password)
    return password
