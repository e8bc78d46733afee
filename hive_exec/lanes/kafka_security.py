"""The Kafka lane's secrets: librdkafka's security properties from a file that only its owner can read."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from hive_exec.logs import LEAST_HIDDEN_CHARACTERS, SCRUBBER

_LINE = re.compile(r"((?:security|sasl|ssl)\.[a-z.]{1,64})=(\S.*)", re.ASCII)
_SECRET = re.compile(r"password|secret|pem|sasl\.oauthbearer\.config|token|passphrase")
"""What a name has in it whose value nobody may read: librdkafka's passwords, keys and client secrets."""
_FOR_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class SecurityFileUnusable(ValueError):
    """The file is missing, can be read by others, or holds something else. No secret is in the text."""


def security_properties(path: Path) -> dict[str, str]:
    """The properties of a file of `name=value` lines; empty lines and those that begin with # say nothing.

    Values that are secret are hidden in every log from here on, by their value.

    Raises:
        SecurityFileUnusable: with the line at fault.
    """
    try:
        with path.open(encoding="utf-8") as file:
            facts = os.fstat(file.fileno())
            if facts.st_mode & _FOR_OTHERS or not stat.S_ISREG(facts.st_mode):
                raise SecurityFileUnusable(
                    f"{path}: must be a plain file that only its owner reads: chmod 600"
                )
            lines = file.read(65_536).splitlines()
    except OSError as error:
        raise SecurityFileUnusable(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise SecurityFileUnusable(f"{path}: not UTF-8") from None
    found: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        told = _LINE.fullmatch(line.strip())
        if told is None or told[1] in found:
            raise SecurityFileUnusable(
                f"{path}:{number}: a security., sasl. or ssl. property as name=value, each once, is expected"
            )
        found[told[1]] = told[2]
        if _SECRET.search(told[1]):
            if len(told[2]) < LEAST_HIDDEN_CHARACTERS:
                raise SecurityFileUnusable(
                    f"{path}:{number}: a secret of fewer than {LEAST_HIDDEN_CHARACTERS} characters cannot be "
                    "hidden in a log: choose a longer one"
                )
            SCRUBBER.hide(told[2])
    return found
