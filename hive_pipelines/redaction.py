"""Taking secrets out of text before it leaves the machine: error messages in alerts and lineage.

Two nets: the values of environment variables whose names say that they are secret, and the shapes
of well-known secrets (Slack webhooks and tokens, passwords in URLs, bearer tokens, key=value).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

MASK = "[secret]"

_SECRET_NAME = re.compile(
    r"TOKEN|SECRET|PASSWORD|PASSWD|API_?KEY|WEBHOOK|CREDENTIAL|PRIVATE_?KEY|_DSN$", re.I
)
_MIN_SECRET_LENGTH = 6
"""Shorter values would blot out innocent words; nothing that short is a secret."""

_SHAPES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"https?://hooks\.slack(?:-gov)?\.com/[^\s\"'<>]+"), MASK),
    (re.compile(r"\bxox[a-z]+-[A-Za-z0-9-]+|\bxapp-[A-Za-z0-9-]+"), MASK),
    (re.compile(r"(?<=://)[^\s/@:]*:[^\s/@]+(?=@)"), MASK),
    (re.compile(r"\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}", re.I), rf"\1 {MASK}"),
    (
        re.compile(
            r"\b([\w-]*(?:password|passwd|secret|token|api[_-]?key)[\"']?\s*[=:]\s*[\"']?)[^\s\"',;&]+", re.I
        ),
        rf"\1{MASK}",
    ),
)


def without_secrets(text: str, environment: Mapping[str, str] | None = None) -> str:
    """`text` with every known secret replaced by `[secret]`.

    Args:
        environment: where secret values are looked up; the process's own when None.
    """
    values = (os.environ if environment is None else environment).items()
    secrets = {
        value for name, value in values if _SECRET_NAME.search(name) and len(value) >= _MIN_SECRET_LENGTH
    }
    # The longest first: a secret may hold a shorter one.
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, MASK)
    for shape, mask in _SHAPES:
        text = shape.sub(mask, text)
    return text
