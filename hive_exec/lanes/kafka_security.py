"""The Kafka lane's secrets: librdkafka's security properties from a file that only its owner can read."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

_LINE = re.compile(r"((?:security|sasl|ssl)\.[a-z.]{1,64})=(\S.*)", re.ASCII)
_FOR_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class SecurityFileUnusable(ValueError):
    """The file is missing, can be read by others, or holds something else. No secret is in the text."""


def security_properties(path: Path) -> dict[str, str]:
    """The properties of a file of `name=value` lines; empty lines and those that begin with # say nothing.

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
    return found
