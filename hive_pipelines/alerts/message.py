"""The words of an alert: what failed, where, why in a few lines, and where to look. No secrets.

Which failures are told belongs to `memory`, how they travel to `slack`.
"""

from __future__ import annotations

from urllib.parse import quote

from hive_pipelines.alerts.incidents import Failure
from hive_pipelines.redaction import without_secrets

MAX_REASON_LINES = 6
MAX_LINE_LENGTH = 300


def _escaped(text: str) -> str:
    """Slack's three special characters: an error message must not become a link or a mention."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _shortened(reason: str) -> str:
    lines = [line.rstrip() for line in reason.splitlines() if line.strip()]
    shown = [
        line if len(line) <= MAX_LINE_LENGTH else line[: MAX_LINE_LENGTH - 1] + "…"
        for line in lines[:MAX_REASON_LINES]
    ]
    if len(lines) > MAX_REASON_LINES:
        shown[-1] = f"… {len(lines) - MAX_REASON_LINES + 1} more lines in the run"
    return "\n".join(shown)


def alert_text(failure: Failure, *, webserver: str) -> str:
    """The message of one failure, in Slack's markup.

    Args:
        webserver: the address of the Dagster webserver, such as http://127.0.0.1:3000.
    """
    is_of_run = bool(failure.run_id)
    where = f"job {failure.job_name}" if is_of_run else f"asset {failure.asset}, reported outside of a run"
    if failure.partitions is not None:
        first, last = failure.partitions
        where += f", partition {first}" if first == last else f", partitions {first} to {last}"
    reason = failure.reason or "no reason was recorded"
    if failure.error_class:
        reason = f"{failure.error_class}: {reason}"
    lines = [
        f"*{_escaped(without_secrets(failure.what))}*",
        f"Where: {_escaped(where)}",
        f"Why: {_escaped(_shortened(without_secrets(reason)))}",
        f"Run: {failure.run_id} {webserver}/runs/{failure.run_id}"
        if is_of_run
        else f"Check: {webserver}/assets/{quote(failure.asset)}?view=checks",
    ]
    return "\n".join(lines)
